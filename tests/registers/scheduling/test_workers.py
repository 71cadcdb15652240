"""The threads that make the calls, and the one that keeps their deadlines: bounded, and missed by nobody."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from prefill.domain.answers import Cause
from prefill.registers.scheduling.fair_queue import Lane, Task
from prefill.registers.scheduling.fairness import Rank
from prefill.registers.scheduling.watchdog import ThreadUnavailable, Watchdog
from prefill.registers.scheduling.workers import TOTAL_FACTOR, ProviderThreadPools


@pytest.fixture
def pools():
    opened = ProviderThreadPools(requests.Session, 2)
    yield opened
    opened.close()


def task(run, refused=None, *, provider="Insee", patience=5.0):
    lane = Lane("tenant", "token", "json", provider)
    refuse = lambda cause, wait: refused.append((cause, wait))
    return Task(lane, Rank.OCCASIONAL, 0.0, time.monotonic() + patience, run, refuse)


def no_threads(monkeypatch):
    def start(_self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


def test_threads_are_bounded_per_provider_and_in_all(pools):
    running, most, lock, gate = {}, {}, threading.Lock(), threading.Event()

    def hold(provider):
        with lock:
            running[provider] = running.get(provider, 0) + 1
            most[provider] = max(most.get(provider, 0), running[provider])
            most["all"] = max(most.get("all", 0), sum(running.values()))
        gate.wait(5)
        with lock:
            running[provider] -= 1

    done = threading.Semaphore(0)
    for provider in ("Insee", "INPI", "DGFIP", "DGEFP"):
        for _ in range(5):
            pools.submit(task(lambda provider=provider: (hold(provider), done.release())[0], provider=provider))
    deadline = time.monotonic() + 5
    while most.get("all", 0) < 2 * TOTAL_FACTOR and time.monotonic() < deadline:
        time.sleep(0.01)
    gate.set()

    assert all(done.acquire(timeout=5) for _ in range(20))
    assert most["all"] == 2 * TOTAL_FACTOR
    assert max(most[provider] for provider in ("Insee", "INPI", "DGFIP", "DGEFP")) <= 2


def test_sessions_have_one_adapter_each_and_share_what_is_large(pools):
    with ThreadPoolExecutor(2) as threads:
        gate = threading.Barrier(2)
        first, second = threads.map(lambda _: (gate.wait(5), pools.session())[1], range(2))

    assert first is not second
    assert first.get_adapter("http://a") is first.get_adapter("https://a")
    classes = [one.get_adapter("https://a").poolmanager.pool_classes_by_scheme for one in (first, second)]
    assert classes[0] is classes[1]


def test_a_call_that_the_quota_holds_back_waits_on_no_thread_and_has_its_turn(pools):
    waits, done = iter([0.05, 0.05, None]), threading.Event()

    def run():
        wait = next(waits)
        if wait is None:
            done.set()
        return wait

    pools.submit(task(run))

    assert done.wait(5)


def test_a_call_whose_turn_does_not_come_in_time_is_refused(pools):
    refused, told = [], threading.Event()
    waiting = task(lambda: 60.0, refused)
    waiting.refuse = lambda cause, wait: (refused.append(cause), told.set())
    pools.submit(waiting)

    assert told.wait(5)
    assert refused == [Cause.THROTTLED]


def test_a_call_that_waits_for_a_thread_is_refused_at_its_deadline(pools):
    gate, refused, told = threading.Event(), [], threading.Event()
    for _ in range(2):
        pools.submit(task(lambda: gate.wait(5) and None))
    late = task(lambda: None, patience=0.1)
    late.refuse = lambda cause, wait: (refused.append(cause), told.set())
    pools.submit(late)

    assert told.wait(5)
    gate.set()
    assert refused == [Cause.THROTTLED]


def test_without_a_thread_a_call_is_refused_at_once(pools, monkeypatch):
    refused = []
    no_threads(monkeypatch)
    pools.submit(task(lambda: None, refused))

    assert [cause for cause, _ in refused] == [Cause.UNREACHABLE]


def test_a_call_that_bursts_takes_no_thread_with_it(pools):
    done = threading.Event()
    for _ in range(10):
        pools.submit(task(lambda: 1 / 0))
    pools.submit(task(done.set))

    assert done.wait(5)


def test_a_closed_pool_refuses_what_waits_and_what_comes(pools):
    gate, running, refused = threading.Event(), threading.Semaphore(0), []
    for _ in range(2):
        pools.submit(task(lambda: (running.release(), gate.wait(5))[0]))
    assert all(running.acquire(timeout=5) for _ in range(2))
    pools.submit(task(lambda: None, refused))
    pools.close()
    pools.submit(task(lambda: None, refused))
    gate.set()

    assert [cause for cause, _ in refused] == [Cause.UNREACHABLE] * 2


def test_the_watchdog_runs_what_is_due_in_order_and_nothing_that_was_cancelled():
    watchdog, ran, done = Watchdog(), [], threading.Event()
    watchdog.schedule(0.06, done.set)
    watchdog.schedule(0.04, lambda: ran.append("second"))
    watchdog.schedule(0.02, lambda: 1 / 0)
    watchdog.schedule(0.03, lambda: ran.append("first"))
    watchdog.schedule(0.03, lambda: ran.append("never")).cancel()

    assert done.wait(5)
    assert ran == ["first", "second"]


def test_a_watchdog_without_a_thread_says_so(monkeypatch):
    no_threads(monkeypatch)

    with pytest.raises(ThreadUnavailable):
        Watchdog().schedule(1.0, lambda: None)
