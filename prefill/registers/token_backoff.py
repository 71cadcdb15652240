"""Back-off of a token that API Entreprise refuses.

A single refusal among other answers concerns one endpoint; a bad token is refused everywhere, one call
after the other. After `TOKEN_FAILURES` of those in a row no call is made with it for `TOKEN_BACKOFF` seconds.
"""

from __future__ import annotations

from prefill.domain.answers import Answer, Status
from prefill.registers.admission import Admission

TOKEN_FAILURES = 3  # in a row
TOKEN_BACKOFF = 5.0  # seconds
TOKEN_STATUSES = (401, 403)


class TokenBackoff:
    """Counts the refusals of one token. Times are those of a monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._until = 0.0
        self.refusal: Answer | None = None  # the answer that stands for calls which are not made

    def admit(self, now: float) -> Admission:
        wait = self._until - now
        return Admission(wait <= 0, max(0.0, wait))

    def record(self, answer: Answer, now: float) -> None:
        """Learn from the answer to a call that was made."""
        if answer.status is not Status.MISCONFIGURED or answer.http_status not in TOKEN_STATUSES:
            self._failures, self._until = 0, 0.0
            return
        self._failures += 1
        if self._failures >= TOKEN_FAILURES:
            self.refusal, self._until = answer, now + TOKEN_BACKOFF
