"""The thread pool that makes the calls: bounded per provider and in all, fed by a fair queue.

Each thread owns one `requests.Session`. A call that the quota holds back waits in the queue, not on a thread; it is
refused at once when it cannot have its turn before its deadline.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import requests

from prefill import telemetry
from prefill.domain.answers import Cause
from prefill.registers.scheduling.fair_queue import FairQueue, Task
from prefill.registers.scheduling.fairness import CallHistory, Rank
from prefill.registers.scheduling.watchdog import ThreadUnavailable, Watchdog, start_thread
from prefill.registers.transport.deadline_adapter import mount_deadlines
from prefill.registers.transport.http import environment_options

IDLE_SECONDS = 10.0  # after which a thread without work ends
RETRY_SECONDS = 5.0  # what is answered when the system has no thread left
TOTAL_FACTOR = 3  # threads in all, by those that one provider may hold: a prefill in one stage asks three at once


class ProviderThreadPools:
    """At most `workers` threads per provider and three times as many in all, for all tenants of a process."""

    def __init__(self, open_session: Callable[[], requests.Session], workers: int) -> None:
        self.watchdog = Watchdog()
        self.history = CallHistory(time.monotonic)
        self._open_session = open_session
        self._local = threading.local()  # a session promises nothing about threads
        self._workers = workers
        self._changed = threading.Condition()
        self._queue = FairQueue()
        self._running: Counter[str] = Counter()
        self._threads = 0
        self._idle = 0
        self._closed = False
        self._transport_options: dict[str, dict[str, Any]] = {}

    def submit(self, task: Task) -> None:
        """Make a call in its turn, or refuse it."""
        refusal = self._try_push(task)
        if refusal is not None:
            _refuse(task, *refusal)
        elif task.deadline > time.monotonic():
            self._watch(task)

    def promote(self, task: Task, rank: Rank, score: float, deadline: float) -> None:
        """Let a call go as early as the best of those who wait for its answer."""
        with self._changed:
            self._queue.promote(task, rank, score, deadline)
            self._changed.notify()

    def close(self) -> None:
        """Take no more work and wait for none."""
        with self._changed:
            self._closed = True
            tasks = self._queue.drain()
            self._changed.notify_all()
        for task in tasks:
            _refuse(task, Cause.UNREACHABLE, RETRY_SECONDS)

    def session(self) -> requests.Session:
        """The session of the current thread; each request is authenticated by itself."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._open_session()
            session.trust_env = False  # `transport_options` does once per host what the library does at each call
            mount_deadlines(session, self.watchdog)
            session.headers["Accept"] = "application/json"
        return session

    def transport_options(self, url: str) -> dict[str, Any]:
        """`proxies` and `verify` for a host, as the environment asks; read once per host."""
        host = urlsplit(url).netloc
        if host not in self._transport_options:
            self._transport_options[host] = environment_options(url)
        return self._transport_options[host]

    def _try_push(self, task: Task) -> tuple[Cause, float] | None:
        """Put a call into the queue; return why not, and in how many seconds to try again."""
        with self._changed:
            if self._closed:
                return Cause.UNREACHABLE, RETRY_SECONDS
            wait = self._queue.refusal(task, time.monotonic())
            if wait is not None:
                return Cause.THROTTLED, wait
            if not self._has_threads():
                return Cause.UNREACHABLE, RETRY_SECONDS
            self._queue.push(task)
            self._changed.notify()
        return None

    def _has_threads(self) -> bool:
        """Start a thread when all are busy; False when there is none at all."""
        if self._idle <= len(self._queue) and self._threads < TOTAL_FACTOR * self._workers:
            try:
                start_thread(self._work, "upstream")
                self._threads += 1
            except ThreadUnavailable:
                telemetry.error("upstream.no_thread", threads=self._threads)
        return self._threads > 0

    def _watch(self, task: Task) -> None:
        """Refuse a call that had no turn before its deadline."""
        with suppress(ThreadUnavailable):
            self.watchdog.schedule(task.deadline - time.monotonic(), lambda: self._expire(task))

    def _expire(self, task: Task) -> None:
        with self._changed:
            if task.deadline > time.monotonic():  # it was promoted
                expired, again = False, task.waiting
            else:
                expired, again = self._queue.remove(task), False
        if expired:
            _refuse(task, Cause.THROTTLED, RETRY_SECONDS)
        elif again:
            self._watch(task)

    def _work(self) -> None:
        while (task := self._next()) is not None:
            wait: float | None = None
            with _logged_faults():
                wait = task.context.run(task.run)
            if not self._done(task, wait):
                with _logged_faults():
                    _refuse(task, Cause.THROTTLED, wait or RETRY_SECONDS)
            elif wait is None:
                task.end()

    def _next(self) -> Task | None:
        """Wait for a call that may be made; None when this thread may end."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                self._queue.forget_blocks(now)
                task = self._queue.pop(now, lambda provider: self._running[provider] < self._workers)
                if task is not None:
                    self._running[task.lane.provider] += 1
                    return task
                until = self._queue.next_at()
                self._idle += 1
                notified = self._changed.wait(IDLE_SECONDS if until is None else max(0.0, until - now))
                self._idle -= 1
                if not notified and until is None and not self._queue:
                    break
            self._threads -= 1
            return None

    def _done(self, task: Task, wait: float | None) -> bool:
        """Take a call back into the queue when it must wait; False when it cannot."""
        with self._changed:
            self._running[task.lane.provider] -= 1
            self._changed.notify()
            now = time.monotonic()
            if wait is None:
                self._queue.unblock(task.lane, now)
                return True
            self._queue.block(task.lane, task.rank, now + wait)
            if self._closed or now + wait > task.deadline:
                return False
            self._queue.push(task)
            return True


def _refuse(task: Task, cause: Cause, retry_after: float) -> None:
    try:
        task.refuse(cause, retry_after)
    finally:
        task.end()


@contextmanager
def _logged_faults() -> Iterator[None]:
    """Let a thread go on after a fault of ours: the call has answered with it already."""
    try:
        yield
    except Exception as fault:  # noqa: BLE001 - whatever it is, the next call must be made
        telemetry.error("upstream.fault", kind=type(fault).__name__)
