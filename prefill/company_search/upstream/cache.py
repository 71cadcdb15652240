"""The pages of earlier calls: in memory and, when it answers, in Redis. What was typed is kept as a digest only."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cachetools import TLRUCache

from prefill import __version__
from prefill.clock import Clock
from prefill.company_search.upstream.records import Page
from prefill.domain.dates import PARIS
from prefill.redis_client import OptionalRedis, RedisUnavailable

FRESH_SECONDS = 3600.0  # the index is built once a day
EMPTY_SECONDS = 600.0  # for which nothing was found
KEEP_SECONDS = 86400.0  # for which a page may be shown, as partial, when it cannot be asked again
MAX_PARTS = 60_000  # units and establishments kept in memory, about a kilobyte each


@dataclass(frozen=True, slots=True)
class Entry:
    """A page, when it came in Unix seconds, and how many seconds the call took."""

    page: Page
    at: float
    seconds: float = 0.0

    def fresh(self, now: float) -> bool:
        """Whether it needs no call; never on another day, which would tell that somebody asked."""
        recent = now < self.at + (FRESH_SECONDS if self.page.records else EMPTY_SECONDS)
        return recent and _day(now) == _day(self.at)


class PageCache:
    """Pages by the parameters of their call."""

    def __init__(self, shared: OptionalRedis, *, clock: Clock, prefix: str = "prefill:search") -> None:
        self._shared = shared
        self._clock = clock
        self._prefix = f"{prefix}:{__version__}:page"
        self._lock = threading.Lock()
        self._memory: TLRUCache[str, Entry] = TLRUCache(
            MAX_PARTS, ttu=lambda _key, entry, _now: entry.at + KEEP_SECONDS, timer=clock.timestamp, getsizeof=_size
        )

    def get_local(self, parameters: Mapping[str, str]) -> Entry | None:
        """What this process knows, perhaps no longer fresh."""
        with self._lock:
            return self._memory.get(key_of(parameters))

    def get(self, parameters: Mapping[str, str]) -> Entry | None:
        """A fresh entry of any process, else what this one knows."""
        local = self.get_local(parameters)
        if local is not None and local.fresh(self._clock.timestamp()):
            return local
        with suppress(RedisUnavailable):
            text = self._shared.run(lambda client: client.get(self._name(parameters)))
            entry = _read(text) if isinstance(text, bytes) else None
            if entry is not None and (local is None or entry.at > local.at):
                self._remember(parameters, entry)
                return entry
        return local

    def put(self, parameters: Mapping[str, str], page: Page, seconds: float = 0.0) -> Entry:
        entry = Entry(page, self._clock.timestamp(), seconds)
        self._remember(parameters, entry)
        text = json.dumps([entry.at, seconds, page.total, page.complete, page.records], ensure_ascii=False).encode()
        with suppress(RedisUnavailable):
            self._shared.run(lambda client: client.set(self._name(parameters), text, ex=int(KEEP_SECONDS)))
        return entry

    def _remember(self, parameters: Mapping[str, str], entry: Entry) -> None:
        with self._lock, suppress(ValueError):  # larger than the whole cache
            self._memory[key_of(parameters)] = entry

    def _name(self, parameters: Mapping[str, str]) -> str:
        return f"{self._prefix}:{key_of(parameters)}"


def key_of(parameters: Mapping[str, str]) -> str:
    """A digest of a call's parameters: no name that somebody typed is written anywhere."""
    text = json.dumps(sorted(parameters.items()), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"search").hexdigest()


def _day(timestamp: float) -> date:
    return datetime.fromtimestamp(timestamp, PARIS).date()


def _size(entry: Entry) -> int:
    return 1 + sum(2 + len(record["matching_etablissements"]) for record in entry.page.records)


def _read(text: bytes) -> Entry | None:
    """Read what another process stored; what cannot be read counts as absent."""
    try:
        at, seconds, total, complete, records = json.loads(text)
        page = Page(tuple(map(_record, records)), int(total), bool(complete))
        return Entry(page, float(at), float(seconds))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _record(record: Any) -> Any:
    if not isinstance(record["siren"], str) or not isinstance(record["matching_etablissements"], list):
        raise TypeError
    return record
