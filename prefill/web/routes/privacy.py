"""The notice to candidates."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.domain.permissions import Caller
from prefill.privacy.notice import build_notice, protected_producers
from prefill.web.context import app_context, current_caller, current_forms
from prefill.web.openapi.operations import describe
from prefill.web.openapi.parameters import ACCEPT_LANGUAGE, FORM, IF_NONE_MATCH, NOT_MODIFIED, TENANT
from prefill.web.openapi.texts import text
from prefill.web.params import DEFAULT_FORM, find_form, language
from prefill.web.rendering.privacy import PrivacyNoticeSchema, render_notice
from prefill.web.responses import cacheable_json

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/v1/notice")
@describe(
    "notice",
    text(
        "Dire de quoi un candidat est informé avant le premier appel",
        "Tell what a candidate is informed of before the first call",
    ),
    text(
        "Qui demande, pour quel acheteur, à quels registres, pour combien de temps, avec quels droits.",
        "Who asks, for which buyer, which registers, for how long, with which rights.",
    ),
    PrivacyNoticeSchema,
    (FORM, *TENANT, ACCEPT_LANGUAGE, IF_NONE_MATCH),
    problems=("schema_unknown", "tenant_unknown"),
    other_responses=NOT_MODIFIED,
)
def notice() -> AnyResponse:
    """Say what a candidate is told before any register is queried, by the buyer and the form named."""
    context, candidate = app_context(), Caller(tenant=current_caller().tenant)
    built = build_notice(
        context.tenants.directory().tenants[candidate.tenant],
        find_form(request.args.get("schema", DEFAULT_FORM), candidate),
        language(),
        protected=protected_producers(current_forms().forms.values()),
        sandbox=context.settings.sandbox,
        search=context.company_search is not None,
        open_only=context.settings.open_only,
    )
    return cacheable_json(render_notice(built, language()))
