"""Rate limiter per client address: an open prefill is a free register for scrapers.

What the cache holds costs nothing upstream and is limited ten times less. Addresses are kept only as keyed hashes, an
IPv6 one by its /64. In Redis the `limits` library counts; in this process `SlidingWindowCounter` does by the same
rule: the library's own memory storage starts a thread for every other request and walks all addresses.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from cachetools import TTLCache
from limits import RateLimitItem, RateLimitItemPerMinute, strategies
from limits.storage import RedisStorage

from prefill.domain.requester import SERVICE, Requester, RequesterKind
from prefill.redis_client import OptionalRedis, RedisUnavailable

CACHED_FACTOR = 10  # cached companies cost nothing upstream
UNCACHED, CACHED = "new", "known"
MINUTE = 60.0
MAX_ADDRESSES = 100_000  # counted at once: nobody fills the memory with addresses


class RateLimiter:
    """Sliding window counters per address, in Redis when it answers, else in this process."""

    def __init__(self, shared: OptionalRedis, *, per_minute: int, secret: bytes, prefix: str = "prefill") -> None:
        self._shared = shared
        self._secret = secret
        self._limits = {
            UNCACHED: RateLimitItemPerMinute(max(1, per_minute), namespace=UNCACHED),
            CACHED: RateLimitItemPerMinute(max(1, CACHED_FACTOR * per_minute), namespace=CACHED),
        }
        self._unlimited = per_minute == 0
        self._local = SlidingWindowCounter(time.time)
        self._in_redis = _in_redis(shared, f"{prefix}:clients")

    def check(self, address: str, *, cached: bool, companies: int = 1) -> float:
        """Count a request for so many companies. Return 0 when it is allowed, else the seconds to wait.

        More companies than the limit count as the limit: they are allowed to whoever has asked for nothing else.
        """
        if self._unlimited:
            return 0.0
        name = self.name(address)
        kind = CACHED if cached else UNCACHED
        in_redis, limit = self._in_redis, self._limits[kind]
        cost = min(companies, limit.amount)
        if in_redis is not None:
            with suppress(RedisUnavailable):
                return self._shared.run(lambda _: _wait(in_redis, limit, name, cost))
        return self._local.hit(f"{kind}{name}", limit.amount, cost)

    def requester(self, address: str) -> Requester:
        """On whose behalf a candidate's calls are made; without a limit all are served alike."""
        if self._unlimited:
            return SERVICE
        network = self.name(_network(address, 48)) if ":" in address else ""
        return Requester(RequesterKind.CANDIDATE, address=self.name(address), network=network)

    def name(self, text: str) -> str:
        """Return the keyed hash of an address, or of anything that must not be written as it is."""
        return hashlib.blake2b(_network(text).encode(), digest_size=8, key=self._secret).hexdigest()


class SlidingWindowCounter:
    """Sliding window in this process: the part of the previous minute that is less than a minute ago counts too."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._counts: TTLCache[tuple[str, int], int] = TTLCache(MAX_ADDRESSES, 2 * MINUTE, timer=now)

    def hit(self, name: str, limit: int, cost: int = 1) -> float:
        """Count `cost` more of at most `limit` a minute. Return 0, or without counting them the seconds to wait."""
        minute, elapsed = divmod(self._now(), MINUTE)
        with self._lock:
            before, count = (self._counts.get((name, int(minute) - ago), 0) for ago in (1, 0))
            if before * (1 - elapsed / MINUTE) + count + cost <= limit:
                self._counts[name, int(minute)] = count + cost
                return 0.0
        # Until enough of the previous minute has left the window, or enough of this one.
        left = limit - cost
        delay = MINUTE * (2 - left / count) if count > left else MINUTE * (1 - (left - count) / before)
        return max(1.0, math.ceil(delay - elapsed))


def _wait(limiter: strategies.RateLimiter, limit: RateLimitItem, name: str, cost: int) -> float:
    if limiter.hit(limit, name, cost=cost):
        return 0.0
    return max(1.0, math.ceil(limiter.get_window_stats(limit, name).reset_time - time.time()))


def _network(address: str, prefix: int = 64) -> str:
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if parsed.ipv4_mapped:  # what a server that listens to both sees of an IPv4 address
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


def _in_redis(shared: OptionalRedis, prefix: str) -> strategies.RateLimiter | None:
    if shared.client is None:
        return None
    storage = RedisStorage("redis://", connection_pool=shared.client.connection_pool, key_prefix=prefix)
    return strategies.SlidingWindowCounterRateLimiter(storage)
