"""How many calls each address, network and integrator may cause in a minute.

One company takes three or four calls and an unknown one a single call, so that calls, not requests, are what is scarce.
Redis counts them, by the rule of `SlidingWindowCounter`, in the round trip that reserves the call; without it this process does.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from prefill.domain.requester import NETWORK_FACTOR, Requester
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.admission import Admission
from prefill.sliding_window import MINUTE, SlidingWindowCounter, seconds_to_wait

CALLER, NETWORK = "calls", "calls/48"
ALLOWED = Admission(True)


@dataclass(frozen=True, slots=True)
class CountedName:
    """One who is counted: the keys of its counts of the minute before and of this one, and its limit a minute."""

    before: str
    current: str
    limit: int
    elapsed: float  # seconds of this minute

    @property
    def part_before(self) -> float:
        """The part of the minute before that is less than a minute ago."""
        return 1 - self.elapsed / MINUTE

    def retry_after(self, before: int, current: int) -> float:
        """In how many seconds one more is allowed; 0 for now."""
        return seconds_to_wait(before, current, limit=self.limit, elapsed=self.elapsed)


class CallLimits:
    """The calls of this minute and the one before, for all processes where they share a Redis."""

    def __init__(self, shared: OptionalRedis, prefix: str = "prefill") -> None:
        self._shared = shared
        self._prefix = f"{prefix}:clients"
        self._local = SlidingWindowCounter(time.time)

    def counted(self, requester: Requester) -> list[CountedName]:
        """Who is counted in Redis for a call of this requester."""
        minute, elapsed = divmod(time.time(), MINUTE)
        return [
            CountedName(
                before=f"{self._prefix}:{kind}:{name}:{int(minute) - 1}",
                current=f"{self._prefix}:{kind}:{name}:{int(minute)}",
                limit=limit,
                elapsed=elapsed,
            )
            for kind, name, limit in _counters(requester)
        ]

    def take(self, requester: Requester) -> Admission:
        """Count one call in this process, unless it is one too many."""
        for kind, name, limit in _counters(requester):
            wait = self._local.hit(f"{kind}{name}", limit)
            if wait:
                return Admission(False, wait)
        return ALLOWED

    def retry_after(self, requester: Requester) -> float:
        """In how many seconds this requester may cause a call; 0 when it may now."""
        counted = self.counted(requester)
        if not counted:
            return 0.0
        with suppress(RedisUnavailable):
            keys = [key for name in counted for key in (name.before, name.current)]
            counts: Any = self._shared.run(lambda client: client.mget(keys))
            numbers = [int(count or 0) for count in counts]
            return max(name.retry_after(*numbers[2 * at : 2 * at + 2]) for at, name in enumerate(counted))
        return max(self._local.retry_after(f"{kind}{name}", limit) for kind, name, limit in _counters(requester))


def _counters(requester: Requester) -> list[tuple[str, str, int]]:
    """The counters of a requester: kind, name, limit."""
    limit = requester.calls_per_minute
    if not limit:
        return []
    network = [(NETWORK, requester.network, NETWORK_FACTOR * limit)] if requester.network else []
    return [(CALLER, requester.address, limit), *network]
