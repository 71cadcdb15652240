"""The prefill of a form for one company."""

from __future__ import annotations

import re
from functools import partial

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.domain.company import Role
from prefill.prefilling.service import Prefill, Request
from prefill.web import sse
from prefill.web.context import app_context, candidate_service, current_services, may_wait
from prefill.web.middleware.response_cache import CacheableResponse, dependencies_of
from prefill.web.openapi.operations import Facts, describe
from prefill.web.openapi.parameters import (
    ACCEPT_LANGUAGE,
    FORM,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    NUMBER,
    ON_DEMAND_SOURCES,
    REQUEST_ID,
    TENANT,
    parameter,
)
from prefill.web.openapi.texts import text
from prefill.web.params import language, read_prefill_request
from prefill.web.protection.slots import Slots
from prefill.web.rendering.espd import read_declared
from prefill.web.rendering.json_writer import prefill_to_json
from prefill.web.rendering.prefill import render_prefill
from prefill.web.rendering.schemas import PrefillSchema
from prefill.web.responses import log_summary, route_name, streamed, tagged_json
from prefill.web.routes.exports.espd import draft_of, respond_with_profile, wants_espd
from prefill.web.routes.receipts import receipt_signer

MAX_EVENT_ID = 500  # characters of a `Last-Event-ID` that are read

blueprint = Blueprint("prefill", __name__)


PARAMETERS = (
    NUMBER,
    FORM,
    parameter(
        "role",
        "query",
        text(
            "De quelle entreprise sont les champs, dans un formulaire qui en concerne plusieurs : un rôle de l'ESPD.",
            "Whose fields of a form about several companies: a role of the ESPD.",
        ),
        enum=[role.value for role in Role],
        default=Role.SOLE_TENDERER.value,
    ),
    parameter(
        "fields",
        "query",
        text(
            "Les champs voulus, séparés par des virgules : alias, chemins, ou pointeurs JSON au-dessus d'eux ou en eux. "
            "Seules les sources qui les remplissent sont interrogées. Tout le formulaire par défaut.",
            "The fields wanted, separated by commas: aliases, paths, or JSON pointers above or inside them. "
            "Only the sources that feed them are asked. All of the form by default.",
        ),
    ),
    ON_DEMAND_SOURCES,
    parameter(
        "receipt",
        "query",
        text(
            "La référence de la procédure : la réponse porte alors un reçu signé de ce que les registres ont dit.",
            "The procedure's reference: the answer then holds a signed receipt of what the registers said.",
        ),
    ),
    *TENANT,
    ACCEPT_LANGUAGE,
    IF_NONE_MATCH,
    parameter(
        "Last-Event-ID",
        "header",
        text(
            "Le dernier évènement reçu : ceux d'avant ne sont pas renvoyés.",
            "The last event that was received: those before are left out.",
        ),
    ),
    REQUEST_ID,
)
PROBLEMS = (
    "siret_malformed", "siret_checksum", "parameter_invalid", "field_unknown", "source_unknown", "source_refused",
    "cross_site_request", "tenant_unknown", "company_unknown", "schema_unknown", "company_undisclosed",
    "too_many_requests", "unauthorized", "forbidden", "too_many_attempts", "upstream_misconfigured",
)  # fmt: skip
EVENTS = text(
    "Des évènements (server-sent events), quand « Accept » les préfère : « fields » (Progress) à chaque réponse de source, "
    "« done » avec la réponse entière, ou « problem ». Au-delà des flux qu'un processus tient, la réponse simple est donnée.",
    "Server-sent events, when `Accept` prefers them: `fields` (Progress) as each source answers, `done` with the whole "
    "answer, or `problem`. Beyond the streams that a process holds, the plain answer is given.",
)


def _example(facts: Facts) -> object:
    return facts.example


@blueprint.get("/v1/prefill/<path:number>")
@describe(
    "prefill",
    text("Remplir un formulaire à partir d'un SIRET", "Fill a form from a SIRET"),
    text("Le formulaire, rempli aussi loin que vont les registres.", "The form, as far as the registers go."),
    PrefillSchema,
    PARAMETERS,
    problems=PROBLEMS,
    example=_example,
    events=EVENTS,
    security=({}, {"integratorKey": []}),
    other_responses=NOT_MODIFIED,
)
def prefill(number: str) -> AnyResponse:
    query = read_prefill_request(number)
    if wants_espd():
        return respond_with_profile(draft_of(query, read_declared(request.args)))
    if sse.is_asked(request.accept_mimetypes) and may_wait(agent=False) and app_context().stream_slots.acquire():
        return _stream(query, app_context().stream_slots)
    return _respond(candidate_service().prefill(query), receipt_signer())


def _respond(prefill: Prefill, sign: sse.Sign) -> AnyResponse:
    g.log_fields = log_summary(prefill)
    body, tag = prefill_to_json(render_prefill(prefill, language(), sign(prefill)))
    response = tagged_json(body, tag)
    dependencies = dependencies_of(prefill, current_services().upstream, app_context().now())
    if dependencies:
        g.cacheable = CacheableResponse(
            response.get_data(), tag, dependencies, route_name(), g.company, g.log_fields, current_services().tenant.id
        )
    return response.make_conditional(request)


def _stream(query: Request, slots: Slots) -> AnyResponse:
    """Answer with events, holding a slot. `Last-Event-ID` names the sources whose events the caller already has."""
    try:
        response = _events(query)
    except BaseException:
        slots.release()
        raise
    response.call_on_close(slots.release)
    return response


def _events(query: Request) -> AnyResponse:
    received = re.findall(r"\w+", request.headers.get("Last-Event-ID", "")[:MAX_EVENT_ID])
    if sse.ENDED in received:
        return Response(status=204)  # nothing is left to send: an EventSource stops here
    events = candidate_service().stream(query, tick=sse.HEARTBEAT_SECONDS)
    return streamed(events, partial(sse.render, received=received, sign=receipt_signer()))
