"""The HTTP routes: parse, call, render; and the one error handler."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from prefill import __version__, dossier_payloads, front, payloads, stream, telemetry
from prefill.access import CANDIDATE, Caller, may_ask
from prefill.audit import Trace
from prefill.errors import (
    BadRequest,
    FieldUnknown,
    Language,
    MethodNotAllowed,
    NotFound,
    Problem,
    SchemaUnknown,
    SourceRefused,
    SourceUnknown,
    TooManyRequests,
)
from prefill.health import Check, check_locally, check_tenants, check_trace, check_upstream, measure
from prefill.houses import House, Houses
from prefill.identifiers import closest, parse
from prefill.mapping import Form
from prefill.schemas import Library
from prefill.service import Event, Finished, Prefill, Request
from prefill.settings import Settings
from prefill.signin import TENANT_HEADER, SignIn
from prefill.sources import CATALOGUE, Source
from prefill.tenants import Tenants
from prefill.visitors import Visitors

EXTENSION = "prefill"
AGENTS = "dossiers"  # the blueprint of the agents' routes
DEFAULT_FORM = "dume"
SANDBOX_HEADER = "X-Prefill-Sandbox"
VARY = f"Origin, Accept, Accept-Language, Authorization, {TENANT_HEADER}"
PREFLIGHT_SECONDS = "86400"
LONGEST_NAME = 100  # characters: what a refusal quotes
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with."""

    settings: Settings
    library: Library
    tenants: Tenants
    houses: Houses
    sign_in: SignIn
    trace: Trace
    visitors: Visitors
    now: Callable[[], datetime]
    clock: Callable[[], float]
    environ: Mapping[str, str]
    example: Callable[[], Prefill]
    close: Callable[[], None]


def create_web(parts: Parts) -> Flask:
    """Build the Flask application around its parts."""
    app = Flask("prefill")
    app.url_map.strict_slashes = False
    app.extensions[EXTENSION] = parts
    ahead = front.Front(
        app.wsgi_app,
        entries=parts.settings.ready,
        tenants=parts.tenants.directory,
        visitors=parts.visitors,
        now=parts.now,
        clock=parts.clock,
    )
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        ahead, x_for=parts.settings.proxies or 0, x_proto=parts.settings.proxies or 0
    )
    app.register_blueprint(routes)
    app.before_request(_begin)
    app.after_request(_dress)
    app.after_request(_tell)
    app.register_error_handler(Exception, _refuse)
    return app


routes = Blueprint("prefill", __name__)


def parts() -> Parts:
    found: Parts = current_app.extensions[EXTENSION]
    return found


def caller() -> Caller:
    """Tell who asks, by its proof; asked once a request. Raise the refusals of `SignIn.caller`."""
    if "caller" not in g:
        g.caller = parts().sign_in.caller(
            dict(request.headers), request.remote_addr or "", tenant=request.args.get("tenant")
        )
    found: Caller = g.caller
    return found


def house() -> House:
    """Give the house of the caller's tenant."""
    return parts().houses.of(caller().tenant)


# -- the routes -------------------------------------------------------------------------------------


@routes.get("/v1/prefill/<path:number>")
def prefill(number: str) -> AnyResponse:
    asked = _read_request(number)
    if request.accept_mimetypes.best_match(["application/json", stream.MEDIA]) == stream.MEDIA:
        return _stream(asked)
    done = house().service.prefill(asked)
    g.told = summary(done)
    body, tag = payloads.write_prefill(payloads.render_prefill(done, language()))
    response = _tagged(body, tag)
    basis = front.basis_of(done, house().upstream, parts().now())
    if basis:
        request.environ[front.OFFER] = front.Offer(response.get_data(), tag, basis, _route(), g.company, g.told)
    return response.make_conditional(request)


@routes.get("/v1/schemas")
def schemas() -> AnyResponse:
    return _answer(payloads.render_forms(_forms(CANDIDATE)))


@routes.get("/v1/schemas/<name>")
def schema(name: str) -> AnyResponse:
    return _answer(payloads.render_form(_form(name, CANDIDATE)))


@routes.get("/v1/schemas/<name>/schema.json")
def json_schema(name: str) -> AnyResponse:
    return _answer(payloads.json_schema(_form(name, CANDIDATE)), media="application/schema+json")


@routes.get("/v1/sources")
def sources() -> AnyResponse:
    return _answer(payloads.render_sources())


@routes.get("/healthz")
def healthz() -> AnyResponse:
    return json_answer({"status": "alive", "version": __version__})


@routes.get("/readyz")
def readyz() -> AnyResponse:
    checks = _checks()
    ready = all(check.ok for check in checks if check.vital)
    shown = [{"name": check.name, "ok": check.ok, "message": check.message} for check in checks]
    return json_answer(
        {"ready": ready, "sandbox": parts().settings.sandbox, "checks": shown}, status=200 if ready else 503
    )


