"""Leave a failing provider alone for a while, and notice when API Entreprise answers nothing at all.

A breaker is closed (calls pass), open (none does, and it costs nobody any time) or lets one probe
through. A ban by API Entreprise is silent: every call to every provider times out at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from prefill import telemetry
from prefill.sources import Answer, Cause, Status

FAILURES = 5  # in a row
REST = 10.0  # seconds
FAULTS = frozenset({Cause.TIMEOUT, Cause.UNREACHABLE, Cause.PROVIDER})
SILENCES = frozenset({Cause.TIMEOUT, Cause.UNREACHABLE})

BAN_SILENCES = 12  # calls in a row without any answer, over every provider
BAN_PROVIDERS = 2
BAN_REST = 60.0
BAN_LONGEST_REST = 900.0


def is_fault(answer: Answer) -> bool:
    """A register that says no is well; one that does not answer is not."""
    return answer.status is Status.UNAVAILABLE and answer.cause in FAULTS


def is_silence(answer: Answer) -> bool:
    return answer.status is Status.UNAVAILABLE and answer.cause in SILENCES and answer.http_status is None


@dataclass(slots=True)
class _Gate:
    """Calls pass, or none but one probe once the rest is over."""

    rest: float
    failures: int = 0
    open_until: float | None = None
    probing_until: float = 0.0

    def wait(self, now: float) -> float:
        """Give the seconds to wait; 0 lets this call through."""
        if self.open_until is None:
            return 0.0
        until = max(self.open_until, self.probing_until)
        if now < until:
            return until - now
        self.probing_until = now + self.rest
        return 0.0

    def close(self) -> None:
        self.failures, self.open_until, self.probing_until = 0, None, 0.0

    def open(self, now: float) -> None:
        self.open_until, self.probing_until = now + self.rest, 0.0


@dataclass(slots=True)
class _Silence:
    calls: int = 0
    providers: set[str] = field(default_factory=set)


class Breakers:
    """One breaker a provider, and one for all of API Entreprise."""

    def __init__(self, *, clock: Callable[[], float], rest: float = REST, ban_rest: float = BAN_REST) -> None:
        self._clock = clock
        self._rest = rest
        self._ban_rest = ban_rest
        self._lock = threading.Lock()
        self._gates: dict[str, _Gate] = {}
        self._ban = _Gate(ban_rest)
        self._silence = _Silence()

    def wait(self, producer: str) -> float:
        """Give the seconds before this provider may be called; 0 is now. The call must then be recorded."""
        with self._lock:
            now = self._clock()
            return self._ban.wait(now) if self.banned() else self._gate(producer).wait(now)

    def release(self, producer: str) -> None:
        """Give back a call that was let through and then not made."""
        with self._lock:
            self._gate(producer).probing_until = self._ban.probing_until = 0.0

    def record(self, producer: str, answer: Answer) -> None:
        """Learn from an answer that was called for."""
        with self._lock:
            now = self._clock()
            self._record_provider(producer, answer, now)
            self._record_silence(producer, answer, now)

    def open(self) -> dict[str, float]:
        """Name the providers that are left alone, and for how many seconds."""
        with self._lock:
            now = self._clock()
            return {
                name: max(0.0, one.open_until - now) for name, one in self._gates.items() if one.open_until is not None
            }

    def banned(self) -> bool:
        return self._ban.open_until is not None

    def _gate(self, producer: str) -> _Gate:
        return self._gates.setdefault(producer, _Gate(self._rest))

    def _record_provider(self, producer: str, answer: Answer, now: float) -> None:
        gate = self._gate(producer)
        was_open = gate.open_until is not None
        if not is_fault(answer):
            gate.close()
            if was_open:
                telemetry.gauge("breaker_open", 0, producer=producer)
                telemetry.event("breaker.closed", producer=producer)
            return
        gate.failures += 1
        if was_open or gate.failures >= FAILURES:
            gate.open(now)
            telemetry.gauge("breaker_open", 1, producer=producer)
            if not was_open:
                telemetry.warning("breaker.open", producer=producer, seconds=gate.rest)

    def _record_silence(self, producer: str, answer: Answer, now: float) -> None:
        if not is_silence(answer):
            self._end_ban()
            self._silence = _Silence()
            return
        self._silence.calls += 1
        self._silence.providers.add(producer)
        if self.banned():
            self._ban.rest = min(2 * self._ban.rest, BAN_LONGEST_REST)
            self._ban.open(now)
        elif self._silence.calls >= BAN_SILENCES and len(self._silence.providers) >= BAN_PROVIDERS:
            self._begin_ban(now)

    def _begin_ban(self, now: float) -> None:
        self._ban.open(now)
        telemetry.gauge("banned", 1)
        telemetry.error(
            "upstream.silent",
            message="API Entreprise ne répond plus à rien : adresse IP sans doute bannie (12 h), ou panne générale. "
            "Les appels sont suspendus, le cache sert encore.",
        )

    def _end_ban(self) -> None:
        if self.banned():
            self._ban = _Gate(self._ban_rest)
            telemetry.gauge("banned", 0)
            telemetry.event("upstream.heard", message="API Entreprise répond de nouveau.")
