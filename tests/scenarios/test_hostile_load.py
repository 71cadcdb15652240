"""Short forms of the programs of `tools/hostile`: how many threads, no answer lost, none of ours 5xx."""

from __future__ import annotations

import sys

import pytest

from tools.hostile.oracle import presence
from tools.hostile.scenarios import killed_worker, silent_clients, slow_bodies, slow_candidates, streams

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc"),
]
THREADS = 256


def test_more_slow_candidates_than_threads_lose_no_answer():
    figures = slow_candidates(120, latency=1500, threads=THREADS, seconds=20.0)

    assert set(figures.statuses) == {200}
    assert figures.complete > 0
    assert figures.threads < THREADS
    assert figures.held


def test_health_answers_beside_more_streams_than_the_process_takes():
    figures = streams(80, seconds=8.0)

    assert set(figures.statuses) == {200}
    assert figures.held


def test_silent_clients_are_closed_and_others_answered():
    figures = silent_clients(300, seconds=30.0)

    assert figures.still_open == 0
    assert figures.held


def test_slow_bodies_leave_threads_to_others():
    figures = slow_bodies(100, seconds=6.0)

    assert figures.held


def test_when_a_worker_is_killed_the_other_answers():
    figures = killed_worker(2, seconds=9.0)

    assert figures.health.answers > 0
    assert figures.health.failed <= 5  # what the killed one was answering


def test_an_observer_of_the_service_guesses_no_better_than_chance_who_was_asked_for():
    """A machine that is busy elsewhere may disturb one round; an oracle is right in every round."""
    assert any(presence(100).held for _ in range(3))
