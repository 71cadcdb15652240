"""Before a call, one round trip to Redis; after it, none that anybody waits for."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

from prefill.domain.answers import Cause, Status
from prefill.domain.company import Company
from prefill.domain.requester import Anticipation, Requester, RequesterKind
from prefill.redis_client import OptionalRedis
from tests.support.clock import FakeClock
from tests.support.redis_server import settle
from tests.support.register import COMPANY, ESTABLISHMENT, NOW, VAT, saying, vat_number
from tests.support.simulator import establishment, siren, siret

LIMIT = 5
CANDIDATE = Requester(RequesterKind.CANDIDATE, address="a", network="n", calls_per_minute=LIMIT)
COMPANIES = [Company.unread(siret(siren(rank))) for rank in range(2, 40)]


class WatchedRedis(OptionalRedis):
    """Counts round trips; what may wait is done when the test says so."""

    def __init__(self, url, *, clock):
        super().__init__(url, clock=clock)
        self.trips = 0
        self.jobs = []

    def run(self, command):
        self.trips += 1
        return super().run(command)

    def later(self, job, dropped=None):
        self.jobs.append(job)

    def catch_up(self):
        while self.jobs:
            self.jobs.pop(0)()


@pytest.fixture
def clock():
    """All time is the test's, however slow the machine."""
    return FakeClock(NOW.timestamp())


@pytest.fixture
def watched(redis_server, clock):
    """Redis as one process sees it."""
    return WatchedRedis(redis_server.url, clock=clock)


@pytest.fixture
def upstream(door, watched):
    """A process that has called before: scripts are loaded, what others learned is read."""
    one = door(shared=watched)
    one.fetch(VAT, COMPANIES[0])
    one.disclosure_limits.of(COMPANIES[0].siren)
    watched.catch_up()
    return one


def says_establishment(handler):
    number = handler.path.split("?")[0].rpartition("/")[2]
    handler.say(200, json.dumps({"data": establishment(number), "links": {}, "meta": {}}).encode())


@pytest.mark.parametrize("source", [VAT, ESTABLISHMENT])
def test_a_call_waits_for_one_round_trip_and_its_answer_for_none(register, upstream, watched, clock, source):
    register.reply = says_establishment if source is ESTABLISHMENT else vat_number
    clock.at += 2  # what others learned of the disclosure of companies is read again
    watched.trips = 0
    answers = [upstream.submit(source, company, requester=CANDIDATE).result(5) for company in COMPANIES[1:LIMIT]]

    assert [answer.status for answer in answers] == [Status.OK] * 4
    assert watched.trips == 4
    watched.catch_up()
    assert watched.trips == 8


def test_what_redis_receives_is_one_script_before_and_one_after(redis_server, upstream, watched):
    with redis_server.client() as client, client.monitor() as monitor:
        assert upstream.fetch(VAT, COMPANY).ok
        watched.catch_up()
        with redis_server.client() as other:
            other.echo("the end")
        sent = []
        for command in monitor.listen():
            if "the end" in command["command"]:
                break
            sent += [command["command"].split()[0]] if command["client_type"] != "lua" else []

    assert [word for word in sent if word not in ("CLIENT", "SELECT", "HELLO")] == ["EVALSHA", "EVAL"]


def test_another_process_waits_until_the_answer_is_stored_and_makes_no_call(register, door, redis_server, watched):
    one, other = door(shared=watched), door(redis=redis_server.url)
    assert one.fetch(VAT, COMPANY).ok
    flight = other.submit(VAT, COMPANY)
    with pytest.raises(TimeoutError):
        flight.result(0.1)
    watched.catch_up()

    assert flight.result(20).cached
    assert len(register.seen) == 1


def test_an_answer_that_another_process_stored_costs_one_round_trip(register, door, redis_server, upstream, watched):
    other = door(redis=redis_server.url)
    other.fetch(VAT, COMPANY)
    settle(other.cache.shared)
    watched.trips = 0

    assert upstream.fetch(VAT, COMPANY).cached
    assert watched.trips == 1
    assert len(register.seen) == 2
    with redis_server.client() as client:
        assert client.keys("*flight*") == []


