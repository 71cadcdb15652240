"""One thread for all deadlines of a process: it runs what is due."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from prefill import telemetry


class ThreadUnavailable(Exception):
    """The system refuses one more thread."""


@dataclass(slots=True, eq=False)
class Alarm:
    """An action that is due at a time, until it is cancelled."""

    action: Callable[[], None] | None

    def cancel(self) -> None:
        self.action = None


class Watchdog:
    """Runs short actions when they are due. Its thread starts with the first of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None

    def schedule(self, seconds: float, action: Callable[[], None]) -> Alarm:
        """Run an action in so many seconds. Raise `ThreadUnavailable`."""
        alarm = Alarm(action)
        with self._changed:
            if self._thread is None:
                self._thread = start_thread(self._run, "deadlines")
            heapq.heappush(self._alarms, (time.monotonic() + seconds, next(self._numbers), alarm))
            if self._alarms[0][2] is alarm:
                self._changed.notify()
        return alarm

    def _run(self) -> None:
        while True:
            action = self._next_due()
            try:
                action()
            except Exception as fault:  # noqa: BLE001 - one bad action must not stop every deadline
                telemetry.error("deadline.fault", kind=type(fault).__name__)

    def _next_due(self) -> Callable[[], None]:
        with self._changed:
            while True:
                while self._alarms and self._alarms[0][2].action is None:
                    heapq.heappop(self._alarms)
                seconds = self._alarms[0][0] - time.monotonic() if self._alarms else None
                if seconds is not None and seconds <= 0:
                    action = heapq.heappop(self._alarms)[2].action
                    if action is not None:
                        return action
                else:
                    self._changed.wait(seconds)


def start_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon thread. Raise `ThreadUnavailable`."""
    thread = threading.Thread(target=target, name=name, daemon=True)
    try:
        thread.start()
    except (RuntimeError, MemoryError) as fault:
        raise ThreadUnavailable from fault
    return thread
