"""A candidate's answer comes as late from the cache as from a call: nobody learns who was asked for before."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Future
from dataclasses import replace

import pytest

from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Company
from prefill.registers.client import completed
from prefill.sandbox.companies import COMPANIES
from prefill.web.protection.pacing import (
    GENERATIONS,
    JITTER_SECONDS,
    MAX_VISITS,
    MEMORY_SECONDS,
    STEP_SECONDS,
    DelayScheduler,
    PacedRegisters,
    VisitMemory,
    delay_of,
    jitter,
)
from tests.support.clock import FakeClock

SOURCE = CATALOGUE["etablissements"]
PROBES = 1000
CHANCE = 0.58  # 500 held-out guesses: half of them right, and four standard deviations of luck above none


class Registers:
    """Answers from a cache at once, and after a call otherwise."""

    def __init__(self, scheduler: DelayScheduler, cached: set[str]) -> None:
        self._scheduler = scheduler
        self._cached = cached
        self._random = random.Random(20261125)

    def submit(self, source, company, **_):
        seconds = self._random.uniform(0.05, 0.4)
        answer = Answer(source.name, Status.OK, data={}, http_status=200, seconds=seconds)
        if company.siret in self._cached:
            return completed(replace(answer, cached=True))
        future: Future[Answer] = Future()
        self._scheduler.run_at(time.monotonic() + seconds, lambda: future.set_result(answer))
        return future

    def is_cached(self, source, company):
        return company.siret in self._cached


def probe(registers, numbers):
    """Ask for every company; give the seconds of each answer."""
    seconds, left = {}, threading.Semaphore(0)
    for number in numbers:
        began = time.monotonic()

        def note(_, number=number, began=began):
            seconds[number] = time.monotonic() - began
            left.release()

        registers.submit(SOURCE, Company.unread(number)).add_done_callback(note)
    for _ in numbers:
        assert left.acquire(timeout=30)
    return seconds


def best_guess(feature, cached, numbers):
    """Learn the best threshold on half of the probes; give the share of right guesses on the others."""
    learn, held_out = numbers[::2], numbers[1::2]
    values = sorted({feature[number] for number in learn})

    def right(sample, threshold, *, below):
        return sum(((feature[number] < threshold) == below) == (number in cached) for number in sample) / len(sample)

    threshold, below = max(
        ((value, below) for value in values[:: max(1, len(values) // 100)] for below in (True, False)),
        key=lambda choice: right(learn, choice[0], below=choice[1]),
    )
    return right(held_out, threshold, below=below)


@pytest.fixture
def observed():
    chance = random.Random(7)
    numbers = [f"{rank:014d}" for rank in range(PROBES)]
    cached = {number for number in numbers if chance.random() < 0.5}
    return numbers, cached


@pytest.mark.slow
def test_an_observer_guesses_no_better_than_chance(observed):
    """A machine that is busy elsewhere may disturb one round; an oracle is right in every round."""
    assert any(_guesses(*observed) < CHANCE for _ in range(3))


def _guesses(numbers, cached):
    """The share of right guesses of one observer, by the time of an answer and by its place within a step."""
    paced = PacedRegisters(Registers(DelayScheduler(), cached), VisitMemory(), DelayScheduler(), "observer", "buyer")
    seconds = probe(paced, numbers)
    within = {number: value % STEP_SECONDS for number, value in seconds.items()}
    return max(best_guess(seconds, cached, numbers), best_guess(within, cached, numbers))


@pytest.mark.slow
def test_without_pacing_the_observer_is_right_nearly_each_time(observed):
    numbers, cached = observed
    seconds = probe(Registers(DelayScheduler(), cached), numbers)

    assert best_guess(seconds, cached, numbers) > 0.95


def test_who_has_had_an_answer_has_it_again_at_once():
    company = Company.unread("00000100800010")
    visits = VisitMemory()
    registers = Registers(DelayScheduler(), {company.siret})
    mine = PacedRegisters(registers, visits, DelayScheduler(), "me", "buyer")
    others = PacedRegisters(registers, visits, DelayScheduler(), "others", "buyer")
    elsewhere = PacedRegisters(registers, visits, DelayScheduler(), "me", "another buyer")

    mine.submit(SOURCE, company).result(5)

    assert mine.submit(SOURCE, company).done()
    assert mine.is_cached(SOURCE, company)
    assert not others.submit(SOURCE, company).done()
    assert not elsewhere.is_cached(SOURCE, company)


def visit(rank=0):
    return f"client {rank}", "buyer", SOURCE.name, "00000100800010"


def test_visits_are_forgotten_after_eight_to_ten_minutes():
    clock = FakeClock()
    visits = VisitMemory(timer=clock)
    clock.at += MEMORY_SECONDS / GENERATIONS - 1
    visits.add(visit(1))
    clock.at += 1
    visits.add(visit(2))
    clock.at += MEMORY_SECONDS * (1 - 1 / GENERATIONS) - 1

    assert visits.has(visit(1))
    assert visits.has_all([visit(1), visit(2)])
    assert not visits.has_all([visit(1), visit(3)])
    clock.at += 1
    assert (visits.has(visit(1)), visits.has(visit(2))) == (False, True)
    clock.at += MEMORY_SECONDS
    assert (visits.has(visit(2)), len(visits)) == (False, 0)


def test_visits_are_bounded_and_the_last_are_remembered():
    visits = VisitMemory(timer=FakeClock())
    for rank in range(MAX_VISITS + MAX_VISITS // GENERATIONS):
        visits.add(visit(rank))

    assert len(visits) <= MAX_VISITS
    assert (visits.has(visit(0)), visits.has(visit(rank))) == (False, True)


def test_the_delay_is_blurred():
    delays = [jitter() for _ in range(50)]

    assert 0 <= min(delays) < max(delays) <= JITTER_SECONDS
    assert len(set(delays)) > 40


def test_what_was_not_asked_is_not_delayed():
    assert delay_of(Answer(SOURCE.name, Status.NOT_APPLICABLE)) == 0
    assert delay_of(Answer(SOURCE.name, Status.OK, http_status=200, seconds=0.3)) == delay_of(
        Answer(SOURCE.name, Status.OK, http_status=200, seconds=0.3, cached=True)
    )


def test_two_visitors_get_the_same_answer_as_late_and_without_a_second_call(open_service, simulator):
    number = COMPANIES[0].siret
    service = open_service()
    answers, seconds = [], []
    for address in ("192.0.2.1", "198.51.100.2"):
        began = time.monotonic()
        answers.append(service.get(f"/v1/prefill/{number}", environ_base={"REMOTE_ADDR": address}))
        seconds.append(time.monotonic() - began)
        calls = simulator.total()

    assert answers[0].data == answers[1].data
    assert answers[0].headers["ETag"] == answers[1].headers["ETag"]
    assert simulator.total() == calls
    assert seconds[1] >= 2 * STEP_SECONDS
    sources = answers[0].json["sources"].values()
    assert not any({"cached", "seconds", "requestId"} & set(source) for source in sources)
