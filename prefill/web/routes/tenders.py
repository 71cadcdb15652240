"""Several companies of one tender, filled together."""

from __future__ import annotations

from flask import Blueprint, g
from werkzeug.wrappers import Response as AnyResponse

from prefill.web.openapi.operations import describe
from prefill.web.openapi.parameters import ACCEPT_LANGUAGE, REQUEST_ID, TENANT
from prefill.web.openapi.texts import text
from prefill.web.params import language
from prefill.web.rendering.tender import BatchSchema, render_batch
from prefill.web.responses import json_response, log_tender
from prefill.web.tender import TenderSchema, prefill_tender, read_tender

blueprint = Blueprint("tenders", __name__)


@blueprint.post("/v1/prefill/batch")
@describe(
    "prefillBatch",
    text(
        "Remplir un formulaire pour plusieurs entreprises d'une même candidature",
        "Fill a form for several companies of one tender",
    ),
    text("Le préremplissage ou le problème de chaque entreprise.", "Each company's prefill or problem."),
    BatchSchema,
    (*TENANT, ACCEPT_LANGUAGE, REQUEST_ID),
    body={"application/json": {"schema": TenderSchema}},
    problems=(
        "parameter_invalid", "schema_unknown", "field_unknown", "source_unknown", "source_refused", "tenant_unknown",
        "cross_site_request", "too_many_requests",
    ),
)  # fmt: skip
def batch() -> AnyResponse:
    tender = read_tender()
    outcomes = prefill_tender(tender)
    g.log_fields = log_tender(tender.form.id, outcomes)
    response = json_response(render_batch(tender, outcomes, language()))
    response.headers["Cache-Control"] = "no-store"
    return response
