"""Circuit breakers: a failing provider is not called, a ban is recognised, and both end as soon as they can."""

from __future__ import annotations

import json
import math

import pytest

from prefill import telemetry
from prefill.domain.answers import Answer, Cause, Status
from prefill.registers.circuit_breaker import API_SILENCE_CALLS, COOLDOWN, FAILURES, MAX_COOLDOWN, CircuitBreakers
from tests.support.clock import FakeClock

RCS = "Infogreffe"
OTHERS = ("Insee", "INPI")


def answer(cause=None, status=Status.UNAVAILABLE, http_status=None):
    return Answer("extraits_rcs_infogreffe", status, cause=cause, http_status=http_status)


OK = answer(status=Status.OK, http_status=200)
ABSENT = answer(status=Status.ABSENT, http_status=404)
TIMEOUT = answer(Cause.TIMEOUT)
RESET = answer(Cause.UNREACHABLE)
BROKEN = answer(Cause.PROVIDER, http_status=502)


@pytest.fixture
def clock():
    return FakeClock(1000.0)


@pytest.fixture
def breakers(clock):
    return CircuitBreakers(clock=clock)


@pytest.fixture
def events(capsys):
    """What was logged since the last look."""
    telemetry.configure("json")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def call(breakers, result, producer=RCS):
    """Make a call that is over at once; tell whether it was let through."""
    permit = breakers.acquire(producer)
    if not permit.allowed:
        return False
    breakers.record(producer, permit, result)
    return True


def break_it(breakers, result=BROKEN):
    for _ in range(FAILURES):
        assert call(breakers, result)


@pytest.mark.parametrize("result", [TIMEOUT, RESET, BROKEN])
def test_failures_in_a_row_open_the_breaker(breakers, result):
    break_it(breakers, result)

    assert not call(breakers, OK)
    assert breakers.retry_after(RCS) == pytest.approx(COOLDOWN)
    assert breakers.open() == {RCS: pytest.approx(COOLDOWN)}


@pytest.mark.parametrize(
    "result",
    [
        OK,
        ABSENT,
        answer(status=Status.WITHHELD, http_status=451),
        answer(status=Status.NOT_ENTITLED, http_status=403),
        answer(status=Status.MISCONFIGURED, http_status=401),
        answer(Cause.THROTTLED, http_status=429),
        answer(Cause.CONFLICT, http_status=409),
        answer(Cause.REJECTED, http_status=422),
        answer(Cause.UNREADABLE, http_status=200),
    ],
)
def test_what_is_not_a_failure_never_opens_it(breakers, result):
    for _ in range(50):
        assert call(breakers, result)


@pytest.mark.parametrize("result", [OK, ABSENT])
def test_failures_that_are_not_in_a_row_leave_it_closed(breakers, result):
    for _ in range(20):
        for _ in range(FAILURES - 1):
            assert call(breakers, BROKEN)
        assert call(breakers, result)


def test_a_refusal_of_the_gateway_tells_nothing_of_the_provider(breakers):
    for _ in range(FAILURES):
        call(breakers, answer(Cause.THROTTLED, http_status=429))
        call(breakers, BROKEN)

    assert not call(breakers, OK)


def test_the_breaker_of_one_provider_concerns_no_other(breakers):
    break_it(breakers)

    assert call(breakers, OK, "Insee")


def test_one_probe_alone_goes_through_after_the_cooldown(breakers, clock):
    break_it(breakers)
    clock.at += COOLDOWN
    probe = breakers.acquire(RCS)

    assert (probe.allowed, probe.probe is None) == (True, False)
    assert not breakers.acquire(RCS).allowed


def test_a_probe_that_is_answered_closes_it(breakers, clock, events):
    break_it(breakers)
    clock.at += COOLDOWN

    assert call(breakers, ABSENT)
    assert call(breakers, OK)
    assert breakers.open() == {}
    assert [one["event"] for one in events()] == ["breaker.open", "breaker.closed"]


def test_a_probe_that_fails_begins_another_cooldown(breakers, clock):
    break_it(breakers)
    clock.at += COOLDOWN

    assert call(breakers, BROKEN)
    assert breakers.retry_after(RCS) == pytest.approx(COOLDOWN)


