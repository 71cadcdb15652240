"""Several companies of one tender, filled together."""

from __future__ import annotations

from flask import Blueprint, g
from werkzeug.wrappers import Response as AnyResponse

from prefill.web.params import language
from prefill.web.rendering.tender import render_batch
from prefill.web.responses import json_response, log_tender
from prefill.web.tender import prefill_tender, read_tender

blueprint = Blueprint("tenders", __name__)


@blueprint.post("/v1/prefill/batch")
def batch() -> AnyResponse:
    tender = read_tender()
    outcomes = prefill_tender(tender)
    g.log_fields = log_tender(tender.form.id, outcomes)
    response = json_response(render_batch(tender, outcomes, language()))
    response.headers["Cache-Control"] = "no-store"
    return response
