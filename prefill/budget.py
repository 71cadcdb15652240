"""Spend calls as API Entreprise counts them: per token, group and clock minute, and per address.

A call is paid for before it is made, in windows aligned to the clock; near the end of a window it is
paid for in the next one too, since it may arrive there. The server's own headers correct the count and
the limit. A group that answered 429 is closed until its reset and nothing is sent to it meanwhile.
Counting is the business of the `limits` library: in memory for one process, in Redis for all. When
Redis is lost each instance keeps to its share of what was left.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from limits.storage import MemoryStorage, RedisStorage

from prefill import telemetry
from prefill.shared import Alone, Shared
from prefill.sources import CALLS_PER_ADDRESS, Source

MINUTE = 60.0
EDGE = 1.0  # seconds a call may take to arrive: near a window's end it is counted in both
RESERVE = 0.8  # the last fifth is the candidates'
CAUTION = 0.9  # of what was left when Redis was lost
SETTLING = 3.0  # seconds for every instance to notice that Redis is back
ADDRESS = "address"
FIRST_STEPS = 0.2  # of a window that had begun before us, until the server tells what was spent in it
FIRST_WAIT = 1.0  # seconds for the server to tell


def group_of(source: Source) -> str:
    """Name the counter of a source: its group, or itself in a group counted per endpoint."""
    return f"{source.budget.name}:{source.name}" if source.budget.per_endpoint else source.budget.name


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether a call may be made. `wait` is in how many seconds to come back, `left` what remains."""

    granted: bool
    left: int
    wait: float = 0.0


@dataclass(slots=True)
class _Window:
    """What this process knows of one counter in one window."""

    seen: int = 0  # the highest count known, all instances together
    share: float | None = None  # how many calls we may make without Redis
    alone: int = 0  # calls made on that share
    told: int = 0  # those that Redis knows of since
    refused: bool = False


@dataclass(slots=True)
class _Counter:
    """What this process knows of one group."""

    limit: int
    closed_until: float = 0.0
    trusted: bool = False  # the server told its own count at least once
    windows: dict[int, _Window] = field(default_factory=dict)

    def window(self, epoch: int) -> _Window:
        if epoch not in self.windows:
            self.windows = {known: kept for known, kept in self.windows.items() if known >= epoch - 1}
        return self.windows.setdefault(epoch, _Window())


