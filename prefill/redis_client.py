"""A Redis (or Valkey) connection that is optional: callers fall back to local state when it is absent or down.

An outage is logged once. While it lasts, commands fail at once, but for one attempt every `RETRY_SECONDS`.
The library is imported when a Redis is configured: its import takes a tenth of the service's start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from prefill import telemetry
from prefill.clock import Clock

if TYPE_CHECKING:
    import redis

TIMEOUT = 0.5  # seconds for one command: a slow Redis is as bad as none
RETRY_SECONDS = 2.0
WRITERS = 4  # threads for what nobody waits for: a slow Redis must not make it pile up

T = TypeVar("T")


class RedisUnavailable(Exception):
    """Redis is not configured or not responding; callers fall back to local state."""


class OptionalRedis:
    """A Redis that may be absent, slow or down.

    `up` says whether it answered last, `outages` how often it ceased to answer.
    """

    def __init__(self, url: str | None, *, clock: Clock, retry_seconds: float = RETRY_SECONDS) -> None:
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self.configured = url is not None
        self.up = self.configured
        self.outages = 0
        self.client = _open(url) if url else None
        self._writers = ThreadPoolExecutor(WRITERS, "redis") if url else None

    def run(self, command: Callable[[redis.Redis], T]) -> T:
        """Run a command. Raise `RedisUnavailable` when it fails, and without trying during an outage."""
        client = self.client
        if client is None or not self._may_try():
            raise RedisUnavailable
        from redis.exceptions import RedisError

        outages = self.outages
        try:
            result = command(client)
        except (RedisError, OSError) as fault:
            self._record_failure(fault)
            raise RedisUnavailable from fault
        self._record_success(outages)
        return result

    def later(self, job: Callable[[], None]) -> None:
        """Do what nobody waits for on another thread; the process does not end before it is done."""
        if self._writers is None:
            job()
            return
        try:
            self._writers.submit(_logged, job)
        except RuntimeError:  # no thread is left, or the process ends
            _logged(job)

    def flush(self) -> None:
        """Wait until what was to be done later is done."""
        if self._writers is not None:
            self._writers.shutdown(wait=True)
            self._writers = ThreadPoolExecutor(WRITERS, "redis")

    def _may_try(self) -> bool:
        """Allow everything while it is up, and one command every `retry_seconds` while it is down."""
        if self.up:
            return True
        with self._lock:
            if self._clock.monotonic() < self._retry_at:
                return False
            self._retry_at = self._clock.monotonic() + self._retry_seconds
            return True

    def _record_failure(self, fault: Exception) -> None:
        with self._lock:
            self._retry_at = self._clock.monotonic() + self._retry_seconds
            was_up, self.up = self.up, False
            self.outages += was_up
        if was_up:
            telemetry.gauge("redis_up", 0)
            telemetry.warning("redis.down", kind=type(fault).__name__, message="Redis ne répond pas : service seul.")

    def _record_success(self, outages: int) -> None:
        """Mark it up again; the reply to a command sent before the outage proves nothing."""
        if self.up or outages != self.outages:
            return
        with self._lock:
            was_up, self.up = self.up, True
        if not was_up:
            telemetry.gauge("redis_up", 1)
            telemetry.event("redis.back", message="Redis répond de nouveau.")


def _logged(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception as fault:
        telemetry.error("upstream.fault", kind=type(fault).__name__)
        raise


def _open(url: str) -> redis.Redis:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        # No silent retry: after a lost connection Redis may have restarted empty, and the quota must know.
        retry=Retry(NoBackoff(), 0),
        max_connections=256,
    )
