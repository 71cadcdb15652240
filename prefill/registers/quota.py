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
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import redis
from limits.storage import RedisStorage

from prefill import telemetry
from prefill.domain.sources import CALLS_PER_ADDRESS, Source
from prefill.redis_client import OptionalRedis, RedisUnavailable
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
class Grant:
    """Whether a call may be made. `wait` is in how many seconds to come back, `left` what remains."""

    granted: bool
    left: int
    wait: float = 0.0


@dataclass(slots=True)
class _Window:
    """What this process knows of one purse in one window."""

    seen: int = 0  # the highest count known, all instances together
    mine: int = 0  # those that we paid for
    left: float | None = None  # what all may still spend, when Redis does not know it all
    since: int = 0  # how many we had spent by then: our share is this and our part of that
    losses: int = 0  # of Redis, by then
    untold: int = 0  # those that Redis must still be told of
    answers: int = 0
    heard: bool = False  # the server told its own count


@dataclass(slots=True)
class _Purse:
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
    """The purses of one token.

    `fresh` says that nobody can have spent anything before us. `beside` are those of another token that
    calls from the same address: they keep the address's own purse.
    """

    def __init__(
        self,
        shared: OptionalRedis,
        *,
        tenant: str,
        now: Callable[[], float],
        instances: int = 1,
        window: float = MINUTE,
        prefix: str = "prefill",
        fresh: bool = False,
        beside: TokenQuota | None = None,
    ) -> None:
        self._shared = shared
        self._tenant = tenant
        self._now = now
        self._span = window
        self._before, self._after = min(BEFORE, window / 10), min(AFTER, window / 20)
        self._prefix = prefix
        self._lock = threading.Lock()  # never held while Redis is awaited
        self._purses: dict[str, _Purse] = {}
        self._redis = _redis_storage(shared, prefix)
        self._landlord = beside or self
        self._crew: QuotaMembers = (
            beside._crew
            if beside
            else QuotaMembers(shared, now=now, window=window, told=instances, prefix=prefix, fresh=fresh)
        )
        self._greeted = 0

    # -- spending

    def take(self, source: Source, *, background: bool = False) -> Grant:
        """Pay for one call, or say in how many seconds to try again. Never waits."""
        purse = self._purse(group_of(source), source.budget.per_minute)
        now = self._now()
        closed = self._closed(purse, now)
        if closed > 0:
            return Grant(False, 0, closed)
        address = self._landlord._purse(ADDRESS, CALLS_PER_ADDRESS)
        self._crew.greet()
        for payer in {self, self._landlord}:
            payer._tell_all()
        for epoch in self._epochs(now):
            for payer, one in ((self, purse), (self._landlord, address)):
                if not payer._pay(one, epoch, background=background):
                    return Grant(False, 0, payer._wait(one, epoch, now))
        left = max(0, purse.limit - purse.window(self._epoch(now)).seen)
        return Grant(True, left)

    def _epoch(self, now: float | None = None) -> int:
        return int((self._now() if now is None else now) // self._span)

    def _epochs(self, now: float) -> tuple[int, ...]:
        """Name the windows in which the server may count a call made now."""
        return tuple(dict.fromkeys(self._epoch(now + shift) for shift in (-self._after, 0.0, self._before)))

    def _wait(self, purse: _Purse, epoch: int, now: float) -> float:
        end = (epoch + 1) * self._span + self._after - now
        known = purse.window(epoch)
        return min(FIRST_WAIT, end) if known.seen < purse.limit and self._unsure(purse, known, epoch) else end

    def _pay(self, purse: _Purse, epoch: int, *, background: bool) -> bool:
        part = RESERVE if background else 1.0
        with self._lock:
            known = self._window(purse, epoch)
            if known.seen >= purse.limit * part or self._hurries(purse, known, epoch):
                return False
        if self._crew.exact(epoch):
            count = self._count(purse, known, epoch)
            if count is not None:
                return count <= purse.limit * part
        return self._pay_from_share(purse, known, epoch, part)

    def _count(self, purse: _Purse, known: _Window, epoch: int) -> int | None:
        """Count one call where all instances count; None when that cannot be trusted."""
        before = known.seen
        try:
            count = self._incr(purse, epoch, 1)
        except RedisUnavailable:
            return None
        if count <= before:  # Redis forgot: it came back empty, or ran out of memory
            self._crew.lose()
            return None
        with self._lock:
            known.seen = max(known.seen, count)
            known.mine += 1
        return count

    def _pay_from_share(self, purse: _Purse, known: _Window, epoch: int, part: float) -> bool:
        if known.left is None:
            self._tell(purse, known, epoch)
        with self._lock:
            if known.left is None:
                self._limit(known, self._left(purse, known, epoch))
            if known.seen >= purse.limit * part or known.mine + 1 > self.add_cors(known) * part:
                return False
            known.mine += 1
            known.seen += 1
            known.untold += 1
        count = self._tell(purse, known, epoch)
        return count is None or count <= purse.limit * part

    def _left(self, purse: _Purse, known: _Window, epoch: int) -> float:
        """What all may spend of a window: the whole of it when all knew from its beginning that they were alone."""
        return purse.limit if epoch > self._crew.lost else purse.limit * CAUTION - known.seen

    def _limit(self, known: _Window, left: float) -> None:
        known.since, known.left = known.mine, max(0.0, left)

    def add_cors(self, known: _Window) -> float:
        """How many calls we may make; fewer when there are more of us than we knew."""
        return known.since + (known.left or 0.0) / self._crew.many

    def _window(self, purse: _Purse, epoch: int) -> _Window:
        """What we know of a window; what it was worth is forgotten when Redis is lost on the way."""
        known = purse.window(epoch)
        if known.losses != self._crew.losses:
            known.losses, known.heard, known.left = self._crew.losses, False, None
        return known

    def _hurries(self, purse: _Purse, known: _Window, epoch: int) -> bool:
        """Tell whether too many calls are on their way while nobody has told yet what was spent."""
        first = min(FIRST_CALLS, purse.limit * FIRST_SHARE / self._crew.many)
        return self._unsure(purse, known, epoch) and known.mine - known.answers >= max(1.0, first)

    def _unsure(self, purse: _Purse, known: _Window, epoch: int) -> bool:
        """Tell whether the server must be heard first: in a window lost half-way, and for a limit of its own."""
        if known.heard or purse.name == ADDRESS or self._crew.lost < 0:
            return False
        return epoch <= max(self._crew.lost, purse.first)

    # -- what Redis must be told of

    def _tell_all(self) -> None:
        """After a greeting, tell what we spent alone, also when nothing is left to spend."""
        if self._greeted == self._crew.greetings:
            return
        self._greeted = self._crew.greetings
        for purse in list(self._purses.values()):
            for epoch, known in list(purse.windows.items()):
                if epoch >= self._epoch() and not self._crew.exact(epoch):
                    self._tell(purse, known, epoch)

    def _tell(self, purse: _Purse, known: _Window, epoch: int) -> int | None:
        """Let those who count in Redis know what we spent without it, and learn what they did."""
        if self._redis is None:
            return None
        with self._lock:
            debt, known.untold = known.untold, 0
        try:
            count = self._incr(purse, epoch, debt)
            if count < known.seen:
                count = self._raise(purse, epoch, known.seen)
            with self._lock:
                known.seen = max(known.seen, count)
        except RedisUnavailable:
            with self._lock:
                known.untold += debt
            return None
        return count

    # -- what the server says

    def heed(self, source: Source, headers: Mapping[str, str], *, refused: bool, retry_after: float | None) -> None:
        """Correct the count and the limit by the server's headers; after a 429 close the group."""
        purse = self._purse(group_of(source), source.budget.per_minute)
        limit, remaining, reset = (_whole(headers.get(f"RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
        with self._lock:
            purse.window(self._epoch()).answers += 1
            if limit and limit != purse.limit:
                self._learn(purse, limit)
        if limit and remaining is not None and reset and abs(reset - self._now()) <= self._span + AFTER:
            self._correct(purse, round(reset / self._span) - 1, max(0, limit - remaining))
        if refused:
            self._close(purse, reset, retry_after)

    def _learn(self, purse: _Purse, limit: int) -> None:
        telemetry.event("budget.limit", group=purse.name, limit=limit)
        for known in purse.windows.values():
            if known.left is not None:
                known.left = max(0.0, known.left + limit - purse.limit)
        purse.limit = limit

    def _correct(self, purse: _Purse, epoch: int, used: int) -> None:
        """Raise our count to the server's: somebody else may spend the same token."""
        with self._lock:
            known = self._window(purse, epoch)
            if not known.heard and known.left is not None and epoch <= self._crew.lost:
                left = purse.limit * CAUTION - used
                if known.mine + left / self._crew.many < self.add_cors(known):
                    self._limit(known, left)
            known.heard = True
        if used <= known.seen:
            return
        count = used
        if self._crew.exact(epoch):
            try:
                count = self._raise(purse, epoch, used)
            except RedisUnavailable:
                count = used
        with self._lock:
            known.seen = max(known.seen, count)

    def _close(self, purse: _Purse, reset: int | None, retry_after: float | None) -> None:
        """Send nothing to the group until its reset; a `Retry-After` of 0 or none means the window's end."""
        now = self._now()
        window_end = (self._epoch(now) + 1) * self._span
        told = [now + min(retry_after, LONGEST_CLOSING)] if retry_after else []
        told += [float(reset)] if reset and now < reset <= now + LONGEST_CLOSING else []
        until = max(told, default=window_end)
        if until > purse.closed_until + 1:
            telemetry.warning("budget.closed", group=purse.name, seconds=round(until - now, 1))
            telemetry.count("budget_closed", group=purse.name)
        purse.closed_until = max(purse.closed_until, until)
        left = max(1, int((until - now) * 1000))
        try:
            self._shared.attempt(lambda client: client.set(self._closed_key(purse), f"{until}", px=left))
        except RedisUnavailable:
            return

    def _closed(self, purse: _Purse, now: float) -> float:
        """Say for how many seconds the group is still closed, here or by another instance."""
        if purse.closed_until <= now and self._redis is not None:
            try:
                told = self._shared.attempt(lambda client: client.get(self._closed_key(purse)))
            except RedisUnavailable:
                return 0.0
            purse.closed_until = max(purse.closed_until, min(_seconds(told), now + LONGEST_CLOSING))
        return purse.closed_until - now

    # -- what the operator sees

    def levels(self) -> dict[str, tuple[int, int]]:
        """Say of each group used so far what is left of this window, all instances together, and its limit."""
        epoch = self._epoch()
        address = [one for one in (self._landlord._purses.get(ADDRESS),) if one]
        purses = list({one.name: one for one in (*list(self._purses.values()), *address)}.values())
        spent = self._spent(purses, epoch)
        return {one.name: (max(0, one.limit - spent[one.name]), one.limit) for one in purses}

    def _spent(self, purses: list[_Purse], epoch: int) -> dict[str, int]:
        seen = {one.name: one.windows[epoch].seen if epoch in one.windows else 0 for one in purses}
        storage = self._redis
        if storage is None or not purses:
            return seen
        keys = [storage.prefixed_key(self._key(one, epoch)) for one in purses]
        try:
            told: Any = self._shared.attempt(lambda client: client.mget(keys))
        except RedisUnavailable:
            return seen
        return {one.name: max(seen[one.name], int(count or 0)) for one, count in zip(purses, told, strict=True)}

    def closed(self) -> dict[str, float]:
        """Name the closed groups and for how many seconds."""
        now = self._now()
        return {one.name: one.closed_until - now for one in list(self._purses.values()) if one.closed_until > now}

    # -- details

    def _purse(self, name: str, limit: int) -> _Purse:
        with self._lock:
            if name not in self._purses:
                self._purses[name] = _Purse(name, limit, self._epoch())
            return self._purses[name]

    def _incr(self, purse: _Purse, epoch: int, amount: int) -> int:
        """Add to the count in Redis; what happens to Redis decides how we count."""
        key, storage = self._key(purse, epoch), self._redis
        if storage is None:
            raise RedisUnavailable
        try:
            count = self._shared.attempt(lambda _: storage.incr(key, self._expiry, amount))
        except RedisUnavailable:
            self._crew.lose()
            raise
        self._crew.find(self._now())
        return count

    def _raise(self, purse: _Purse, epoch: int, least: int) -> int:
        """Make the count in Redis at least that."""
        key, storage = self._key(purse, epoch), self._redis
        if storage is None:
            raise RedisUnavailable

        def work(client: redis.Redis) -> int:
            full = storage.prefixed_key(key)
            raise_it: Any = partial(_raise, key=full, least=least, expiry=self._expiry)
            found: Any = client.transaction(raise_it, full, value_from_callable=True)
            return int(found)

        return self._shared.attempt(work)

    @property
    def _expiry(self) -> int:
        return int(3 * self._span) + 1

    def _key(self, purse: _Purse, epoch: int) -> str:
        owner = "" if purse.name == ADDRESS else f"{self._tenant}:"
        return f"{owner}{purse.name}:{epoch}"

    def _closed_key(self, purse: _Purse) -> str:
        return f"{self._prefix}:closed:{self._tenant}:{purse.name}"


class QuotaRegistry:
    """The budgets of every token of this process; what is known of them outlives a change of tenants."""

    def __init__(self, shared: OptionalRedis, **options: Any) -> None:
        self._shared = shared
        self._options = options
        self._lock = threading.Lock()
        self._address = TokenQuota(shared, tenant=ADDRESS, **options)
        self._opened: dict[str, TokenQuota] = {}

    def of(self, token_name: str) -> TokenQuota:
        with self._lock:
            if token_name not in self._opened:
                self._opened[token_name] = TokenQuota(
                    self._shared, tenant=token_name, beside=self._address, **self._options
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
