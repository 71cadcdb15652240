"""Scores that halve as time goes by."""

from __future__ import annotations

from prefill.decaying_scores import HALF_LIFE, MAX_REMEMBERED, MEMORY_SECONDS, DecayingScores
from tests.support.clock import FakeClock


def test_a_score_halves_as_time_goes_by_and_each_name_has_its_own():
    clock = FakeClock()
    scores = DecayingScores(clock)
    assert scores.add("a", 4.0) == 4.0

    clock.at += HALF_LIFE

    assert (scores.of("a"), scores.of("b")) == (2.0, 0.0)
    assert scores.add("a") == 3.0


def test_the_names_that_were_seen_last_are_remembered():
    scores = DecayingScores(FakeClock())
    for rank in range(MAX_REMEMBERED + 1):
        scores.add(str(rank))

    assert (scores.of("0"), scores.of(str(MAX_REMEMBERED))) == (0.0, 1.0)


def test_a_name_that_adds_nothing_is_forgotten_after_ten_minutes():
    clock = FakeClock()
    scores = DecayingScores(clock)
    for rank in range(100):
        scores.add(str(rank))
    clock.at += MEMORY_SECONDS - 1
    scores.add("0")
    clock.at += 1

    assert (scores.of("1"), scores.of("0") > 0, len(scores)) == (0.0, True, 1)
