"""Circuit breakers: one per provider, and one for API Entreprise as a whole.

A breaker is closed (calls pass), open (calls are refused at once) or half-open (one probe passes after the
cooldown). A ban by API Entreprise is silent: calls to every provider time out, which opens the general one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from prefill import telemetry
from prefill.clock import Clock
from prefill.domain.answers import Answer, Cause, Status
from prefill.registers.admission import Admission

FAILURES = 5  # in a row
COOLDOWN = 10.0  # seconds from the beginning of a call that failed to the next one
FAILURE_CAUSES = frozenset({Cause.TIMEOUT, Cause.UNREACHABLE, Cause.PROVIDER})
SILENCE_CAUSES = frozenset({Cause.TIMEOUT, Cause.UNREACHABLE})
# What API Entreprise itself refuses says nothing of the register behind it.
GATEWAY_CAUSES = frozenset({Cause.THROTTLED, Cause.CONFLICT, Cause.REJECTED})
GATEWAY_STATUSES = frozenset({Status.MISCONFIGURED, Status.NOT_ENTITLED})

API_SILENCE_CALLS = 8  # calls in a row without any answer, over every provider
API_SILENCE_PROVIDERS = 2
MAX_COOLDOWN = 900.0  # seconds; the general cooldown doubles with each probe that is not answered


def is_failure(answer: Answer) -> bool:
    """Whether the provider failed; a refusal is an answer."""
    return answer.status is Status.UNAVAILABLE and answer.cause in FAILURE_CAUSES


def is_silence(answer: Answer) -> bool:
    return answer.status is Status.UNAVAILABLE and answer.cause in SILENCE_CAUSES and answer.http_status is None


def is_from_gateway(answer: Answer) -> bool:
    return answer.status in GATEWAY_STATUSES or answer.cause in GATEWAY_CAUSES


@dataclass(slots=True)
class Breaker:
    """The state of one breaker; times are those of a monotonic clock."""

    cooldown: float
    failures: int = 0
    open_until: float | None = None
    probing_until: float = 0.0

    def retry_after(self, now: float) -> float:
        return 0.0 if self.open_until is None else max(0.0, self.open_until - now, self.probing_until - now)

    def open(self, until: float) -> None:
        self.open_until = max(self.open_until or 0.0, until)


@dataclass(frozen=True, slots=True)
class Permit(Admission):
    """An admission given at a time; `probe` is the half-open breaker that this call tests."""

    at: float = 0.0
    probe: Breaker | None = None


@dataclass(slots=True)
class _Silence:
    calls: int = 0
    providers: set[str] = field(default_factory=set)


class CircuitBreakers:
    """The breakers of a process, shared by all its tenants.

    `failures` in a row open a provider's breaker; `silences` calls in a row without any answer, over several
    providers, open the general one (`api_silence`).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        cooldown: float = COOLDOWN,
        failures: float = FAILURES,
        silences: float = API_SILENCE_CALLS,
    ) -> None:
        self._clock = clock
        self._cooldown = cooldown
        self._failures = failures
        self._silences = silences
        self._lock = threading.Lock()
        self._breakers: dict[str, Breaker] = {}
        self._api_breaker = Breaker(cooldown)
        self._silence = _Silence()

    def retry_after(self, producer: str) -> float:
        """In how many seconds this provider may be called; 0 is now."""
        with self._lock:
            return self._breaker(producer).retry_after(self._clock.monotonic())

    def acquire(self, producer: str) -> Permit:
        """Admit a call or refuse it. A permit that is given must be recorded, or cancelled."""
        with self._lock:
            now = self._clock.monotonic()
            breaker = self._breaker(producer)
            wait = breaker.retry_after(now)
            if wait > 0 or breaker.open_until is None:
                return Permit(wait <= 0, wait, now)
            breaker.probing_until = now + breaker.cooldown
            return Permit(True, 0.0, now, breaker)

    def cancel(self, permit: Permit) -> None:
        """Give back a permit for a call that was not made."""
        with self._lock:
            if permit.probe:
                permit.probe.probing_until = 0.0

    def record(self, producer: str, permit: Permit, answer: Answer) -> None:
        """Learn from the answer to a call that was made."""
        self.cancel(permit)
        with self._lock:
            self._record_provider(producer, permit, answer)
            self._record_silence(producer, permit, answer)

    def open(self) -> dict[str, float]:
        """The providers whose breaker is open, with the seconds before the next probe."""
        with self._lock:
            now = self._clock.monotonic()
            return {
                name: breaker.retry_after(now)
                for name, breaker in self._breakers.items()
                if breaker.open_until is not None
            }

    def api_silent(self) -> bool:
        """Whether API Entreprise answers nothing at all: a ban of our address, or a general outage."""
        return self._api_breaker.open_until is not None

    def _breaker(self, producer: str) -> Breaker:
        return self._api_breaker if self.api_silent() else self._provider(producer)

    def _provider(self, producer: str) -> Breaker:
        return self._breakers.setdefault(producer, Breaker(self._cooldown))

    def _record_provider(self, producer: str, permit: Permit, answer: Answer) -> None:
        """Count the cooldown from the call's beginning: a recovery since then is noticed within one cooldown."""
        breaker = self._provider(producer)
        was_open = breaker.open_until is not None
        if is_from_gateway(answer):
            return
        if not is_failure(answer):
            self._breakers[producer] = Breaker(self._cooldown)
            if was_open:
                telemetry.gauge("breaker_open", 0, producer=producer)
                telemetry.event("breaker.closed", producer=producer)
            return
        breaker.failures += 1
        if breaker.failures < self._failures:
            return
        breaker.open(permit.at + breaker.cooldown)
        telemetry.gauge("breaker_open", 1, producer=producer)
        if not was_open:
            telemetry.warning("breaker.open", producer=producer, seconds=breaker.cooldown)

    def _record_silence(self, producer: str, permit: Permit, answer: Answer) -> None:
        if not is_silence(answer):
            self._end_api_silence()
            self._silence = _Silence()
            return
        self._silence.calls += 1
        self._silence.providers.add(producer)
        if self.api_silent():
            self._extend_api_silence(permit)
        elif self._silence.calls >= self._silences and len(self._silence.providers) >= API_SILENCE_PROVIDERS:
            self._begin_api_silence()

    def _extend_api_silence(self, permit: Permit) -> None:
        """Only a probe shows that the silence lasts: other calls began before it was known."""
        if permit.probe is self._api_breaker:
            self._api_breaker.cooldown = min(2 * self._api_breaker.cooldown, MAX_COOLDOWN)
            self._api_breaker.open(self._clock.monotonic() + self._api_breaker.cooldown)

    def _begin_api_silence(self) -> None:
        self._api_breaker.open(self._clock.monotonic() + self._api_breaker.cooldown)
        telemetry.gauge("banned", 1)
        telemetry.error(
            "upstream.silent",
            message="API Entreprise ne répond plus à rien : adresse IP sans doute bannie (12 h), ou panne générale. "
            "Les appels sont suspendus, le cache sert encore.",
        )

    def _end_api_silence(self) -> None:
        if self.api_silent():
            self._api_breaker = Breaker(self._cooldown)
            telemetry.gauge("banned", 0)
            telemetry.event("upstream.heard", message="API Entreprise répond de nouveau.")
