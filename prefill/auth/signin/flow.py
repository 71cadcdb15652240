"""Sign-in by authorization code with PKCE: towards the provider, back from it, and out.

What ties the two ways together (state, nonce, code verifier, issuer) is an `Attempt`, which the browser keeps in a signed
cookie; the response of a provider is accepted once, from the browser that was sent to it, and from that provider alone.
Authlib is imported when somebody signs in: few services have a provider.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import requests
import urllib3

from prefill import telemetry
from prefill.auth.jwks import JWKSClient
from prefill.auth.signin.back_channel import addressee, verify_logout
from prefill.auth.signin.bounded import mount
from prefill.auth.signin.identity import Refused, fetch_userinfo, verify_identity
from prefill.auth.signin.providers import Metadata, Providers, ProviderUnavailable
from prefill.auth.signin.sessions import Session, Sessions
from prefill.domain.permissions import Audience, Caller
from prefill.tenancy.model import Directory, SignIn, Tenant

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

MAX_PARAMETER = 4096  # characters of what a provider's redirect carries
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in under way, in the browser that began it; `back` is the page to return to."""

    issuer: str
    client_id: str
    back: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class SignInFlow:
    """Signs agents in and out. `redirect` and `back` are whole addresses of this service."""

    def __init__(
        self,
        directory: Callable[[], Directory],
        *,
        providers: Providers,
        jwks: JWKSClient,
        sessions: Sessions,
        open_session: Callable[[], requests.Session],
        timestamp: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._providers = providers
        self._jwks = jwks
        self.sessions = sessions
        self._open_session = open_session
        self._timestamp = timestamp

    def clients(self) -> dict[tuple[str, str], SignIn]:
        """Return the clients that agents may sign in by, each once."""
        return {signin.client: signin for _, signin in self._directory().signing_in()}

    def choose(self, tenant_id: str | None) -> SignIn | None:
        """Return the client of a tenant, or the only one there is."""
        if tenant_id is not None:
            tenant = self._directory().tenants.get(tenant_id)
            return tenant.signin if tenant else None
        clients = self.clients()
        return next(iter(clients.values())) if len(clients) == 1 else None

    def start(self, client: SignIn, redirect: str, back: str) -> tuple[str, Attempt]:
        """Return the address of the provider to go to, and the attempt to keep. Raises `ProviderUnavailable`."""
        metadata = self._providers.get(client.issuer)
        attempt = Attempt(client.issuer, client.client_id, back, *(secrets.token_urlsafe(48) for _ in range(3)))
        levels = {"acr_values": " ".join(client.acr_values)} if client.acr_values else {}
        with self._oauth(client, metadata, redirect) as oauth:
            url, _ = oauth.create_authorization_url(
                metadata.authorization,
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
                **levels,
            )
        return url, attempt

    def finish(self, attempt: Attempt, response: Mapping[str, str], redirect: str) -> str:
        """Verify what the provider answered; open a session and return its id. Raises `Refused`."""
        client = self.clients().get((attempt.issuer, attempt.client_id))
        if client is None:
            raise Refused("client_gone")
        try:
            metadata = self._providers.get(client.issuer)
        except ProviderUnavailable as fault:
            raise Refused("provider", "unavailable") from fault
        code = self._code(attempt, response, metadata)
        tokens = self._exchange(client, metadata, code, attempt.verifier, redirect)
        session = self._session(client, metadata, tokens, attempt.nonce)
        telemetry.event("signin.opened", tenant=session.tenant)
        return self.sessions.open(session)

    def caller_of(self, session: Session) -> Caller | None:
        """Return the caller of a session by today's configuration; None once its tenant no longer admits the agent."""
        tenant = self._directory().tenants.get(session.tenant)
        signin = tenant.signin if tenant else None
        if signin is None or signin.client != (session.issuer, session.client_id):
            return None
        if not signin.admits(session.siret, session.email):
            return None
        return Caller(Audience.AGENT, session.tenant, session.agent, signin.scopes)

    def sign_out_url(self, session: Session, back: str) -> str | None:
        """Return where the provider ends its own session (RP-initiated logout), when it can."""
        try:
            end = self._providers.get(session.issuer).end_session
        except ProviderUnavailable:
            return None
        if end is None:
            return None
        query = {
            "id_token_hint": session.id_token,
            "post_logout_redirect_uri": back,
            "client_id": session.client_id,
            "state": secrets.token_urlsafe(32),
        }
        return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}"

    def end_by_provider(self, token: str) -> None:
        """End the sessions that a provider's logout token names. Raises `Refused`."""
        issuer, audience = addressee(token)
        client = next((one for key, one in self.clients().items() if key[0] == issuer and key[1] in audience), None)
        if client is None:
            raise Refused("logout_client")
        try:
            metadata = self._providers.get(client.issuer)
        except ProviderUnavailable as fault:
            raise Refused("provider", "unavailable") from fault
        logout = verify_logout(self._jwks, metadata, client, token, self._timestamp())
        used = f"logout {client.issuer} {logout.token_id}"
        if self.sessions.is_used(used):
            raise Refused("logout_replayed")
        # Before the token counts as used: the provider sends it again when Redis fails in between.
        self.sessions.revoke(client.issuer, client.client_id, subject=logout.subject, sid=logout.sid)
        if not self.sessions.use_once(used):
            raise Refused("logout_replayed")
        telemetry.event("signin.ended")

    def _code(self, attempt: Attempt, response: Mapping[str, str], metadata: Metadata) -> str:
        """Return the code of a response that is this attempt's, from its provider, and new."""
        state, issuer = response.get("state", ""), response.get("iss")
        if not hmac.compare_digest(state.encode(), attempt.state.encode()):
            raise Refused("state", "expired")
        # RFC 9207, against mix-up: with several providers, each must say which one it is.
        must_say = metadata.says_issuer or len({issuer for issuer, _ in self.clients()}) > 1
        if (issuer is not None or must_say) and issuer != metadata.issuer:
            raise Refused("another_issuer")
        if not self.sessions.use_once(attempt.state):
            raise Refused("replayed", "expired")
        if "error" in response:
            raise Refused(f"provider_{response['error'][:40]}")
        code = response.get("code", "")
        if not 0 < len(code) <= MAX_PARAMETER:
            raise Refused("no_code")
        return code

    def _exchange(
        self, client: SignIn, metadata: Metadata, code: str, verifier: str, redirect: str
    ) -> Mapping[str, Any]:
        from authlib.integrations.requests_client import OAuthError

        with self._oauth(client, metadata, redirect) as oauth:
            try:
                tokens = oauth.fetch_token(
                    metadata.token,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=redirect,
                    allow_redirects=False,
                )
            except OAuthError as fault:
                raise Refused("token_endpoint") from fault
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as fault:
                raise Refused("token_endpoint", "unavailable") from fault
        if not isinstance(tokens.get("id_token"), str) or not isinstance(tokens.get("access_token"), str):
            raise Refused("no_identity_token")
        found: Mapping[str, Any] = tokens
        return found

    def _oauth(self, client: SignIn, metadata: Metadata, redirect: str) -> OAuth2Session:
        from authlib.integrations.requests_client import OAuth2Session

        oauth = OAuth2Session(
            client.client_id,
            client.client_secret,
            token_endpoint_auth_method="client_secret_post" if metadata.by_post else "client_secret_basic",
            scope=client.scope,
            redirect_uri=redirect,
            code_challenge_method="S256",
        )
        with self._open_session() as named:
            oauth.headers.update(named.headers)
        mount(oauth)
        return oauth

    def _session(self, client: SignIn, metadata: Metadata, tokens: Mapping[str, Any], nonce: str) -> Session:
        now = self._timestamp()
        claims = verify_identity(self._jwks, metadata, client, tokens["id_token"], nonce, now)
        with self._open_session() as session:
            more = fetch_userinfo(session, self._jwks, metadata, client, tokens["access_token"], claims["sub"])
        told = {**more, **claims}
        siret = _word(told, client.siret_claim).replace(" ", "")
        email = "" if told.get("email_verified") in (False, "false") else _word(told, "email")
        tenant = self._tenant(client, siret, email)
        names = (_word(told, "given_name"), _word(told, "usual_name") or _word(told, "family_name"))
        return Session(
            tenant=tenant.id,
            issuer=client.issuer,
            client_id=client.client_id,
            subject=claims["sub"],
            name=(" ".join(filter(None, names)) or email)[:MAX_NAME],
            email=email,
            siret=siret,
            csrf=secrets.token_urlsafe(32),
            started_at=now,
            id_token=tokens["id_token"],
            sid=_word(claims, "sid"),
        )

    def _tenant(self, client: SignIn, siret: str, email: str) -> Tenant:
        """Return the one tenant of this client that admits the agent."""
        sharing = [(tenant, own) for tenant, own in self._directory().signing_in() if own.client == client.client]
        admitting = [tenant for tenant, own in sharing if own.admits(siret, email)]
        if len(admitting) != 1:
            known = any(siret in own.sirets for _, own in sharing)
            raise Refused("agent_not_listed" if known else "another_buyer", "not_admitted")
        return admitting[0]


def _word(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name)
    return found if isinstance(found, str) and found.isprintable() else ""
