"""Limits in calls: an address's, its network's, an integrator's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prefill.domain.requester import NETWORK_FACTOR, SERVICE, Requester, RequesterKind
from prefill.redis_client import OptionalRedis
from prefill.registers.scheduling.call_limits import CallLimits
from tests.support.clock import FakeClock

LIMIT = 5
CANDIDATE = Requester(RequesterKind.CANDIDATE, address="a", network="n", calls_per_minute=LIMIT)


def call_limits():
    return CallLimits(OptionalRedis(None, clock=FakeClock(0.0)))


def taken(limits, requester, times=50):
    return sum(limits.take(requester).allowed for _ in range(times))


def test_an_address_may_cause_so_many_calls_and_no_more():
    limits = call_limits()

    assert limits.retry_after(CANDIDATE) == 0
    assert taken(limits, CANDIDATE) == LIMIT
    assert 1 <= limits.retry_after(CANDIDATE) <= 120
    assert taken(limits, replace(CANDIDATE, address="b")) == LIMIT


def test_the_addresses_of_a_network_are_limited_together():
    limits = call_limits()
    addresses = [replace(CANDIDATE, address=f"{number}") for number in range(2 * NETWORK_FACTOR)]

    assert sum(taken(limits, address, LIMIT) for address in addresses) == NETWORK_FACTOR * LIMIT
    assert limits.retry_after(replace(CANDIDATE, address="another"))
    assert taken(limits, replace(CANDIDATE, address="another", network="other")) == LIMIT


@pytest.mark.parametrize("requester", [SERVICE, replace(CANDIDATE, calls_per_minute=0)])
def test_who_has_no_limit_is_not_counted(requester):
    assert taken(call_limits(), requester, 200) == 200
