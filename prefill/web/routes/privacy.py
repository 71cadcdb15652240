"""The notice to candidates."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.domain.permissions import Caller
from prefill.privacy.notice import build_notice, protected_producers
from prefill.web.context import app_context, current_caller
from prefill.web.params import DEFAULT_FORM, find_form, language
from prefill.web.rendering.privacy import render_notice
from prefill.web.responses import cacheable_json

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/v1/notice")
def notice() -> AnyResponse:
    """Say what a candidate is told before any register is queried, by the buyer and the form named."""
    context, candidate = app_context(), Caller(tenant=current_caller().tenant)
    built = build_notice(
        context.tenants.directory().tenants[candidate.tenant],
        find_form(request.args.get("schema", DEFAULT_FORM), candidate),
        language(),
        protected=protected_producers(context.form_registry.forms.values()),
        sandbox=context.settings.sandbox,
    )
    return cacheable_json(render_notice(built, language()))
