"""Several companies of one tender, filled together."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, g
from werkzeug.wrappers import Response as AnyResponse

from prefill.prefilling.service import Prefill
from prefill.problems import Problem
from prefill.web.params import language
from prefill.web.rendering.tender import render_batch
from prefill.web.responses import json_response, log_summary
from prefill.web.tender import Tender, prefill_tender, read_tender

blueprint = Blueprint("tenders", __name__)


@blueprint.post("/v1/prefill/batch")
def batch() -> AnyResponse:
    tender = read_tender()
    outcomes = prefill_tender(tender)
    g.log_fields = log_tender(tender, outcomes)
    response = json_response(render_batch(tender, outcomes, language()))
    response.headers["Cache-Control"] = "no-store"
    return response


def log_tender(tender: Tender, outcomes: Sequence[Prefill | Problem]) -> dict[str, object]:
    """What the log may hold of a tender: how many companies, and how it went."""
    summaries = [log_summary(outcome) for outcome in outcomes if isinstance(outcome, Prefill)]
    return {
        "form": tender.form.id,
        "companies": len(outcomes),
        "refused": len(outcomes) - len(summaries),
        "complete": all(summary["complete"] for summary in summaries),
        "cached": sum(summary["cached"] for summary in summaries),
    }
