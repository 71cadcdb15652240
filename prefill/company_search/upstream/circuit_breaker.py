"""The circuit breaker of Recherche d'entreprises: a 429 stops the calls, a refused connection stops them for minutes.

An address that goes on through its 429s is refused at TCP level, for other APIs of the State as well, until a person
lifts it. So the breaker opens at the first 429; a refused connection counts as such a ban. Processes share what they
learn through Redis. When it is time to try again, one call passes as a probe.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prefill import telemetry
from prefill.clock import Clock
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.admission import Admission

FAILURES = 3  # in a row
COOLDOWN = 15.0  # seconds without a call after failures
THROTTLED = 5.0  # after a 429 that does not say how long
BANNED = 300.0  # after a refused connection
MAX_COOLDOWN = 3600.0  # cooldowns double as long as probes fail
PROBE_SECONDS = 8.0  # after which a probe that was not recorded counts as lost


class Outcome(StrEnum):
    ANSWERED = "answered"
    THROTTLED = "throttled"  # 429
    REFUSED = "refused"  # the connection was refused: a ban of the address
    RESET = "reset"  # the connection was closed without an answer; twice in a row is a ban
    FAILED = "failed"  # time-out, 5xx, unreadable


COOLDOWNS = {Outcome.THROTTLED: THROTTLED, Outcome.REFUSED: BANNED, Outcome.FAILED: COOLDOWN, Outcome.RESET: COOLDOWN}


@dataclass(frozen=True, slots=True)
class BreakerState:
    """`cause` is why the breaker is open, None when it is closed; `retry_after` seconds are left."""

    cause: Outcome | None = None
    retry_after: float = 0.0


class SearchBreaker:
    """One for all calls of a process; `shared` carries an opening to the other processes."""

    def __init__(self, shared: OptionalRedis, *, clock: Clock, prefix: str = "prefill:search") -> None:
        self._shared = shared
        self._clock = clock
        self._key = f"{prefix}:open"
        self._lock = threading.Lock()
        self._cause: Outcome | None = None
        self._open_until = 0.0
        self._probing_until = 0.0
        self._failures = 0
        self._openings = 0

    def retry_after(self) -> float:
        """In how many seconds a call may be made; 0 is now."""
        wait = max(self._local_wait(), 0.0)
        with suppress(RedisUnavailable):
            milliseconds: Any = self._shared.run(lambda client: client.pttl(self._key))
            wait = max(wait, int(milliseconds) / 1000)
        return wait

    def acquire(self) -> Admission:
        """Admit a call that is made now, or refuse it. What is admitted must be recorded."""
        wait = self.retry_after()
        with self._lock:
            now = self._clock.monotonic()
            wait = max(wait, self._probing_until - now)
            if wait > 0:
                return Admission(False, wait)
            if self._cause is not None:
                self._probing_until = now + PROBE_SECONDS
            return Admission(True)

    def record(self, outcome: Outcome, retry_after: float | None = None) -> None:
        """Learn from a call; `retry_after` is what a 429 asked for, in seconds.

        What a call that began before the opening brings neither closes the breaker nor opens it for longer.
        """
        with self._lock:
            seconds = self._opening(outcome, retry_after or 0.0)
        if seconds:
            with suppress(RedisUnavailable):
                self._shared.run(lambda client: client.set(self._key, "1", px=int(seconds * 1000)))

    def _opening(self, outcome: Outcome, retry_after: float) -> float:
        """Take an outcome into account; return for how many seconds the breaker opens, 0 when it does not."""
        is_open = self._open_until > self._clock.monotonic()
        if outcome is Outcome.ANSWERED:
            if not is_open:
                self._close()
            return 0.0
        self._failures += 1
        cause = Outcome.REFUSED if outcome is Outcome.RESET and self._failures > 1 else outcome
        if is_open and (self._cause is cause or cause is not Outcome.REFUSED):
            return 0.0
        if cause in (Outcome.FAILED, Outcome.RESET) and self._failures < FAILURES and self._cause is None:
            return 0.0
        seconds = min(max(COOLDOWNS[cause] * 2.0**self._openings, retry_after), MAX_COOLDOWN)
        self._open(cause, seconds)
        return seconds

    def state(self) -> BreakerState:
        """What is known in this process."""
        with self._lock:
            left = max(0.0, self._open_until - self._clock.monotonic())
            return BreakerState(self._cause, left)

    def _open(self, cause: Outcome, seconds: float) -> None:
        self._openings += 1
        self._cause = cause
        self._probing_until = 0.0
        self._open_until = self._clock.monotonic() + seconds
        telemetry.gauge("search_open", 1)
        if cause is Outcome.REFUSED:
            telemetry.error(
                "search.banned",
                seconds=seconds,
                message="Recherche d'entreprises refuse les connexions de cette adresse : elle est sans doute bannie, "
                "et seule son équipe peut lever ce blocage. Les appels sont suspendus.",
            )
        else:
            telemetry.warning("search.open", cause=cause.value, seconds=seconds)

    def _close(self) -> None:
        was_open, self._cause = self._cause is not None, None
        self._failures = self._openings = 0
        self._probing_until = 0.0
        if was_open:
            telemetry.gauge("search_open", 0)
            telemetry.event("search.closed", message="Recherche d'entreprises répond de nouveau.")

    def _local_wait(self) -> float:
        return self._open_until - self._clock.monotonic()
