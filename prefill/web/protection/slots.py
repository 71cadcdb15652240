"""Caps on the requests of a process that hold a thread while they wait for registers or for a body.

A part of the threads is kept for those that wait for nothing: health, pages, cached answers. A prefill beyond the cap is
answered at once with what is known; what is still on its way is `late`, and the page asks again.

Anybody may open connections: an address, a /48 and the candidates of one buyer of several have a share of the slots, and
whoever waited for long of late may fill them to a ceiling and no further, so that some are always left to whoever comes
first.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prefill.decaying_scores import DecayingScores
from prefill.domain.requester import BUYER_FACTOR, NETWORK_FACTOR, SERVICE, Requester, RequesterKind

STREAMS = 24  # event streams: each lasts as long as the slowest register
DRAFTS = 1  # drafts of forms being checked, or filled: a tenth of a second of processor each, or half a second
KEPT_FOR_SHORT = 4  # a quarter of the threads
KEPT_FOR_AGENTS = 8  # an eighth
BODIES = 8  # an eighth: requests whose body is being read

ADDRESS_PART = 4  # a quarter of the slots: an address (an IPv6 one by its /64), or an integrator's key
NETWORK_PART = 2  # half: a /48
MIN_SHARE = 2  # slots
# By how many seconds a requester waited in the last two minutes or so: the part of the slots that may be taken when it
# takes one. A prefill lasts a second or two, ten on slow registers.
CEILINGS = ((2.0, 1.0), (10.0, 0.75), (math.inf, 0.5))


class Slots:
    """Counts what holds a thread."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._limit = limit
        self._taken = 0

    def acquire(self) -> bool:
        """Take a slot while one is free. The caller releases it."""
        with self._lock:
            free = self._limit > self._taken
            self._taken += free
            return free

    def release(self) -> None:
        with self._lock:
            self._taken -= 1


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that is taken: by whom, since when, and the shares that it counts in."""

    requester: Requester
    since: float
    shares: tuple[str, ...]


class SharedSlots:
    """Slots of which no anonymous requester takes more than its share; the last `reserved` are for agents."""

    def __init__(self, limit: int, *, reserved: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._limit = limit
        self._open = limit - reserved
        self._taken = 0
        self._held: Counter[str] = Counter()
        self._seconds = DecayingScores(clock)

    def acquire(self, requester: Requester = SERVICE, *, agent: bool = False, buyer: str = "") -> Slot | None:
        """Take a slot, which the caller releases; None when none is left for this requester, or for its buyer of several."""
        shares = {} if agent else dict(self._shares(requester))
        crowd = f"buyer {buyer}" if buyer and not agent else ""
        ceiling = self._limit if agent else self._ceiling(requester)
        with self._lock:
            if self._taken >= ceiling:
                return None
            if any(self._held[name] >= most for name, most in shares.items()):
                return None
            if crowd and self._held[crowd] >= BUYER_FACTOR * (self._open - self._taken):
                return None
            self._taken += 1
            names = (*shares, crowd) if crowd else tuple(shares)
            self._held.update(names)
        return Slot(requester, self._clock(), names)

    def release(self, slot: Slot) -> None:
        with self._lock:
            self._taken -= 1
            for name in slot.shares:
                self._held[name] -= 1
                if not self._held[name]:
                    del self._held[name]
        for name, weight in _names(slot.requester):
            self._seconds.add(name, (self._clock() - slot.since) / weight)

    def _shares(self, requester: Requester) -> Iterator[tuple[str, int]]:
        """The shares that a slot of this requester counts in, and how many slots each may hold."""
        parts = zip(_names(requester), (ADDRESS_PART, NETWORK_PART), strict=False)
        yield from ((name, max(MIN_SHARE, self._open // part)) for (name, _), part in parts)

    def _ceiling(self, requester: Requester) -> float:
        """How many slots may be taken for this requester to take one more; an integrator keeps to its share."""
        if requester.kind is not RequesterKind.CANDIDATE:
            return self._open
        seconds = max((self._seconds.of(name) for name, _ in _names(requester)), default=0.0)
        return self._open * next(part for most, part in CEILINGS if seconds <= most)


def _names(requester: Requester) -> list[tuple[str, int]]:
    """The names under which a requester is counted, and by how much each is divided; none where there is no limit."""
    named = [(requester.address, 1), (requester.network and f"/48 {requester.network}", NETWORK_FACTOR)]
    return [(name, weight) for name, weight in named if name]


def waiting_slots(threads: int, *, clock: Callable[[], float] = time.monotonic) -> SharedSlots:
    """The requests that may wait for registers at once, of those that so many threads can hold."""
    limit = max(1, threads - threads // KEPT_FOR_SHORT)
    return SharedSlots(limit, reserved=threads // KEPT_FOR_AGENTS, clock=clock)


def body_slots(threads: int) -> SharedSlots:
    """The bodies that may be read at once: a slow client holds a thread."""
    return SharedSlots(max(1, threads // BODIES))
