"""The Redis (or Valkey) that all instances share, when there is one and while it answers.

When it fails or is slow the service goes on alone: said once, tried again by itself after a rest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from prefill import telemetry

PATIENCE = 0.5  # seconds for one command: a slow Redis is a dead one
REST = 2.0  # seconds before trying again

T = TypeVar("T")


class RedisUnavailable(Exception):
    """There is no Redis, or it does not answer: do without."""


class OptionalRedis:
    """A Redis that may fail."""

    def __init__(self, url: str | None, *, clock: Callable[[], float], rest: float = REST) -> None:
        self._clock = clock
        self._rest = rest
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self.configured = url is not None
        self.up = self.configured
        self.falls = 0
        # No silent retry: a connection lost may mean a Redis that came back empty, and the budget must know.
        self.client: redis.Redis | None = url and redis.Redis.from_url(  # type: ignore[assignment]
            url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
            max_connections=256,
        )

    def attempt(self, work: Callable[[redis.Redis], T]) -> T:
        """Do something with Redis. Raise `RedisUnavailable` at once while it rests, and when it fails."""
        client = self.client
        if client is None or not self._awake():
            raise RedisUnavailable
        falls = self.falls
        try:
            done = work(client)
        except (redis.RedisError, OSError) as fault:
            self._fell(fault)
            raise RedisUnavailable from fault
        self._rose(falls)
        return done

    def _awake(self) -> bool:
        """Let everybody through while it is up, and one try a rest while it is down."""
        if self.up:
            return True
        with self._lock:
            if self._clock() < self._retry_at:
                return False
            self._retry_at = self._clock() + self._rest
            return True

    def _fell(self, fault: Exception) -> None:
        with self._lock:
            self._retry_at = self._clock() + self._rest
            was_up, self.up = self.up, False
            self.falls += was_up
        if was_up:
            telemetry.gauge("redis_up", 0)
            telemetry.warning("redis.down", kind=type(fault).__name__, message="Redis ne répond pas : service seul.")

    def _rose(self, falls: int) -> None:
        """Believe it is back; an answer to what was asked before it fell proves nothing."""
        if self.up or falls != self.falls:
            return
        with self._lock:
            was_up, self.up = self.up, True
        if not was_up:
            telemetry.gauge("redis_up", 1)
            telemetry.event("redis.back", message="Redis répond de nouveau.")
