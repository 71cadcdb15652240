"""The session of a signed-in agent: its cookie, its anti-forgery token, and the caller that it gives."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import g, request
from werkzeug.wrappers import Response

from prefill.addresses import LOOPBACK
from prefill.auth.authenticator import TENANT_HEADER
from prefill.auth.signin.cookies import ATTEMPT_SECONDS
from prefill.auth.signin.sessions import Session, SessionsUnavailable
from prefill.domain.permissions import Caller
from prefill.problems import CrossSiteRequest, Forbidden, SignInUnavailable, Unauthorized
from prefill.web.context import app_context

CSRF_HEADER = "X-Prefill-CSRF"
SESSION, ATTEMPT = "prefill-session", "prefill-signin"
MAX_COOKIE = 4096  # characters


def public_url() -> str | None:
    """The address of this service for browsers and providers: the operator's word, or that of a loopback request."""
    stated = app_context().settings.public_url
    if stated:
        return stated
    return request.url_root.rstrip("/") if urlsplit(request.url_root).hostname in LOOPBACK else None


def session_agent() -> Caller:
    """Return the agent of the session; every request of it carries its token, since each is recorded under its name.

    Raises `Unauthorized`, `CrossSiteRequest` without the token, `Forbidden` for another buyer than the agent's.
    """
    if "session_agent" in g:
        agent: Caller = g.session_agent
        return agent
    session, caller = current_session()
    if session is None or caller is None:
        raise Unauthorized
    check_csrf(session)
    named = request.args.get("tenant") or request.headers.get(TENANT_HEADER)
    if named not in (None, "", caller.tenant):
        raise Forbidden
    g.caller = g.session_agent = caller
    return caller


def check_csrf(session: Session) -> None:
    if not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), session.csrf.encode()):
        raise CrossSiteRequest


def current_session() -> tuple[Session | None, Caller | None]:
    """Return the session of the request's cookie, and its caller by today's configuration."""
    session_id = session_id_of_cookie()
    if session_id is None:
        return None, None
    flow = app_context().sign_in
    try:
        session = flow.sessions.find(session_id)
        caller = flow.caller_of(session) if session else None
        if session and not caller:
            flow.sessions.close(session_id)
    except SessionsUnavailable:
        raise SignInUnavailable from None
    return (session, caller) if caller else (None, None)


def session_id_of_cookie() -> str | None:
    value = request.cookies.get(cookie_name(SESSION), "")
    return app_context().cookie_signer.read_session(value) if 0 < len(value) <= MAX_COOKIE else None


def set_session(response: Response, session_id: str) -> None:
    """A session cookie that no page of another site causes to be sent; it ends with the browser at the latest."""
    _set(response, SESSION, app_context().cookie_signer.write_session(session_id), same_site="Strict")


def set_attempt(response: Response, value: str) -> None:
    """The provider's redirect comes from another site: this cookie alone is sent with it."""
    _set(response, ATTEMPT, value, same_site="Lax", max_age=ATTEMPT_SECONDS)


def remove(response: Response, name: str) -> None:
    response.delete_cookie(cookie_name(name), path="/", secure=_secure(), httponly=True)


def cookie_name(name: str) -> str:
    """With this prefix browsers take the cookie from this very host alone, over HTTPS."""
    return f"__Host-{name}" if _secure() else name


def _set(response: Response, name: str, value: str, *, same_site: str, max_age: int | None = None) -> None:
    response.set_cookie(
        cookie_name(name), value, max_age=max_age, path="/", secure=_secure(), httponly=True, samesite=same_site
    )


def _secure() -> bool:
    return (public_url() or "").startswith("https://")
