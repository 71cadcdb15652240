"""Leave a failing provider alone for a while, and notice when API Entreprise answers nothing at all.

A breaker is closed (calls pass), open (none does, and it costs nobody any time) or lets one probe
through. A ban by API Entreprise is silent: every call to every provider times out at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from prefill import telemetry
from prefill.domain.answers import Answer, Cause, Status

FAILURES = 5  # in a row
REST = 10.0  # seconds from the beginning of a call that failed to the next one
FAULTS = frozenset({Cause.TIMEOUT, Cause.UNREACHABLE, Cause.PROVIDER})
SILENCES = frozenset({Cause.TIMEOUT, Cause.UNREACHABLE})
# What API Entreprise itself refuses says nothing of the register behind it.
GATEWAYS_OWN = frozenset({Cause.THROTTLED, Cause.CONFLICT, Cause.REJECTED})
GATEWAYS_STATUSES = frozenset({Status.MISCONFIGURED, Status.NOT_ENTITLED})

BAN_SILENCES = 8  # calls in a row without any answer, over every provider
BAN_PROVIDERS = 2
BAN_LONGEST_REST = 900.0  # the rest doubles with each probe that stays without an answer


def is_fault(answer: Answer) -> bool:
    """A register that says no is well; one that does not answer is not."""
    return answer.status is Status.UNAVAILABLE and answer.cause in FAULTS


def is_silence(answer: Answer) -> bool:
    return answer.status is Status.UNAVAILABLE and answer.cause in SILENCES and answer.http_status is None


def is_the_gateways(answer: Answer) -> bool:
    return answer.status in GATEWAYS_STATUSES or answer.cause in GATEWAYS_OWN


@dataclass(slots=True)
class Breaker:
    """Calls pass, or none but one probe once the rest is over."""

    rest: float
    failures: int = 0
    open_until: float | None = None
    probing_until: float = 0.0

    def wait(self, now: float) -> float:
        return 0.0 if self.open_until is None else max(0.0, self.open_until - now, self.probing_until - now)

    def open(self, until: float) -> None:
        self.open_until = max(self.open_until or 0.0, until)


@dataclass(frozen=True, slots=True)
class Permit:
    """A call that was let through at a time, or `wait` seconds to go; `probe` is the open gate it tries."""

    wait: float
    at: float
    probe: Breaker | None = None


@dataclass(slots=True)
class _Silence:
    calls: int = 0
    providers: set[str] = field(default_factory=set)


class CircuitBreakers:
    """One breaker a provider, and one for all of API Entreprise; `failures` in a row open the first."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        rest: float = REST,
        failures: float = FAILURES,
        silences: float = BAN_SILENCES,
    ) -> None:
        self._clock = clock
        self._rest = rest
        self._failures = failures
        self._silences = silences
        self._lock = threading.Lock()
        self._gates: dict[str, Breaker] = {}
        self._ban = Breaker(rest)
        self._silence = _Silence()

    def wait(self, producer: str) -> float:
        """Give the seconds before this provider may be called; 0 is now."""
        with self._lock:
            return self._guard(producer).wait(self._clock())

    def enter(self, producer: str) -> Permit:
        """Let a call through, or say how long to wait. One let through is then recorded, or left."""
        with self._lock:
            now = self._clock()
            gate = self._guard(producer)
            wait = gate.wait(now)
            if wait > 0 or gate.open_until is None:
                return Permit(wait, now)
            gate.probing_until = now + gate.rest
            return Permit(0.0, now, gate)

    def leave(self, passage: Permit) -> None:
        """Give back a passage that was not used."""
        with self._lock:
            if passage.probe:
                passage.probe.probing_until = 0.0

    def record(self, producer: str, passage: Permit, answer: Answer) -> None:
        """Learn from an answer that was called for."""
        self.leave(passage)
        with self._lock:
            self._record_provider(producer, passage, answer)
            self._record_silence(producer, passage, answer)

    def open(self) -> dict[str, float]:
        """Name the providers that are left alone, and for how many seconds."""
        with self._lock:
            now = self._clock()
            return {name: one.wait(now) for name, one in self._gates.items() if one.open_until is not None}

    def banned(self) -> bool:
        return self._ban.open_until is not None

    def _guard(self, producer: str) -> Breaker:
        return self._ban if self.banned() else self._gates.setdefault(producer, Breaker(self._rest))

    def _record_provider(self, producer: str, passage: Permit, answer: Answer) -> None:
        """The rest is counted from the call's beginning: a provider healed since is noticed within one rest."""
        gate = self._gates.setdefault(producer, Breaker(self._rest))
        was_open = gate.open_until is not None
        if is_the_gateways(answer):
            return
        if not is_fault(answer):
            self._gates[producer] = Breaker(self._rest)
            if was_open:
                telemetry.gauge("breaker_open", 0, producer=producer)
                telemetry.event("breaker.closed", producer=producer)
            return
        gate.failures += 1
        if gate.failures < self._failures:
            return
        gate.open(passage.at + gate.rest)
        telemetry.gauge("breaker_open", 1, producer=producer)
        if not was_open:
            telemetry.warning("breaker.open", producer=producer, seconds=gate.rest)

    def _record_silence(self, producer: str, passage: Permit, answer: Answer) -> None:
        if not is_silence(answer):
            self._end_ban()
            self._silence = _Silence()
            return
        self._silence.calls += 1
        self._silence.providers.add(producer)
        if self.banned():
            self._stay_banned(passage)
        elif self._silence.calls >= self._silences and len(self._silence.providers) >= BAN_PROVIDERS:
            self._begin_ban()

    def _stay_banned(self, passage: Permit) -> None:
        """Only a probe tells that the ban lasts: the others were called before it was known."""
        if passage.probe is self._ban:
            self._ban.rest = min(2 * self._ban.rest, BAN_LONGEST_REST)
            self._ban.open(self._clock() + self._ban.rest)

    def _begin_ban(self) -> None:
        self._ban.open(self._clock() + self._ban.rest)
        telemetry.gauge("banned", 1)
        telemetry.error(
            "upstream.silent",
            message="API Entreprise ne répond plus à rien : adresse IP sans doute bannie (12 h), ou panne générale. "
            "Les appels sont suspendus, le cache sert encore.",
        )

    def _end_ban(self) -> None:
        if self.banned():
            self._ban = Breaker(self._rest)
            telemetry.gauge("banned", 0)
            telemetry.event("upstream.heard", message="API Entreprise répond de nouveau.")
