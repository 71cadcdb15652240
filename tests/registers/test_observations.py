"""What the upstream's answers say of our side."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from prefill.domain.answers import Answer, Status
from prefill.domain.dates import PARIS
from prefill.registers.observations import SAMPLES, Observations, Observed

NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)


def dated(observations: Observations, *seconds: float) -> None:
    for ahead in seconds:
        observations.record_date(format_datetime(NOW), NOW + timedelta(seconds=ahead))


def test_nothing_is_known_before_the_first_answer():
    assert Observations().snapshot() == Observed()


def test_a_source_refused_to_the_habilitation_is_known_until_it_answers():
    observations = Observations()
    observations.record(Answer("exercices", Status.NOT_ENTITLED))
    observations.record(Answer("cotisations_msa", Status.NOT_ENTITLED))
    observations.record(Answer("exercices", Status.UNAVAILABLE))
    assert observations.snapshot().not_entitled == ("cotisations_msa", "exercices")

    observations.record(Answer("exercices", Status.ABSENT))
    assert observations.snapshot().not_entitled == ("cotisations_msa",)


def test_the_skew_is_the_smallest_of_the_last_answers():
    observations = Observations()
    dated(observations, 90, 92, 3600)
    assert observations.snapshot().clock_skew == 90

    dated(observations, *[0.5] * SAMPLES)
    assert observations.snapshot().clock_skew == 0.5


@pytest.mark.parametrize("date", [None, "", "hier", "Mon, 23 Nov 2026 10:00:00"])
def test_a_date_that_says_nothing_is_left_aside(date):
    observations = Observations()
    observations.record_date(date, NOW)

    assert observations.snapshot().clock_skew is None
