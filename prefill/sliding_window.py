"""Sliding windows of one minute: how much each name has asked for, in Redis when it answers, else in this process.

In Redis the `limits` library counts; in this process `SlidingWindowCounter` does by the same rule: the library's own
memory storage starts a thread for every other request and walks all names. It is imported where there is a Redis.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from prefill.redis_client import OptionalRedis, RedisUnavailable

if TYPE_CHECKING:
    from limits import RateLimitItem, strategies

MINUTE = 60.0
MAX_NAMES = 100_000  # counted in a minute: nobody fills the memory with addresses
NOTHING: Mapping[str, int] = MappingProxyType({})


class SlidingWindows:
    """One counter for each kind and name."""

    def __init__(self, shared: OptionalRedis, prefix: str) -> None:
        self._shared = shared
        self._local = SlidingWindowCounter(time.time)
        self._in_redis = _in_redis(shared, prefix)

    def hit(self, kind: str, name: str, limit: int, cost: int = 1) -> float:
        """Count `cost` more of at most `limit` a minute. Return 0, or without counting them the seconds to wait."""
        in_redis = self._in_redis
        if in_redis is not None:
            item = _item(kind, limit)
            with suppress(RedisUnavailable):
                return self._shared.run(
                    lambda _: 0.0 if in_redis.hit(item, name, cost=cost) else _wait(in_redis, item, name)
                )
        return self._local.hit(f"{kind}{name}", limit, cost)


class SlidingWindowCounter:
    """Sliding window in this process: the part of the previous minute that is less than a minute ago counts too."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._minutes: dict[int, dict[str, int]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._minutes.values()))

    def hit(self, name: str, limit: int, cost: int = 1) -> float:
        """Count `cost` more of at most `limit` a minute. Return 0, or without counting them the seconds to wait."""
        with self._lock:
            before, counts, elapsed = self._window()
            count = counts.get(name, 0)
            wait = seconds_to_wait(before.get(name, 0), count, limit=limit, elapsed=elapsed, cost=cost)
            if not wait:
                if not count and len(counts) >= MAX_NAMES:
                    del counts[next(iter(counts))]
                counts[name] = count + cost
            return wait

    def retry_after(self, name: str, limit: int) -> float:
        """Return 0 when one more would be allowed, else the seconds to wait."""
        with self._lock:
            before, counts, elapsed = self._window()
            return seconds_to_wait(before.get(name, 0), counts.get(name, 0), limit=limit, elapsed=elapsed)

    def _window(self) -> tuple[Mapping[str, int], dict[str, int], float]:
        """What was counted in the minute before and in this one, and the seconds of this one; older minutes are forgotten."""
        rank, elapsed = divmod(self._now(), MINUTE)
        minute = int(rank)
        if minute not in self._minutes:
            near = (minute - 1, minute + 1)  # the system's clock may step back
            self._minutes = {minute: {}, **{one: self._minutes[one] for one in near if one in self._minutes}}
        return self._minutes.get(minute - 1, NOTHING), self._minutes[minute], elapsed


def seconds_to_wait(before: int, count: int, *, limit: int, elapsed: float, cost: int = 1) -> float:
    """In how many seconds `cost` more are allowed, by what was counted in the minute before and in this one; 0 for now."""
    if before * (1 - elapsed / MINUTE) + count + cost <= limit:
        return 0.0
    # Until enough of the previous minute has left the window, or enough of this one.
    left = limit - cost
    delay = MINUTE * (2 - left / count) if count > left else MINUTE * (1 - (left - count) / before)
    return max(1.0, math.ceil(delay - elapsed))


@lru_cache(256)
def _item(kind: str, limit: int) -> RateLimitItem:
    from limits import RateLimitItemPerMinute

    return RateLimitItemPerMinute(limit, namespace=kind)


def _wait(limiter: strategies.RateLimiter, item: RateLimitItem, name: str) -> float:
    return max(1.0, math.ceil(limiter.get_window_stats(item, name).reset_time - time.time()))


def _in_redis(shared: OptionalRedis, prefix: str) -> strategies.RateLimiter | None:
    if shared.client is None:
        return None
    from limits import strategies
    from limits.storage import RedisStorage

    storage = RedisStorage("redis://", connection_pool=shared.client.connection_pool, key_prefix=prefix)
    return strategies.SlidingWindowCounterRateLimiter(storage)
