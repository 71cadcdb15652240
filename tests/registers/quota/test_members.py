"""Who shares the quota, and since when Redis counts for everybody."""

import math

import pytest

from prefill.registers.quota.members import REMEMBERED, QuotaMembers
from tests.support.clock import FakeClock

WINDOW = 60.0


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def members(clock):
    return QuotaMembers(clock=clock, window=WINDOW, configured=2, fresh=True)


def test_without_redis_no_window_is_exact(members):
    assert members.complete_since == math.inf
    assert not members.is_exact(members.epoch())


def test_a_window_is_exact_when_redis_counted_it_from_its_beginning(members):
    members.redis_replied(members.epoch() * WINDOW + 1, present=2)

    assert not members.is_exact(members.epoch())
    assert members.is_exact(members.epoch() + 1)


def test_there_are_at_least_the_configured_processes(members):
    members.redis_replied(0.0, present=1)

    assert members.count == 2


def test_more_processes_are_believed_at_once_and_fewer_after_a_while(members, clock):
    members.redis_replied(0.0, present=5)
    assert members.count == 5

    members.redis_replied(0.0, present=3)
    assert members.count == 5

    clock.sleep(WINDOW * (REMEMBERED + 1))
    members.redis_replied(0.0, present=3)
    assert members.count == 3


def test_a_loss_is_counted_once_and_marks_its_window(members):
    members.redis_replied(0.0, present=2)
    members.redis_lost()
    members.redis_lost()

    assert (members.losses, members.lost) == (1, members.epoch())
