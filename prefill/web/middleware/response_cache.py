"""WSGI middleware that caches complete prefill responses.

An entry is valid while every register answer it was built from is unchanged in the answer cache. Its key is all that
a response varies by. Incomplete, late and stale responses are never cached, nor those of requests with credentials. A
response from the cache is counted, limited and logged as any other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from cachetools import LRUCache
from werkzeug.http import parse_etags

from prefill import telemetry
from prefill.domain.answers import Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.forms.registry import FormRegistry
from prefill.prefilling.service import Prefill
from prefill.registers.answer_cache import Key
from prefill.registers.client import RegisterClient
from prefill.tenancy.model import Directory
from prefill.web.middleware.access_log import record_request, request_id_of
from prefill.web.middleware.encodings import choose_encoding, compress
from prefill.web.protection.pacing import VisitMemory
from prefill.web.protection.rate_limit import RateLimiter

PREFIX = "/v1/prefill/"
ROUTE = "(response cache)"  # in the log, where it fails
MEDIA = "application/json"

# What a response varies by, beside its path and query. Requests with the others are never answered from the cache.
VARY_ON = ("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ORIGIN", "HTTP_X_PREFILL_TENANT")
BYPASS_HEADERS = ("HTTP_AUTHORIZATION", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE")
MAX_KEY_LENGTH = 2500  # characters: enough to name every field of a form, too few to fill the memory
PER_REQUEST_HEADERS = frozenset({"x-request-id", "content-type", "content-length", "date"})

# Statuses of sources that were not asked: they follow from the answers of the others.
DEDUCED = (Status.NOT_APPLICABLE, Status.WITHHELD)
STATUS_LINES = {200: "200 OK", 304: "304 NOT MODIFIED"}

CacheKey = tuple[str, ...]
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Headers(Protocol):
    """What is needed of a response's headers."""

    def to_wsgi_list(self) -> list[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class CacheDependencies:
    """The register answers that a response was built from, by the version of their cache entries, and when it expires (Unix seconds)."""

    upstream: RegisterClient
    versions: tuple[tuple[Key, object], ...]
    expires_at: float
    siren: str

    def valid(self, timestamp: float) -> bool:
        """Whether the answer cache still holds the same answers, and nothing limits their disclosure since."""
        if timestamp >= self.expires_at or self.upstream.disclosure_limits.of(self.siren):
            return False
        return self.upstream.cache.holds(self.versions)


@dataclass(frozen=True, slots=True)
class CacheableResponse:
    """A response that may be sent again; `company` is a keyed hash, `log_fields` what the log says of it.

    What its body is compressed to is kept with it: as long as it is valid, and no longer.
    """

    body: bytes
    tag: str
    dependencies: CacheDependencies
    route: str
    company: str
    log_fields: Mapping[str, Any]
    tenant: str
    _compressed: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def encoded(self, encoding: str) -> bytes:
        """The body in that content encoding, compressed at the first request for it."""
        if encoding not in self._compressed:
            self._compressed[encoding] = compress(self.body, encoding)
        return self._compressed[encoding]


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A response with its headers, but for those of one request; the tenants when it was made, and the forms it is of."""

    response: CacheableResponse
    headers: tuple[tuple[str, str], ...]
    directory: Directory
    forms: FormRegistry


def dependencies_of(prefill: Prefill, upstream: RegisterClient, now: datetime) -> CacheDependencies | None:
    """List the cached answers that a prefill was made from; None when it is incomplete or one is not cached and fresh."""
    if not prefill.filled.complete:
        return None
    versions: list[tuple[Key, object]] = []
    ends: list[float] = []
    for answer in {answer.source: answer for answer in prefill.answers.values()}.values():
        if answer.cached:
            key, version, entry = upstream.cache_entry(CATALOGUE[answer.source], prefill.company)
            if answer.stale or entry.fresh(now.timestamp()) != answer:
                return None
            versions.append((key, version))
            ends.append(entry.fresh_until)
        elif answer.status not in DEDUCED or answer.http_status is not None:
            return None
    if not ends or upstream.disclosure_limits.of(prefill.company.siren):
        return None
    return CacheDependencies(upstream, tuple(versions), min(*ends, _midnight(now)), prefill.company.siren)


def _midnight(now: datetime) -> float:
    """Return the end of the day in Paris: what a notice says of a date is true for a day."""
    tomorrow = now.astimezone(PARIS) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


class ResponseCache:
    """Complete responses by what they vary by, the least recently used leaving first."""

    def __init__(self, entries: int, *, tenants: Callable[[], Directory], forms: Callable[[], FormRegistry]) -> None:
        self._tenants = tenants
        self._forms = forms
        self._lock = threading.Lock()
        self._entries: LRUCache[CacheKey, CachedResponse] = LRUCache(entries)

    def get(self, key: CacheKey, timestamp: float) -> CachedResponse | None:
        """Return the entry of this key if it is valid; remove it otherwise."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None:
            return None
        if self._is_current(entry) and entry.response.dependencies.valid(timestamp):
            return entry
        with self._lock:
            self._entries.pop(key, None)
        return None

    def _is_current(self, entry: CachedResponse) -> bool:
        return entry.directory is self._tenants() and entry.forms is self._forms()

    def offer(
        self, environ: Environ, response: CacheableResponse, status: int, headers: Headers, forms: FormRegistry
    ) -> None:
        """Store a response to this request, made of these forms, unless such requests are not cached."""
        key = cache_key(environ)
        if key is None or status not in STATUS_LINES or not self._entries.maxsize:
            return
        kept = tuple(pair for pair in headers.to_wsgi_list() if pair[0].lower() not in PER_REQUEST_HEADERS)
        with self._lock:
            self._entries[key] = CachedResponse(response, kept, self._tenants(), forms)


class ResponseCacheMiddleware:
    """Answers from the cache, or lets the application answer."""

    def __init__(
        self,
        application: Application,
        cache: ResponseCache,
        *,
        rate_limiter: RateLimiter,
        visits: VisitMemory | None,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._application = application
        self._cache = cache
        self._rate_limiter = rate_limiter
        self._visits = visits
        self._now = now
        self._clock = clock

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._answer_again(environ, start_response)
        except Exception as fault:  # noqa: BLE001 the application can answer without its cache
            telemetry.error("request.failed", route=ROUTE, kind=type(fault).__name__)
            answer = None
        return self._application(environ, start_response) if answer is None else answer

    def _answer_again(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes] | None:
        """Answer from the cache; None when the application must."""
        started_at = self._clock()
        key = cache_key(environ)
        entry = key and self._cache.get(key, self._now().timestamp())
        if not entry:
            return None
        address = environ.get("REMOTE_ADDR") or ""
        requester = self._rate_limiter.requester(address)
        client = requester.address or self._rate_limiter.name(address)  # without a limit nobody is counted
        if not self._was_sent(entry.response, client) or self._rate_limiter.check(requester, cached=True) > 0:
            return None
        return self._send(entry, environ, start_response, started_at)

    def _was_sent(self, response: CacheableResponse, client: str) -> bool:
        """Whether this client has had every answer in it: the others must not learn that it is cached."""
        tenant, versions = response.tenant, response.dependencies.versions
        return self._visits is None or self._visits.has_all(
            [(client, tenant, source, number) for (_, source, number), _ in versions]
        )

    def _send(
        self, entry: CachedResponse, environ: Environ, start_response: StartResponse, started_at: float
    ) -> Iterable[bytes]:
        response = entry.response
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        headers = [*entry.headers, ("X-Request-ID", request_id)]
        status, body = (304, b"") if _matches(environ, response.tag) else (200, response.body)
        if body:
            encoding = choose_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
            if encoding:
                body = response.encoded(encoding)
                headers.append(("Content-Encoding", encoding))
            headers += [("Content-Type", MEDIA), ("Content-Length", str(len(body)))]
        telemetry.count("forms", form=response.log_fields["form"], complete="true")
        for (_, source, _), _ in response.dependencies.versions:
            telemetry.count("cache", source=source, result="hit")
        identifiers = {"request_id": request_id, "company": response.company}
        fields = {**identifiers, "outcome": str(status), **response.log_fields}
        record_request(response.route, status, self._clock() - started_at, fields)
        start_response(STATUS_LINES[status], headers)
        return [body] if body else []  # the server sends a list at once, and anything else as a stream


def cache_key(environ: Environ) -> CacheKey | None:
    """Return all that the response varies by, or None for a request that is never answered from the cache."""
    if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].startswith(PREFIX):
        return None
    if any(name in environ for name in BYPASS_HEADERS):
        return None
    key = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""), *[environ.get(name, "") for name in VARY_ON])
    return key if sum(map(len, key)) <= MAX_KEY_LENGTH else None


def _matches(environ: Environ, tag: str) -> bool:
    """Whether `If-None-Match` names this response."""
    given = environ.get("HTTP_IF_NONE_MATCH")
    return given is not None and (given == f'W/"{tag}"' or parse_etags(given).contains_weak(tag))
