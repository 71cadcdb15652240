"""Authentication: an anonymous candidate, an integrator's server with its key, or an agent with a key or an identity token.

Every refusal has the same answer, whatever failed; the cause is in the log only.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NoReturn

from prefill import telemetry
from prefill.auth.jwks import JWKSClient
from prefill.auth.login_throttle import LoginThrottle
from prefill.domain.permissions import Audience, Caller, Scope
from prefill.problems import Forbidden, TenantUnknown, TooManyAttempts, Unauthorized
from prefill.tenancy.api_keys import KEY, KEY_PREFIX, hash_of
from prefill.tenancy.model import Directory, IntegratorKey, Oidc, Tenant

TENANT_HEADER = "X-Prefill-Tenant"
BEARER = "bearer "
MAX_CREDENTIALS = 16_384  # characters
LEEWAY = 30  # seconds of clock skew
REQUIRED_CLAIMS = ("exp", "iss", "aud", "sub")
MAX_SUBJECT = 200
DUMMY_HASH = hash_of("")  # compared with an unknown key, so that its refusal takes as long as a wrong secret's


class InvalidCredentials(Exception):
    """The credentials are not valid; the message is the cause, for the log only."""


class Unverifiable(InvalidCredentials):
    """The credentials cannot be verified, through no fault of the caller: not counted as a failure."""


class Authenticator:
    """Derives the caller from its credentials alone."""

    def __init__(
        self,
        directory: Callable[[], Directory],
        *,
        jwks_client: JWKSClient,
        login_throttle: LoginThrottle,
        today: Callable[[], date],
    ) -> None:
        self._directory = directory
        self._jwks = jwks_client
        self._throttle = login_throttle
        self._today = today

    def authenticate(self, headers: Mapping[str, str], address: str, *, tenant: str | None = None) -> Caller:
        """Return the caller of a request.

        Without `Authorization` it is a candidate of the tenant named by `tenant` (a parameter) or by the header
        X-Prefill-Tenant, else of the tenant of its Origin, else of the only tenant. With `Authorization` it is an agent
        (audience AGENT, `agent`, `scopes`), or an integrator's server (a candidate with `integrator`), of the
        tenant that the credentials belong to. Raises `Unauthorized`,
        `Forbidden` (valid credentials of another tenant than the one named), `TenantUnknown` or `TooManyAttempts`.
        """
        directory = self._directory()
        named = tenant or headers.get(TENANT_HEADER) or None
        if "Authorization" not in headers:
            return Caller(Audience.CANDIDATE, _buyer(directory, named, headers.get("Origin")).id)
        caller = self._authenticate_agent(directory, headers["Authorization"], address)
        if named not in (None, caller.tenant):
            telemetry.warning("signin.forbidden", cause="another_tenant", tenant=caller.tenant)
            raise Forbidden
        return caller

    def _authenticate_agent(self, directory: Directory, authorization: str, address: str) -> Caller:
        try:
            caller = self._verify(directory, authorization)
        except InvalidCredentials as refusal:
            self._refuse(refusal, address)
        self._throttle.record_success(address)
        return caller

    def _refuse(self, refusal: InvalidCredentials, address: str) -> NoReturn:
        """Raise the problem for invalid credentials. Attempts made during a delay are neither logged nor counted."""
        retry_after = self._throttle.retry_after(address)
        if retry_after > 0 and not isinstance(refusal, Unverifiable):
            raise TooManyAttempts(retry_after=retry_after, retryAfter=retry_after) from None
        telemetry.warning("signin.refused", cause=str(refusal))
        if not isinstance(refusal, Unverifiable):
            self._throttle.record_failure(address)
        raise Unauthorized from None

    def _verify(self, directory: Directory, authorization: str) -> Caller:
        if authorization[: len(BEARER)].lower() != BEARER or len(authorization) > MAX_CREDENTIALS:
            raise InvalidCredentials("not_bearer")
        credentials = authorization[len(BEARER) :].strip()
        if credentials.startswith(KEY_PREFIX):
            return self._verify_key(directory, credentials)
        return self._verify_token(directory, credentials)

    def _verify_key(self, directory: Directory, presented: str) -> Caller:
        match = KEY.fullmatch(presented)
        found = directory.key(match[1]) if match else None
        expected = found[1].hash if found else DUMMY_HASH
        equal = hmac.compare_digest(hash_of(presented).encode(), expected.encode())
        if found is None or not equal:
            raise InvalidCredentials("unknown_key")
        tenant, key = found
        if key.revoked:
            raise InvalidCredentials("revoked_key")
        if key.expires < self._today():
            raise InvalidCredentials("expired_key")
        if isinstance(key, IntegratorKey):
            return Caller(Audience.CANDIDATE, tenant.id, integrator=key.id, calls_per_minute=key.calls)
        return Caller(Audience.AGENT, tenant.id, f"key:{key.name}", key.scopes)

    def _verify_token(self, directory: Directory, token: str) -> Caller:
        """Verify the token for each tenant that trusts its issuer; exactly one tenant may accept it."""
        import jwt  # and the cryptography under it: few services are asked with identity tokens

        try:
            header = jwt.get_unverified_header(token)
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except (jwt.PyJWTError, ValueError, RecursionError) as fault:
            raise InvalidCredentials("unreadable_token") from fault
        tenants_trusting = directory.tenants_trusting(issuer) if isinstance(issuer, str) else ()
        if not tenants_trusting:
            raise InvalidCredentials("unknown_issuer")
        refusals: list[InvalidCredentials] = []
        accepted = []
        for tenant, oidc in tenants_trusting:
            try:
                accepted.append((tenant, oidc, self._claims(oidc, token, header)))
            except InvalidCredentials as refusal:
                refusals.append(refusal)
        if len(accepted) != 1:
            raise InvalidCredentials("ambiguous_tenant") if accepted else refusals[0]
        return _agent_of(*accepted[0])

    def _claims(self, oidc: Oidc, token: str, header: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the claims of a token after verifying its signature and every claim that the tenant requires."""
        import jwt

        kid = header.get("kid")
        key = self._jwks.get_key(oidc.jwks, kid if isinstance(kid, str) else None)
        if key is None:
            raise (
                InvalidCredentials("unknown_signing_key")
                if self._jwks.has_keys(oidc.jwks)
                else Unverifiable("no_signing_keys")
            )
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=list(key.algorithms),
                issuer=oidc.issuer,
                audience=oidc.audience,
                leeway=LEEWAY,
                options={"require": list(REQUIRED_CLAIMS)},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as fault:
            raise InvalidCredentials(type(fault).__name__) from fault
        if not all(value in _values(claims, name) for name, value in oidc.claims.items()):
            raise InvalidCredentials("claims")
        return claims


