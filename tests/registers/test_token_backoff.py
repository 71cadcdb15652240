"""The back-off of a token that API Entreprise refuses."""

import pytest

from prefill.domain.answers import Answer, Status
from prefill.registers.token_backoff import TOKEN_BACKOFF, TOKEN_FAILURES, TokenBackoff

REFUSED = Answer("etablissements", Status.MISCONFIGURED, http_status=401)
OTHERS = [Answer("etablissements", Status.OK), Answer("etablissements", Status.MISCONFIGURED, http_status=422)]


def refuse(backoff, times, now=0.0):
    for _ in range(times):
        backoff.record(REFUSED, now)


def test_calls_are_made_until_the_token_was_refused_several_times_in_a_row():
    backoff = TokenBackoff()
    refuse(backoff, TOKEN_FAILURES - 1)
    assert backoff.admit(0.0).allowed
    refuse(backoff, 1)

    assert not backoff.admit(0.0).allowed
    assert backoff.admit(1.0).retry_after == TOKEN_BACKOFF - 1.0
    assert backoff.refusal is REFUSED


def test_one_call_is_tried_when_the_time_is_over_and_a_refusal_closes_again():
    backoff = TokenBackoff()
    refuse(backoff, TOKEN_FAILURES)
    assert backoff.admit(TOKEN_BACKOFF).allowed
    refuse(backoff, 1, now=TOKEN_BACKOFF)

    assert not backoff.admit(TOKEN_BACKOFF).allowed


@pytest.mark.parametrize("answer", OTHERS, ids=["an answer", "a refusal of the buyer's number"])
def test_anything_else_than_a_refusal_of_the_token_forgets_the_refusals(answer):
    backoff = TokenBackoff()
    refuse(backoff, TOKEN_FAILURES)
    backoff.record(answer, 0.0)

    assert backoff.admit(0.0).allowed
