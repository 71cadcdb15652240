"""What an OpenID provider says of itself (discovery), fetched when needed and kept for an hour."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from prefill import telemetry
from prefill.addresses import BadValue, read_web_address
from prefill.auth.signin.bounded import mount

WELL_KNOWN = "/.well-known/openid-configuration"
FRESH_FOR = 3600.0  # seconds
STALE_FOR = 24 * 3600.0  # seconds for which it is used while the provider does not answer
RETRY_AFTER_FAILURE = 10.0


class ProviderUnavailable(Exception):
    """The provider cannot be used now; the message is the cause, for the log only."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The endpoints of a provider.

    `says_issuer` tells whether its redirects name it (`iss`, RFC 9207); `by_post` whether the client's secret goes in
    the body, which is done only where the header is not accepted.
    """

    issuer: str
    authorization: str
    token: str
    jwks: str
    userinfo: str | None
    end_session: str | None
    says_issuer: bool
    by_post: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    metadata: Metadata
    fetched_at: float


class Providers:
    """The metadata of each issuer, by discovery."""

    def __init__(self, *, open_session: Callable[[], requests.Session], clock: Callable[[], float]) -> None:
        self._open_session = open_session
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._next_fetch: dict[str, float] = {}

    def get(self, issuer: str) -> Metadata:
        """Return the metadata of an issuer. Raises `ProviderUnavailable`."""
        kept = self._kept.get(issuer)
        if kept and self._clock() - kept.fetched_at < FRESH_FOR:
            return kept.metadata
        with self._lock:
            return self._renewed(issuer)

    def _renewed(self, issuer: str) -> Metadata:
        kept, now = self._kept.get(issuer), self._clock()
        if kept and now - kept.fetched_at < FRESH_FOR:
            return kept.metadata
        usable = kept is not None and now - kept.fetched_at < STALE_FOR
        if now >= self._next_fetch.get(issuer, float("-inf")):
            try:
                metadata = self._fetch(issuer)
            except ProviderUnavailable as fault:
                self._next_fetch[issuer] = now + RETRY_AFTER_FAILURE
                telemetry.warning("signin.provider", issuer=issuer, cause=str(fault))
                if not usable:
                    raise
            else:
                self._kept[issuer] = _Kept(metadata, now)
                return metadata
        if kept is None or not usable:
            raise ProviderUnavailable("unreachable")
        return kept.metadata

    def _fetch(self, issuer: str) -> Metadata:
        return read_metadata(issuer, fetch_json(self._open_session, issuer.rstrip("/") + WELL_KNOWN))


def fetch_json(open_session: Callable[[], requests.Session], url: str) -> Mapping[str, Any]:
    """Read a JSON object. Raises `ProviderUnavailable`."""
    try:
        with open_session() as session:
            mount(session)
            response = session.get(url, headers={"Accept": "application/json"}, allow_redirects=False)
            body = response.json() if response.status_code == 200 else None
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, RecursionError) as fault:
        raise ProviderUnavailable(type(fault).__name__) from fault
    if not isinstance(body, dict):
        raise ProviderUnavailable(f"status_{response.status_code}")
    return body


def read_metadata(issuer: str, body: Mapping[str, Any]) -> Metadata:
    """Check what a provider says of itself: its very issuer, endpoints over HTTPS. Raises `ProviderUnavailable`."""
    if body.get("issuer") != issuer:
        raise ProviderUnavailable("another_issuer")
    methods = body.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Metadata(
        issuer,
        _endpoint(body, "authorization_endpoint"),
        _endpoint(body, "token_endpoint"),
        _endpoint(body, "jwks_uri"),
        _endpoint(body, "userinfo_endpoint") if body.get("userinfo_endpoint") else None,
        _endpoint(body, "end_session_endpoint") if body.get("end_session_endpoint") else None,
        says_issuer=body.get("authorization_response_iss_parameter_supported") is True,
        by_post="client_secret_basic" not in methods,
    )


def _endpoint(body: Mapping[str, Any], name: str) -> str:
    written = body.get(name)
    try:
        if isinstance(written, str):
            read_web_address(written.partition("?")[0])
            return written
    except (BadValue, ValueError) as fault:
        raise ProviderUnavailable(name) from fault
    raise ProviderUnavailable(name)
