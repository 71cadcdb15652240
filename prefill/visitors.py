"""Limit what one address may ask: an open prefill is a free register for scrapers.

What the cache holds costs nothing upstream and is limited ten times less. Addresses are kept only as
keyed hashes, an IPv6 one by its /64.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter

from prefill.shared import Alone, Shared

CHEAPER = 10
NEW, KNOWN = "new", "known"


class Visitors:
    """Who asked how much in the last minute."""

    def __init__(self, shared: Shared, *, per_minute: int, secret: bytes, prefix: str = "prefill") -> None:
        self._shared = shared
        self._secret = secret
        self._limits = {
            NEW: RateLimitItemPerMinute(max(1, per_minute), namespace=NEW),
            KNOWN: RateLimitItemPerMinute(max(1, CHEAPER * per_minute), namespace=KNOWN),
        }
        self._unlimited = per_minute == 0
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._everywhere = _in_redis(shared, f"{prefix}:visitors")

    def admit(self, address: str, *, known: bool) -> float:
        """Count a request. Give 0 to let it through, else the seconds to wait."""
        if self._unlimited:
            return 0.0
        name = self.name(address)
        kind = KNOWN if known else NEW
        if self._everywhere is None:
            return self._wait(self._here, kind, name)
        everywhere = self._everywhere
        try:
            return self._shared.attempt(lambda _: self._wait(everywhere, kind, name))
        except Alone:
            return self._wait(self._here, kind, name)

    def name(self, text: str) -> str:
        """Hash an address, or anything that must not be written as it is, with our key."""
        return hashlib.blake2b(_network(text).encode(), digest_size=8, key=self._secret).hexdigest()

    def _wait(self, limiter: RateLimiter, kind: str, name: str) -> float:
        limit = self._limits[kind]
        if limiter.hit(limit, name):
            return 0.0
        return max(1.0, math.ceil(limiter.get_window_stats(limit, name).reset_time - time.time()))


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:  # what a server that listens to both sees of an IPv4 address
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _in_redis(shared: Shared, prefix: str) -> RateLimiter | None:
    if shared.client is None:
        return None
    storage = RedisStorage("redis://", connection_pool=shared.client.connection_pool, key_prefix=prefix)
    return SlidingWindowCounterRateLimiter(storage)
