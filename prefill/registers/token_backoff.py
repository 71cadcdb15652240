"""Back-off of a token that API Entreprise refuses."""

from __future__ import annotations

from prefill.domain.answers import Answer, Cause, Status

TOKEN_FAILURES = 3  # refusals of a token in a row, after which it is left alone
TOKEN_REST = 5.0  # seconds
TOKEN_REFUSED = (401, 403)


class TokenBackoff:
    """Leave a token alone for a while when every call with it is refused.

    One refusal among answers is one endpoint's business; API Entreprise refuses a bad token everywhere.
    """

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last: tuple[Answer, float] | None = None

    def refusal(self, now: float) -> Answer | None:
        """Give the last refusal while the token rests."""
        answer, until = self._last or (None, 0.0)
        return answer if now < until else None

    def learn(self, answer: Answer, now: float) -> None:
        if answer.status is not Status.MISCONFIGURED or answer.http_status not in TOKEN_REFUSED:
            self._in_a_row, self._last = 0, None
            return
        self._in_a_row += 1
        if self._in_a_row >= TOKEN_FAILURES:
            self._last = (answer, now + TOKEN_REST)


def _is_the_tokens(answer: Answer) -> bool:
    """Tell what another tenant's token would not be answered."""
    return answer.status in (Status.MISCONFIGURED, Status.NOT_ENTITLED) or answer.cause is Cause.THROTTLED
