"""The DUME as ESPD XML: a profile of a company, or a buyer's Request completed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from prefill.espd.draft import draft_response
from prefill.espd.model import Declared, Draft
from prefill.espd.reading.reader import MAX_BYTES, too_large
from prefill.espd.reading.request import Request as BuyersRequest
from prefill.espd.reading.request import read_request
from prefill.espd.versions import ROLES, SIZES
from prefill.espd.writer import Identity, complete_request, write_profile
from prefill.prefilling.service import Request
from prefill.problems import ParameterInvalid
from prefill.web.context import app_context, candidate_service
from prefill.web.openapi.operations import describe
from prefill.web.openapi.parameters import (
    ACCEPT_LANGUAGE,
    NUMBER,
    ON_DEMAND_SOURCES,
    REQUEST_ID,
    TENANT,
    parameter,
)
from prefill.web.openapi.texts import text
from prefill.web.params import read_body, read_json, read_prefill_request
from prefill.web.rendering.espd import (
    DeclaredBodySchema,
    EspdStatusSchema,
    incomplete,
    read_declared,
    render_status,
)
from prefill.web.responses import json_response, log_summary

MEDIA = "application/xml"
MAX_JSON = 64 * 1024  # bytes

blueprint = Blueprint("espd", __name__)


ESPD_PARAMETERS = (
    parameter(
        "size",
        "query",
        text(
            "La taille de l'opérateur, quand l'Insee ne donne pas de catégorie.",
            "Size of the operator, where the Insee gives no category.",
        ),
        enum=list(SIZES),
    ),
    parameter("role", "query", text("Le rôle de l'opérateur.", "Role of the operator."), enum=list(ROLES)),
    parameter(
        "lot", "query", text("Le lot : « LOT-0001 » ; tout par défaut.", "Lot: `LOT-0001`; the whole by default.")
    ),
    parameter("procedure", "query", text("La référence de la procédure.", "Reference of the procedure.")),
)
DECLARED = (
    *ESPD_PARAMETERS,
    ON_DEMAND_SOURCES,
    *TENANT,
    ACCEPT_LANGUAGE,
    REQUEST_ID,
)
PROBLEMS = ("siret_malformed", "siret_checksum", "company_unknown", "parameter_invalid", "too_many_requests")
REQUEST_PROBLEMS = ("espd_unreadable", "espd_not_a_request", "espd_lot_unknown", "espd_version_unsupported")


@blueprint.get("/v1/prefill/<path:number>/espd")
@describe(
    "espdStatus",
    text("Dire ce qui reste à donner pour un document ESPD", "Say what remains for an ESPD document"),
    text("Ce qui reste.", "What remains."),
    EspdStatusSchema,
    (NUMBER, *DECLARED),
    problems=PROBLEMS,
)
def status(number: str) -> AnyResponse:
    return json_response(render_status(_draft(number, request.args)))


@blueprint.post("/v1/prefill/<path:number>/espd")
@describe(
    "espdProfile",
    text(
        "Écrire l'ESPD d'une entreprise, avec ce que le candidat déclare",
        "Write the ESPD of a company, with what the candidate declares",
    ),
    text("Une réponse ESPD.", "An ESPD Response."),
    None,
    (NUMBER, *DECLARED),
    media=MEDIA,
    problems=(*PROBLEMS, "espd_incomplete"),
    body={"application/json": {"schema": DeclaredBodySchema}},
)
def profile(number: str) -> AnyResponse:
    read_declared(request.args)  # wrong ones are refused, also where the body gives the same again
    return respond_with_profile(_draft(number, {**request.args, **_declared_in_body()}))


@blueprint.post("/v1/espd")
@describe(
    "espdCompletion",
    text("Compléter une demande ESPD de l'acheteur", "Complete a buyer's ESPD Request"),
    text("Une réponse ESPD à cette demande.", "An ESPD Response to that Request."),
    None,
    ({**NUMBER, "name": "siret", "in": "query"}, *DECLARED),
    media=MEDIA,
    problems=(*PROBLEMS, "espd_incomplete", *REQUEST_PROBLEMS),
    body={MEDIA: {"schema": {"type": "string"}}},
)
def completion() -> AnyResponse:
    asked = read_request(read_document())
    return respond_to_request(asked, _draft(request.args.get("siret", ""), declared_for(asked)))


def declared_for(asked: BuyersRequest) -> dict[str, Any]:
    """What the query declares, with the lot of the Request that is answered."""
    return {**request.args, "lot": asked.lot(request.args.get("lot"))}


def respond_to_request(asked: BuyersRequest, draft: Draft) -> AnyResponse:
    if draft.remaining:
        raise incomplete(draft)
    return _xml(complete_request(asked, draft, _identity()), "espd-response.xml")


def read_document() -> bytes:
    """Read the XML of the body. Raise the problem of one that is too large."""
    try:
        return read_body(MAX_BYTES)
    except RequestEntityTooLarge:
        raise too_large() from None


def wants_espd() -> bool:
    """Tell whether the caller asks for XML. A browser's own header, which names XML too, still gets JSON."""
    if request.args.get("format") == "espd":
        return True
    accepted = request.accept_mimetypes
    return MEDIA in accepted.values() and "text/html" not in accepted.values()


def respond_with_profile(draft: Draft) -> AnyResponse:
    if draft.remaining:
        raise incomplete(draft)
    return _xml(write_profile(draft, _identity()), "espd-profile.xml")


def draft_of(query: Request, declared: Declared) -> Draft:
    prefill = candidate_service().prefill(query)
    g.log_fields = log_summary(prefill)
    return draft_response(prefill.filled.data, replace(declared, number=query.number), prefill.filled.provenance)


def _draft(number: str, values: Mapping[str, Any]) -> Draft:
    declared = read_declared(values)  # before any call
    return draft_of(read_prefill_request(number), declared)


def _declared_in_body() -> dict[str, Any]:
    body = read_json(MAX_JSON)
    declared = body.get("declared") if isinstance(body, dict) else None
    if not isinstance(declared, dict):
        raise ParameterInvalid(
            name="declared",
            why="envoyez un objet JSON avec le membre « declared ».",
            why_en="send a JSON object with the member “declared”.",
        )
    return declared


def _identity() -> Identity:
    number = str(uuid.uuid4())
    return Identity(number, number, app_context().now())


def _xml(document: bytes, name: str) -> AnyResponse:
    response = Response(document, content_type=f"{MEDIA}; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
