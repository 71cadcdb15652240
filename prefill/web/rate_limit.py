"""Limit what one address may ask: an open prefill is a free register for scrapers.

What the cache holds costs nothing upstream and is limited ten times less. Addresses are kept only as
keyed hashes, an IPv6 one by its /64. In Redis the `limits` library counts; in this process we do, by the same
rule (a sliding window): the library's own memory starts a thread for every other request and walks all visitors.
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

from prefill.redis_client import OptionalRedis, RedisUnavailable

CHEAPER = 10
NEW, KNOWN = "new", "known"
MINUTE = 60.0
MOST_VISITORS = 100_000  # whose counts are held at once: nobody fills the memory with addresses


class RateLimiter:
    """Who asked how much in the last minute."""

    def __init__(self, shared: OptionalRedis, *, per_minute: int, secret: bytes, prefix: str = "prefill") -> None:
        self._shared = shared
        self._secret = secret
        self._limits = {
            NEW: RateLimitItemPerMinute(max(1, per_minute), namespace=NEW),
            KNOWN: RateLimitItemPerMinute(max(1, CHEAPER * per_minute), namespace=KNOWN),
        }
        self._unlimited = per_minute == 0
        self._here = SlidingWindowCounter(time.time)
        self._everywhere = _in_redis(shared, f"{prefix}:visitors")

    def admit(self, address: str, *, known: bool) -> float:
        """Count a request. Give 0 to let it through, else the seconds to wait."""
        if self._unlimited:
            return 0.0
        name = self.name(address)
        kind = KNOWN if known else NEW
        everywhere, limit = self._everywhere, self._limits[kind]
        if everywhere is not None:
            with suppress(RedisUnavailable):
                return self._shared.run(lambda _: _wait(everywhere, limit, name))
        return self._here.hit(f"{kind}{name}", limit.amount)

    def name(self, text: str) -> str:
        """Hash an address, or anything that must not be written as it is, with our key."""
        return hashlib.blake2b(_network(text).encode(), digest_size=8, key=self._secret).hexdigest()


class SlidingWindowCounter:
    """Count in this process: of the minute before, the part that is less than a minute ago counts too."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._counts: TTLCache[tuple[str, int], int] = TTLCache(MOST_VISITORS, 2 * MINUTE, timer=now)

    def hit(self, name: str, most: int) -> float:
        """Count one more of at most `most` a minute. Give 0, or without counting it the seconds to wait."""
        minute, into = divmod(self._now(), MINUTE)
        with self._lock:
            before, count = (self._counts.get((name, int(minute) - ago), 0) for ago in (1, 0))
            if before * (1 - into / MINUTE) + count + 1 <= most:
                self._counts[name, int(minute)] = count + 1
                return 0.0
        # When enough of the minute before is forgotten, or next minute enough of this one.
        room = MINUTE * (2 - (most - 1) / count) if count >= most else MINUTE * (1 - (most - count - 1) / before)
        return max(1.0, math.ceil(room - into))


def _wait(limiter: strategies.RateLimiter, limit: RateLimitItem, name: str) -> float:
    if limiter.hit(limit, name):
        return 0.0
    return max(1.0, math.ceil(limiter.get_window_stats(limit, name).reset_time - time.time()))


def _network(address: str) -> str:
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if parsed.ipv4_mapped:  # what a server that listens to both sees of an IPv4 address
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _in_redis(shared: OptionalRedis, prefix: str) -> strategies.RateLimiter | None:
    if shared.client is None:
        return None
    storage = RedisStorage("redis://", connection_pool=shared.client.connection_pool, key_prefix=prefix)
    return strategies.SlidingWindowCounterRateLimiter(storage)
