"""The quota: never more calls in any second than allowed, whatever happens to Redis."""

import itertools
import math
import threading

import pytest

from prefill.clock import Clock
from prefill.company_search.upstream.quota import SETTLING, SearchQuota
from prefill.redis_client import OptionalRedis
from tests.support.clock import FakeClock


@pytest.fixture
def clock():
    return FakeClock(1000.0)


def alone(clock, **options):
    return SearchQuota(OptionalRedis(None, clock=clock), clock=clock, **options)


def begin(quota, clock, seconds, *, step=0.05, patience=0.0):
    """Ask all the time; give when the calls begin."""
    begun = []
    for _ in range(int(seconds / step)):
        slot = quota.reserve(patience)
        if slot.allowed:
            begun.append(clock.at + slot.delay)
        clock.at += step
    return begun


def busiest(moments, window=1.0):
    return max(sum(start <= one < start + window for one in moments) for start in moments)


@pytest.mark.parametrize("per_second", [1, 2, 5, 7])
@pytest.mark.parametrize("patience", [0.0, 1.0])
def test_no_second_has_more_calls_than_allowed(clock, per_second, patience):
    begun = begin(alone(clock, per_second=per_second), clock, 20, patience=patience)
    assert busiest(begun) <= per_second
    assert len(begun) >= 20 * per_second / 1.3


def test_the_share_of_a_process_may_be_less_than_one_a_second(clock):
    quotas = [alone(clock, per_second=2, instances=3) for _ in range(3)]
    begun = []
    for _ in range(200):
        for quota in quotas:
            slot = quota.reserve()
            if slot.allowed:
                begun.append(clock.at)
        clock.at += 0.05
    assert max(sum(start <= one < start + 1.5 for one in begun) for start in begun) <= 3


def test_a_refusal_says_when_to_ask_again(clock):
    quota = alone(clock, per_second=2)
    assert quota.reserve().allowed
    assert quota.reserve().allowed
    refused = quota.reserve()
    assert not refused.allowed
    assert refused.retry_after == pytest.approx(1.2)
    clock.at += refused.retry_after + 0.001
    assert quota.reserve().allowed


def test_who_may_wait_has_the_next_slot(clock):
    quota = alone(clock, per_second=1)
    delays = [quota.reserve(5.0).delay for _ in range(4)]
    assert delays == pytest.approx([0, 1.2, 2.4, 3.6])
    assert not quota.reserve(1.0).allowed


def test_the_sandbox_has_no_quota(clock):
    quota = alone(clock, per_second=math.inf)
    assert all(quota.reserve().allowed for _ in range(100))


class TestWithRedis:
    @pytest.fixture
    def quotas(self, redis_server):
        return [
            SearchQuota(OptionalRedis(redis_server.url, clock=Clock()), clock=Clock(), per_second=5, instances=3)
            for _ in range(3)
        ]

    def test_processes_share_it(self, quotas):
        allowed = [quota.reserve().allowed for quota in quotas * 10]
        assert sum(allowed) == 5

    def test_slots_to_come_are_given_once(self, quotas):
        delays = []
        threads = [
            threading.Thread(target=lambda quota=quota: delays.append(quota.reserve(10.0).delay))
            for quota in quotas * 5
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(delays) == 15
        assert sum(delay > 2.0 for delay in delays) == 5

    def test_what_was_refused_is_not_asked_of_redis_again(self, quotas, redis_server):
        quota = quotas[0]
        while quota.reserve().allowed:
            pass
        with redis_server.client() as client:
            client.flushall()
        assert not quota.reserve().allowed


class TestWithoutRedisForAWhile:
    @pytest.fixture
    def quota(self, mortal_redis, clock):
        self.redis = mortal_redis
        shared = OptionalRedis(mortal_redis.url, clock=clock, retry_seconds=0.0)
        return SearchQuota(shared, clock=clock, per_second=3, instances=3)

    def test_an_outage_leaves_the_share_alone(self, quota, clock):
        assert quota.reserve().allowed
        self.redis.kill()
        assert not quota.reserve().allowed  # what was spent lately is unknown
        clock.at += 1.2
        begun = begin(quota, clock, 10)
        assert busiest(begun) == 1

    def test_after_an_outage_the_share_holds_until_every_process_has_noticed(self, quota, clock):
        assert quota.reserve().allowed
        self.redis.kill()
        quota.reserve()
        clock.at += 1.2
        self.redis.start()
        begun = begin(quota, clock, SETTLING - 0.2)
        assert begun
        assert busiest(begun) == 1
        clock.at += 1.5
        with self.redis.client() as client:
            client.flushall()  # whose clock is the real one: its second is over
        assert sum(quota.reserve().allowed for _ in range(5)) == 3


def test_slots_are_in_order(clock):
    quota = alone(clock, per_second=2)
    delays = [quota.reserve(9.0).delay for _ in range(10)]
    assert all(one <= other for one, other in itertools.pairwise(delays))