def test_a_provider_healed_while_a_probe_hung_is_noticed_within_one_cooldown(breakers, clock):
    break_it(breakers)
    clock.at += COOLDOWN
    probe, began = breakers.acquire(RCS), clock.at
    clock.at += 5
    breakers.record(RCS, probe, TIMEOUT)

    assert clock.at + breakers.retry_after(RCS) == pytest.approx(began + COOLDOWN)


def test_calls_begun_before_it_opened_do_not_make_the_cooldown_longer(breakers, clock):
    stragglers = [breakers.acquire(RCS) for _ in range(10)]
    clock.at += 3
    break_it(breakers)
    until = clock.at + COOLDOWN
    clock.at += 4
    for one in stragglers:
        breakers.record(RCS, one, TIMEOUT)

    assert clock.at + breakers.retry_after(RCS) == pytest.approx(until)


def test_a_probe_that_was_not_made_is_given_back(breakers, clock):
    break_it(breakers)
    clock.at += COOLDOWN
    breakers.cancel(breakers.acquire(RCS))

    assert call(breakers, OK)


def test_who_was_let_through_before_gives_no_probe_of_others_back(breakers, clock):
    early = breakers.acquire(RCS)
    break_it(breakers)
    clock.at += COOLDOWN
    breakers.acquire(RCS)
    breakers.cancel(early)

    assert not breakers.acquire(RCS).allowed


def test_a_probe_answered_by_the_gateway_alone_is_made_again_at_once(breakers, clock):
    break_it(breakers)
    clock.at += COOLDOWN

    assert call(breakers, answer(Cause.THROTTLED, http_status=429))
    assert call(breakers, OK)
    assert breakers.open() == {}


def test_a_probe_that_is_never_recorded_does_not_keep_it_open_for_ever(breakers, clock):
    break_it(breakers)
    clock.at += COOLDOWN
    breakers.acquire(RCS)
    clock.at += COOLDOWN

    assert call(breakers, OK)


def fall_silent(breakers, result=TIMEOUT):
    for turn in range(API_SILENCE_CALLS):
        call(breakers, result, OTHERS[turn % 2])


@pytest.mark.parametrize("result", [TIMEOUT, RESET])
def test_silence_on_all_sides_is_a_ban(breakers, events, result):
    fall_silent(breakers, result)

    assert breakers.api_silent()
    assert not call(breakers, OK, "a provider never called")
    [said] = [one for one in events() if one["event"] == "upstream.silent"]
    assert said["level"] == "error"
    assert "bannie" in said["message"]


def test_the_silence_of_one_provider_is_its_own(breakers):
    for _ in range(5 * API_SILENCE_CALLS):
        call(breakers, TIMEOUT)

    assert not breakers.api_silent()


@pytest.mark.parametrize("result", [OK, ABSENT, BROKEN])
def test_any_answer_between_means_that_we_are_not_banned(breakers, clock, result):
    for _ in range(20):
        clock.at += COOLDOWN
        for producer in OTHERS:
            call(breakers, TIMEOUT, producer)
        call(breakers, result, "another")

    assert not breakers.api_silent()


def test_the_probes_of_a_ban_are_few_and_fewer(breakers, clock):
    fall_silent(breakers)
    probes = []
    for second in range(3600):
        clock.at += 1
        for producer in (*OTHERS, RCS):
            probes += [second] * call(breakers, TIMEOUT, producer)

    assert len(probes) < 10
    assert MAX_COOLDOWN - 2 <= probes[-1] - probes[-2] <= MAX_COOLDOWN + 2


def test_calls_begun_before_the_ban_do_not_make_it_longer(breakers):
    stragglers = [breakers.acquire("another") for _ in range(64)]
    fall_silent(breakers)
    for one in stragglers:
        breakers.record("another", one, TIMEOUT)

    assert breakers.retry_after("another") == pytest.approx(COOLDOWN)


def test_the_first_answer_ends_a_ban(breakers, clock, events):
    fall_silent(breakers)
    clock.at += COOLDOWN

    assert call(breakers, ABSENT)
    assert not breakers.api_silent()
    assert call(breakers, OK, "another")
    assert events()[-1]["event"] == "upstream.heard"


def test_breakers_that_never_open():
    breakers = CircuitBreakers(clock=FakeClock(0.0), failures=math.inf, silences=math.inf)

    assert all(call(breakers, TIMEOUT, producer) for producer in OTHERS * 50)
    assert breakers.open() == {}