class Budgets:
    """The purse of one token."""

    def __init__(
        self,
        shared: Shared,
        *,
        tenant: str,
        now: Callable[[], float],
        instances: int = 1,
        window: float = MINUTE,
        prefix: str = "prefill",
        memory: MemoryStorage | None = None,
    ) -> None:
        self._shared = shared
        self._tenant = tenant
        self._now = now
        self._instances = instances
        self._span = window
        self._edge = min(EDGE, window / 10)
        self._prefix = prefix
        self._lock = threading.Lock()
        self._counters: dict[str, _Counter] = {}
        self._memory = memory or MemoryStorage()
        self._redis = _redis_storage(shared, prefix)
        self._born = int(now() // window)
        self._alone_until = 0.0

    # -- spending

    def take(self, source: Source, *, background: bool = False) -> Grant:
        """Pay for one call, or say in how many seconds to try again. Never waits."""
        group = group_of(source)
        counter = self._counter(group, source.budget.per_minute)
        now = self._now()
        closed = self._closed(group, counter, now)
        if closed > 0:
            return Grant(False, 0, closed)
        epoch = int(now // self._span)
        end = (epoch + 1) * self._span
        epochs = (epoch, epoch + 1) if end - now < self._edge else (epoch,)
        address = self._counter(ADDRESS, CALLS_PER_ADDRESS)
        for one in epochs:
            for name, purse in ((group, counter), (ADDRESS, address)):
                if not self._pay(name, purse, one, background=background):
                    return Grant(False, 0, self._wait(purse, one, end - now))
        left = max(0, counter.limit - counter.window(epoch).seen)
        telemetry.gauge("budget_left", left, group=group)
        return Grant(True, left)

    def _wait(self, counter: _Counter, epoch: int, left: float) -> float:
        return min(FIRST_WAIT, left) if self._unsure(counter, epoch) else max(left, 0.05)

    def _pay(self, group: str, counter: _Counter, epoch: int, *, background: bool) -> bool:
        known = counter.window(epoch)
        ceiling = self._ceiling(counter, epoch) * (RESERVE if background else 1)
        if known.refused or known.seen >= ceiling:
            return False
        count = self._count(group, known, epoch)
        if count is None:
            return self._pay_alone(known, ceiling, counts=False)
        if self._now() < self._alone_until and not self._pay_alone(known, ceiling, counts=True):
            return False
        known.refused = count >= counter.limit and not self._unsure(counter, epoch)
        return count <= ceiling

    def _ceiling(self, counter: _Counter, epoch: int) -> float:
        limit = counter.limit if self._redis else counter.limit / self._instances
        return max(1.0, limit * FIRST_STEPS) if self._unsure(counter, epoch) else limit

    def _unsure(self, counter: _Counter, epoch: int) -> bool:
        """Tell whether a window had begun before us, and nobody has told yet what was spent in it."""
        return epoch == self._born and not counter.trusted and not self._shared.up

    def _count(self, group: str, known: _Window, epoch: int) -> int | None:
        """Count one call where all instances count; None when alone."""
        if self._redis is None:
            return _raise(known, self._memory.incr(self._key(group, epoch), self._expiry))
        before, was_up = known.seen, self._shared.up
        try:
            count = self._incr(group, epoch, 1)
            forgotten = (before - count + 1 if count <= before else 0) + known.alone - known.told
            if forgotten:  # Redis came back, maybe empty: tell it what we know was spent
                known.told = known.alone
                count = self._incr(group, epoch, forgotten)
        except Alone:
            self._alone_until = float("inf")
            return None
        if not was_up or self._alone_until == float("inf"):
            self._settle()
        return _raise(known, count)

    def _settle(self) -> None:
        """Keep to our share until a window begins in which every instance counts in Redis again."""
        now = self._now()
        boundary = (int(now // self._span) + 1) * self._span
        self._alone_until = boundary if boundary - now >= SETTLING else boundary + self._span

    def _pay_alone(self, known: _Window, ceiling: float, *, counts: bool) -> bool:
        """Keep to our share of what was left when we became alone; `counts` when Redis counted it too."""
        with self._lock:
            if known.share is None:
                left = ceiling * CAUTION - known.seen if known.seen else ceiling
                known.share = max(0.0, left) / self._instances
            if known.alone + 1 > known.share:
                return False
            known.alone += 1
            known.told += counts
            return True

    # -- what the server says

    def heed(self, source: Source, headers: Mapping[str, str], *, refused: bool, retry_after: float | None) -> None:
        """Correct the count and the limit by the server's headers; after a 429 close the group."""
        group = group_of(source)
        counter = self._counter(group, source.budget.per_minute)
        limit, remaining, reset = (_whole(headers.get(f"RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
        if limit and limit != counter.limit:
            self._learn(group, counter, limit)
        if limit and remaining is not None and reset and self._is_current(reset):
            self._correct(group, counter, int(reset // self._span) - 1, limit - remaining)
        if refused:
            self._close(group, counter, reset, retry_after)

    def _is_current(self, reset: int) -> bool:
        return -self._span < reset - self._now() <= self._span + 1

    def _learn(self, group: str, counter: _Counter, limit: int) -> None:
        telemetry.event("budget.limit", group=group, limit=limit)
        counter.limit = limit
        for known in counter.windows.values():
            known.refused = False

    def _correct(self, group: str, counter: _Counter, epoch: int, used: int) -> None:
        """Raise our count to the server's: somebody else may spend the same token."""
        counter.trusted = True
        known = counter.window(epoch)
        more = used - known.seen - (known.alone - known.told)
        if more <= 0:
            return
        known.seen += more
        try:
            if self._redis is not None:
                self._incr(group, epoch, more)
        except Alone:
            return
        if self._redis is None:
            self._memory.incr(self._key(group, epoch), self._expiry, more)

    def _close(self, group: str, counter: _Counter, reset: int | None, retry_after: float | None) -> None:
        """Send nothing to the group until its reset; a `Retry-After` of 0 or none means the window's end."""
        now = self._now()
        window_end = (int(now // self._span) + 1) * self._span
        told = [now + retry_after] if retry_after else []
        told += [float(reset)] if reset and now < reset <= now + 10 * self._span else []
        until = max(told, default=window_end)
        counter.closed_until = max(counter.closed_until, until)
        telemetry.warning("budget.closed", group=group, seconds=round(until - now, 1))
        try:
            self._shared.attempt(
                lambda redis: redis.set(self._closed_key(group), f"{until}", px=_milliseconds(until - now))
            )
        except Alone:
            return

    def _closed(self, group: str, counter: _Counter, now: float) -> float:
        """Say for how many seconds the group is still closed, here or by another instance."""
        if counter.closed_until <= now and self._redis is not None:
            try:
                told = self._shared.attempt(lambda redis: redis.get(self._closed_key(group)))
            except Alone:
                told = None
            counter.closed_until = float(told) if told else 0.0  # type: ignore[arg-type]
        return counter.closed_until - now

    # -- what the operator sees

    def closed(self) -> dict[str, float]:
        """Name the closed groups and for how many seconds."""
        now = self._now()
        return {group: one.closed_until - now for group, one in self._counters.items() if one.closed_until > now}

    # -- details

    def _counter(self, group: str, limit: int) -> _Counter:
        counter = self._counters.get(group)
        if counter is None:
            with self._lock:
                counter = self._counters.setdefault(group, _Counter(limit))
        return counter

    def _incr(self, group: str, epoch: int, amount: int) -> int:
        key, storage = self._key(group, epoch), self._redis
        if storage is None:
            raise Alone
        return self._shared.attempt(lambda _: storage.incr(key, self._expiry, amount))

    @property
    def _expiry(self) -> int:
        return int(3 * self._span) + 1

    def _key(self, group: str, epoch: int) -> str:
        owner = "" if group == ADDRESS else f"{self._tenant}:"
        return f"{owner}{group}:{epoch}"

    def _closed_key(self, group: str) -> str:
        return f"{self._prefix}:closed:{self._tenant}:{group}"


def _raise(known: _Window, count: int) -> int:
    known.seen = max(known.seen, count)
    return count


def _redis_storage(shared: Shared, prefix: str) -> RedisStorage | None:
    if shared.client is None:
        return None
    return RedisStorage("redis://", connection_pool=shared.client.connection_pool, key_prefix=f"{prefix}:budget")


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None
