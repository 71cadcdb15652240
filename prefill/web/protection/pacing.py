"""Cached answers as slow as the calls they came from, for clients who did not make those calls.

Who bids is confidential: an answer that comes at once would tell anybody that a company was asked for lately. An
answer reaches a client who has not had it a fixed delay after the question, computed from the duration of the call
that brought it: the same whether that call was made for this client, for another or for an agent. Who has had the
answer learns nothing by having it again, and gets it at once.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from prefill.domain.answers import Answer, Status
from prefill.domain.company import Company
from prefill.domain.requester import SERVICE, Registers, Requester
from prefill.domain.sources import Source

JITTER_SECONDS = 0.05  # at most, at random: what differs by less between a call and a cache hit does not show
STEP_SECONDS = 0.025  # delays are whole steps, with one to spare for what varies between a call and a cache hit
RANDOM = random.SystemRandom()
MEMORY_SECONDS = 600.0
GENERATIONS = 5  # the oldest is forgotten whole, two minutes' visits at once
GENERATION_SECONDS = MEMORY_SECONDS / GENERATIONS
MAX_VISITS = 200_000  # some hundred bytes each

Visit = tuple[str, str, str, str]  # client (keyed hash), tenant, source, number


class VisitMemory:
    """Which answers each client has had in the last eight to ten minutes, as hashes that this process alone can make."""

    def __init__(self, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._timer = timer
        self._generations: deque[set[int]] = deque([set()], maxlen=GENERATIONS)
        self._began = timer()

    def __len__(self) -> int:
        with self._lock:
            self._forget()
            return sum(map(len, self._generations))

    def has(self, visit: Visit) -> bool:
        return self.has_all((visit,))

    def has_all(self, visits: Iterable[Visit]) -> bool:
        with self._lock:
            self._forget()
            return all(any(hash(visit) in seen for seen in self._generations) for visit in visits)

    def add(self, visit: Visit) -> None:
        with self._lock:
            self._forget()
            if len(self._generations[0]) >= MAX_VISITS // GENERATIONS:
                self._generations.appendleft(set())
            self._generations[0].add(hash(visit))

    def _forget(self) -> None:
        """Begin the generations that are due; the oldest go."""
        due = int((self._timer() - self._began) / GENERATION_SECONDS)
        if due:
            self._began += due * GENERATION_SECONDS
            self._generations.extendleft(set() for _ in range(min(due, GENERATIONS)))


class DelayScheduler:
    """Runs functions later, all in one thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None

    def run_at(self, moment: float, run: Callable[[], None]) -> None:
        """Run this at a moment of the monotonic clock."""
        with self._changed:
            heapq.heappush(self._waiting, (moment, next(self._order), run))
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="pacing", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _loop(self) -> None:
        while True:
            self._next()()

    def _next(self) -> Callable[[], None]:
        with self._changed:
            while True:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(left)


@dataclass(frozen=True, slots=True)
class PacedRegisters:
    """The registers as one client may see them."""

    registers: Registers
    visits: VisitMemory
    scheduler: DelayScheduler
    client: str
    tenant: str
    early: dict[Visit, float] = field(default_factory=dict)

    def submit(
        self,
        source: Source,
        company: Company,
        *,
        object: str | None = None,
        requester: Requester = SERVICE,
        patience: float = 0.0,
    ) -> Future[Answer]:
        visit, began = self._visit(source, company), time.monotonic()
        if requester.anticipation:
            early = self.registers.submit(source, company, object=object, requester=requester, patience=patience)
            if not (early.done() and early.result().status is Status.LATE):  # it was made, or would have been
                self.early.setdefault(visit, began)
            return early
        began = self.early.pop(visit, began)
        answered = self.registers.submit(source, company, object=object, requester=requester, patience=patience)
        if self.visits.has(visit):
            return answered
        paced: Future[Answer] = Future()
        answered.add_done_callback(lambda future: self._deliver(future, paced, visit, began))
        return paced

    def is_cached(self, source: Source, company: Company) -> bool:
        """Whether this client has had the answer: what others caused does not show in the limits either."""
        return self.visits.has(self._visit(source, company))

    def _visit(self, source: Source, company: Company) -> Visit:
        return self.client, self.tenant, source.name, source.identify(company) or ""

    def _deliver(self, answered: Future[Answer], paced: Future[Answer], visit: Visit, began: float) -> None:
        fault = answered.exception()
        if fault is not None:
            paced.set_exception(fault)
            return
        answer = answered.result()

        def finish() -> None:
            self.visits.add(visit)
            with suppress(Exception):
                paced.set_result(answer)

        delay = delay_of(answer)
        moment = began + delay + (jitter() if delay else 0.0)
        if moment <= time.monotonic():
            finish()
        else:
            self.scheduler.run_at(moment, finish)


def jitter() -> float:
    """What is added to a delay. Each company tells an observer once: its own question brings the answer for the next."""
    return RANDOM.uniform(0.0, JITTER_SECONDS)


def delay_of(answer: Answer) -> float:
    """Seconds after the question at which the answer is delivered: none when no call could have brought it."""
    if answer.http_status is None and not answer.cached and not answer.seconds:
        return 0.0
    return delay_after(answer.seconds)


def delay_after(seconds: float) -> float:
    """The delay of an answer that a call of so many seconds brought."""
    return (math.floor(seconds / STEP_SECONDS) + 2) * STEP_SECONDS
