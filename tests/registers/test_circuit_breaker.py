"""The breakers: a failing provider is left alone, a ban is recognised, and both are over as soon as they can be."""

from __future__ import annotations

import json
import math

import pytest

from prefill import telemetry
from prefill.domain.answers import Answer, Cause, Status
from prefill.registers.circuit_breaker import BAN_LONGEST_REST, BAN_SILENCES, FAILURES, REST, CircuitBreakers
from tests.support.redis_server import Clock

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
    return Clock(1000.0)


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
    passage = breakers.enter(producer)
    if passage.wait > 0:
        return False
    breakers.record(producer, passage, result)
    return True


def break_it(breakers, result=BROKEN):
    for _ in range(FAILURES):
        assert call(breakers, result)


@pytest.mark.parametrize("result", [TIMEOUT, RESET, BROKEN])
def test_failures_in_a_row_open_the_breaker(breakers, result):
    break_it(breakers, result)

    assert not call(breakers, OK)
    assert breakers.wait(RCS) == pytest.approx(REST)
    assert breakers.open() == {RCS: pytest.approx(REST)}


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


def test_a_provider_that_is_down_takes_no_other_with_it(breakers):
    break_it(breakers)

    assert call(breakers, OK, "Insee")


def test_one_probe_alone_goes_through_after_the_rest(breakers, clock):
    break_it(breakers)
    clock.at += REST
    probe = breakers.enter(RCS)

    assert (probe.wait, probe.probe is None) == (0, False)
    assert breakers.enter(RCS).wait > 0


def test_a_probe_that_is_answered_closes_it(breakers, clock, events):
    break_it(breakers)
    clock.at += REST

    assert call(breakers, ABSENT)
    assert call(breakers, OK)
    assert breakers.open() == {}
    assert [one["event"] for one in events()] == ["breaker.open", "breaker.closed"]


def test_a_probe_that_fails_begins_another_rest(breakers, clock):
    break_it(breakers)
    clock.at += REST

    assert call(breakers, BROKEN)
    assert breakers.wait(RCS) == pytest.approx(REST)


def test_a_provider_healed_while_a_probe_hung_is_noticed_within_one_rest(breakers, clock):
    break_it(breakers)
    clock.at += REST
    probe, began = breakers.enter(RCS), clock.at
    clock.at += 5
    breakers.record(RCS, probe, TIMEOUT)

    assert clock.at + breakers.wait(RCS) == pytest.approx(began + REST)


def test_calls_begun_before_it_opened_do_not_make_the_rest_longer(breakers, clock):
    stragglers = [breakers.enter(RCS) for _ in range(10)]
    clock.at += 3
    break_it(breakers)
    until = clock.at + REST
    clock.at += 4
    for one in stragglers:
        breakers.record(RCS, one, TIMEOUT)

    assert clock.at + breakers.wait(RCS) == pytest.approx(until)


def test_a_probe_that_was_not_made_is_given_back(breakers, clock):
    break_it(breakers)
    clock.at += REST
    breakers.leave(breakers.enter(RCS))

    assert call(breakers, OK)


def test_who_was_let_through_before_gives_no_probe_of_others_back(breakers, clock):
    early = breakers.enter(RCS)
    break_it(breakers)
    clock.at += REST
    breakers.enter(RCS)
    breakers.leave(early)

    assert breakers.enter(RCS).wait > 0


def test_a_probe_answered_by_the_gateway_alone_is_made_again_at_once(breakers, clock):
    break_it(breakers)
    clock.at += REST

    assert call(breakers, answer(Cause.THROTTLED, http_status=429))
    assert call(breakers, OK)
    assert breakers.open() == {}


def test_a_probe_lost_without_a_word_does_not_close_the_door_for_ever(breakers, clock):
    break_it(breakers)
    clock.at += REST
    breakers.enter(RCS)
    clock.at += REST

    assert call(breakers, OK)


# -- a ban ------------------------------------------------------------------------------------------


def fall_silent(breakers, result=TIMEOUT):
    for turn in range(BAN_SILENCES):
        call(breakers, result, OTHERS[turn % 2])


@pytest.mark.parametrize("result", [TIMEOUT, RESET])
def test_silence_on_all_sides_is_a_ban(breakers, events, result):
    fall_silent(breakers, result)

    assert breakers.banned()
    assert not call(breakers, OK, "a provider never called")
    [said] = [one for one in events() if one["event"] == "upstream.silent"]
    assert said["level"] == "error"
    assert "bannie" in said["message"]


def test_the_silence_of_one_provider_is_its_own(breakers):
    for _ in range(5 * BAN_SILENCES):
        call(breakers, TIMEOUT)

    assert not breakers.banned()


@pytest.mark.parametrize("result", [OK, ABSENT, BROKEN])
def test_any_answer_between_means_that_we_are_not_banned(breakers, clock, result):
    for _ in range(20):
        clock.at += REST
        for producer in OTHERS:
            call(breakers, TIMEOUT, producer)
        call(breakers, result, "another")

    assert not breakers.banned()


def test_the_probes_of_a_ban_are_few_and_fewer(breakers, clock):
    fall_silent(breakers)
    probes = []
    for second in range(3600):
        clock.at += 1
        for producer in (*OTHERS, RCS):
            probes += [second] * call(breakers, TIMEOUT, producer)

    assert len(probes) < 10
    assert BAN_LONGEST_REST - 2 <= probes[-1] - probes[-2] <= BAN_LONGEST_REST + 2


def test_calls_begun_before_the_ban_do_not_make_it_longer(breakers):
    stragglers = [breakers.enter("another") for _ in range(64)]
    fall_silent(breakers)
    for one in stragglers:
        breakers.record("another", one, TIMEOUT)

    assert breakers.wait("another") == pytest.approx(REST)


def test_the_first_answer_ends_a_ban(breakers, clock, events):
    fall_silent(breakers)
    clock.at += REST

    assert call(breakers, ABSENT)
    assert not breakers.banned()
    assert call(breakers, OK, "another")
    assert events()[-1]["event"] == "upstream.heard"


def test_breakers_may_be_told_never_to_open():
    breakers = CircuitBreakers(clock=Clock(0.0), failures=math.inf, silences=math.inf)

    assert all(call(breakers, TIMEOUT, producer) for producer in OTHERS * 50)
    assert breakers.open() == {}
