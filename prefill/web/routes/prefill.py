"""The prefill of a form for one company."""

from __future__ import annotations

import re
from functools import partial

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.prefilling.service import Prefill, Request
from prefill.web import sse
from prefill.web.context import app_context, candidate_service, current_services
from prefill.web.middleware.response_cache import CacheableResponse, dependencies_of
from prefill.web.params import language, read_prefill_request
from prefill.web.protection.streams import StreamSlots
from prefill.web.rendering.json_writer import prefill_to_json
from prefill.web.rendering.prefill import render_prefill
from prefill.web.responses import log_summary, route_name, streamed, tagged_json
from prefill.web.routes.espd import draft_of, respond_with_profile, wants_espd
from prefill.web.routes.receipts import receipt_signer

MAX_EVENT_ID = 500  # characters of a `Last-Event-ID` that are read

blueprint = Blueprint("prefill", __name__)


@blueprint.get("/v1/prefill/<path:number>")
def prefill(number: str) -> AnyResponse:
    query = read_prefill_request(number)
    if wants_espd():
        return respond_with_profile(draft_of(candidate_service().prefill(query), request.args))
    if sse.is_asked(request.accept_mimetypes) and app_context().stream_slots.acquire():
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


def _stream(query: Request, slots: StreamSlots) -> AnyResponse:
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
