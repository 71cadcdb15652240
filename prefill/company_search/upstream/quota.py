"""The quota of calls to Recherche d'entreprises: so many in any second, all processes together.

A call is given a slot, now or a little later, so that never more than `per_second` begin in any second. Redis keeps the
slots of all processes. Without it each process gives slots from its share; after an outage, and after Redis came back,
processes keep to their shares for as long as others may not have noticed.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from prefill.clock import Clock
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.admission import Admission

MARGIN = 0.2  # seconds by which calls may arrive closer together than they were let go
SETTLING = 3.0  # seconds for every process to notice that Redis is back: more than its retry interval
FORGOTTEN = 60_000  # milliseconds after which Redis may forget slots that are over

# The last slots stand newest first; the n-th last one decides when the next may begin.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local calls, window, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local slot, before = now, redis.call('LINDEX', KEYS[1], calls - 1)
if before then slot = math.max(now, tonumber(before) + window) end
if slot - now > patience then return {0, slot - now} end
redis.call('LPUSH', KEYS[1], slot)
redis.call('LTRIM', KEYS[1], 0, calls - 1)
redis.call('PEXPIRE', KEYS[1], slot - now + window + tonumber(ARGV[4]))
return {1, slot - now}
"""


@dataclass(frozen=True, slots=True)
class Slot(Admission):
    """An admission that begins in `delay` seconds."""

    delay: float = 0.0


class SlotLog:
    """Slots given by this process: at most `calls` in any `window` seconds."""

    def __init__(self, calls: int, window: float) -> None:
        self._window = window
        self._slots: deque[float] = deque(maxlen=calls)

    def reserve(self, now: float, patience: float) -> Slot:
        full = len(self._slots) == self._slots.maxlen
        slot = max(now, self._slots[0] + self._window) if full else now
        if slot - now > patience:
            return Slot(False, slot - now)
        self._slots.append(slot)
        return Slot(True, delay=slot - now)

    def spend(self, now: float) -> None:
        """Begin as if every slot of this moment were taken."""
        self._slots.extend([now] * (self._slots.maxlen or 0))


class SearchQuota:
    """Gives slots for calls. `instances` is how many processes share the quota when Redis does not answer."""

    def __init__(
        self,
        shared: OptionalRedis,
        *,
        clock: Clock,
        per_second: float,
        instances: int = 1,
        prefix: str = "prefill:search",
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._key = f"{prefix}:slots"
        self._calls, self._window = _rate(per_second)
        self._unlimited = math.isinf(per_second)
        self._lock = threading.Lock()
        self._share = SlotLog(*_rate(per_second / instances))
        self._outages = shared.outages
        self._shared_since = 0.0 if shared.configured else math.inf
        self._next_slot = 0.0  # the earliest, as Redis last said when it refused one

    def reserve(self, patience: float = 0.0) -> Slot:
        """Reserve a slot that begins within `patience` seconds, or say in how many seconds to ask again."""
        if self._unlimited:
            return Slot(True)
        refused = self.refusal(patience)
        if refused is not None:
            return refused
        now = self._clock.monotonic()
        share = self._reserve_share(now, patience)
        if share is not None and not (share.allowed and self._shared.configured):
            return share
        try:
            return self._reserve_shared(now, patience)
        except RedisUnavailable:
            return share or self._reserve_share(now, patience) or Slot(False, self._window)

    def refusal(self, patience: float = 0.0) -> Slot | None:
        """The refusal that `reserve` would give, where this process knows it without asking Redis."""
        left = self._next_slot - self._clock.monotonic()
        return Slot(False, left) if left > patience else None

    def _reserve_share(self, now: float, patience: float) -> Slot | None:
        """Reserve a slot of this process's share; None while Redis counts for everybody."""
        with self._lock:
            if self._shared.outages != self._outages:
                self._outages, self._shared_since = self._shared.outages, math.inf
                self._share.spend(now)
            return self._share.reserve(now, patience) if now < self._shared_since else None

    def _reserve_shared(self, now: float, patience: float) -> Slot:
        allowed, milliseconds = self._shared.run(lambda client: self._run(client, patience))
        with self._lock:
            if math.isinf(self._shared_since):
                self._shared_since = now + SETTLING
        if allowed:
            return Slot(True, delay=milliseconds / 1000)
        self._next_slot = now + milliseconds / 1000
        return Slot(False, milliseconds / 1000)

    def _run(self, client: Any, patience: float) -> tuple[int, int]:
        arguments = (self._calls, math.ceil(self._window * 1000), int(patience * 1000), FORGOTTEN)
        allowed, milliseconds = client.eval(_SCRIPT, 1, self._key, *arguments)
        return int(allowed), int(milliseconds)


def _rate(per_second: float) -> tuple[int, float]:
    """How many calls in how many seconds: whole calls, and a window no shorter than a second.

    >>> _rate(2), _rate(0.5)
    ((2, 1.2), (1, 2.2))
    """
    if math.isinf(per_second):
        return 1, 0.0
    calls = max(1, math.floor(per_second))
    return calls, max(1.0, calls / per_second) + MARGIN
