"""Keep answers: in this process's memory, and where all instances share them.

An answer is good for its row's lifetime; past it, it is kept for as long as the row allows, to be
served when its source fails. A failure is kept for seconds, beside the answer and never over it; a
refusal to disclose replaces it, on whichever shelf the older answer lies.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from cachetools import TLRUCache
from redis.exceptions import LockError
from redis.lock import Lock

from prefill import __version__
from prefill.domain.answers import Answer, Cause, Status, links_last
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.sources import Source
from prefill.redis_client import OptionalRedis, RedisUnavailable

ABSENT_SECONDS = 600.0
FAILURE_SECONDS = 5.0
LONGEST_FAILURE = 60.0
OWN_REFUSALS = frozenset({Cause.THROTTLED, Cause.RESTING})

Key = tuple[str, str, str]  # tenant (empty for what is open to all), source, number


def lifetime(answer: Answer) -> float:
    """Say for how many seconds an answer stays good."""
    if answer.status is Status.OK:
        row = CATALOGUE[answer.source]
        return min(row.fresh, links_last(answer.data)) if row.documents else row.fresh
    if answer.status in (Status.ABSENT, Status.WITHHELD):
        return ABSENT_SECONDS
    if answer.cause in OWN_REFUSALS and answer.http_status is None:
        return 0.0
    return min(max(answer.retry_after or 0.0, FAILURE_SECONDS), LONGEST_FAILURE)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known for one question. Times are Unix seconds, so that every instance reads them alike."""

    answer: Answer | None = None
    at: float = 0.0  # when the answer was learnt
    good_until: float = 0.0
    keep_until: float = 0.0
    failure: Answer | None = None
    failure_until: float = 0.0

    def good(self, now: float) -> Answer | None:
        """Give what needs no call: a fresh answer, or a failure too recent to try again."""
        if self.answer and now < self.good_until:
            return replace(self.answer, cached=True, seconds=0.0)
        if self.failure and now < self.failure_until:
            return self.stale(now) or replace(self.failure, cached=True, seconds=0.0)
        return None

    def stale(self, now: float) -> Answer | None:
        """Give what may still be served while the source fails."""
        if self.answer and self.answer.ok and now < self.keep_until:
            return replace(self.answer, cached=True, stale=True, seconds=0.0)
        return None

    def after(self, answer: Answer, now: float) -> Kept:
        """Learn a new answer."""
        until = now + lifetime(answer)
        if answer.status in (Status.UNAVAILABLE, Status.MISCONFIGURED):
            return replace(self, failure=answer, failure_until=until)
        # A refusal is kept as long as what it replaces, which may come back from the other shelf.
        return Kept(answer, now, until, until + CATALOGUE[answer.source].keep)

    def with_news(self, other: Kept) -> Kept:
        """Take the newer answer and the newer failure of two."""
        newer = max(self, other, key=lambda one: one.at)
        failed = max(self, other, key=lambda one: one.failure_until)
        return replace(newer, failure=failed.failure, failure_until=failed.failure_until)

    @property
    def until(self) -> float:
        return max(self.keep_until, self.good_until, self.failure_until)


EMPTY = Kept()


