"""Throttles failed authentications: exponential back-off per client address; state in Redis when available.

Credentials are verified before the throttle is consulted: valid ones are never refused, so another client behind a shared
address cannot lock out the agents who use it. Keys are random (see `tenancy.api_keys`) and tokens are signed, so what the
throttle bounds is the cost and the log volume of failures, not guessing. Addresses are stored as keyed hashes.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from cachetools import TTLCache

from prefill.redis_client import OptionalRedis, RedisUnavailable

if TYPE_CHECKING:
    import redis

FREE_ATTEMPTS = 5  # failures without a delay: people paste badly
MAX_DELAY = 900.0  # seconds
FORGET_AFTER = 3600.0  # seconds since the last failure
MAX_ADDRESSES = 10_000  # in the memory of one process


def delay(failures: int) -> float:
    """Return the back-off in seconds after that many failures.

    >>> [delay(failures) for failures in (5, 6, 7, 8, 100)]
    [0.0, 1.0, 2.0, 4.0, 900.0]
    """
    return 0.0 if failures <= FREE_ATTEMPTS else min(2.0 ** min(failures - FREE_ATTEMPTS - 1, 20), MAX_DELAY)


class LoginThrottle:
    """Counts the failures of the last hour per address. `hash_address` is a keyed hash."""

    def __init__(
        self,
        redis_client: OptionalRedis,
        *,
        hash_address: Callable[[str], str],
        clock: Callable[[], float],
        prefix: str = "prefill",
    ) -> None:
        self._redis = redis_client
        self._hash_address = hash_address
        self._clock = clock
        self._prefix = f"{prefix}:lockout"
        self._lock = threading.Lock()
        self._failures: TTLCache[str, tuple[int, float]] = TTLCache(MAX_ADDRESSES, FORGET_AFTER, timer=clock)

    def __len__(self) -> int:
        """How many addresses this process remembers."""
        return len(self._failures)

    def retry_after(self, address: str) -> float:
        """Seconds until the next failed attempt of this address is answered as such; 0 when it is not throttled."""
        key = self._hash_address(address)
        with self._lock:
            _, until = self._failures.get(key, (0, 0.0))
        local = max(0.0, until - self._clock())
        try:
            return max(local, self._redis.run(lambda client: _remaining(client, self._key("until", key))))
        except RedisUnavailable:
            return local

    def record_failure(self, address: str) -> None:
        """Count a failed authentication and lengthen the delay."""
        key = self._hash_address(address)
        shared_count = self._increment(key)
        with self._lock:
            local_count, _ = self._failures.get(key, (0, 0.0))
            count = max(shared_count, local_count + 1)
            self._failures[key] = (count, self._clock() + delay(count))
        seconds = delay(count)
        if seconds:
            self._share_delay(key, seconds)

    def record_success(self, address: str) -> None:
        """Forget the failures of an address that presented valid credentials."""
        key = self._hash_address(address)
        with self._lock:
            known = self._failures.pop(key, None)
        if known is None:
            return
        try:
            self._redis.run(lambda client: client.delete(self._key("count", key), self._key("until", key)))
        except RedisUnavailable:
            return

    def _increment(self, key: str) -> int:
        """Count the failure for all processes; 0 without Redis."""
        counter = self._key("count", key)

        def add(client: redis.Redis) -> int:
            with client.pipeline() as pipe:
                pipe.incr(counter)
                pipe.expire(counter, round(FORGET_AFTER))
                return int(pipe.execute()[0])

        try:
            return self._redis.run(add)
        except RedisUnavailable:
            return 0

    def _share_delay(self, key: str, seconds: float) -> None:
        milliseconds = math.ceil(seconds * 1000)
        try:
            self._redis.run(lambda client: client.set(self._key("until", key), 1, px=milliseconds))
        except RedisUnavailable:
            return

    def _key(self, kind: str, key: str) -> str:
        return f"{self._prefix}:{kind}:{key}"


def _remaining(client: redis.Redis, key: str) -> float:
    return max(0, cast("int", client.pttl(key))) / 1000
