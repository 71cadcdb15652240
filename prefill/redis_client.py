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
WRITERS = 4  # threads for what nobody waits for
MAX_WAITING = 2000  # of such jobs: twice the calls of a minute; what a slow Redis does not take is dropped
PROBE = "prefill:probe"
PROBE_MILLISECONDS = 1000

T = TypeVar("T")


class RedisUnavailable(Exception):
    """Redis is not configured or not responding; callers fall back to local state."""


class OptionalRedis:
    """A Redis that may be absent, slow or down.

    `up` says whether it answered last, `outages` how often it ceased to answer, `waiting` how many jobs nobody waits for
    are not done.
    """

    def __init__(self, url: str | None, *, clock: Clock, retry_seconds: float = RETRY_SECONDS) -> None:
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self.configured = url is not None
        self.up = self.configured
        self.outages = 0
        self.waiting = 0
        self._refuses = False
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
            if self._refuses:
                write_probe(client)
            result = command(client)
        except (RedisError, OSError) as fault:
            self._record_failure(fault)
            raise RedisUnavailable from fault
        self._record_success(outages)
        return result

    def later(self, job: Callable[[], None], dropped: Callable[[], None] | None = None) -> None:
        """Do what nobody waits for on another thread; the process does not end before it is done.

        A job that finds `MAX_WAITING` others is not done: `dropped` is called in its place.
        """
        if self._writers is None:
            job()
            return
        with self._lock:
            full = self.waiting >= MAX_WAITING
            self.waiting += not full
        if full:
            telemetry.count("redis_dropped")
            if dropped is not None:
                dropped()
            return
        jobs = [job]
        try:
            self._writers.submit(self._do, jobs)
        except RuntimeError:  # no thread is left, or the process ends
            self._do(jobs)

    def _do(self, jobs: list[Callable[[], None]]) -> None:
        """Do a job once, also when it was queued for a thread that could not be started."""
        try:
            job = jobs.pop()
        except IndexError:
            return
        try:
            job()
        except Exception as fault:
            telemetry.error("upstream.fault", kind=type(fault).__name__)
            raise
        finally:
            with self._lock:
                self.waiting -= 1

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
        from redis.exceptions import ReadOnlyError, ResponseError

        with self._lock:
            self._retry_at = self._clock.monotonic() + self._retry_seconds
            was_up, self.up = self.up, False
            self.outages += was_up
            self._refuses |= isinstance(fault, ResponseError)
        if self.client is not None and (isinstance(fault, ReadOnlyError) or "READONLY" in str(fault)):
            # The master became a replica: its name may lead to another machine by now.
            self.client.connection_pool.disconnect(inuse_connections=False)
        if was_up:
            telemetry.gauge("redis_up", 0)
            telemetry.warning("redis.down", kind=type(fault).__name__, message="Redis ne répond pas : service seul.")

    def _record_success(self, outages: int) -> None:
        """Mark it up again; the reply to a command sent before the outage proves nothing."""
        if self.up or outages != self.outages:
            return
        with self._lock:
            was_up, self.up, self._refuses = self.up, True, False
        if not was_up:
            telemetry.gauge("redis_up", 1)
            telemetry.event("redis.back", message="Redis répond de nouveau.")


def write_probe(client: redis.Redis) -> None:
    """Write a key that ends by itself: a Redis that is full or read-only answers all that only reads."""
    client.set(PROBE, "", px=PROBE_MILLISECONDS)


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
