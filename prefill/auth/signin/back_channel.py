"""Logout by the provider (OpenID Connect Back-Channel Logout 1.0): its signed word that a session is over there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prefill.auth.jwks import JWKSClient
from prefill.auth.signin.identity import LEEWAY, MAX_AGE, Refused, verify_token
from prefill.auth.signin.providers import Metadata
from prefill.tenancy.model import SignIn

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_TOKEN = 16_384  # characters
TYPES = frozenset({None, "jwt", "logout+jwt"})


@dataclass(frozen=True, slots=True)
class Logout:
    """What is over: the session `sid` of the provider, or every session of a `subject`. `token_id` comes once."""

    subject: str = field(repr=False)
    sid: str = field(repr=False)
    token_id: str = field(repr=False)


def addressee(token: str) -> tuple[str, tuple[str, ...]]:
    """Return the issuer and the audience that a token names, before anything is verified. Raises `Refused`."""
    import jwt  # and the cryptography under it: only where a provider ends a session

    if not 0 < len(token) <= MAX_TOKEN:
        raise Refused("logout_token")
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        issuer, audience = claims["iss"], claims["aud"]
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, RecursionError) as fault:
        raise Refused("logout_token") from fault
    found = audience if isinstance(audience, list) else [audience]
    return str(issuer), tuple(str(one) for one in found)


def verify_logout(jwks: JWKSClient, metadata: Metadata, client: SignIn, token: str, now: float) -> Logout:
    """Verify a logout token: signed by the provider for this client, new, of this event, and no identity token."""
    import jwt

    claims = verify_token(jwks, metadata, client, token, required=("iat", "jti", "events"))
    kind = jwt.get_unverified_header(token).get("typ")
    if (kind.lower() if isinstance(kind, str) else kind) not in TYPES or "nonce" in claims:
        raise Refused("logout_kind")
    if not isinstance(claims["events"], Mapping) or not isinstance(claims["events"].get(EVENT), Mapping):
        raise Refused("logout_event")
    if not isinstance(claims["iat"], int | float) or not -LEEWAY <= now - claims["iat"] <= MAX_AGE:
        raise Refused("logout_iat")
    logout = Logout(_word(claims, "sub"), _word(claims, "sid"), _word(claims, "jti"))
    if not logout.token_id or not (logout.subject or logout.sid):
        raise Refused("logout_subject")
    return logout


def _word(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name, "")
    if not isinstance(found, str):
        raise Refused("logout_claim")
    return found
