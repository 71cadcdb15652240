"""The sliding window that counts in a process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from prefill.sliding_window import MAX_NAMES, SlidingWindowCounter
from tests.support.clock import FakeClock


def test_the_minute_before_counts_for_the_part_of_it_that_is_less_than_a_minute_ago():
    clock = FakeClock(600.0)
    counts = SlidingWindowCounter(clock)
    assert [counts.hit("one", 10) for _ in range(10)] == [0] * 10

    clock.at += 60 + 15  # three quarters of the ten still count

    assert [counts.hit("one", 10) == 0 for _ in range(4)] == [True, True, False, False]
    assert counts.hit("another", 10) == 0


@pytest.mark.parametrize("most", [1, 5, 30])
@pytest.mark.parametrize(("begun", "later"), [(0, 0), (0, 59), (30, 20), (59, 2)])
def test_who_comes_back_when_told_is_let_in_and_not_a_second_earlier(most, begun, later):
    clock = FakeClock(600.0 + begun)
    counts = SlidingWindowCounter(clock)
    for _ in range(most):
        counts.hit("one", most)
    clock.at += later
    wait = counts.hit("one", most)
    assert wait

    clock.at += wait - 1.01
    assert counts.hit("one", most)
    clock.at += 1.01
    assert counts.hit("one", most) == 0


def test_minutes_that_count_no_more_are_forgotten_and_a_clock_that_steps_back_finds_its_own():
    clock = FakeClock(600.0)
    counts = SlidingWindowCounter(clock)
    assert [counts.hit("one", 2) for _ in range(2)] == [0, 0]
    clock.at += 60
    assert counts.hit("another", 2) == 0
    clock.at -= 1
    assert counts.hit("one", 2)
    clock.at += 120

    assert counts.hit("one", 2) == 0
    assert len(counts) == 2


def test_a_crowd_of_threads_is_counted_to_the_last():
    counts = SlidingWindowCounter(FakeClock(600.0))
    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(lambda _: counts.hit("one", 500) == 0, range(2000)))

    assert granted == 500


@pytest.mark.slow
def test_a_flood_of_addresses_fills_no_memory_for_ever():
    counts = SlidingWindowCounter(FakeClock(600.0))
    for number in range(MAX_NAMES + 100):
        counts.hit(f"{number}", 5)

    assert len(counts) == MAX_NAMES


@pytest.mark.parametrize("cost", [1, 4])
def test_who_asked_for_several_and_comes_back_when_told_is_let_in(cost):
    clock = FakeClock(615.0)
    counts = SlidingWindowCounter(clock)
    assert counts.hit("one", 5, 3) == 0
    assert counts.hit("one", 5, 2) == 0
    wait = counts.hit("one", 5, cost)

    clock.at += wait

    assert counts.hit("one", 5, cost) == 0


def test_to_look_counts_nothing():
    counts = SlidingWindowCounter(FakeClock(600.0))
    assert [counts.retry_after("one", 2) for _ in range(5)] == [0] * 5
    assert [counts.hit("one", 2) for _ in range(2)] == [0, 0]

    assert counts.retry_after("one", 2) == counts.hit("one", 2) > 0
