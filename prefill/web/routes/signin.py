"""Sign-in of agents: to the identity provider, back from it, out; and who the page's key or session belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from prefill import telemetry
from prefill.auth.signin.identity import Refused
from prefill.auth.signin.providers import ProviderUnavailable
from prefill.auth.signin.sessions import Session, SessionsUnavailable
from prefill.domain.dates import PARIS
from prefill.domain.permissions import Audience, Caller
from prefill.problems import NotFound, SignInUnavailable, Unauthorized
from prefill.web.agents.session import (
    ATTEMPT,
    MAX_COOKIE,
    SESSION,
    check_csrf,
    cookie_name,
    current_session,
    public_url,
    remove,
    session_id_of_cookie,
    set_attempt,
    set_session,
)
from prefill.web.context import SIGN_IN_BLUEPRINT, app_context, current_caller
from prefill.web.openapi.operations import describe
from prefill.web.openapi.parameters import ACCEPT_LANGUAGE, REQUEST_ID
from prefill.web.openapi.texts import text
from prefill.web.params import check_page_limit, read_body
from prefill.web.rendering.agents.session import SessionShape, render_session
from prefill.web.responses import json_response

PAGES = ("/dossier", "/dossiers")  # where a sign-in may return to: no other address is taken from a request
CALLBACK = "/signin/callback"
BACK_CHANNEL = "/signin/backchannel"
MAX_LOGOUT = 32 * 1024  # bytes

blueprint = Blueprint(SIGN_IN_BLUEPRINT, __name__)


@blueprint.get("/v1/session")
@describe(
    "session",
    text("Dire à qui appartient la clé ou la session (agents)", "Tell whom the key or the session belongs to"),
    text("L'agent, ou comment se connecter.", "The agent, or how to sign in."),
    SessionShape,
    (ACCEPT_LANGUAGE, REQUEST_ID),
    problems=("unauthorized", "too_many_attempts", "sign_in_unavailable"),
    security=({}, {"agentKey": []}, {"identityToken": []}, {"agentSession": []}),
)
def session() -> AnyResponse:
    if "Authorization" in request.headers:
        caller = current_caller()
        if caller.audience is not Audience.AGENT:
            raise Unauthorized
        return json_response(render_session(_told(caller, None)))
    check_page_limit()
    found, agent = current_session()
    return json_response(render_session(_told(agent, found) if agent else {"sign_in": _offer()}))


@blueprint.get("/signin")
def sign_in() -> AnyResponse:
    check_page_limit()
    base, client = public_url(), app_context().sign_in.choose(request.args.get("tenant"))
    back = request.args.get("next", PAGES[0])
    if base is None or client is None or back not in PAGES:
        raise NotFound
    try:
        address, attempt = app_context().sign_in.start(client, base + CALLBACK, back)
    except ProviderUnavailable:
        return _back(back, "unavailable")
    response = redirect(address, code=303)
    set_attempt(response, app_context().cookie_signer.write_attempt(attempt))
    return response


@blueprint.get(CALLBACK)
def callback() -> AnyResponse:
    check_page_limit()
    value = request.cookies.get(cookie_name(ATTEMPT), "")
    attempt = app_context().cookie_signer.read_attempt(value) if len(value) <= MAX_COOKIE else None
    base, flow = public_url(), app_context().sign_in
    if attempt is None or attempt.back not in PAGES or base is None:
        return _back(PAGES[0], "expired")
    try:
        session_id = flow.finish(attempt, request.args.to_dict(), base + CALLBACK)
        former = session_id_of_cookie()
        if former:
            flow.sessions.close(former)
    except Refused as refusal:
        telemetry.warning("signin.refused", cause=str(refusal))
        return _back(attempt.back, refusal.code)
    except SessionsUnavailable:
        return _back(attempt.back, "unavailable")
    response = _back(attempt.back)
    set_session(response, session_id)
    return response


@blueprint.post("/signout")
def sign_out() -> AnyResponse:
    """End the session; the answer says where the provider ends its own."""
    found, _ = current_session()
    session_id = session_id_of_cookie()
    if found is None or session_id is None:
        raise Unauthorized
    check_csrf(found)
    try:
        app_context().sign_in.sessions.close(session_id)
    except SessionsUnavailable:
        raise SignInUnavailable from None
    elsewhere = app_context().sign_in.sign_out_url(found, f"{public_url()}{PAGES[0]}")
    response = json_response({"location": elsewhere} if elsewhere else {})
    remove(response, SESSION)
    return response


@blueprint.post(BACK_CHANNEL)
def end_by_provider() -> AnyResponse:
    """The provider, not a browser, says that a session is over there: no cookie is read, the token alone counts."""
    check_page_limit()
    limiter = app_context().rate_limiter
    read_body(MAX_LOGOUT, limiter.requester(request.remote_addr or ""))
    try:
        app_context().sign_in.end_by_provider(request.form.get("logout_token", ""))
    except Refused as refusal:
        telemetry.warning("signin.refused", cause=str(refusal))
        response = json_response({"error": "invalid_request"})
        response.status_code = 503 if refusal.code == "unavailable" else 400
        return response
    except SessionsUnavailable:
        raise SignInUnavailable from None
    return Response(status=200)


@blueprint.after_request
def _forbid_caching(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store, no-transform"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _back(page: str, refusal: str | None = None) -> AnyResponse:
    """Return to the page; why there is no session stands in the fragment, for its script."""
    response = redirect(f"{page}#{urlencode({'signin': refusal})}" if refusal else page, code=303)
    remove(response, ATTEMPT)
    return response


def _told(caller: Caller, session: Session | None) -> dict[str, Any]:
    tenant = app_context().tenants.directory().tenants[caller.tenant]
    told: dict[str, Any] = {
        "agent": caller.agent,
        "buyer": tenant.name or tenant.id,
        "scopes": sorted(caller.scopes),
    }
    if session is None:
        return told
    idle = app_context().sign_in.sessions.idle_seconds
    until = datetime.fromtimestamp(app_context().now().timestamp() + idle, PARIS)
    return {**told, "name": session.name or None, "csrf": session.csrf, "until": until}


def _offer() -> dict[str, Any] | None:
    """How to sign in, when this service knows: by the provider of the buyer named, or the only one."""
    tenant = request.args.get("tenant")
    client = app_context().sign_in.choose(tenant)
    if client is None or public_url() is None:
        return None
    return {"label": client.label, "href": f"/signin?{urlencode({'tenant': tenant})}" if tenant else "/signin"}
