"""The breaker: the first 429 stops the calls, a refused connection stops them for minutes, one probe begins again."""

import json

import pytest

from prefill import telemetry
from prefill.clock import Clock
from prefill.company_search.upstream.circuit_breaker import (
    BANNED,
    COOLDOWN,
    FAILURES,
    MAX_COOLDOWN,
    PROBE_SECONDS,
    THROTTLED,
    Outcome,
    SearchBreaker,
)
from prefill.redis_client import OptionalRedis
from tests.support.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock(1000.0)


@pytest.fixture
def breaker(clock):
    return SearchBreaker(OptionalRedis(None, clock=clock), clock=clock)


def call(breaker, outcome, retry_after=None):
    """Make a call that is over at once; tell whether it was let through."""
    if not breaker.acquire().allowed:
        return False
    breaker.record(outcome, retry_after)
    return True


def test_calls_pass_while_they_are_answered(breaker):
    assert all(call(breaker, Outcome.ANSWERED) for _ in range(20))
    assert breaker.retry_after() == 0


def test_the_first_429_stops_the_calls(breaker, clock):
    assert call(breaker, Outcome.THROTTLED)
    assert not call(breaker, Outcome.ANSWERED)
    assert breaker.retry_after() == THROTTLED
    clock.at += THROTTLED
    assert call(breaker, Outcome.ANSWERED)
    assert call(breaker, Outcome.ANSWERED)


def test_a_429_is_waited_for_as_long_as_it_asks_and_never_less(breaker, clock):
    call(breaker, Outcome.THROTTLED, 60.0)
    assert breaker.retry_after() == 60
    clock.at += 60
    call(breaker, Outcome.THROTTLED, 1.0)
    assert breaker.retry_after() == 2 * THROTTLED


def test_a_refused_connection_is_a_ban_and_the_operator_is_told(breaker, clock, capsys):
    telemetry.configure("json")
    call(breaker, Outcome.REFUSED)
    assert breaker.retry_after() == BANNED
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["level"]) == ("search.banned", "error")
    assert breaker.state().cause is Outcome.REFUSED


def test_one_closed_connection_is_not_a_ban_and_two_are(breaker, clock):
    call(breaker, Outcome.RESET)
    assert breaker.retry_after() == 0
    call(breaker, Outcome.RESET)
    assert breaker.retry_after() == BANNED


def test_failures_in_a_row_open_it_for_seconds(breaker):
    for _ in range(FAILURES - 1):
        call(breaker, Outcome.FAILED)
    call(breaker, Outcome.ANSWERED)
    for _ in range(FAILURES):
        assert breaker.retry_after() == 0
        call(breaker, Outcome.FAILED)
    assert breaker.retry_after() == COOLDOWN


def test_one_probe_passes_at_a_time(breaker, clock):
    call(breaker, Outcome.THROTTLED)
    clock.at += THROTTLED
    assert breaker.acquire().allowed
    assert not breaker.acquire().allowed
    clock.at += PROBE_SECONDS
    assert breaker.acquire().allowed  # the first was lost


def test_probes_that_fail_wait_longer_each_time(breaker, clock):
    waits = []
    for _ in range(12):
        call(breaker, Outcome.REFUSED)
        waits.append(breaker.retry_after())
        clock.at += waits[-1]
    assert waits[:3] == [BANNED, 2 * BANNED, 4 * BANNED]
    assert waits[-1] == MAX_COOLDOWN


def test_calls_that_began_before_neither_close_it_nor_open_it_for_longer(breaker):
    assert all(breaker.acquire().allowed for _ in range(4))
    breaker.record(Outcome.THROTTLED)
    breaker.record(Outcome.ANSWERED)
    breaker.record(Outcome.THROTTLED)
    breaker.record(Outcome.FAILED)
    assert breaker.retry_after() == THROTTLED


def test_a_ban_shows_through_a_429(breaker):
    assert all(breaker.acquire().allowed for _ in range(2))
    breaker.record(Outcome.THROTTLED)
    breaker.record(Outcome.REFUSED)
    assert breaker.state().cause is Outcome.REFUSED


def test_processes_learn_of_it_through_redis(redis_server):
    one, other = (SearchBreaker(OptionalRedis(redis_server.url, clock=Clock()), clock=Clock()) for _ in range(2))
    call(one, Outcome.REFUSED)
    assert not other.acquire().allowed
    assert BANNED - 10 < other.retry_after() <= BANNED
