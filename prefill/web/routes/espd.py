"""The DUME as ESPD XML: a profile of a company, or a buyer's Request completed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.espd.draft import Draft, draft_response
from prefill.espd.reader import MAX_BYTES
from prefill.espd.request import read_request
from prefill.espd.writer import Identity, complete_request, write_profile
from prefill.prefilling.service import Prefill
from prefill.problems import ParameterInvalid
from prefill.web.context import app_context, candidate_service
from prefill.web.params import read_prefill_request
from prefill.web.rendering.espd import incomplete, read_declared, render_status
from prefill.web.responses import json_response, log_summary

MEDIA = "application/xml"
MAX_JSON = 64 * 1024  # bytes

blueprint = Blueprint("espd", __name__)


@blueprint.get("/v1/prefill/<path:number>/espd")
def status(number: str) -> AnyResponse:
    return json_response(render_status(draft_of(_prefill(number), request.args)))


@blueprint.post("/v1/prefill/<path:number>/espd")
def profile(number: str) -> AnyResponse:
    return respond_with_profile(draft_of(_prefill(number), {**request.args, **_declared_in_body()}))


@blueprint.post("/v1/espd")
def completion() -> AnyResponse:
    request.max_content_length = MAX_BYTES
    asked = read_request(request.get_data())
    declared = {**request.args, "lot": asked.lot(request.args.get("lot"))}
    draft = draft_of(_prefill(request.args.get("siret", "")), declared)
    if draft.remaining:
        raise incomplete(draft)
    return _xml(complete_request(asked, draft, _identity()), "espd-response.xml")


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


def draft_of(prefill: Prefill, declared: Mapping[str, Any]) -> Draft:
    g.log_fields = log_summary(prefill)
    return draft_response(prefill.filled.data, read_declared(declared))


def _prefill(number: str) -> Prefill:
    query = read_prefill_request(number)
    return candidate_service().prefill(query)


def _declared_in_body() -> dict[str, Any]:
    request.max_content_length = MAX_JSON
    body = request.get_json(silent=True)
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