@routes.route("/metrics", methods=EVERY_METHOD, provide_automatic_options=False)
def metrics() -> AnyResponse:
    """Nobody without the operator's token learns that there are any."""
    expected = parts().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if expected is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotFound
    for one in parts().houses.built():
        measure(one.upstream, one.tenant.id)
    return Response(telemetry.exposition(parts().environ), content_type="text/plain; version=0.0.4; charset=utf-8")


@routes.get("/openapi.json")
def openapi() -> AnyResponse:
    return _answer(openapi_document())


def summary(done: Prefill) -> dict[str, Any]:
    """What the log may say of a prefill: no value of it."""
    telemetry.count("forms", form=done.request.form.id, complete=str(done.filled.complete).lower())
    answers = {answer.source: answer for answer in done.answers.values()}.values()
    return {
        "form": done.request.form.id,
        "complete": done.filled.complete,
        "sources": {answer.source: answer.status.value for answer in answers},
        "cached": sum(answer.cached for answer in answers),
        "stale": sum(answer.stale for answer in answers),
    }


# -- parsing ----------------------------------------------------------------------------------------


def _read_request(number: str) -> Request:
    """Read what is asked. This is the candidates' door: an agent's proof tells only the tenant here."""
    candidate = Caller(tenant=caller().tenant)
    form = _form(request.args.get("schema", DEFAULT_FORM), candidate)
    asked = Request(parse(number), _narrowed(form), candidate, _extra(form, candidate))
    g.company = parts().visitors.name(asked.number)
    _admit(asked)
    return asked


def _admit(asked: Request) -> None:
    """An address may ask for so many companies a minute, and for more of those we know already."""
    wait = parts().visitors.admit(request.remote_addr or "", known=house().service.holds(asked))
    if wait:
        raise TooManyRequests(retry_after=wait, retryAfter=wait)


def _forms(caller: Caller) -> dict[str, Form]:
    """The forms this caller may know of, and its tenant offers."""
    tenant = parts().tenants.directory().tenants.get(caller.tenant)
    forms = {name: form for name, form in parts().library.forms.items() if form.audience is caller.audience}
    return {name: form for name, form in forms.items() if tenant is None or tenant.offers(name)}


def _form(name: str, caller: Caller) -> Form:
    forms = _forms(caller)
    if name in forms:
        return forms[name]
    raise SchemaUnknown(name=name[:LONGEST_NAME], **_suggestion(name, forms))


def _named(parameter: str) -> frozenset[str]:
    """Read names separated by commas."""
    return frozenset(name.strip() for name in request.args.get(parameter, "").split(",") if name.strip())


def _narrowed(form: Form) -> Form:
    """Keep the fields asked for, or all of them when none is."""
    names = _named("fields")
    try:
        return form.only(names) if names else form
    except KeyError as error:
        name = str(error.args[0])[:LONGEST_NAME]
    known = [word for part in form.fields for word in (part.alias, part.path) if word]
    alike = [word for word in known if word.startswith("/") == name.startswith("/")]
    raise FieldUnknown(name=name, form=form.id, **_suggestion(name, alike))


def _extra(form: Form, caller: Caller) -> frozenset[str]:
    names = _named("with")
    known = form.on_demand()
    for name in sorted(names):
        row = CATALOGUE.get(name)
        if row and not may_ask(caller.audience, row):
            raise SourceRefused(name=name, **_why_refused(row))
        if name not in known:
            raise SourceUnknown(name=name[:LONGEST_NAME], **_listed(known), **_suggestion(name, known))
    return names


def _why_refused(row: Source) -> dict[str, str]:
    if row.refusal:
        return {"why": row.refusal, "why_en": "it is withdrawn, or not allowed for public tenders (see /v1/sources)."}
    return {
        "why": "c'est une donnée protégée, réservée aux agents de l'acheteur.",
        "why_en": "it is protected data, for the buyer's agents.",
    }


def _listed(names: Iterable[str]) -> dict[str, str]:
    written = ", ".join(names)
    return {"known": written or "aucune", "known_en": written or "none"}


def _suggestion(name: str, known: Any) -> dict[str, str | None]:
    guess = closest(name[:LONGEST_NAME], known)
    french, english = (f" Vouliez-vous dire « {guess} » ?", f" Did you mean “{guess}”?") if guess else ("", "")
    return {"suggestion": guess, "hint_fr": french, "hint_en": english}


def language() -> Language:
    return "en" if request.accept_languages.best_match(["fr", "en"], default="fr") == "en" else "fr"


# -- rendering --------------------------------------------------------------------------------------


def json_answer(payload: Mapping[str, Any], *, status: int = 200, media: str = "application/json") -> AnyResponse:
    return Response(payloads.write(payload), status=status, mimetype=media)


