"""Hooks around every request: request id, response headers, CORS, response cache, log line, error responses."""

from __future__ import annotations

from functools import partial

import structlog
from flask import Response, current_app, g, request
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from prefill import telemetry
from prefill.auth.authenticator import TENANT_HEADER
from prefill.problems import Problem
from prefill.web import sse
from prefill.web.context import OF_AGENTS, app_context, current_forms
from prefill.web.middleware.access_log import record_request, request_id_of
from prefill.web.params import language
from prefill.web.rendering.problems import render_problem
from prefill.web.responses import json_response, problem_of, route_name

SANDBOX_HEADER = "X-Prefill-Sandbox"
VARY = f"Origin, Accept, Accept-Encoding, Accept-Language, Authorization, {TENANT_HEADER}"
PREFLIGHT_SECONDS = "86400"
JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
EXPOSED_HEADERS = f"ETag, Retry-After, X-Request-ID, {SANDBOX_HEADER}"
ALLOWED_HEADERS = f"Accept, Accept-Language, Content-Type, If-None-Match, Last-Event-ID, X-Request-ID, {TENANT_HEADER}"


def start_request() -> None:
    """Start the timer; take the caller's request id where it is a valid one, or make one."""
    g.started_at = app_context().clock()
    app_context().proxy_watch.look(request.headers)
    g.request_id = request_id_of(request.headers.get("X-Request-ID", ""))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def add_headers(response: Response) -> Response:
    """Set the headers that every response carries."""
    headers = response.headers
    headers["X-Request-ID"] = g.get("request_id", "")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers.setdefault("Content-Security-Policy", JSON_POLICY)
    if app_context().settings.sandbox:
        headers[SANDBOX_HEADER] = "invented-data"
    headers["Vary"] = ", ".join(filter(None, (headers.get("Vary"), VARY)))
    add_cors(response)
    return response


def cache_response(response: Response) -> Response:
    """Store what the route said may be sent again, with its final headers. Runs after the other hooks."""
    if "cacheable" in g:
        cache = app_context().response_cache
        cache.offer(request.environ, g.cacheable, response.status_code, response.headers, current_forms())
    return response


def release_slot(response: Response) -> Response:
    """Let another request wait for registers: at the end of a stream, else now."""
    slot = g.pop("slot", None)
    if slot is not None:
        release = partial(app_context().waiting_slots.release, slot)
        if response.is_streamed:
            response.call_on_close(release)
        else:
            release()
    return response


def release_lost_slot(_: BaseException | None) -> None:
    """Release the slot of a request that ended without a response."""
    slot = g.pop("slot", None)
    if slot is not None:
        app_context().waiting_slots.release(slot)


def log_request(response: Response) -> Response:
    """Count the request and log it: when it ends, or at the end of its stream."""
    clock, started_at = app_context().clock, g.get("started_at")
    route, status, log_fields = route_name(), response.status_code, g.get("log_fields", {})
    problem_code = g.get("problem_code")
    identifiers = {"request_id": g.get("request_id"), "company": g.get("company"), **_integrator()}

    def record() -> None:
        seconds = 0.0 if started_at is None else clock() - started_at
        fields = {"outcome": str(status), **log_fields} | ({"outcome": problem_code} if problem_code else {})
        record_request(route, status, seconds, {**identifiers, **fields})

    if response.mimetype == sse.MEDIA:
        response.call_on_close(record)
    else:
        record()
    response.call_on_close(structlog.contextvars.clear_contextvars)
    return response


def _integrator() -> dict[str, str]:
    """The public id of the integrator's key, where one was presented."""
    integrator = g.caller.integrator if "caller" in g else None
    return {"integrator": integrator} if integrator else {}


def add_cors(response: Response) -> None:
    """Let pages of allowed origins read the response; never with credentials, never an agent's response."""
    origin = request.headers.get("Origin")
    if not origin or request.blueprint in OF_AGENTS or not _is_allowed(origin):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = ", ".join(_methods())
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS


def _methods() -> list[str]:
    """The methods that a page may use at the address of the request."""
    adapter = current_app.create_url_adapter(request)
    return sorted({"GET", "POST"} & set(adapter.allowed_methods() if adapter else ()))


def _is_allowed(origin: str) -> bool:
    """Whether the caller's tenant allows the origin; before it is known (a preflight), whether any tenant does."""
    directory = app_context().tenants.directory()
    tenant = directory.tenants.get(g.caller.tenant) if "caller" in g else None
    return tenant.allows(origin) if tenant else bool(directory.at(origin))


def handle_error(error: Exception) -> AnyResponse:
    """Answer with the problem; the stack trace goes to the log alone."""
    problem = problem_of(error)
    if problem.code == Problem.code:
        telemetry.error("request.failed", route=route_name(), kind=type(error).__name__)
    body = render_problem(problem, language(), g.get("request_id"))
    response = json_response(body, status=problem.status, media="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(problem.headers)
    if "retryAfter" in problem.values:
        response.headers["Retry-After"] = f"{problem.values['retryAfter']:.0f}"
    g.problem_code = problem.code
    if isinstance(error, WerkzeugMethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response
