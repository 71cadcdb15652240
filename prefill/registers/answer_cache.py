"""Two-tier answer cache: in-process memory and, when available, Redis; with single flight on a miss.

An answer is fresh for its source's lifetime; after that it is kept for as long as the source allows, to be
served (stale) when the source fails. A failure is kept for seconds, beside the answer and never over it; a
refusal to disclose replaces the answer, in whichever tier the older one is.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import math
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cachetools import TLRUCache

from prefill import __version__
from prefill.clock import Clock
from prefill.domain.answers import Answer, Cause, Status, links_last
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS, is_same_paris_day
from prefill.domain.sources import Source
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.admission import Admission

if TYPE_CHECKING:
    from redis.lock import Lock

ABSENT_SECONDS = 600.0
FAILURE_SECONDS = 5.0
MAX_FAILURE_SECONDS = 60.0
OWN_REFUSALS = frozenset({Cause.THROTTLED, Cause.CIRCUIT_OPEN})

# Stores an entry, if any, and lets other processes make the call of which it is the answer.
STORE_AND_RELEASE = """
if ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
if redis.call('GET', KEYS[2]) == ARGV[3] then redis.call('DEL', KEYS[2]) end
return 1
"""

Key = tuple[str, str, str]  # tenant (empty for what is open to all), source, number


def lifetime(answer: Answer) -> float:
    """For how many seconds an answer stays fresh."""
    if answer.status is Status.OK:
        source = CATALOGUE[answer.source]
        return min(source.fresh, links_last(answer.data)) if source.documents else source.fresh
    if answer.status in (Status.ABSENT, Status.WITHHELD):
        return ABSENT_SECONDS
    if answer.cause in OWN_REFUSALS and answer.http_status is None:
        return 0.0
    return min(max(answer.retry_after or 0.0, FAILURE_SECONDS), MAX_FAILURE_SECONDS)


def spares_call(key: Key, answer: Answer | None, now: datetime) -> Answer | None:
    """Leave an open answer of another day aside: its day, which candidates see, would tell that somebody asked."""
    if answer is None or key[0] or answer.stale or answer.retrieved_at is None:
        return answer
    return answer if is_same_paris_day(answer.retrieved_at, now) else None


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """What is known for one key.

    Attributes:
        answer: the last answer that was not a failure.
        at: when it was stored. Times are Unix seconds, so that every process reads them alike.
        fresh_until: until when it needs no call.
        keep_until: until when it may stand in for a failing source.
        failure: the last failure, and `failure_until` when the source may be called again.
    """

    answer: Answer | None = None
    at: float = 0.0
    fresh_until: float = 0.0
    keep_until: float = 0.0
    failure: Answer | None = None
    failure_until: float = 0.0

    def fresh(self, now: float) -> Answer | None:
        """What needs no call: a fresh answer, or a failure too recent to try again."""
        if self.answer and now < self.fresh_until:
            return replace(self.answer, cached=True)
        if self.failure and now < self.failure_until:
            return self.stale(now) or replace(self.failure, cached=True)
        return None

    def stale(self, now: float) -> Answer | None:
        """What may still be served while the source fails."""
        if self.answer and self.answer.ok and now < self.keep_until:
            return replace(self.answer, cached=True, stale=True)
        return None

    def updated(self, answer: Answer, now: float) -> CacheEntry:
        """This entry after a new answer."""
        until = now + lifetime(answer)
        if answer.status in (Status.UNAVAILABLE, Status.MISCONFIGURED):
            return replace(self, failure=answer, failure_until=until)
        # A refusal is kept as long as what it replaces, which may come back from the other tier.
        return CacheEntry(answer, now, until, until + CATALOGUE[answer.source].keep)

    def merged(self, other: CacheEntry) -> CacheEntry:
        """The newer answer and the newer failure of two."""
        newer = max(self, other, key=lambda entry: entry.at)
        failed = max(self, other, key=lambda entry: entry.failure_until)
        return replace(newer, failure=failed.failure, failure_until=failed.failure_until)

    @property
    def until(self) -> float:
        return max(self.keep_until, self.fresh_until, self.failure_until)


EMPTY = CacheEntry()


@dataclass(frozen=True, slots=True)
class PackedEntry:
    """An entry as memory keeps it: the data in one string of bytes, a quarter of what their objects take."""

    entry: CacheEntry
    data: bytes

    @classmethod
    def pack(cls, entry: CacheEntry) -> PackedEntry:
        data = entry.answer.data if entry.answer else None
        bare = replace(entry, answer=entry.answer and replace(entry.answer, data=None))
        return cls(bare, marshal.dumps(data, 2))

    def unpack(self) -> CacheEntry:
        answer = self.entry.answer
        data = marshal.loads(self.data)  # noqa: S302 bytes of our own, which never leave the process
        return replace(self.entry, answer=replace(answer, data=data)) if answer and data is not None else self.entry


@dataclass(slots=True)
class Flight:
    """A call that a thread holds, so that no other thread or process makes the same one meanwhile.

    Attributes:
        name: of the key that marks it in Redis, `token` its value, `max_seconds` its life: the holder is then taken for dead.
        shared: whether Redis may hold it.
        released: whether its release has begun.
    """

    call: str
    name: str
    max_seconds: float
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    shared: bool = False
    released: bool = False


class AnswerCache:
    """The answers of a process, and of all processes where Redis is available."""

    def __init__(
        self,
        shared: OptionalRedis,
        *,
        clock: Clock,
        entries: int,
        prefix: str = "prefill",
        share_protected: bool = False,
    ) -> None:
        self.shared = shared
        self._clock = clock
        self._prefix = f"{prefix}:{shapes_version()}"
        self._share_protected = share_protected
        self._lock = threading.Lock()
        self._released = threading.Condition()
        self._held: set[str] = set()
        self._memory: TLRUCache[Key, PackedEntry] = TLRUCache(
            entries, ttu=lambda _key, packed, _now: packed.entry.until, timer=clock.timestamp
        )

    def get_local(self, key: Key) -> CacheEntry:
        """Look up the memory tier alone."""
        return self.get_versioned(key)[1]

    def holds(self, versions: Iterable[tuple[Key, object]]) -> bool:
        """Whether memory holds, for each key, the entry of that version."""
        try:
            with self._lock:
                return all(self._memory[key] is version for key, version in versions)
        except KeyError:
            return False

    def get_versioned(self, key: Key) -> tuple[object, CacheEntry]:
        """Look up the memory tier alone, with the version of the entry."""
        with self._lock:
            packed = self._memory.get(key)
        return packed, packed.unpack() if packed else EMPTY

    def get_shared(self, source: Source, key: Key) -> CacheEntry:
        """Look up both tiers; what is newer in Redis is copied to memory."""
        local = self.get_local(key)
        if not self.is_shareable(source):
            return local
        try:
            text = self.shared.run(lambda client: client.get(self.shared_name(key)))
        except RedisUnavailable:
            return local
        return self.receive(source, key, text) if isinstance(text, bytes) else local

    def receive(self, source: Source, key: Key, text: bytes) -> CacheEntry:
        """Copy to memory what is newer in an entry read from Redis."""
        local = self.get_local(key)
        entry = local.merged(_read(text, source))
        if entry != local:
            self._remember(key, entry)
        return entry

    def put(self, source: Source, key: Key, answer: Answer, flight: Flight | None = None) -> CacheEntry:
        """Store an answer in both tiers, but for a refusal of our own (quota, breaker), and release its flight.

        Nobody waits for Redis: those who asked are answered meanwhile.
        """
        if lifetime(answer) == 0:
            return self.get_local(key)
        entry = self.put_local(key, answer)
        if entry.until > self._clock.timestamp() and self.is_shareable(source):
            self._write_later(flight, key, entry)
        return entry

    def put_local(self, key: Key, answer: Answer) -> CacheEntry:
        """Store an answer in the memory tier alone."""
        entry = self.get_local(key).updated(answer, self._clock.timestamp())
        self._remember(key, entry)
        return entry

    @contextmanager
    def single_flight(self, call: str, *, patience: float, max_seconds: float) -> Iterator[Admission]:
        """Hold a call so that no thread or process makes the same one meanwhile.

        Waits at most `patience` seconds for the holder before; a holder that keeps it longer than `max_seconds`
        is taken for dead.
        """
        if not self._hold(call, patience):
            yield Admission(False)
            return
        try:
            with self._redis_lock(call, patience, max_seconds) as admission:
                yield admission
        finally:
            self._let_go(call)

    @contextmanager
    def flight(self, call: str, *, patience: float, max_seconds: float) -> Iterator[Flight | None]:
        """Hold a call in this process, None when another thread keeps it for longer than `patience` seconds.

        Whoever reserves it from the quota marks it in Redis by the way. It is released at the end, or once its answer is
        stored.
        """
        if not self._hold(call, patience):
            yield None
            return
        flight = Flight(call, self._name("flight", (call,)), max_seconds)
        try:
            yield flight
        finally:
            if not flight.released:
                self._write_later(flight)

    def _hold(self, call: str, patience: float) -> bool:
        with self._released:
            held = self._released.wait_for(lambda: call not in self._held, patience)
            if held:
                self._held.add(call)
            return held

    def _let_go(self, call: str) -> None:
        with self._released:
            self._held.discard(call)
            self._released.notify_all()

    @contextmanager
    def _redis_lock(self, call: str, patience: float, max_seconds: float) -> Iterator[Admission]:
        """Hold a lock in Redis; without Redis every process is admitted."""
        client = self.shared.client
        if client is None:
            yield Admission(True)
            return
        name = self._name("flight", (call,))
        lock = client.lock(name, timeout=max_seconds, blocking_timeout=patience, sleep=0.02, thread_local=False)
        try:
            held = bool(self.shared.run(lambda _: lock.acquire()))
        except RedisUnavailable:
            yield Admission(True)
            return
        try:
            yield Admission(held)
        finally:
            if held:
                self._release(lock)

    def _release(self, lock: Lock) -> None:
        from redis.exceptions import LockError  # only where there is a Redis

        with suppress(RedisUnavailable, LockError):  # it may have outlived its time
            self.shared.run(lambda _: lock.release())

    def keys(self) -> list[Key]:
        """The keys of what this process keeps in memory."""
        return list(self._memory)

    def clear(self) -> None:
        """Forget what this process keeps in memory."""
        self._memory.clear()

    def size(self) -> int:
        with self._lock:
            return len(self._memory)

    def _remember(self, key: Key, entry: CacheEntry) -> None:
        packed = PackedEntry.pack(entry)
        with self._lock:
            if self._memory.maxsize:
                self._memory[key] = packed

    def _write_later(self, flight: Flight | None, key: Key | None = None, entry: CacheEntry = EMPTY) -> None:
        """Store an entry in Redis and release its flight, there and then here; here alone when Redis is too slow."""
        if flight is not None:
            flight.released = True
            if key is None and not flight.shared:
                self._let_go(flight.call)
                return
        dropped = partial(self._let_go, flight.call) if flight else None
        self.shared.later(partial(self._write, flight, key, entry), dropped)

    def _write(self, flight: Flight | None, key: Key | None, entry: CacheEntry) -> None:
        try:
            text = _text(key, entry) if key else b""
            milliseconds = max(1, int((entry.until - self._clock.timestamp()) * 1000))
            names = (self.shared_name(key) if key else "", flight.name if flight else "")
            token = flight.token if flight else ""
            with suppress(RedisUnavailable):
                self.shared.run(lambda client: client.eval(STORE_AND_RELEASE, 2, *names, text, milliseconds, token))
        finally:
            if flight is not None:
                self._let_go(flight.call)

    def is_shareable(self, source: Source) -> bool:
        """Whether the answers of this source may leave the memory of this process."""
        return source.open or self._share_protected

    def shared_name(self, key: Key) -> str:
        """The name of a key in Redis."""
        return self._name("answer", key)

    def _name(self, kind: str, key: tuple[str, ...]) -> str:
        return ":".join((self._prefix, kind, *key))


def shapes_version() -> str:
    """A digest of the stored shapes: a release never reads what another one wrote in another shape."""
    rows = [(row.name, row.path, sorted(row.personal), sorted(row.shape)) for row in CATALOGUE.values()]
    text = repr(
        (
            __version__,
            "call_after",
            [each.name for each in fields(Answer)],
            [each.name for each in fields(CacheEntry)],
            rows,
        )
    )
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _text(key: Key, entry: CacheEntry) -> bytes:
    """Write an entry as JSON; its first member says from when on a call is needed, to whoever reads no further."""
    plain: dict[str, Any] = {"call_after": _call_after(key, entry)}
    plain |= {each.name: getattr(entry, each.name) for each in fields(CacheEntry)}
    for name in ("answer", "failure"):
        plain[name] = plain[name] and _plain(plain[name])
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def _call_after(key: Key, entry: CacheEntry) -> float:
    """From when on, in Unix seconds, an entry does not spare a call; an open answer spares none on another day."""
    at = entry.answer.retrieved_at if entry.answer and not key[0] else None
    last = datetime.combine(at.astimezone(PARIS) + timedelta(days=1), time(), PARIS).timestamp() if at else math.inf
    return max(min(entry.fresh_until, last), entry.failure_until)


def _plain(answer: Answer) -> dict[str, Any]:
    plain = {each.name: getattr(answer, each.name) for each in fields(Answer)}
    at = answer.retrieved_at
    return {**plain, "meta": dict(answer.meta), "retrieved_at": at and at.isoformat()}


def _read(text: bytes, source: Source) -> CacheEntry:
    """Read what another process stored; what cannot be read counts as absent."""
    try:
        plain = json.loads(text)
        times = {name: float(plain[name]) for name in ("at", "fresh_until", "keep_until", "failure_until")}
        return CacheEntry(answer=_answer(plain["answer"], source), failure=_answer(plain["failure"], source), **times)
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
