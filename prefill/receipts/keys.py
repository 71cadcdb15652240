"""The signing keys: Ed25519 seeds. The first signs; those that follow were used before and still verify."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prefill.receipts.digests import encode

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SEED = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
# In the sandbox anybody may sign: its receipts say so, and no other service knows the key.
SANDBOX_SEED = encode(hashlib.sha256(b"prefill sandbox receipts").digest())


class KeyUnreadable(ValueError):
    """A seed is not 32 bytes in base64url."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair; `kid` is the thumbprint of the public key (RFC 7638)."""

    kid: str
    private: Ed25519PrivateKey = field(repr=False)
    salts: bytes = field(repr=False)

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    @property
    def jwk(self) -> dict[str, str]:
        return {**_public_members(self.public), "kid": self.kid, "use": "sig", "alg": "EdDSA"}

    def salt(self, text: str) -> str:
        """Derive a salt that only the holder of the key can tell: the same text gives the same receipt."""
        return encode(hmac.digest(self.salts, text.encode(), "sha256")[:16])


def new_seed() -> str:
    return encode(secrets.token_bytes(32))


def read_keys(seeds: Iterable[str]) -> tuple[SigningKey, ...]:
    """Read seeds written in base64url. Raises `KeyUnreadable`."""
    return tuple(map(_read_key, seeds))


def _read_key(seed: str) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # only where receipts are signed

    if not SEED.fullmatch(seed):
        raise KeyUnreadable("a seed is 43 characters of base64url")
    raw = urlsafe_b64decode(seed + "=")
    private = Ed25519PrivateKey.from_private_bytes(raw)
    members = json.dumps(_public_members(private.public_key()), sort_keys=True, separators=(",", ":"))
    kid = encode(hashlib.sha256(members.encode()).digest())
    return SigningKey(kid, private, hashlib.blake2b(raw, digest_size=32, person=b"receipt salt").digest())


def _public_members(key: Ed25519PublicKey) -> dict[str, str]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return {"crv": "Ed25519", "kty": "OKP", "x": encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}
