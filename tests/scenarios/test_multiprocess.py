"""Several processes on one token: API Entreprise must not tell them from one polite client."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import pytest

from prefill.assembly import open_upstream
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Company
from prefill.settings import Settings
from tests.support.redis_server import RedisServer
from tests.support.simulator import BUYER, TOKEN, Simulator, found, run_simulator, siren, siret, vat

WINDOW = 10.0
LIMIT = 250
PROCESSES = 3
THREADS = 8
COMPANIES = [siren(rank) for rank in range(2000, 4400)]
SOURCES = (CATALOGUE["etablissements"], CATALOGUE["numero_tva"])
SPAWN = multiprocessing.get_context("spawn")


def ask_on(
    url: str, redis_url: str, numbers: list[str], seconds: float, ready: Barrier, told: Queue[Counter[str]]
) -> None:
    """Be one process of the service: ask as fast as it goes, and tell what the answers were."""
    settings = Settings(url=url, token=TOKEN, recipient=BUYER, redis_url=redis_url, log="json")
    upstream = open_upstream(settings, window=WINDOW)
    counts: Counter[str] = Counter()
    ready.wait(60)
    until = time.time() + seconds

    def ask() -> None:
        while time.time() < until:
            company = Company.unread(siret(random.choice(numbers)))
            answer = upstream.fetch(random.choice(SOURCES), company)
            counts[answer.cause or answer.status] += 1
            time.sleep(0.03)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    upstream.close()
    told.put(counts)


@pytest.fixture(scope="module")
def strict() -> Iterator[Simulator]:
    """A sandbox with the real quotas, in shorter windows."""
    with run_simulator("--window", str(WINDOW), "--latency", "20") as one:
        yield one


@pytest.fixture
def strict_simulator(strict):
    strict.reset()
    strict.add(*(case for number in COMPANIES for case in (found(siret(number)), vat(number))))
    return strict


@contextmanager
def crowd(
    simulator: Simulator, redis: RedisServer, parts: list[list[str]], *, before: float, after: float
) -> Iterator[Counter[str]]:
    """Let processes ask, each its part of the companies, from so long before a window begins to so long after.

    The block begins with them; the counts are there at its end.
    """
    seconds = before + after
    results: Queue[Counter[str]] = SPAWN.Queue()
    ready, counts = SPAWN.Barrier(len(parts) + 1), Counter[str]()
    processes = [
        SPAWN.Process(target=ask_on, args=(simulator.url, redis.url, part, seconds, ready, results)) for part in parts
    ]
    for process in processes:
        process.start()
    while ready.n_waiting < len(parts):
        time.sleep(0.05)
    time.sleep((-time.time() - before) % WINDOW)
    ready.wait(60)
    yield counts
    for _ in processes:
        counts.update(results.get(timeout=seconds + 30))
    for process in processes:
        process.join(30)


def used(simulator: Simulator) -> list[int]:
    """Count the calls of each window by arrival, but for the first and the last that were touched."""
    calls = Counter(int(one["timestamp"] // WINDOW) for one in simulator.log())
    return [calls[epoch] for epoch in range(min(calls) + 1, max(calls))]


def test_processes_spend_a_budget_together_and_never_ask_twice_at_once(strict_simulator, mortal_redis):
    with crowd(strict_simulator, mortal_redis, [COMPANIES] * PROCESSES, before=6, after=11) as counts:
        pass

    assert strict_simulator.stats()["violations"] == {}
    assert set(counts) <= {"ok", "throttled"}
    assert min(used(strict_simulator)) >= 0.9 * LIMIT


def test_redis_may_die_and_come_back(strict_simulator, mortal_redis):
    parts = [COMPANIES[one::PROCESSES] for one in range(PROCESSES)]
    with crowd(strict_simulator, mortal_redis, parts, before=8, after=22) as counts:
        time.sleep(5)
        mortal_redis.kill()
        time.sleep(6)  # a window begins without it
        mortal_redis.start()

    assert strict_simulator.stats()["violations"] == {}
    assert set(counts) <= {"ok", "throttled"}
    assert used(strict_simulator)[-1] >= 0.9 * LIMIT
