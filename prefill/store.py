"""Keep answers: in this process's memory, and where all instances share them.

An answer is good for its row's lifetime; past it, it is kept for as long as the row allows, to be
served when its source fails. A failure is kept for seconds, beside the answer and never over it; a
refusal to disclose replaces it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from cachetools import TLRUCache
from redis.exceptions import LockError
from redis.lock import Lock

from prefill import __version__
from prefill.shared import Alone, Shared
from prefill.sources import CATALOGUE, Answer, Cause, Source, Status

ABSENT_SECONDS = 600.0
FAILURE_SECONDS = 5.0
LONGEST_FAILURE = 60.0
OWN_REFUSALS = frozenset({Cause.THROTTLED, Cause.RESTING})

Key = tuple[str, str, str]  # tenant (empty for what is open to all), source, number


def lifetime(answer: Answer) -> float:
    """Say for how many seconds an answer stays good."""
    if answer.status is Status.OK:
        return CATALOGUE[answer.source].fresh
    if answer.status in (Status.ABSENT, Status.WITHHELD):
        return ABSENT_SECONDS
    if answer.cause in OWN_REFUSALS and answer.http_status is None:
        return 0.0
    return min(max(answer.retry_after or 0.0, FAILURE_SECONDS), LONGEST_FAILURE)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known for one question. Times are Unix seconds, so that every instance reads them alike."""

    answer: Answer | None = None
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
        return Kept(answer, until, until + (CATALOGUE[answer.source].keep if answer.ok else 0.0))

    @property
    def until(self) -> float:
        return max(self.keep_until, self.good_until, self.failure_until)


EMPTY = Kept()


class Store:
    """Two shelves: memory, and Redis when it answers."""

    def __init__(
        self,
        shared: Shared,
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
        self._memory: TLRUCache[Key, Kept] = TLRUCache(entries, ttu=lambda _key, kept, _now: kept.until, timer=now)

    def near(self, key: Key) -> Kept:
        """Look in memory alone."""
        with self._lock:
            return self._memory.get(key, EMPTY)

    def far(self, source: Source, key: Key) -> Kept:
        """Look where all instances share, and remember it here."""
        if not self._shareable(source):
            return EMPTY
        try:
            text = self.shared.attempt(lambda client: client.get(self._name("answer", key)))
        except Alone:
            return EMPTY
        kept = _read(text) if isinstance(text, bytes) else EMPTY
        if kept is not EMPTY:
            self._remember(key, kept)
        return kept

    def put(self, source: Source, key: Key, answer: Answer) -> Kept:
        """Keep an answer on both shelves."""
        now = self._now()
        kept = self.near(key).after(answer, now)
        self._remember(key, kept)
        left = kept.until - now
        if left > 0 and self._shareable(source):
            self._share(key, kept, left)
        return kept

    def alone_with(self, source: Source, key: Key, seconds: float) -> AbstractContextManager[bool]:
        """Hold a question so that no other instance asks it; give False when it could not be held in time."""
        client = self.shared.client
        if client is None:
            return nullcontext(True)
        lock = client.lock(self._name("flight", key), timeout=2 * seconds + 2, blocking_timeout=seconds, sleep=0.02)
        return _Held(self.shared, lock)

    def size(self) -> int:
        with self._lock:
            return len(self._memory)

    def _remember(self, key: Key, kept: Kept) -> None:
        with self._lock:
            if self._memory.maxsize:
                self._memory[key] = kept

    def _share(self, key: Key, kept: Kept, left: float) -> None:
        text = _write(kept)
        try:
            self.shared.attempt(lambda client: client.set(self._name("answer", key), text, px=max(1, int(left * 1000))))
        except Alone:
            return

    def _shareable(self, source: Source) -> bool:
        return source.open or self._share_protected

    def _name(self, kind: str, key: Key) -> str:
        return ":".join((self._prefix, kind, *key))


class _Held:
    """A lock in Redis; without Redis nobody is kept waiting."""

    def __init__(self, shared: Shared, lock: Lock) -> None:
        self._shared = shared
        self._lock = lock
        self._held = False

    def __enter__(self) -> bool:
        try:
            self._held = bool(self._shared.attempt(lambda _: self._lock.acquire()))
        except Alone:
            return True
        return self._held

    def __exit__(self, *_: object) -> None:
        if not self._held:
            return
        try:
            self._shared.attempt(lambda _: self._release())
        except Alone:
            return

    def _release(self) -> None:
        try:
            self._lock.release()
        except LockError:  # it outlived its time
            return


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


def _read(text: bytes) -> Kept:
    """Read what another instance kept; what cannot be read is not there."""
    try:
        plain = json.loads(text)
        for name in ("answer", "failure"):
            plain[name] = plain[name] and _answer(plain[name])
        return Kept(**plain)
    except (ValueError, TypeError, KeyError):
        return EMPTY


def _answer(plain: dict[str, Any]) -> Answer:
    at = plain["retrieved_at"]
    typed = {
        "status": Status(plain["status"]),
        "cause": plain["cause"] and Cause(plain["cause"]),
        "meta": MappingProxyType(plain["meta"]),
        "retrieved_at": at and datetime.fromisoformat(at),
    }
    return Answer(**{**plain, **typed})
