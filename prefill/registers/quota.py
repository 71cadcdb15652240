"""Spend calls as API Entreprise counts them: per token, group and clock minute, and per address.

A call is paid for before it is made, in windows aligned to the clock; near the edge of a window it is paid
for on both sides, since it may arrive there. The server's own headers correct the count and the limit. A
group that answered 429 is closed until its reset and nothing is sent to it meanwhile.

Redis counts for all instances, through the `limits` library. A window that it has counted from its beginning
is spent exactly. In any other each instance keeps to its share of what is left,
and begins slowly until the server has told what was spent in it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import redis
from limits.storage import RedisStorage

from prefill import telemetry
from prefill.clock import Clock
from prefill.domain.sources import CALLS_PER_ADDRESS, Source
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.admission import Admission
from prefill.registers.quota_members import QuotaMembers

MINUTE = 60.0
BEFORE = 2.0  # seconds a call may take to arrive: its connection's timeout
AFTER = 1.0  # seconds our clock may be ahead of theirs
RESERVE = 0.8  # the last fifth is the candidates'
CAUTION = 0.9  # of a window that nobody counted from its beginning
FIRST_CALLS = 12  # on their way at once, until the server tells: fewer than it takes to be banned
FIRST_SHARE = 0.1  # of the limit, all instances together
FIRST_WAIT = 1.0  # seconds for the server to tell
LONGEST_CLOSING = 3600.0
ADDRESS = "address"


def group_of(source: Source) -> str:
    """Name the counter of a source: its group, or itself in a group counted per endpoint."""
    return f"{source.budget.name}:{source.name}" if source.budget.per_endpoint else source.budget.name


@dataclass(frozen=True, slots=True)
class Reservation(Admission):
    """An admission by the quota; `remaining` calls are left in the group's window."""

    remaining: int = 0


@dataclass(slots=True)
class _Window:
    """What this process knows of one counter in one window."""

    seen: int = 0  # the highest count known, all instances together
    local: int = 0  # those that we paid for
    left: float | None = None  # what all may still spend, when Redis does not know it all
    since: int = 0  # how many we had spent by then: our share is this and our part of that
    losses: int = 0  # of Redis, by then
    unreported: int = 0  # those that Redis must still be told of
    answers: int = 0
    server_confirmed: bool = False  # the server told its own count


@dataclass(slots=True)
class GroupCounter:
    """What this process knows of one group."""

    name: str
    limit: int
    first: int  # the window it was first used in
    closed_until: float = 0.0
    windows: dict[int, _Window] = field(default_factory=dict)

    def window(self, epoch: int) -> _Window:
        if epoch not in self.windows:
            self.windows = {known: kept for known, kept in self.windows.items() if known >= epoch - 2}
        return self.windows.setdefault(epoch, _Window())


