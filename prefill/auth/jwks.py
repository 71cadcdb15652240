"""JWKS client: the public signing keys of the identity providers, fetched within bounds and cached.

A key set is fetched when there is none, when it is older than FRESH_FOR, and when a token names an unknown key
(rotation); never more often than MIN_REFRESH. While the provider does not answer, cached keys remain valid for STALE_FOR.
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

import requests
import urllib3

from prefill import telemetry

TIMEOUT = (2.0, 3.0)  # seconds to connect, and between two bytes
TOTAL_TIMEOUT = 5.0  # seconds for the whole body
MAX_BYTES = 256 * 1024
CHUNK = 16 * 1024
MAX_KEYS = 100
FRESH_FOR = 3600.0  # seconds
STALE_FOR = 24 * 3600.0  # seconds for which keys are valid while the provider does not answer
MIN_REFRESH = 60.0  # seconds between two fetches
MIN_REFRESH_AFTER_FAILURE = 10.0

# Asymmetric algorithms only: with an HMAC algorithm, anybody who has the public key could sign.
ALGORITHMS: Mapping[tuple[str, str | None], tuple[str, ...]] = MappingProxyType({
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
})  # fmt: skip
MIN_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A signing key and the algorithms it may be used with."""

    key: Any
    algorithms: tuple[str, ...]


class JWKSUnreadable(Exception):
    """The key set cannot be fetched or parsed; the message is the cause."""


@dataclass(frozen=True, slots=True)
class _KeySet:
    keys: Mapping[str, PublicKey]
    fetched_at: float


class JWKSClient:
    """Caches the key set of each provider by its location: an HTTPS address or a file."""

    def __init__(self, *, open_session: Callable[[], requests.Session], clock: Callable[[], float]) -> None:
        self._open_session = open_session
        self._clock = clock
        self._lock = threading.Lock()
        self._key_sets: dict[str, _KeySet] = {}
        self._next_fetch: dict[str, float] = {}
        self._in_flight: dict[str, Future[None]] = {}

    def get_key(self, location: str, kid: str | None) -> PublicKey | None:
        """Return the key named `kid`, fetching the set if needed; None when there is no such key or no key set.

        A token without `kid` is verified with the only key of the set, if there is only one.
        """
        key_set = self._key_sets.get(location)
        key = self._pick(key_set, kid)
        if key is None or key_set is None or self._clock() - key_set.fetched_at > FRESH_FOR:
            self._fetch(location, wait=key is None)
            key = self._pick(self._key_sets.get(location), kid) or key
        return key

    def has_keys(self, location: str) -> bool:
        """Whether a key set was ever fetched from there."""
        return location in self._key_sets

    def _pick(self, key_set: _KeySet | None, kid: str | None) -> PublicKey | None:
        if key_set is None or self._clock() - key_set.fetched_at > STALE_FOR:
            return None
        if kid is None:
            return next(iter(key_set.keys.values())) if len(key_set.keys) == 1 else None
        return key_set.keys.get(kid)

    def _fetch(self, location: str, *, wait: bool) -> None:
        """Fetch the key set (single flight), unless one was fetched less than MIN_REFRESH ago.

        `wait` waits for a fetch under way in another thread; a caller that has a stale key uses it instead.
        """
        with self._lock:
            fetch = self._in_flight.get(location)
            owner = fetch is None
            if fetch is None:
                if self._clock() < self._next_fetch.get(location, float("-inf")):
                    return
                fetch = self._in_flight[location] = Future()
        if not owner:
            if wait:
                fetch.result()
            return
        try:
            self._read(location)
        finally:
            with self._lock:
                del self._in_flight[location]
            fetch.set_result(None)

    def _read(self, location: str) -> None:
        try:
            keys = dict(_keys_in(self._bytes(location)))
            if not keys:
                raise JWKSUnreadable("no_usable_key")
        except JWKSUnreadable as fault:
            self._next_fetch[location] = self._clock() + MIN_REFRESH_AFTER_FAILURE
            telemetry.warning("oidc.keys", jwks=location, cause=str(fault), message="Les clés de ce fournisseur d'identité "
                              "ne peuvent pas être lues : ses agents ne peuvent pas être reconnus.")  # fmt: skip
            return
        self._key_sets[location] = _KeySet(keys, self._clock())
        self._next_fetch[location] = self._clock() + MIN_REFRESH
        telemetry.event("oidc.keys", jwks=location, keys=len(keys))

    def _bytes(self, location: str) -> bytes:
        if "://" not in location:
            return _bytes_of(Path(location))
        try:
            with self._open_session() as session:
                return self._download(session, location)
        except requests.Timeout as fault:
            raise JWKSUnreadable("timeout") from fault
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
            raise JWKSUnreadable("unreachable") from fault

    def _download(self, session: requests.Session, url: str) -> bytes:
        end = self._clock() + TOTAL_TIMEOUT
        with session.get(
            url, timeout=TIMEOUT, allow_redirects=False, stream=True, headers={"Accept": "application/json"}
        ) as response:
            if response.status_code != 200:
                raise JWKSUnreadable(f"status_{response.status_code}")
            body = bytearray()
            while chunk := response.raw.read1(CHUNK, decode_content=True):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise JWKSUnreadable("too_large")
                if self._clock() > end:
                    raise JWKSUnreadable("timeout")
            return bytes(body)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES)
    except OSError as fault:
        raise JWKSUnreadable("unreachable") from fault


def _keys_in(body: bytes) -> Iterator[tuple[str, PublicKey]]:
    """Yield the usable signing keys by their `kid`; other key types and weak keys are skipped."""
    try:
        listed = json.loads(body)["keys"]
    except (ValueError, LookupError, TypeError, RecursionError) as fault:
        raise JWKSUnreadable("unreadable") from fault
    for jwk in listed[:MAX_KEYS] if isinstance(listed, list) else ():
        key = _public_key(jwk) if isinstance(jwk, dict) else None
        if key:
            yield str(jwk.get("kid", "")), key


def _public_key(jwk: Mapping[str, Any]) -> PublicKey | None:
    kind, curve, use = jwk.get("kty"), jwk.get("crv"), jwk.get("use")
    possible = ALGORITHMS.get((str(kind), curve if isinstance(curve, str) else None), ())
    algorithms = tuple(name for name in possible if jwk.get("alg") in (None, name))
    if not algorithms or use not in (None, "sig"):
        return None
    import jwt  # and the cryptography under it: only where a key set is read

    try:
        key = jwt.PyJWK(dict(jwk), algorithm=algorithms[0]).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    weak = kind == "RSA" and key.key_size < MIN_RSA_BITS
    return None if weak else PublicKey(key, algorithms)
