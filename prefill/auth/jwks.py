"""The public keys of an identity provider: fetched within bounds, kept, and fetched anew when they turn.

Keys are asked for when there are none, when they grow old, and when a token names one that is not known;
never more than once a minute. What was fetched serves on while the provider does not answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jwt
import requests
import urllib3

from prefill import telemetry

PATIENCE = (2.0, 3.0)  # seconds to connect, and between two bytes
WHOLE = 5.0  # seconds for all of it
LARGEST = 256 * 1024  # bytes
CHUNK = 16 * 1024
MOST_KEYS = 100
FRESH = 3600.0  # seconds
KEPT = 24 * 3600.0  # seconds during which keys serve on without an answer
REST = 60.0  # seconds between two fetches
REST_AFTER_FAILURE = 10.0

# Only asymmetric ones: with a secret shared by both sides, our own copy of a public key would sign.
ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = MappingProxyType({
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
})  # fmt: skip
LEAST_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of the provider, and the algorithms it may be used with."""

    key: Any
    algorithms: tuple[str, ...]


class Unreadable(Exception):
    """The keys cannot be fetched, and why."""


@dataclass(frozen=True, slots=True)
class _Ring:
    keys: Mapping[str, PublicKey]
    at: float


class JWKSClient:
    """The keys of every provider, by where they are."""

    def __init__(self, *, open_session: Callable[[], requests.Session], clock: Callable[[], float]) -> None:
        self._open_session = open_session
        self._clock = clock
        self._lock = threading.Lock()
        self._rings: dict[str, _Ring] = {}
        self._next: dict[str, float] = {}
        self._fetches: dict[str, Future[None]] = {}

    def find(self, where: str, kid: str | None) -> PublicKey | None:
        """Find a key; None when the provider has no such key, or does not answer and never did.

        Without `kid` the provider's only key is meant.
        """
        ring = self._rings.get(where)
        found = self._pick(ring, kid)
        if found is None or ring is None or self._clock() - ring.at > FRESH:
            self._fetch(where, patient=found is None)
            found = self._pick(self._rings.get(where), kid) or found
        return found

    def answered(self, where: str) -> bool:
        """Tell whether the provider ever gave its keys."""
        return where in self._rings

    def _pick(self, ring: _Ring | None, kid: str | None) -> PublicKey | None:
        if ring is None or self._clock() - ring.at > KEPT:
            return None
        if kid is None:
            return next(iter(ring.keys.values())) if len(ring.keys) == 1 else None
        return ring.keys.get(kid)

    def _fetch(self, where: str, *, patient: bool) -> None:
        """Fetch the keys, once for all who want them; nobody does too soon after another fetch.

        Who has a key that is merely old is not `patient`: it does not wait for another's fetch.
        """
        with self._lock:
            flight = self._fetches.get(where)
            mine = flight is None
            if flight is None:
                if self._clock() < self._next.get(where, float("-inf")):
                    return
                flight = self._fetches[where] = Future()
        if not mine:
            if patient:
                flight.result()
            return
        try:
            self._read(where)
        finally:
            with self._lock:
                del self._fetches[where]
            flight.set_result(None)

    def _read(self, where: str) -> None:
        try:
            keys = dict(_keys_in(self._bytes(where)))
            if not keys:
                raise Unreadable("no_usable_key")
        except Unreadable as fault:
            self._next[where] = self._clock() + REST_AFTER_FAILURE
            telemetry.warning("oidc.keys", jwks=where, cause=str(fault), message="Les clés de ce fournisseur d'identité "
                              "ne peuvent pas être lues : ses agents ne peuvent pas être reconnus.")  # fmt: skip
            return
        self._rings[where] = _Ring(keys, self._clock())
        self._next[where] = self._clock() + REST
        telemetry.event("oidc.keys", jwks=where, keys=len(keys))

    def _bytes(self, where: str) -> bytes:
        if "://" not in where:
            return _bytes_of(Path(where))
        try:
            with self._open_session() as session:
                return self._download(session, where)
        except requests.Timeout as fault:
            raise Unreadable("timeout") from fault
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
            raise Unreadable("unreachable") from fault

    def _download(self, session: requests.Session, url: str) -> bytes:
        end = self._clock() + WHOLE
        with session.get(
            url, timeout=PATIENCE, allow_redirects=False, stream=True, headers={"Accept": "application/json"}
        ) as response:
            if response.status_code != 200:
                raise Unreadable(f"status_{response.status_code}")
            body = bytearray()
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > LARGEST:
                    raise Unreadable("too_large")
                if self._clock() > end:
                    raise Unreadable("timeout")
            return bytes(body)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST)
    except OSError as fault:
        raise Unreadable("unreachable") from fault


def _keys_in(body: bytes) -> Iterator[tuple[str, PublicKey]]:
    """Read the keys that may sign; what is of another kind, or too weak, is not there."""
    try:
        listed = json.loads(body)["keys"]
    except (ValueError, LookupError, TypeError, RecursionError) as fault:
        raise Unreadable("unreadable") from fault
    for one in listed[:MOST_KEYS] if isinstance(listed, list) else ():
        key = _public_key(one) if isinstance(one, dict) else None
        if key:
            yield str(one.get("kid", "")), key


def _public_key(jwk: Mapping[str, Any]) -> PublicKey | None:
    kind, curve, use = jwk.get("kty"), jwk.get("crv"), jwk.get("use")
    possible = ALGORITHMS.get((str(kind), curve if isinstance(curve, str) else None), ())
    algorithms = tuple(name for name in possible if jwk.get("alg") in (None, name))
    if not algorithms or use not in (None, "sig"):
        return None
    try:
        key = jwt.PyJWK(dict(jwk), algorithm=algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    weak = kind == "RSA" and key.key_size < LEAST_RSA_BITS
    return None if weak else PublicKey(key, algorithms)