class TokenQuota:
    """The counters of one token.

    `fresh` says that nobody can have spent anything before us. `address_quota` are those of another token that
    calls from the same address: they keep the address's own counter.
    """

    def __init__(
        self,
        shared: OptionalRedis,
        *,
        token: str,
        clock: Clock,
        instances: int = 1,
        window: float = MINUTE,
        prefix: str = "prefill",
        fresh: bool = False,
        address_quota: TokenQuota | None = None,
    ) -> None:
        self._shared = shared
        self._token = token
        self._clock = clock
        self._span = window
        self._before, self._after = min(BEFORE, window / 10), min(AFTER, window / 20)
        self._prefix = prefix
        self._lock = threading.Lock()  # never held while Redis is awaited
        self._counters: dict[str, GroupCounter] = {}
        self._redis = _redis_storage(shared, prefix)
        self._address_quota = address_quota or self
        self._members: QuotaMembers = (
            address_quota._members
            if address_quota
            else QuotaMembers(shared, clock=clock, window=window, configured=instances, prefix=prefix, fresh=fresh)
        )
        self._reported = 0

    # -- spending

    def reserve(self, source: Source, *, background: bool = False) -> Reservation:
        """Pay for one call, or say in how many seconds to try again. Never waits."""
        counter = self._counter(group_of(source), source.budget.per_minute)
        now = self._clock.timestamp()
        closed = self._closed(counter, now)
        if closed > 0:
            return Reservation(False, closed)
        address = self._address_quota._counter(ADDRESS, CALLS_PER_ADDRESS)
        self._members.heartbeat()
        for payer in {self, self._address_quota}:
            payer._report_all()
        for epoch in self._epochs(now):
            for payer, one in ((self, counter), (self._address_quota, address)):
                if not payer._pay(one, epoch, background=background):
                    return Reservation(False, payer._wait(one, epoch, now))
        left = max(0, counter.limit - counter.window(self._epoch(now)).seen)
        return Reservation(True, remaining=left)

    def _epoch(self, now: float | None = None) -> int:
        return int((self._clock.timestamp() if now is None else now) // self._span)

    def _epochs(self, now: float) -> tuple[int, ...]:
        """Name the windows in which the server may count a call made now."""
        return tuple(dict.fromkeys(self._epoch(now + shift) for shift in (-self._after, 0.0, self._before)))

    def _wait(self, counter: GroupCounter, epoch: int, now: float) -> float:
        end = (epoch + 1) * self._span + self._after - now
        known = counter.window(epoch)
        return min(FIRST_WAIT, end) if known.seen < counter.limit and self._unconfirmed(counter, known, epoch) else end

    def _pay(self, counter: GroupCounter, epoch: int, *, background: bool) -> bool:
        part = RESERVE if background else 1.0
        with self._lock:
            known = self._window(counter, epoch)
            if known.seen >= counter.limit * part or self._too_many_unconfirmed(counter, known, epoch):
                return False
        if self._members.exact(epoch):
            count = self._count(counter, known, epoch)
            if count is not None:
                return count <= counter.limit * part
        return self._pay_from_share(counter, known, epoch, part)

    def _count(self, counter: GroupCounter, known: _Window, epoch: int) -> int | None:
        """Count one call where all instances count; None when that cannot be trusted."""
        before = known.seen
        try:
            count = self._incr(counter, epoch, 1)
        except RedisUnavailable:
            return None
        if count <= before:  # Redis forgot: it came back empty, or ran out of memory
            self._members.redis_lost()
            return None
        with self._lock:
            known.seen = max(known.seen, count)
            known.local += 1
        return count

    def _pay_from_share(self, counter: GroupCounter, known: _Window, epoch: int, part: float) -> bool:
        if known.left is None:
            self._report(counter, known, epoch)
        with self._lock:
            if known.left is None:
                self._limit(known, self._left(counter, known, epoch))
            if known.seen >= counter.limit * part or known.local + 1 > self._share(known) * part:
                return False
            known.local += 1
            known.seen += 1
            known.unreported += 1
        count = self._report(counter, known, epoch)
        return count is None or count <= counter.limit * part

    def _left(self, counter: GroupCounter, known: _Window, epoch: int) -> float:
        """What all may spend of a window: the whole of it when all knew from its beginning that they were alone."""
        return counter.limit if epoch > self._members.lost else counter.limit * CAUTION - known.seen

    def _limit(self, known: _Window, left: float) -> None:
        known.since, known.left = known.local, max(0.0, left)

    def _share(self, known: _Window) -> float:
        """How many calls we may make; fewer when there are more of us than we knew."""
        return known.since + (known.left or 0.0) / self._members.count

    def _window(self, counter: GroupCounter, epoch: int) -> _Window:
        """What we know of a window; what it was worth is forgotten when Redis is lost on the way."""
        known = counter.window(epoch)
        if known.losses != self._members.losses:
            known.losses, known.server_confirmed, known.left = self._members.losses, False, None
        return known

    def _too_many_unconfirmed(self, counter: GroupCounter, known: _Window, epoch: int) -> bool:
        """Tell whether too many calls are on their way while nobody has told yet what was spent."""
        first = min(FIRST_CALLS, counter.limit * FIRST_SHARE / self._members.count)
        return self._unconfirmed(counter, known, epoch) and known.local - known.answers >= max(1.0, first)

    def _unconfirmed(self, counter: GroupCounter, known: _Window, epoch: int) -> bool:
        """Tell whether the server must be server_confirmed first: in a window lost half-way, and for a limit of its own."""
        if known.server_confirmed or counter.name == ADDRESS or self._members.lost < 0:
            return False
        return epoch <= max(self._members.lost, counter.first)

    # -- what Redis must be told of

    def _report_all(self) -> None:
        """After a greeting, tell what we spent alone, also when nothing is left to spend."""
        if self._reported == self._members.heartbeats:
            return
        self._reported = self._members.heartbeats
        for counter in list(self._counters.values()):
            for epoch, known in list(counter.windows.items()):
                if epoch >= self._epoch() and not self._members.exact(epoch):
                    self._report(counter, known, epoch)

    def _report(self, counter: GroupCounter, known: _Window, epoch: int) -> int | None:
        """Let those who count in Redis know what we spent without it, and learn what they did."""
        if self._redis is None:
            return None
        with self._lock:
            debt, known.unreported = known.unreported, 0
        try:
            count = self._incr(counter, epoch, debt)
            if count < known.seen:
                count = self._raise(counter, epoch, known.seen)
            with self._lock:
                known.seen = max(known.seen, count)
        except RedisUnavailable:
            with self._lock:
                known.unreported += debt
            return None
        return count

    # -- what the server says

    def apply_rate_limit_headers(
        self, source: Source, headers: Mapping[str, str], *, refused: bool, retry_after: float | None
    ) -> None:
        """Correct the count and the limit by the server's headers; after a 429 close the group."""
        counter = self._counter(group_of(source), source.budget.per_minute)
        limit, remaining, reset = (_whole(headers.get(f"RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
        with self._lock:
            counter.window(self._epoch()).answers += 1
            if limit and limit != counter.limit:
                self._learn(counter, limit)
        if limit and remaining is not None and reset and abs(reset - self._clock.timestamp()) <= self._span + AFTER:
            self._correct(counter, round(reset / self._span) - 1, max(0, limit - remaining))
        if refused:
            self._close(counter, reset, retry_after)

    def _learn(self, counter: GroupCounter, limit: int) -> None:
        telemetry.event("budget.limit", group=counter.name, limit=limit)
        for known in counter.windows.values():
            if known.left is not None:
                known.left = max(0.0, known.left + limit - counter.limit)
        counter.limit = limit

    def _correct(self, counter: GroupCounter, epoch: int, used: int) -> None:
        """Raise our count to the server's: somebody else may spend the same token."""
        with self._lock:
            known = self._window(counter, epoch)
            if not known.server_confirmed and known.left is not None and epoch <= self._members.lost:
                left = counter.limit * CAUTION - used
                if known.local + left / self._members.count < self._share(known):
                    self._limit(known, left)
            known.server_confirmed = True
        if used <= known.seen:
            return
        count = used
        if self._members.exact(epoch):
            try:
                count = self._raise(counter, epoch, used)
            except RedisUnavailable:
                count = used
        with self._lock:
            known.seen = max(known.seen, count)

    def _close(self, counter: GroupCounter, reset: int | None, retry_after: float | None) -> None:
        """Send nothing to the group until its reset; a `Retry-After` of 0 or none means the window's end."""
        now = self._clock.timestamp()
        window_end = (self._epoch(now) + 1) * self._span
        told = [now + min(retry_after, LONGEST_CLOSING)] if retry_after else []
        told += [float(reset)] if reset and now < reset <= now + LONGEST_CLOSING else []
        until = max(told, default=window_end)
        if until > counter.closed_until + 1:
            telemetry.warning("budget.closed", group=counter.name, seconds=round(until - now, 1))
            telemetry.count("budget_closed", group=counter.name)
        counter.closed_until = max(counter.closed_until, until)
        left = max(1, int((until - now) * 1000))
        try:
            self._shared.run(lambda client: client.set(self._closed_key(counter), f"{until}", px=left))
        except RedisUnavailable:
            return

    def _closed(self, counter: GroupCounter, now: float) -> float:
        """Say for how many seconds the group is still closed, here or by another instance."""
        if counter.closed_until <= now and self._redis is not None:
            try:
                told = self._shared.run(lambda client: client.get(self._closed_key(counter)))
            except RedisUnavailable:
                return 0.0
            counter.closed_until = max(counter.closed_until, min(_seconds(told), now + LONGEST_CLOSING))
        return counter.closed_until - now

    # -- what the operator sees

    def remaining(self) -> dict[str, tuple[int, int]]:
        """Say of each group used so far what is left of this window, all instances together, and its limit."""
        epoch = self._epoch()
        address = [one for one in (self._address_quota._counters.get(ADDRESS),) if one]
        counters = list({one.name: one for one in (*list(self._counters.values()), *address)}.values())
        spent = self._spent(counters, epoch)
        return {one.name: (max(0, one.limit - spent[one.name]), one.limit) for one in counters}

    def _spent(self, counters: list[GroupCounter], epoch: int) -> dict[str, int]:
        seen = {one.name: one.windows[epoch].seen if epoch in one.windows else 0 for one in counters}
        storage = self._redis
        if storage is None or not counters:
            return seen
        keys = [storage.prefixed_key(self._key(one, epoch)) for one in counters]
        try:
            told: Any = self._shared.run(lambda client: client.mget(keys))
        except RedisUnavailable:
            return seen
        return {one.name: max(seen[one.name], int(count or 0)) for one, count in zip(counters, told, strict=True)}

    def closed(self) -> dict[str, float]:
        """Name the closed groups and for how many seconds."""
        now = self._clock.timestamp()
        return {one.name: one.closed_until - now for one in list(self._counters.values()) if one.closed_until > now}

    # -- details

    def _counter(self, name: str, limit: int) -> GroupCounter:
        with self._lock:
            if name not in self._counters:
                self._counters[name] = GroupCounter(name, limit, self._epoch())
            return self._counters[name]

    def _incr(self, counter: GroupCounter, epoch: int, amount: int) -> int:
        """Add to the count in Redis; what happens to Redis decides how we count."""
        key, storage = self._key(counter, epoch), self._redis
        if storage is None:
            raise RedisUnavailable
        try:
            count = self._shared.run(lambda _: storage.incr(key, self._expiry, amount))
        except RedisUnavailable:
            self._members.redis_lost()
            raise
        self._members.redis_restored(self._clock.timestamp())
        return count

    def _raise(self, counter: GroupCounter, epoch: int, least: int) -> int:
        """Make the count in Redis at least that."""
        key, storage = self._key(counter, epoch), self._redis
        if storage is None:
            raise RedisUnavailable

        def work(client: redis.Redis) -> int:
            full = storage.prefixed_key(key)
            raise_it: Any = partial(_raise, key=full, least=least, expiry=self._expiry)
            found: Any = client.transaction(raise_it, full, value_from_callable=True)
            return int(found)

        return self._shared.run(work)

    @property
    def _expiry(self) -> int:
        return int(3 * self._span) + 1

    def _key(self, counter: GroupCounter, epoch: int) -> str:
        owner = "" if counter.name == ADDRESS else f"{self._token}:"
        return f"{owner}{counter.name}:{epoch}"

    def _closed_key(self, counter: GroupCounter) -> str:
        return f"{self._prefix}:closed:{self._token}:{counter.name}"


class QuotaRegistry:
    """The budgets of every token of this process; what is known of them outlives a change of tenants."""

    def __init__(self, shared: OptionalRedis, **options: Any) -> None:
        self._shared = shared
        self._options = options
        self._lock = threading.Lock()
        self._address = TokenQuota(shared, token=ADDRESS, **options)
        self._opened: dict[str, TokenQuota] = {}

    def for_token(self, token_name: str) -> TokenQuota:
        with self._lock:
            if token_name not in self._opened:
                self._opened[token_name] = TokenQuota(
                    self._shared, token=token_name, address_quota=self._address, **self._options
                )
            return self._opened[token_name]


def _raise(pipe: Any, key: str, least: int, expiry: int) -> int:
    count = int(pipe.get(key) or 0)
    pipe.multi()
    if least > count:
        pipe.set(key, least, ex=expiry)
    return max(least, count)


def _redis_storage(shared: OptionalRedis, prefix: str) -> RedisStorage | None:
    if shared.client is None:
        return None
    return RedisStorage("redis://", connection_pool=shared.client.connection_pool, key_prefix=f"{prefix}:budget")


def _seconds(text: object) -> float:
    """Read a time that another instance wrote; what cannot be read was not written."""
    try:
        return float(text) if isinstance(text, bytes) else 0.0
    except ValueError:
        return 0.0


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None
