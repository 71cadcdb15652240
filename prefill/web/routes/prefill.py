"""The prefill of a form for one company."""

from __future__ import annotations

import re
from functools import partial

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.prefilling.service import Request
from prefill.web import response_cache, sse
from prefill.web.context import house, parts
from prefill.web.params import _read_request, language
from prefill.web.rendering.json_writer import write_prefill
from prefill.web.rendering.prefill import render_prefill
from prefill.web.responses import _route, _tagged, streamed, summary

routes = Blueprint("prefill", __name__)


@routes.get("/v1/prefill/<path:number>")
def prefill(number: str) -> AnyResponse:
    asked = _read_request(number)
    if request.accept_mimetypes.best_match(["application/json", sse.MEDIA]) == sse.MEDIA:
        return _stream(asked)
    done = house().service.prefill(asked)
    g.told = summary(done)
    body, tag = write_prefill(render_prefill(done, language()))
    response = _tagged(body, tag)
    basis = response_cache.dependencies_of(done, house().upstream, parts().now())
    if basis:
        request.environ[response_cache.OFFER] = response_cache.CacheableResponse(
            response.get_data(), tag, basis, _route(), g.company, g.told
        )
    return response.make_conditional(request)


def _stream(asked: Request) -> AnyResponse:
    """Answer as the sources do. What the caller comes back with names those it was told of."""
    told = re.findall(r"\w+", request.headers.get("Last-Event-ID", "")[:500])
    if sse.ENDED in told:
        return Response(status=204)  # nothing is left to tell: an EventSource stops here
    events = house().service.stream(asked, tick=sse.HEARTBEAT_SECONDS)
    return streamed(events, partial(sse.render, told=told))