def _agent_of(tenant: Tenant, oidc: Oidc, claims: Mapping[str, Any]) -> Caller:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise InvalidCredentials("subject")
    roles = [word for value in _values(claims, oidc.scopes_claim) for word in (value, *value.split())]
    return Caller(Audience.AGENT, tenant.id, f"oidc:{subject}", _scopes(oidc, roles))


def _scopes(oidc: Oidc, roles: Iterable[str]) -> frozenset[Scope]:
    """Map the provider's roles to scopes; without a table the roles are scope names."""
    if oidc.scopes:
        return frozenset[Scope]().union(*(oidc.scopes.get(role, frozenset()) for role in roles))
    return frozenset(scope for scope in Scope if scope in set(roles))


def _values(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return a claim as strings; `a.b` is a path unless a claim has that very name."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, list):
        return tuple(value for value in found if isinstance(value, str))
    return (found,) if isinstance(found, str) else ()


def _buyer(directory: Directory, named: str | None, origin: str | None) -> Tenant:
    """Return the tenant whose form a candidate fills; this gives access to open data only."""
    of_origin = directory.at(origin) if origin else ()
    if named:
        tenant = directory.tenants.get(named)
        if tenant is None:
            raise TenantUnknown
        if of_origin and tenant not in of_origin:
            raise Forbidden  # a page of one buyer does not spend the calls of another
        return tenant
    chosen = of_origin[0] if len(of_origin) == 1 else directory.only
    if chosen is None:
        raise TenantUnknown
    return chosen
