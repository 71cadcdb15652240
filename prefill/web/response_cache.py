"""Answer again what was just answered: whole candidates' answers, ready to send while nothing they say can have changed.

An answer is filed under the very words of its request that it varies by, and stands on what the store
holds: it is sent again only while each answer it was made from is still there, the same, and good. What
is incomplete, late or stale is never filed, nor anything asked with a proof. Sending it counts, limits and
logs as making it does.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cachetools import LRUCache
from werkzeug.http import parse_etags

from prefill import telemetry
from prefill.domain.answers import Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.domain.identifiers import holds_number
from prefill.prefilling.service import Prefill
from prefill.registers.answer_cache import CacheEntry, Key
from prefill.registers.client import RegisterClient
from prefill.tenancy.model import Directory
from prefill.web.rate_limit import RateLimiter

PREFIX = "/v1/prefill/"
OFFER = "prefill.offer"  # where the route puts, in the environ, what may be sent again
MEDIA = "application/json"

# All that an answer varies by, beside its path and query; a request with a proof or a condition of these is let through.
VARY_ON = ("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ORIGIN", "HTTP_X_PREFILL_TENANT")
BYPASS_HEADERS = ("HTTP_AUTHORIZATION", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE")
LONGEST_WORDS = 2500  # characters: a page may name every field of a form, nobody fills the memory with words
OF_ONE_REQUEST = frozenset({"x-request-id", "content-type", "content-length", "date"})

# What is said of a source that was not asked: it follows from the answers that are there.
DEDUCED = (Status.NOT_APPLICABLE, Status.WITHHELD)
STATUS_LINES = {200: "200 OK", 304: "304 NOT MODIFIED"}

Words = tuple[str, ...]
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class CacheDependencies:
    """What an answer was made from, and the moment (Unix seconds) after which it must be made anew."""

    upstream: RegisterClient
    kept: tuple[tuple[Key, CacheEntry], ...]
    until: float

    def stands(self, now: float) -> bool:
        """Tell whether the same answers would be found, and good."""
        near = self.upstream.cache.get_local
        return now < self.until and all(near(key) is held for key, held in self.kept)


@dataclass(frozen=True, slots=True)
class CacheableResponse:
    """An answer that may be sent again; `company` is a keyed hash, `told` what the log says of it."""

    body: bytes
    tag: str
    basis: CacheDependencies
    route: str
    company: str
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """An answer with its headers, but for those of one request, and the tenants it was made for."""

    offer: CacheableResponse
    headers: tuple[tuple[str, str], ...]
    directory: Directory


def dependencies_of(done: Prefill, upstream: RegisterClient, now: datetime) -> CacheDependencies | None:
    """Find in the store all that a prefill was made from; None when a part of it is not there, or not good."""
    if not done.filled.complete:
        return None
    kept: list[tuple[Key, CacheEntry]] = []
    for answer in {answer.source: answer for answer in done.answers.values()}.values():
        if answer.cached:
            key, held = upstream.cache_entry(CATALOGUE[answer.source], done.company)
            if answer.stale or held.fresh(now.timestamp()) != answer:
                return None
            kept.append((key, held))
        elif answer.status not in DEDUCED or answer.http_status is not None:
            return None
    ends = [held.fresh_until for _, held in kept]
    return CacheDependencies(upstream, tuple(kept), min(*ends, _midnight(now))) if ends else None


def _midnight(now: datetime) -> float:
    """Give the end of the day in Paris: what a notice says of a date holds for a day."""
    tomorrow = now.astimezone(PARIS) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


class ResponseCacheMiddleware:
    """A WSGI application in front of another: it answers what it has ready, and files what the other offers."""

    def __init__(
        self,
        application: Application,
        *,
        entries: int,
        tenants: Callable[[], Directory],
        rate_limiter: RateLimiter,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._application = application
        self._tenants = tenants
        self._visitors = rate_limiter
        self._now = now
        self._clock = clock
        self._lock = threading.Lock()
        self._ready: LRUCache[Words, CachedResponse] = LRUCache(entries)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = self._clock()
        words = cache_key(environ)
        if words is None:
            return self._application(environ, start_response)
        ready = self._find(words)
        if ready is None or self._visitors.admit(environ.get("REMOTE_ADDR") or "", known=True):
            return self._pass_on(words, environ, start_response)
        return self._answer(ready, environ, start_response, began)

    def _find(self, words: Words) -> CachedResponse | None:
        with self._lock:
            ready = self._ready.get(words)
        if ready is None:
            return None
        if ready.directory is self._tenants() and ready.offer.basis.stands(self._now().timestamp()):
            return ready
        with self._lock:
            self._ready.pop(words, None)
        return None

    def _pass_on(self, words: Words, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Let the application answer, and file its answer when it offers one."""
        directory = self._tenants()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            offer = environ.get(OFFER)
            if offer is not None and status[:3] in ("200", "304") and self._ready.maxsize:
                lasting = tuple(pair for pair in headers if pair[0].lower() not in OF_ONE_REQUEST)
                with self._lock:
                    self._ready[words] = CachedResponse(offer, lasting, directory)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return self._application(environ, start)

    def _answer(
        self, ready: CachedResponse, environ: Environ, start_response: StartResponse, began: float
    ) -> Iterable[bytes]:
        offer = ready.offer
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        headers = [*ready.headers, ("X-Request-ID", request_id)]
        status, body = (304, b"") if _holds(environ, offer.tag) else (200, offer.body)
        if body:
            headers += [("Content-Type", MEDIA), ("Content-Length", str(len(body)))]
        telemetry.count("forms", form=offer.told["form"], complete="true")
        for (_, source, _), _ in offer.basis.kept:
            telemetry.count("cache", source=source, result="hit")
        seconds = self._clock() - began
        known = {"request_id": request_id, "company": offer.company}
        tell(offer.route, status, seconds, {**known, "outcome": str(status), **offer.told})
        start_response(STATUS_LINES[status], headers)
        return (body,) if body else ()


def cache_key(environ: Environ) -> Words | None:
    """Give the words that an answer is filed under, None for what is always let through."""
    if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].startswith(PREFIX):
        return None
    if any(name in environ for name in BYPASS_HEADERS):
        return None
    words = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""), *[environ.get(name, "") for name in VARY_ON])
    return words if sum(map(len, words)) <= LONGEST_WORDS else None


def _holds(environ: Environ, tag: str) -> bool:
    """Tell whether the page says that it holds this very answer."""
    told = environ.get("HTTP_IF_NONE_MATCH")
    return told is not None and (told == f'W/"{tag}"' or parse_etags(told).contains_weak(tag))


def request_id_of(given: str) -> str:
    """Take the caller's request id when it is one, or make one."""
    usable = re.fullmatch(r"[\w.:-]{1,80}", given, re.ASCII) and not holds_number(given)
    return given if usable else f"{random.getrandbits(64):016x}"


def tell(route: str, status: int, seconds: float, facts: Mapping[str, Any]) -> None:
    """Count a request and write its line: not the path, which holds a SIRET, but its route and a keyed hash."""
    telemetry.count("requests", route=route, outcome=str(facts["outcome"]))
    telemetry.observe("request_seconds", seconds, route=route)
    telemetry.event("request", route=route, status=status, seconds=round(seconds, 4), **facts)
