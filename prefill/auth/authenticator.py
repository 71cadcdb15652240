"""Who asks: nobody in particular (a candidate), or an agent who proves it with a key or an identity token.

Who is refused is told the same whatever failed; the operator's log says why.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import jwt

from prefill import telemetry
from prefill.auth.jwks import JWKSClient
from prefill.auth.login_throttle import LoginThrottle
from prefill.domain.permissions import Audience, Caller, Scope
from prefill.problems import Forbidden, TenantUnknown, TooManyAttempts, Unauthorized
from prefill.tenancy.api_keys import KEY, KEY_PREFIX, hash_of
from prefill.tenancy.model import Directory, Oidc, Tenant

TENANT_HEADER = "X-Prefill-Tenant"
BEARER = "bearer "
LONGEST_PROOF = 16_384  # characters
LEEWAY = 30  # seconds between two clocks
REQUIRED = ("exp", "iss", "aud", "sub")
LONGEST_SUBJECT = 200
DUMMY_HASH = hash_of("")  # what the key of nobody is compared with, so that it takes as long


class InvalidCredentials(Exception):
    """The proof is not good; the reason is for the operator alone."""


class Unverifiable(InvalidCredentials):
    """The proof cannot be judged, through no fault of the caller."""


class Authenticator:
    """Derive the caller from the proof it presents, and from nothing else."""

    def __init__(
        self,
        directory: Callable[[], Directory],
        *,
        jwks_client: JWKSClient,
        login_throttle: LoginThrottle,
        today: Callable[[], date],
    ) -> None:
        self._directory = directory
        self._keyring = jwks_client
        self._lockout = login_throttle
        self._today = today

    def caller(self, headers: Mapping[str, str], address: str, *, tenant: str | None = None) -> Caller:
        """Tell who asks.

        Without `Authorization` it is a candidate: of the tenant named by `tenant` (a parameter) or the
        header X-Prefill-Tenant, else of the tenant of its Origin, else of the only tenant. With one it is
        an agent (audience INSTRUCTOR, `agent`, `scopes`) of the tenant that the proof names. Raise
        `Unauthorized`, `Forbidden` (a proof for another tenant than the one named), `TenantUnknown` or
        `TooManyAttempts`.
        """
        directory = self._directory()
        named = tenant or headers.get(TENANT_HEADER) or None
        if "Authorization" not in headers:
            return Caller(Audience.CANDIDATE, _buyer(directory, named, headers.get("Origin")).id)
        caller = self._agent(directory, headers["Authorization"], address)
        if named not in (None, caller.tenant):
            telemetry.warning("signin.forbidden", cause="another_tenant", tenant=caller.tenant)
            raise Forbidden
        return caller

    def _agent(self, directory: Directory, authorization: str, address: str) -> Caller:
        wait = self._lockout.wait(address)
        if wait > 0:
            raise TooManyAttempts(retry_after=wait, retryAfter=wait)
        try:
            caller = self._prove(directory, authorization)
        except InvalidCredentials as refusal:
            telemetry.warning("signin.refused", cause=str(refusal))
            if not isinstance(refusal, Unverifiable):
                self._lockout.failed(address)
            raise Unauthorized from None
        self._lockout.succeeded(address)
        return caller

    def _prove(self, directory: Directory, authorization: str) -> Caller:
        if authorization[: len(BEARER)].lower() != BEARER or len(authorization) > LONGEST_PROOF:
            raise InvalidCredentials("not_bearer")
        proof = authorization[len(BEARER) :].strip()
        if proof.startswith(KEY_PREFIX):
            return self._with_key(directory, proof)
        return self._with_token(directory, proof)

    # -- an agent's key

    def _with_key(self, directory: Directory, proof: str) -> Caller:
        written = KEY.fullmatch(proof)
        found = directory.key(written[1]) if written else None
        expected = found[1].hash if found else DUMMY_HASH
        right = hmac.compare_digest(hash_of(proof).encode(), expected.encode())
        if found is None or not right:
            raise InvalidCredentials("unknown_key")
        tenant, key = found
        if key.revoked:
            raise InvalidCredentials("revoked_key")
        if key.expires < self._today():
            raise InvalidCredentials("expired_key")
        return Caller(Audience.INSTRUCTOR, tenant.id, f"key:{key.name}", key.scopes)

    # -- an identity token

    def _with_token(self, directory: Directory, proof: str) -> Caller:
        """Verify the token against each provider that may have made it; one tenant alone may claim it."""
        try:
            header = jwt.get_unverified_header(proof)
            issuer = jwt.decode(proof, options={"verify_signature": False}).get("iss")
        except (jwt.PyJWTError, ValueError, RecursionError) as fault:
            raise InvalidCredentials("unreadable_token") from fault
        tenants_trusting = directory.tenants_trusting(issuer) if isinstance(issuer, str) else ()
        if not tenants_trusting:
            raise InvalidCredentials("unknown_issuer")
        faults: list[InvalidCredentials] = []
        proven = []
        for tenant, oidc in tenants_trusting:
            try:
                proven.append((tenant, oidc, self._claims(oidc, proof, header)))
            except InvalidCredentials as refusal:
                faults.append(refusal)
        if len(proven) != 1:
            raise InvalidCredentials("ambiguous_tenant") if proven else faults[0]
        return _signed_in(*proven[0])

    def _claims(self, oidc: Oidc, proof: str, header: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give the token's claims once all that the tenant asks is verified."""
        kid = header.get("kid")
        found = self._keyring.find(oidc.jwks, kid if isinstance(kid, str) else None)
        if found is None:
            raise (
                InvalidCredentials("unknown_signing_key")
                if self._keyring.answered(oidc.jwks)
                else Unverifiable("no_signing_keys")
            )
        try:
            claims: dict[str, Any] = jwt.decode(
                proof,
                found.key,
                algorithms=list(found.algorithms),
                issuer=oidc.issuer,
                audience=oidc.audience,
                leeway=LEEWAY,
                options={"require": list(REQUIRED)},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as fault:
            raise InvalidCredentials(type(fault).__name__) from fault
        if not all(value in _values(claims, name) for name, value in oidc.claims.items()):
            raise InvalidCredentials("claims")
        return claims


def _signed_in(tenant: Tenant, oidc: Oidc, claims: Mapping[str, Any]) -> Caller:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise InvalidCredentials("subject")
    roles = [word for value in _values(claims, oidc.scopes_claim) for word in (value, *value.split())]
    return Caller(Audience.INSTRUCTOR, tenant.id, f"oidc:{subject}", _scopes(oidc, roles))


def _scopes(oidc: Oidc, roles: Iterable[str]) -> frozenset[Scope]:
    """Say what the provider's roles give here; without a table they are our own words."""
    if oidc.scopes:
        return frozenset[Scope]().union(*(oidc.scopes.get(role, frozenset()) for role in roles))
    return frozenset(scope for scope in Scope if scope in set(roles))


def _values(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Read a claim as texts; `a.b` looks inside `a` unless a claim bears that very name."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, list):
        return tuple(one for one in found if isinstance(one, str))
    return (found,) if isinstance(found, str) else ()


def _buyer(directory: Directory, named: str | None, origin: str | None) -> Tenant:
    """Choose whose form a candidate fills; it gives no right to anything but open data."""
    here = directory.at(origin) if origin else ()
    if named:
        tenant = directory.tenants.get(named)
        if tenant is None:
            raise TenantUnknown
        if here and tenant not in here:
            raise Forbidden  # a page of one buyer does not spend the calls of another
        return tenant
    chosen = here[0] if len(here) == 1 else directory.only
    if chosen is None:
        raise TenantUnknown
    return chosen
