"""Routes for agents about a whole procedure: the documents of its candidates, and its table as a spreadsheet."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.wrappers import Response as AnyResponse

from prefill.web.agents.procedure import XLSX, serve_procedure_archive, serve_table
from prefill.web.context import PROCEDURES_BLUEPRINT
from prefill.web.openapi.operations import FILE, describe
from prefill.web.openapi.parameters import ACCEPT_LANGUAGE, REQUEST_ID
from prefill.web.openapi.texts import text
from prefill.web.rendering.agents.procedure import ArchiveBodySchema, TableBodySchema
from prefill.web.routes.dossiers import AGENT, FILE_RESPONSE, PROBLEMS, ZIP

blueprint = Blueprint(PROCEDURES_BLUEPRINT, __name__)


@blueprint.post("/v1/procedures/documents.zip")
@describe(
    "procedureDocuments",
    text(
        "Réunir les documents des candidats d'une procédure, un dossier chacun (agents)",
        "Pack the documents of the candidates of a procedure, a folder each",
    ),
    FILE_RESPONSE,
    FILE,
    (ACCEPT_LANGUAGE, REQUEST_ID),
    body={"application/json": {"schema": ArchiveBodySchema}},
    media=ZIP,
    problems=(*PROBLEMS, "document_unavailable"),
    security=AGENT,
)
def documents() -> AnyResponse:
    return serve_procedure_archive()


@blueprint.post("/v1/procedures/table.xlsx")
@describe(
    "procedureTable",
    text("Écrire un tableau de textes pour un tableur (agents)", "Write a table of texts for a spreadsheet"),
    FILE_RESPONSE,
    FILE,
    (ACCEPT_LANGUAGE, REQUEST_ID),
    body={"application/json": {"schema": TableBodySchema}},
    media=XLSX,
    problems=("parameter_invalid", "unauthorized", "forbidden", "too_many_attempts"),
    security=AGENT,
)
def table() -> AnyResponse:
    return serve_table()


@blueprint.after_request
def _forbid_caching(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store, no-transform"
    return response