def _answer(payload: Mapping[str, Any], *, media: str = "application/json") -> AnyResponse:
    """Answer with a validator: a page that already holds it is told so in a few bytes."""
    body = payloads.write(payload)
    return _tagged(body, payloads.etag(body), media).make_conditional(request)


def _tagged(body: str, tag: str, media: str = "application/json") -> AnyResponse:
    response = Response(body, mimetype=media)
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _stream(asked: Request) -> AnyResponse:
    """Answer as the sources do. What the caller comes back with names those it was told of."""
    told = re.findall(r"\w+", request.headers.get("Last-Event-ID", "")[:500])
    if stream.ENDED in told:
        return Response(status=204)  # nothing is left to tell: an EventSource stops here
    events = house().service.stream(asked, tick=stream.HEARTBEAT_SECONDS)
    return streamed(events, partial(stream.render, told=told))


def streamed(events: Generator[Event, None, None], write: Callable[..., Iterator[str]]) -> AnyResponse:
    """Answer with events as `write` words them, a fault that comes too late for a status included."""
    words, request_id, route = language(), g.get("request_id"), _route()
    g.told = fate = {"outcome": "left"}

    def explain(fault: Exception) -> dict[str, Any]:
        problem = problem_of(fault)
        fate["outcome"] = problem.code
        if problem.code == Problem.code:
            telemetry.error("request.failed", route=route, kind=type(fault).__name__)
        return payloads.render_problem(problem, words, request_id)

    texts = write(follow(events, fate), words, explain)
    return Response(texts, mimetype=stream.MEDIA, headers=stream.HEADERS)


def follow(events: Generator[Event, None, None], fate: dict[str, Any]) -> Generator[Event, None, None]:
    """Note how a stream ends: its client may leave before."""
    with closing(events):
        for event in events:
            if isinstance(event, Finished):
                fate.update(summary(event.prefill), outcome="200")
            yield event


def openapi_document() -> dict[str, Any]:
    """Give the OpenAPI document, made once."""
    cached: dict[str, Any] | None = current_app.extensions.get("prefill.openapi")
    if cached is None:
        example = payloads.render_prefill(parts().example(), "fr")
        cached = current_app.extensions["prefill.openapi"] = payloads.openapi(
            _forms(CANDIDATE), example, dossier_payloads.operations(), dossier_payloads.SECURITY
        )
    return cached


def _checks() -> tuple[Check, ...]:
    here = parts()
    upstream = (check for one in here.houses.built() for check in check_upstream(one.upstream))
    return (
        *check_locally(here.settings, here.library, here.now()),
        *check_tenants(here.settings, here.tenants, here.now()),
        *check_trace(here.trace),
        *dict.fromkeys(upstream),
    )


# -- around every request ---------------------------------------------------------------------------


def _begin() -> None:
    """Note the time, and take the caller's request id when it is one, or make one."""
    g.began = parts().clock()
    g.request_id = front.request_id_of(request.headers.get("X-Request-ID", ""))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _dress(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-ID"] = g.get("request_id", "")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers.setdefault("Content-Security-Policy", JSON_POLICY)
    if parts().settings.sandbox:
        headers[SANDBOX_HEADER] = "invented-data"
    headers["Vary"] = ", ".join(filter(None, (headers.get("Vary"), VARY)))
    _share(response)
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
        front.tell(route, status, seconds, {**known, **facts})

    if response.mimetype == stream.MEDIA:
        response.call_on_close(tell)
    else:
        tell()
    response.call_on_close(structlog.contextvars.clear_contextvars)
    return response


def _route() -> str:
    """Name the route as the documentation does, without what converts its parts."""
    return re.sub(r"<\w+:", "<", request.url_rule.rule) if request.url_rule else "(unknown)"


def _share(response: Response) -> None:
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


def _refuse(fault: Exception) -> AnyResponse:
    """Say what went wrong to the caller; the stack trace is for the log alone."""
    problem = problem_of(fault)
    if problem.code == Problem.code:
        telemetry.error("request.failed", route=_route(), kind=type(fault).__name__)
    body = payloads.render_problem(problem, language(), g.get("request_id"))
    response = json_answer(body, status=problem.status, media="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(problem.headers)
    if "retryAfter" in problem.values:
        response.headers["Retry-After"] = f"{problem.values['retryAfter']:.0f}"
    g.outcome = problem.code
    if isinstance(fault, WerkzeugMethodNotAllowed) and fault.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(fault.valid_methods))
    return response


def problem_of(fault: Exception) -> Problem:
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, WerkzeugMethodNotAllowed):
        return MethodNotAllowed(method=request.method, allowed=", ".join(sorted(fault.valid_methods or ())))
    if isinstance(fault, HTTPException) and fault.code == 404:
        return NotFound()
    if isinstance(fault, HTTPException) and fault.code and 400 <= fault.code < 500:
        return BadRequest(why=fault.name)
    return Problem()
