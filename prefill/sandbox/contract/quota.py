"""How API Entreprise limits its callers: quotas in windows aligned to the clock, and a ban that nothing announces."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

MINUTE = 60.0
BAN_SECONDS = 12 * 3600.0
REFUSALS_BEFORE_BAN = 20


@dataclass(frozen=True, slots=True)
class Grant:
    """What counting one call says: whether it is within the quota, and the figures of the window."""

    allowed: bool
    limit: int
    remaining: int
    resets_at: int
    retry_after: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.resets_at),
        }


class ClockWindows:
    """Counts calls by holder and counter, in windows of `seconds` that begin with the clock's own."""

    def __init__(self, timestamp: Callable[[], float], *, seconds: float = MINUTE, scale: float = 1.0) -> None:
        self._timestamp = timestamp
        self._seconds = seconds
        self._scale = scale
        self._lock = threading.Lock()
        self._window = -1
        self._calls: Counter[tuple[str, str]] = Counter()

    def count(self, holder: str, counter: str, per_minute: int) -> Grant:
        """Count one call of a holder; refused calls count as well."""
        now = self._timestamp()
        window, limit = int(now // self._seconds), max(1, round(per_minute * self._scale))
        with self._lock:
            if window != self._window:
                self._window = window
                self._calls.clear()
            self._calls[holder, counter] += 1
            calls = self._calls[holder, counter]
        end = (window + 1) * self._seconds
        return Grant(calls <= limit, limit, max(0, limit - calls), int(end), max(0, int(end - now)))


class Bans:
    """Addresses that kept calling through their 429s: for twelve hours they get no answer at all.

    A caller that waits as `Retry-After` says is refused a few times a window at most; one that does not is
    refused more than `after` times in the same window.
    """

    def __init__(self, timestamp: Callable[[], float], *, after: int = REFUSALS_BEFORE_BAN) -> None:
        self._timestamp = timestamp
        self._after = after
        self._lock = threading.Lock()
        self._window = 0
        self._refusals: Counter[str] = Counter()
        self._until: dict[str, float] = {}

    def refused(self, address: str, *, resets_at: int) -> bool:
        """Note a 429 of the window that ends then; say whether it was one too many."""
        with self._lock:
            if resets_at != self._window:
                self._window = resets_at
                self._refusals.clear()
            self._refusals[address] += 1
            if self._refusals[address] <= self._after:
                return False
            self._until[address] = self._timestamp() + BAN_SECONDS
            return True

    def banned(self, address: str) -> bool:
        if not self._until:
            return False
        with self._lock:
            until = self._until.get(address)
            if until is None or self._timestamp() < until:
                return until is not None
            del self._until[address]
            return False
