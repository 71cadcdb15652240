"""Client-side quota for API Entreprise: calls per habilitation, group and clock minute, plus a per-address ceiling.

A call is reserved before it is made, in windows aligned to the clock as the server's are; near the edge of a window
it is reserved on both sides, since it may arrive there. The server's headers correct the count and the limit. A
group that answered 429 is closed until its reset.

Each window is, for this process, in one of two states:

        exact ──── Redis fails, restarts empty, forgets a count, or a process was cut off ───▶ degraded
          ▲                                                                                       │
          └──── at the first window that begins 3 s after Redis counts for everybody again ───────┘

`exact`: Redis has counted the window from its beginning, for every process: a reservation is one atomic script, and
the limit is reached exactly.

`degraded`: this process may reserve its share, what is left of the window divided by the number of processes. A
window that all began without Redis is shared out whole. One in which the counts were lost on the way keeps a tenth
back, and begins slowly: few calls are in flight until the server's headers have confirmed what was used. Calls
made without Redis are reported to it as soon as it answers.

Without Redis every window is degraded, and a lone process has the whole of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress

from prefill import telemetry
from prefill.clock import Clock
from prefill.domain.sources import Source
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.quota.counters import (
    WHOLE_LIMITS,
    Ceiling,
    Ceilings,
    Claim,
    GroupCounter,
    Reservation,
    WindowState,
    group_of,
)
from prefill.registers.quota.process import CAUTION, ProcessState
from prefill.registers.quota.shared_counters import Count, NotReserved, Preconditions, Reply

MINUTE = 60.0
BEFORE = 2.0  # seconds a call may take to arrive: its connection's timeout
AFTER = 1.0  # seconds our clock may be ahead of the server's
FIRST_WAIT = 1.0  # seconds for the server to confirm
MAX_CLOSING = 3600.0  # seconds
NO_CEILING = 1e9


class TokenQuota:
    """The quota of one habilitation, as this process spends it.

    `instances` is the least number of processes that share it; `fresh` says that nobody called before this process.
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
        process: ProcessState | None = None,
    ) -> None:
        self.name = token
        self._clock = clock
        self._window = window
        self._before, self._after = min(BEFORE, window / 10), min(AFTER, window / 20)
        self._process = process or ProcessState(
            shared, clock=clock, instances=instances, window=window, prefix=prefix, fresh=fresh
        )
        self._process.habilitations.add(token)
        self._counters: dict[str, GroupCounter] = {}

    @property
    def shares_address(self) -> bool:
        """Whether this process spends other habilitations too, from the same address."""
        return len(self._process.habilitations) > 1

    def reserve(
        self, source: Source, *, ceilings: Ceilings = WHOLE_LIMITS, preconditions: Preconditions | None = None
    ) -> Reservation:
        """Reserve one call, or say in how many seconds to try again. Never waits.

        Raise `NotReserved` when a precondition does not hold; what this process knows to be refused is not checked for any.
        """
        counter, now = self._counter(source), self._clock.timestamp()
        if counter.closed_until > now:
            return Reservation(False, counter.closed_until - now)
        claims = self._claims(counter, now, ceilings)
        refused = self._refused_locally(claims)
        if refused is None:
            refused = self._reserve(claims, now, preconditions)
        else:
            self._report(claims, now)
        if counter.closed_until > now:
            return Reservation(False, counter.closed_until - now)
        if refused is not None:
            return Reservation(False, self._retry_after(refused, now, self._ceiling(ceilings, refused.counter)))
        remaining = counter.limit - counter.window(self._epoch(now)).seen
        return Reservation(True, remaining=max(0, remaining))

    def admits(self, source: Source, ceilings: Ceilings) -> bool:
        """Whether a call could be reserved, as far as this process knows without asking."""
        counter, now = self._counter(source), self._clock.timestamp()
        return counter.closed_until <= now and self._refused_locally(self._claims(counter, now, ceilings)) is None

    def keeps_to_share(self, source: Source, part: float) -> bool:
        """Whether this habilitation used less of its minute than that part of what all have left of the address's, if it is shared."""
        if not self.shares_address:
            return True
        epoch = self._epoch()
        own, address = self._counter(source).window(epoch).seen, self._process.address
        return own < part * (address.limit - address.window(epoch).seen)

    def state(self) -> WindowState:
        """How the current window is counted."""
        return WindowState.EXACT if self._is_exact(self._epoch()) else WindowState.DEGRADED

    def apply_rate_limit_headers(
        self, source: Source, headers: Mapping[str, str], *, refused: bool, retry_after: float | None
    ) -> None:
        """Correct the count and the limit by the server's headers; after a 429 close the group."""
        counter = self._counter(source)
        limit, remaining, reset = (_whole(headers.get(f"RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
        now = self._clock.timestamp()
        with self._process.lock:
            for epoch in dict.fromkeys((self._epoch(now - self._after), self._epoch(now))):  # it was paid for in both
                counter.window(epoch).answers += 1
            if limit and limit != counter.limit:
                self._change_limit(counter, limit)
        if limit and remaining is not None and reset and abs(reset - now) <= self._window + AFTER:
            self._correct(counter, round(reset / self._window) - 1, max(0, limit - remaining), now)
        if refused:
            self._close(counter, reset, retry_after, now)

    def remaining(self) -> dict[str, tuple[int, int]]:
        """Per group used so far, how many calls this window still holds for all processes, and its limit."""
        epoch = self._epoch()
        counters = [*list(self._counters.values()), self._process.address]
        used = [counter.windows[epoch].seen if epoch in counter.windows else 0 for counter in counters]
        if self._process.redis is not None:
            try:
                shared = self._process.redis.read([self._key(counter, epoch) for counter in counters])
                used = [max(pair) for pair in zip(used, shared, strict=True)]
            except RedisUnavailable:
                pass
        return {
            counter.name: (max(0, counter.limit - count), counter.limit)
            for counter, count in zip(counters, used, strict=True)
        }

    def closed(self) -> dict[str, float]:
        """The groups that are closed, and for how many seconds."""
        now = self._clock.timestamp()
        return {
            counter.name: counter.closed_until - now
            for counter in list(self._counters.values())
            if counter.closed_until > now
        }

    def _counter(self, source: Source) -> GroupCounter:
        name = group_of(source)
        with self._process.lock:
            if name not in self._counters:
                self._counters[name] = GroupCounter(name, source.budget.per_minute, self._epoch())
            return self._counters[name]

    def _epoch(self, now: float | None = None) -> int:
        return int((self._clock.timestamp() if now is None else now) // self._window)

    def _is_exact(self, epoch: int) -> bool:
        return self._process.members.is_exact(epoch)

    def _key(self, counter: GroupCounter, epoch: int) -> str:
        owner = "" if counter is self._process.address else f"{self.name}:"
        return f"{owner}{counter.name}:{epoch}"

    def _claims(self, counter: GroupCounter, now: float, ceilings: Ceilings) -> list[Claim]:
        """The counters of every window in which the server may count a call that is made now."""
        epochs = dict.fromkeys(self._epoch(now + shift) for shift in (-self._after, 0.0, self._before))
        return [
            Claim(each, epoch, self._key(each, epoch), each.limit * ceiling.at(self._elapsed(epoch, now)))
            for epoch in epochs
            for each, ceiling in ((counter, ceilings.own), (self._process.address, ceilings.address))
        ]

    def _ceiling(self, ceilings: Ceilings, counter: GroupCounter) -> Ceiling:
        return ceilings.address if counter is self._process.address else ceilings.own

    def _elapsed(self, epoch: int, now: float) -> float:
        return min(1.0, max(0.0, now / self._window - epoch))

    def _refused_locally(self, claims: Sequence[Claim]) -> Claim | None:
        """The first claim that what this process knows refuses; None when all may go on."""
        with self._process.lock:
            for claim in claims:
                window = self._process.current(claim.counter, claim.epoch)
                full = window.seen + 1 > claim.ceiling or self._process.too_many_unconfirmed(
                    claim.counter, window, claim.epoch
                )
                shared_out = window.left is not None and not self._is_exact(claim.epoch)
                if full or (shared_out and not self._process.has_share(claim, window)):
                    return claim
            return None

    def _reserve(self, claims: Sequence[Claim], now: float, preconditions: Preconditions | None) -> Claim | None:
        """Count a call everywhere, or return the claim that was refused."""
        try:
            reply = self._send(claims, now, cost=1, preconditions=preconditions)
        except RedisUnavailable:
            self._process.members.redis_lost()
            if preconditions is not None:
                preconditions.check_locally()
            return self._take_shares(claims, reported=False)
        if reply.allowed:
            return self._take_shares(claims, reported=True)
        full = (claim for claim, count in zip(claims, reply.counts, strict=False) if count + 1 > claim.ceiling)
        return next(full, claims[0])

    def _report(self, claims: Sequence[Claim], now: float) -> None:
        """Report calls that were made without Redis, also when nothing is left to reserve."""
        if self._unreported():
            with suppress(RedisUnavailable):
                self._send(claims, now, cost=0)

    def _unreported(self) -> list[Claim]:
        epoch = self._epoch() - 1
        return [
            Claim(counter, number, self._key(counter, number), math.inf)
            for counter in (*list(self._counters.values()), self._process.address)
            for number, window in list(counter.windows.items())
            if number > epoch and window.unreported
        ]

    def _take_shares(self, claims: Sequence[Claim], *, reported: bool) -> Claim | None:
        """Count a call locally, from this process's share in windows that are degraded."""
        with self._process.lock:
            windows = [self._process.current(claim.counter, claim.epoch) for claim in claims]
            for claim, window in zip(claims, windows, strict=True):
                if not self._is_exact(claim.epoch) and not self._process.has_share(claim, window, counted=reported):
                    return claim
            for window in windows:
                window.local += 1
                if not reported:
                    window.seen += 1
                    window.unreported += 1
        return None

    def _retry_after(self, claim: Claim, now: float, ceiling: Ceiling) -> float:
        """When to try again: once the server confirms, the ceiling has risen, or the window is over."""
        start, end = (((claim.epoch + part) * self._window) - now for part in (0, 1))
        window = claim.counter.window(claim.epoch)
        part = (window.seen + 1) / claim.counter.limit
        if window.left is not None and not self._is_exact(claim.epoch):
            part = max(part, (window.local + 1) / max(1.0, window.share(self._process.members.count)))
        reached = ceiling.reached_at(part)
        if reached is None:
            return end + self._after
        rises = start + reached * self._window
        return min(rises if rises > 0 else FIRST_WAIT, end + self._after)

    def _send(
        self, claims: Sequence[Claim], now: float, *, cost: int, preconditions: Preconditions | None = None
    ) -> Reply:
        """One round trip: report what Redis does not know, reserve, and learn what it counts. Raise `RedisUnavailable`."""
        redis = self._process.redis
        if redis is None:
            raise RedisUnavailable
        group = claims[0].counter
        keys = {claim.key for claim in claims}
        also = [claim for claim in self._unreported() if claim.key not in keys]
        with self._process.lock:
            windows = [self._process.current(claim.counter, claim.epoch) for claim in (*claims, *also)]
            sent = [window.unreported for window in windows]
            for window in windows:
                window.unreported = 0
            costs = [cost] * len(claims) + [0] * len(also)
            counts = [
                Count(claim.key, window.counted, unreported, window.seen, price, min(claim.ceiling, NO_CEILING))
                for claim, window, unreported, price in zip((*claims, *also), windows, sent, costs, strict=True)
            ]
        try:
            reply = redis.reserve(f"{self.name}:{group.name}", counts, now, preconditions)
        except (RedisUnavailable, NotReserved):
            with self._process.lock:
                for window, unreported in zip(windows, sent, strict=True):
                    window.unreported += unreported
            raise
        self._process.members.redis_replied(reply.complete_since, reply.members)
        with self._process.lock:
            group.closed_until = max(group.closed_until, min(reply.closed_until, now + MAX_CLOSING))
            for window, count in zip(windows, reply.counts, strict=True):
                window.seen, window.counted = max(window.seen, count), max(window.counted, count)
        return reply

    def _change_limit(self, counter: GroupCounter, limit: int) -> None:
        telemetry.event("budget.limit", group=counter.name, limit=limit)
        for window in counter.windows.values():
            if window.left is not None:
                window.left = max(0.0, window.left + limit - counter.limit)
        counter.limit = limit

    def _correct(self, counter: GroupCounter, epoch: int, used: int, now: float) -> None:
        """Raise the count to the server's: others may spend the same token."""
        members = self._process.members
        with self._process.lock:
            window = self._process.current(counter, epoch)
            if not window.server_confirmed and window.left is not None and epoch <= members.lost:
                left = max(0.0, counter.limit * CAUTION - used)
                if window.local + left / members.count < window.share(members.count):
                    window.base, window.left = window.local, left
            window.server_confirmed = True
            if used <= window.seen:
                return
            window.seen = used
        if self._is_exact(epoch):
            try:
                self._send([Claim(counter, epoch, self._key(counter, epoch), counter.limit)], now, cost=0)
            except RedisUnavailable:
                members.redis_lost()

    def _close(self, counter: GroupCounter, reset: int | None, retry_after: float | None, now: float) -> None:
        """Send nothing to the group until its reset; a `Retry-After` of 0 or none means the window's end."""
        window_end = (self._epoch(now) + 1) * self._window
        given = [now + min(retry_after, MAX_CLOSING)] if retry_after else []
        given += [float(reset)] if reset and now < reset <= now + MAX_CLOSING else []
        until = max(given, default=window_end)
        if until > counter.closed_until + 1:
            telemetry.warning("budget.closed", group=counter.name, seconds=round(until - now, 1))
            telemetry.count("budget_closed", group=counter.name)
        counter.closed_until = max(counter.closed_until, until)
        if self._process.redis is not None:
            try:
                self._process.redis.close(f"{self.name}:{counter.name}", until, until - now)
            except RedisUnavailable:
                return


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None
