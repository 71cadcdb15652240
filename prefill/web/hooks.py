"""What happens around every request: identifiers, headers, CORS, log line, errors."""

from __future__ import annotations

import structlog
from flask import Response, g, request
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from prefill import telemetry
from prefill.auth.authenticator import TENANT_HEADER
from prefill.problems import (
    Problem,
)
from prefill.web import response_cache, sse
from prefill.web.context import parts
from prefill.web.params import language
from prefill.web.rendering.problems import render_problem
from prefill.web.responses import _route, json_answer, problem_of

AGENTS = "dossiers"  # the blueprint of the agents' routes
SANDBOX_HEADER = "X-Prefill-Sandbox"
VARY = f"Origin, Accept, Accept-Language, Authorization, {TENANT_HEADER}"
PREFLIGHT_SECONDS = "86400"
JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"


def start_request() -> None:
    """Note the time, and take the caller's request id when it is one, or make one."""
    g.began = parts().clock()
    g.request_id = response_cache.request_id_of(request.headers.get("X-Request-ID", ""))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def add_headers(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-ID"] = g.get("request_id", "")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers.setdefault("Content-Security-Policy", JSON_POLICY)
    if parts().settings.sandbox:
        headers[SANDBOX_HEADER] = "invented-data"
    headers["Vary"] = ", ".join(filter(None, (headers.get("Vary"), VARY)))
    add_cors(response)
    return response


def _tell(response: Response) -> Response:
    """One line a request, or at the end of a stream."""
    clock, began = parts().clock, g.get("began")
    route, status, told = _route(), response.status_code, g.get("told", {})
    refusal = g.get("outcome")
    known = {"request_id": g.get("request_id"), "company": g.get("company")}

    def tell() -> None:
        seconds = 0.0 if began is None else clock() - began
        facts = {"outcome": str(status), **told} | ({"outcome": refusal} if refusal else {})
        response_cache.tell(route, status, seconds, {**known, **facts})

    if response.mimetype == sse.MEDIA:
        response.call_on_close(tell)
    else:
        tell()
    response.call_on_close(structlog.contextvars.clear_contextvars)
    return response


def add_cors(response: Response) -> None:
    """Let the pages of allowed origins read the answer (CORS); never with credentials, never an agent's answer."""
    origin = request.headers.get("Origin")
    if not origin or request.blueprint == AGENTS or not _may_share(origin):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = f"ETag, Retry-After, X-Request-ID, {SANDBOX_HEADER}"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET"
        response.headers["Access-Control-Allow-Headers"] = (
            f"Accept, Accept-Language, If-None-Match, Last-Event-ID, X-Request-ID, {TENANT_HEADER}"
        )
        response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS


def _may_share(origin: str) -> bool:
    """Share with the pages of the caller's tenant; before it is known (a preflight), with those of any."""
    directory = parts().tenants.directory()
    tenant = directory.tenants.get(g.caller.tenant) if "caller" in g else None
    return tenant.allows(origin) if tenant else bool(directory.at(origin))


def handle_error(fault: Exception) -> AnyResponse:
    """Say what went wrong to the caller; the stack trace is for the log alone."""
    problem = problem_of(fault)
    if problem.code == Problem.code:
        telemetry.error("request.failed", route=_route(), kind=type(fault).__name__)
    body = render_problem(problem, language(), g.get("request_id"))
    response = json_answer(body, status=problem.status, media="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(problem.headers)
    if "retryAfter" in problem.values:
        response.headers["Retry-After"] = f"{problem.values['retryAfter']:.0f}"
    g.outcome = problem.code
    if isinstance(fault, WerkzeugMethodNotAllowed) and fault.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(fault.valid_methods))
    return response
