"""Caps on the requests of a process that hold a thread while they wait for registers.

A part of the threads is kept for those that wait for nothing: health, pages, cached answers. A prefill beyond the cap is
answered at once with what is known; what is still on its way is `late`, and the page asks again.
"""

from __future__ import annotations

import threading

STREAMS = 24  # event streams: each lasts as long as the slowest register
KEPT_FOR_SHORT = 4  # a quarter of the threads
KEPT_FOR_AGENTS = 8  # an eighth
BODIES = 8  # an eighth: requests whose body is being read


class Slots:
    """Counts what holds a thread."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._limit = limit
        self._taken = 0

    def acquire(self, *, spare: int = 0) -> bool:
        """Take a slot while more than `spare` are free. The caller releases it."""
        with self._lock:
            free = self._limit - self._taken > spare
            self._taken += free
            return free

    def release(self) -> None:
        with self._lock:
            self._taken -= 1


def body_slots(threads: int) -> Slots:
    """The bodies that may be read at once: a slow client holds a thread."""
    return Slots(max(1, threads // BODIES))


class WaitingSlots:
    """The requests that may wait at once, of those that a number of threads can hold."""

    def __init__(self, threads: int) -> None:
        self._slots = Slots(max(1, threads - threads // KEPT_FOR_SHORT))
        self._spare = threads // KEPT_FOR_AGENTS

    def acquire(self, *, agent: bool) -> bool:
        """Take a slot; the last ones are for agents."""
        return self._slots.acquire(spare=0 if agent else self._spare)

    def release(self) -> None:
        self._slots.release()
