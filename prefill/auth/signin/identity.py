"""Who signed in: the identity token of a provider, verified, and what its `userinfo` adds."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import requests
import urllib3

from prefill.auth.jwks import JWKSClient
from prefill.auth.signin.bounded import mount
from prefill.auth.signin.providers import Metadata
from prefill.tenancy.model import SignIn

LEEWAY = 30  # seconds of clock skew
MAX_AGE = 600  # seconds since the identity token was issued
MAX_SUBJECT = 200
JWT_MEDIA = "application/jwt"


class Refused(Exception):
    """Nobody is signed in; the message is the cause, for the log only. `code` is what the page is told."""

    def __init__(self, cause: str, code: str = "refused") -> None:
        self.code = code
        super().__init__(cause)


def verify_identity(
    jwks: JWKSClient, metadata: Metadata, client: SignIn, token: str, nonce: str, now: float
) -> Mapping[str, Any]:
    """Return the claims of the identity token of this very sign-in. Raises `Refused`."""
    claims = verify_token(jwks, metadata, client, token, required=("exp", "iat", "iss", "aud", "sub", "nonce"))
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise Refused("nonce")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client.client_id) != client.client_id:
        raise Refused("azp")
    if not isinstance(claims["iat"], int | float) or now - claims["iat"] > MAX_AGE:
        raise Refused("iat")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise Refused("subject")
    if client.acr_values and claims.get("acr") not in client.acr_values:
        raise Refused("acr")
    return claims


def fetch_userinfo(
    session: requests.Session, jwks: JWKSClient, metadata: Metadata, client: SignIn, access_token: str, subject: str
) -> Mapping[str, Any]:
    """Read what the provider adds about the agent: JSON, or a signed token (ProConnect). Raises `Refused`."""
    if metadata.userinfo is None:
        return {}
    mount(session)
    try:
        response = session.get(
            metadata.userinfo,
            headers={"Authorization": f"Bearer {access_token}", "Accept": f"application/json, {JWT_MEDIA}"},
            allow_redirects=False,
        )
        signed = response.headers.get("Content-Type", "").partition(";")[0].strip().lower() == JWT_MEDIA
        body = (
            verify_token(jwks, metadata, client, response.text.strip(), required=("sub",))
            if signed
            else response.json()
        )
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, RecursionError) as fault:
        raise Refused("userinfo", "unavailable") from fault
    if response.status_code != 200 or not isinstance(body, Mapping):
        raise Refused("userinfo", "unavailable")
    if body.get("sub") != subject:
        raise Refused("userinfo_subject")
    return body


def verify_token(
    jwks: JWKSClient, metadata: Metadata, client: SignIn, token: str, required: tuple[str, ...]
) -> Mapping[str, Any]:
    """Return the claims of a token after its signature, issuer and audience; asymmetric algorithms only."""
    import jwt  # and the cryptography under it: only where somebody signs in

    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = jwks.get_key(metadata.jwks, kid if isinstance(kid, str) else None)
        if key is None:
            raise Refused("unknown_signing_key", "refused" if jwks.has_keys(metadata.jwks) else "unavailable")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=list(key.algorithms),
            issuer=metadata.issuer,
            audience=client.client_id,
            leeway=LEEWAY,
            options={"require": [*required, "iss", "aud"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as fault:
        raise Refused(type(fault).__name__) from fault
    return claims
