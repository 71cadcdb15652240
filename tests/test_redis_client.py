"""An optional Redis: an outage costs one time-out, is logged once, and ends by itself."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from prefill import telemetry
from prefill.redis_client import MAX_WAITING, RETRY_SECONDS, TIMEOUT, OptionalRedis, RedisUnavailable
from tests.support.clock import FakeClock
from tests.support.redis_server import settle


@pytest.fixture
def clock():
    return FakeClock(1000.0)


@pytest.fixture
def events(capsys):
    telemetry.configure("json")
    return lambda: [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]


def ping(shared):
    """Tell whether Redis answered."""
    try:
        return bool(shared.run(lambda client: client.ping()))
    except RedisUnavailable:
        return False


def test_without_a_url_redis_is_unavailable_from_the_start(clock):
    shared = OptionalRedis(None, clock=clock)

    assert (shared.configured, shared.up, ping(shared)) == (False, False, False)


def test_a_redis_that_answers_is_used(redis_server, clock):
    shared = OptionalRedis(redis_server.url, clock=clock)

    assert (shared.configured, shared.up, ping(shared)) == (True, True, True)


def test_a_loss_is_logged_once_and_tried_again_by_itself(mortal_redis, clock, events):
    shared = OptionalRedis(mortal_redis.url, clock=clock)
    ping(shared)
    mortal_redis.kill()
    for _ in range(5):
        clock.at += RETRY_SECONDS
        assert [ping(shared) for _ in range(20)] == [False] * 20
    assert (shared.up, shared.outages) == (False, 1)
    assert events() == ["redis.down"]

    mortal_redis.start()
    assert not ping(shared)
    clock.at += RETRY_SECONDS
    assert [ping(shared) for _ in range(3)] == [True] * 3
    assert events() == ["redis.back"]


def test_a_crowd_that_loses_redis_logs_it_once(mortal_redis, clock, events):
    shared = OptionalRedis(mortal_redis.url, clock=clock)
    mortal_redis.kill()
    with ThreadPoolExecutor(16) as pool:
        assert not any(pool.map(lambda _: ping(shared), range(64)))

    assert events() == ["redis.down"]


def test_a_redis_down_at_the_start_is_found_when_it_comes(mortal_redis, clock):
    mortal_redis.kill()
    shared = OptionalRedis(mortal_redis.url, clock=clock)
    assert not ping(shared)

    mortal_redis.start()
    clock.at += RETRY_SECONDS
    assert ping(shared)


def test_a_slow_redis_costs_one_wait_and_then_none(mortal_redis, clock):
    shared = OptionalRedis(mortal_redis.url, clock=clock)
    ping(shared)
    mortal_redis.freeze()
    began = time.monotonic()
    results = [ping(shared) for _ in range(100)]
    took = time.monotonic() - began
    mortal_redis.thaw()

    assert not any(results)
    assert took < TIMEOUT + 0.3


def test_a_refusal_of_redis_itself_is_a_loss_like_another(redis_server, clock):
    shared = OptionalRedis(redis_server.url, clock=clock)
    with redis_server.client() as client:
        client.rpush("list", "1")

    with pytest.raises(RedisUnavailable):
        shared.run(lambda client: client.get("list"))


def test_a_fault_of_ours_is_not_taken_for_redis(redis_server, clock):
    shared = OptionalRedis(redis_server.url, clock=clock)

    with pytest.raises(ZeroDivisionError):
        shared.run(lambda _: 1 / 0)
    assert shared.up


def test_what_nobody_waits_for_is_done_on_another_thread(redis_server, clock):
    shared, gate, done = OptionalRedis(redis_server.url, clock=clock), threading.Event(), []
    shared.later(lambda: (gate.wait(20), done.append(ping(shared))))
    before = list(done)
    gate.set()
    settle(shared)

    assert (before, done) == ([], [True])


def test_a_process_ends_when_all_of_it_is_done():
    program = """
import time
from prefill.clock import Clock
from prefill.redis_client import OptionalRedis

shared = OptionalRedis("redis://127.0.0.1:1/0", clock=Clock())
shared.later(lambda: (time.sleep(0.2), print("done")))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert ended.stdout == "done\n"


def test_a_fault_of_what_nobody_waits_for_is_logged_and_ends_nothing(redis_server, clock, events):
    shared, done = OptionalRedis(redis_server.url, clock=clock), []
    shared.later(lambda: 1 / 0)
    settle(shared)
    shared.later(lambda: done.append(1))
    settle(shared)

    assert events() == ["upstream.fault"]
    assert done == [1]


def store(shared):
    """Tell whether Redis took a value."""
    try:
        return bool(shared.run(lambda client: client.set("name", "value")))
    except RedisUnavailable:
        return False


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    ],
    ids=["read-only", "full"],
)
def test_a_redis_that_writes_nothing_is_lost_though_it_reads(mortal_redis, clock, events, broken, mended):
    shared = OptionalRedis(mortal_redis.url, clock=clock)
    assert store(shared)
    with mortal_redis.client() as client:
        client.execute_command(*broken)
        assert not store(shared)
        for _ in range(5):
            clock.at += RETRY_SECONDS
            assert not any(ping(shared) for _ in range(3))
        client.execute_command(*mended)
    clock.at += RETRY_SECONDS

    assert ping(shared)
    assert store(shared)
    assert events() == ["redis.down", "redis.back"]


def test_a_master_that_became_a_replica_is_left_for_the_one_that_its_name_means_now(mortal_redis, clock):
    """As behind the name of a service that fails over: connections that are open stay with the machine they lead to."""
    shared = OptionalRedis(mortal_redis.url, clock=clock)
    assert store(shared)
    with mortal_redis.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        assert not store(shared)
        clock.at += RETRY_SECONDS
        assert not store(shared)
        end = time.monotonic() + 20
        while len(client.client_list()) > 1 and time.monotonic() < end:
            time.sleep(0.01)

        assert len(client.client_list()) == 1, "that of this test"


def test_what_a_slow_redis_does_not_take_is_dropped_and_not_kept_without_end(redis_server, clock):
    shared, gate, done, dropped = OptionalRedis(redis_server.url, clock=clock), threading.Event(), [], []
    for _ in range(MAX_WAITING + 5):
        shared.later(lambda: (gate.wait(20), done.append(1)), dropped=lambda: dropped.append(1))
    waiting = shared.waiting
    gate.set()
    settle(shared)

    assert (waiting, len(done), len(dropped)) == (MAX_WAITING, MAX_WAITING, 5)