def test_an_open_answer_of_yesterday_costs_no_second_round_trip(register, door, redis_server, upstream, watched, clock):
    other = door(redis=redis_server.url)
    other.fetch(VAT, COMPANY)
    settle(other.cache.shared)
    clock.at += timedelta(hours=14).total_seconds()  # past midnight, while the answer is fresh
    watched.trips = 0

    assert not upstream.fetch(VAT, COMPANY).cached
    assert watched.trips == 1
    assert len(register.seen) == 3


def test_an_answer_that_redis_keeps_stands_in_for_a_failing_source(register, door, redis_server, upstream, clock):
    other = door(redis=redis_server.url)
    other.fetch(VAT, COMPANY)
    settle(other.cache.shared)
    clock.at += VAT.fresh + 1
    register.reply = saying(502)

    assert upstream.fetch(VAT, COMPANY).stale


def test_calls_of_a_requester_are_counted_for_all_processes_when_they_are_made(register, door, redis_server):
    processes = [door(redis=redis_server.url) for _ in range(3)]
    stored = processes[0].submit(VAT, COMPANY, requester=CANDIDATE).result(5)
    settle(processes[0].cache.shared)
    found = [one.submit(VAT, COMPANY, requester=CANDIDATE).result(5) for one in processes]
    answers = [
        one.submit(VAT, company, requester=CANDIDATE).result(5)
        for one, companies in zip(processes, (COMPANIES[:4], COMPANIES[4:8], COMPANIES[8:12]), strict=True)
        for company in companies
    ]
    refused = [answer for answer in answers if not answer.ok]

    assert stored.ok
    assert all(answer.cached for answer in found)
    assert len(register.seen) == LIMIT
    assert {answer.cause for answer in refused} == {Cause.THROTTLED}
    assert 1 <= refused[0].retry_after <= 120


def test_an_early_answer_is_delivered_without_redis(register, upstream, watched):
    asked = threading.Event()
    register.reply = lambda handler: (asked.set(), vat_number(handler))
    anticipation = Anticipation(ESTABLISHMENT)
    held = upstream.submit(VAT, COMPANY, requester=Requester(anticipation=anticipation))
    assert asked.wait(20)
    watched.trips = 0

    assert upstream.submit(VAT, COMPANY).result(20) is held.result(20)
    assert watched.trips == 0
    assert len(watched.jobs) == 1


def test_an_early_call_that_nobody_asks_for_leaves_nothing_in_redis(register, redis_server, upstream, watched):
    asked = threading.Event()
    register.reply = lambda handler: (asked.set(), vat_number(handler))
    anticipation = Anticipation(ESTABLISHMENT)
    held = upstream.submit(VAT, COMPANY, requester=Requester(anticipation=anticipation))
    assert asked.wait(20)
    anticipation.end()
    assert held.result(20).status is Status.LATE
    watched.catch_up()

    with redis_server.client() as client:
        assert client.keys(f"*{COMPANY.siren}*") == []


def test_the_flight_of_a_process_that_was_killed_ends_by_itself(register, redis_server, upstream, watched, door):
    killed = door(shared=watched)
    assert killed.fetch(VAT, COMPANY).ok
    with redis_server.client() as client:
        [flight] = client.keys("*flight*")
        assert 0 < client.pttl(flight) <= 1000 * (2 * (2 + VAT.timeout) + 2)
        client.pexpire(flight, 100)

    assert door(redis=redis_server.url).submit(VAT, COMPANY).result(20).ok
    assert len(register.seen) == 3


def test_a_call_goes_on_without_a_redis_that_dies_under_way(register, door, mortal_redis):
    register.reply = lambda handler: (mortal_redis.kill(), vat_number(handler))
    upstream = door(redis=mortal_redis.url)

    assert upstream.fetch(VAT, COMPANY).ok
    assert upstream.fetch(VAT, COMPANIES[1]).ok
    settle(upstream.cache.shared)
    assert upstream.fetch(VAT, COMPANY).cached
