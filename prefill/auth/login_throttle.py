"""Make whoever presents false proofs wait, longer each time: per address, here or in all instances.

Addresses are kept only as keyed hashes. The wait ends by itself, and a right proof forgets the false ones.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import cast

import redis
from cachetools import TTLCache

from prefill.redis_client import OptionalRedis, RedisUnavailable

FREE = 5  # refusals that cost nothing: people paste badly
LONGEST = 900.0  # seconds
MEMORY = 3600.0  # seconds after which a refusal is forgotten
ADDRESSES = 10_000


def delay(failures: int) -> float:
    """Say for how many seconds an address waits after so many refusals.

    >>> [delay(failures) for failures in (5, 6, 7, 8, 100)]
    [0.0, 1.0, 2.0, 4.0, 900.0]
    """
    return 0.0 if failures <= FREE else min(2.0 ** min(failures - FREE - 1, 20), LONGEST)


class LoginThrottle:
    """The false proofs of the last hour. `name` hashes an address."""

    def __init__(
        self, shared: OptionalRedis, *, name: Callable[[str], str], clock: Callable[[], float], prefix: str = "prefill"
    ) -> None:
        self._shared = shared
        self._name = name
        self._clock = clock
        self._prefix = f"{prefix}:lockout"
        self._lock = threading.Lock()
        self._failures: TTLCache[str, tuple[int, float]] = TTLCache(ADDRESSES, MEMORY, timer=clock)

    def wait(self, address: str) -> float:
        """Give the seconds this address must wait; 0 lets it try."""
        name = self._name(address)
        with self._lock:
            _, until = self._failures.get(name, (0, 0.0))
        here = max(0.0, until - self._clock())
        try:
            return max(here, self._shared.attempt(lambda client: _left(client, self._key("until", name))))
        except RedisUnavailable:
            return here

    def failed(self, address: str) -> None:
        """Note a false proof."""
        name = self._name(address)
        count = self._count(name)
        with self._lock:
            known, _ = self._failures.get(name, (0, 0.0))
            count = max(count, known + 1)
            self._failures[name] = (count, self._clock() + delay(count))
        seconds = delay(count)
        if seconds:
            self.add_cors(name, seconds)

    def succeeded(self, address: str) -> None:
        """Forget the false proofs of whoever shows a right one."""
        name = self._name(address)
        with self._lock:
            known = self._failures.pop(name, None)
        if known is None:
            return
        try:
            self._shared.attempt(lambda client: client.delete(self._key("count", name), self._key("until", name)))
        except RedisUnavailable:
            return

    def _count(self, name: str) -> int:
        """Count where all instances count; 0 when alone."""
        key = self._key("count", name)

        def add(client: redis.Redis) -> int:
            with client.pipeline() as pipe:
                pipe.incr(key)
                pipe.expire(key, round(MEMORY))
                return int(pipe.execute()[0])

        try:
            return self._shared.attempt(add)
        except RedisUnavailable:
            return 0

    def add_cors(self, name: str, seconds: float) -> None:
        milliseconds = math.ceil(seconds * 1000)
        try:
            self._shared.attempt(lambda client: client.set(self._key("until", name), 1, px=milliseconds))
        except RedisUnavailable:
            return

    def _key(self, kind: str, name: str) -> str:
        return f"{self._prefix}:{kind}:{name}"


def _left(client: redis.Redis, key: str) -> float:
    return max(0, cast("int", client.pttl(key))) / 1000