class Store:
    """Two shelves: memory, and Redis when it answers."""

    def __init__(
        self,
        shared: OptionalRedis,
        *,
        now: Callable[[], float],
        entries: int,
        prefix: str = "prefill",
        share_protected: bool = False,
    ) -> None:
        self.shared = shared
        self._now = now
        self._prefix = f"{prefix}:{shapes_version()}"
        self._share_protected = share_protected
        self._lock = threading.Lock()
        self._turn = threading.Condition()
        self._asking: set[Key] = set()
        self._memory: TLRUCache[Key, Kept] = TLRUCache(entries, ttu=lambda _key, kept, _now: kept.until, timer=now)

    def near(self, key: Key) -> Kept:
        """Look in memory alone."""
        with self._lock:
            return self._memory.get(key, EMPTY)

    def far(self, source: Source, key: Key) -> Kept:
        """Look also where all instances share, and remember here what is newer there."""
        near = self.near(key)
        if not self._shareable(source):
            return near
        try:
            text = self.shared.attempt(lambda client: client.get(self._name("answer", key)))
        except RedisUnavailable:
            return near
        kept = near.with_news(_read(text, source)) if isinstance(text, bytes) else near
        if kept != near:
            self._remember(key, kept)
        return kept

    def put(self, source: Source, key: Key, answer: Answer) -> Kept:
        """Keep an answer on both shelves; a refusal of our own is not one."""
        if lifetime(answer) == 0:
            return self.near(key)
        now = self._now()
        kept = self.near(key).after(answer, now)
        self._remember(key, kept)
        left = kept.until - now
        if left > 0 and self._shareable(source):
            self.add_cors(key, kept, left)
        return kept

    @contextmanager
    def alone_with(self, key: Key, *, patience: float, longest: float) -> Iterator[bool]:
        """Hold a question so that nobody else asks it, here or elsewhere; give False when its turn did not come.

        `longest` is how long one may hold it: past that its holder is believed dead.
        """
        with self._turn:
            held = self._turn.wait_for(lambda: key not in self._asking, patience)
            if held:
                self._asking.add(key)
        if not held:
            yield False
            return
        try:
            with self._alone_everywhere(key, patience, longest) as alone:
                yield alone
        finally:
            with self._turn:
                self._asking.discard(key)
                self._turn.notify_all()

    @contextmanager
    def _alone_everywhere(self, key: Key, patience: float, longest: float) -> Iterator[bool]:
        """Hold a lock in Redis; without Redis nobody is kept waiting."""
        client = self.shared.client
        if client is None:
            yield True
            return
        name = self._name("flight", key)
        lock = client.lock(name, timeout=longest, blocking_timeout=patience, sleep=0.02, thread_local=False)
        try:
            held = bool(self.shared.attempt(lambda _: lock.acquire()))
        except RedisUnavailable:
            yield True
            return
        try:
            yield held
        finally:
            if held:
                self._release(lock)

    def _release(self, lock: Lock) -> None:
        with suppress(RedisUnavailable, LockError):  # it may have outlived its time
            self.shared.attempt(lambda _: lock.release())

    def size(self) -> int:
        with self._lock:
            return len(self._memory)

    def _remember(self, key: Key, kept: Kept) -> None:
        with self._lock:
            if self._memory.maxsize:
                self._memory[key] = kept

    def add_cors(self, key: Key, kept: Kept, left: float) -> None:
        text = _write(kept)
        try:
            self.shared.attempt(lambda client: client.set(self._name("answer", key), text, px=max(1, int(left * 1000))))
        except RedisUnavailable:
            return

    def _shareable(self, source: Source) -> bool:
        return source.open or self._share_protected

    def _name(self, kind: str, key: Key) -> str:
        return ":".join((self._prefix, kind, *key))


def shapes_version() -> str:
    """Name the shapes that are kept: a deployment never reads what another wrote otherwise."""
    rows = [(row.name, row.path, sorted(row.personal), sorted(row.shape)) for row in CATALOGUE.values()]
    text = repr((__version__, [one.name for one in fields(Answer)], [one.name for one in fields(Kept)], rows))
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _write(kept: Kept) -> bytes:
    plain = {**{one.name: getattr(kept, one.name) for one in fields(Kept)}}
    for name in ("answer", "failure"):
        plain[name] = plain[name] and _plain(plain[name])
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(answer: Answer) -> dict[str, Any]:
    plain = {one.name: getattr(answer, one.name) for one in fields(Answer)}
    at = answer.retrieved_at
    return {**plain, "meta": dict(answer.meta), "retrieved_at": at and at.isoformat()}


def _read(text: bytes, source: Source) -> Kept:
    """Read what another instance kept; what cannot be read is not there."""
    try:
        plain = json.loads(text)
        times = {name: float(plain[name]) for name in ("at", "good_until", "keep_until", "failure_until")}
        return Kept(answer=_answer(plain["answer"], source), failure=_answer(plain["failure"], source), **times)
    except (ValueError, TypeError, KeyError, RecursionError):
        return EMPTY


def _answer(plain: dict[str, Any] | None, source: Source) -> Answer | None:
    if plain is None:
        return None
    at = plain["retrieved_at"]
    typed = {
        "source": source.name,
        "status": Status(plain["status"]),
        "cause": plain["cause"] and Cause(plain["cause"]),
        "meta": MappingProxyType(plain["meta"]),
        "retrieved_at": at and datetime.fromisoformat(at),
    }
    answer = Answer(**{**plain, **typed})
    if answer.ok and not isinstance(answer.data, list if source.rows else dict):
        raise TypeError
    return answer
