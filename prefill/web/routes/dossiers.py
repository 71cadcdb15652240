"""Routes for agents: the dossier of a company, each of its documents, and the archive of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.audit.trail import Outcome
from prefill.domain.catalogue import SOURCES
from prefill.domain.permissions import Scope
from prefill.espd.reading.request import read_request
from prefill.prefilling.service import Request
from prefill.problems import Problem
from prefill.web import sse
from prefill.web.agents.espd import draft_for_agent
from prefill.web.agents.files import current_view, fetch_document, serve_archive, serve_file
from prefill.web.agents.recording import complete_dossier, planned, record, record_outcome, recorder
from prefill.web.agents.request import (
    EXTRA,
    FIRST,
    INAPPLICABLE,
    PROCEDURE,
    SCHEMA,
    authenticated_agent,
    read_agent_request,
    read_rank,
)
from prefill.web.agents.request import FORM as DOSSIER
from prefill.web.context import AGENTS_BLUEPRINT, agent_service
from prefill.web.openapi.operations import FILE, describe
from prefill.web.openapi.parameters import ACCEPT_LANGUAGE, NUMBER, REQUEST_ID, parameter
from prefill.web.openapi.texts import text
from prefill.web.params import language
from prefill.web.rendering.agents.dossier import render_dossier
from prefill.web.rendering.agents.dossier_schemas import DossierShape
from prefill.web.rendering.espd import render_status
from prefill.web.rendering.prefill import render_prefill
from prefill.web.responses import json_response, streamed
from prefill.web.routes.exports.espd import (
    ESPD_PARAMETERS,
    REQUEST_PROBLEMS,
    declared_for,
    read_document,
    respond_to_request,
    respond_with_profile,
)

PDF, ZIP, XML = "application/pdf", "application/zip", "application/xml"
AGENT: Sequence[Mapping[str, Any]] = ({"agentKey": []}, {"identityToken": []}, {"agentSession": []})
WITH_DOCUMENTS = sorted(source.name for source in SOURCES if source.documents)
SOURCE = parameter(
    "source",
    "path",
    text("La source, par son nom dans le catalogue.", "The source, by its name in the catalogue."),
    WITH_DOCUMENTS[0],
    enum=WITH_DOCUMENTS,
)
RANK = parameter(
    "n",
    "path",
    text("Le numéro du document, à partir de 1.", "The document's number, from 1."),
    type="integer",
    minimum=1,
)
PROBLEMS = (
    "siret_malformed", "siret_checksum", "parameter_invalid", "unauthorized", "forbidden", "company_unknown",
    "company_undisclosed", "too_many_attempts", "upstream_misconfigured", "audit_unavailable",
)  # fmt: skip
DOCUMENT_PROBLEMS = (*PROBLEMS, "document_unknown", "document_refused", "document_unavailable")
FILE_RESPONSE = text("Le fichier.", "The file.")
EVENTS = text(
    "Des évènements, quand « Accept » les préfère : « proofs » (DossierProgress) à chaque réponse de source, « done » avec "
    "le dossier entier, ou « problem ».",
    "Server-sent events, when `Accept` prefers them: `proofs` (DossierProgress) as each source answers, `done` with the "
    "whole dossier, or `problem`.",
)

blueprint = Blueprint(AGENTS_BLUEPRINT, __name__)


@blueprint.get("/v1/dossiers/<number>")
@describe(
    "dossier",
    text("Établir le dossier d'une entreprise (agents)", "Draw up the dossier of a company"),
    text("Le dossier, aussi loin que vont les registres.", "The dossier, as far as the registers go."),
    DossierShape,
    (NUMBER, PROCEDURE, SCHEMA, INAPPLICABLE, EXTRA, ACCEPT_LANGUAGE, REQUEST_ID),
    problems=(*PROBLEMS, "schema_unknown"),
    events=EVENTS,
    security=AGENT,
)
def dossier(number: str) -> AnyResponse:
    asked = read_agent_request(number, Scope.DOSSIER, own_forms=True)
    if asked.form.id != DOSSIER:
        return json_response(render_prefill(complete_dossier(asked), language()))
    if request.accept_mimetypes.best_match(["application/json", sse.MEDIA]) == sse.MEDIA:
        return _stream(asked)
    return json_response(render_dossier(complete_dossier(asked), current_view(), language()))


@blueprint.get("/v1/dossiers/<number>/documents/<source>")
@describe(
    "document",
    text("Donner le premier document d'une source (agents)", "Give the first document of a source"),
    FILE_RESPONSE,
    FILE,
    (NUMBER, SOURCE, PROCEDURE, ACCEPT_LANGUAGE, REQUEST_ID),
    media=(PDF, ZIP),
    problems=DOCUMENT_PROBLEMS,
    security=AGENT,
)
def document(number: str, source: str) -> AnyResponse:
    return serve_file(fetch_document(read_agent_request(number, Scope.DOCUMENTS), source, 1))


@blueprint.get("/v1/dossiers/<number>/documents/<source>/<int:n>")
@describe(
    "documentN",
    text("Donner un document d'une source (agents)", "Give a document of a source"),
    FILE_RESPONSE,
    FILE,
    (NUMBER, SOURCE, RANK, PROCEDURE, ACCEPT_LANGUAGE, REQUEST_ID),
    media=(PDF, ZIP),
    problems=DOCUMENT_PROBLEMS,
    security=AGENT,
)
def document_n(number: str, source: str, n: int) -> AnyResponse:
    return serve_file(fetch_document(read_agent_request(number, Scope.DOCUMENTS), source, n))


@blueprint.get("/v1/dossiers/<number>/documents.zip")
@describe(
    "documents",
    text(
        "Réunir tous les documents, avec un résumé et leurs empreintes (agents)",
        "Pack every document with a summary and its sums",
    ),
    FILE_RESPONSE,
    FILE,
    (NUMBER, PROCEDURE, INAPPLICABLE, EXTRA, FIRST, ACCEPT_LANGUAGE, REQUEST_ID),
    media=ZIP,
    problems=PROBLEMS,
    security=AGENT,
)
def documents(number: str) -> AnyResponse:
    return serve_archive(read_agent_request(number, Scope.DOSSIER, Scope.DOCUMENTS), read_rank("from"))


@blueprint.get("/v1/dossiers/<number>/espd")
@describe(
    "dossierEspd",
    text(
        "Écrire l'ESPD d'une entreprise, chiffre d'affaires et effectif compris (agents)",
        "Write the ESPD, with turnover and staff",
    ),
    text(
        "Une réponse ESPD ; ou, si « Accept » préfère le JSON, ce qui reste, ce qui est laissé et ce qui est à confirmer.",
        "An ESPD Response; or, when `Accept` prefers JSON, what remains, is left out and is to be confirmed.",
    ),
    None,
    (NUMBER, PROCEDURE, *ESPD_PARAMETERS, ACCEPT_LANGUAGE, REQUEST_ID),
    media=XML,
    problems=(*PROBLEMS, "espd_incomplete"),
    security=AGENT,
)
def espd(number: str) -> AnyResponse:
    draft = draft_for_agent(number, request.args)
    if request.accept_mimetypes.best_match([XML, "application/json"], XML) == XML:
        return respond_with_profile(draft)
    return json_response(render_status(draft))


@blueprint.post("/v1/dossiers/<number>/espd")
@describe(
    "dossierEspdCompletion",
    text(
        "Compléter une demande ESPD, chiffre d'affaires et effectif compris où elle les demande (agents)",
        "Complete an ESPD Request, likewise",
    ),
    text("Une réponse ESPD à cette demande.", "An ESPD Response to that Request."),
    None,
    (NUMBER, PROCEDURE, *ESPD_PARAMETERS, ACCEPT_LANGUAGE, REQUEST_ID),
    media=XML,
    problems=(*PROBLEMS, "espd_incomplete", *REQUEST_PROBLEMS),
    body={XML: {"schema": {"type": "string"}}},
    security=AGENT,
)
def espd_completion(number: str) -> AnyResponse:
    authenticated_agent(Scope.DOSSIER)
    asked = read_request(read_document())
    return respond_to_request(asked, draft_for_agent(number, declared_for(asked)))


@blueprint.after_request
def _forbid_caching(response: Response) -> Response:
    """Forbid caching of what only this agent may see."""
    response.headers["Cache-Control"] = "no-store, no-transform"
    return response


def _stream(asked: Request) -> AnyResponse:
    """Stream the dossier as registers answer: the intent is written first, the outcome before the last event."""
    record(asked, planned(asked), Outcome.REQUESTED)
    try:
        events = agent_service().stream(asked, tick=sse.HEARTBEAT_SECONDS)
        return streamed(
            record_outcome(events, recorder(asked)), partial(sse.render_dossier_events, view=current_view())
        )
    except Problem:
        record(asked, planned(asked), Outcome.REFUSED)
        raise
