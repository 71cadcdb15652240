"""How much each name has asked for of late: a score that halves as time goes by, and is forgotten when it says little."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cachetools import TTLCache

HALF_LIFE = 120.0  # seconds
MEMORY_SECONDS = 5 * HALF_LIFE  # after which a name that adds nothing is forgotten
MAX_REMEMBERED = 50_000  # names: nobody fills the memory with addresses


class DecayingScores:
    """One score for each name, of those that were seen last."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._scores: TTLCache[str, tuple[float, float]] = TTLCache(MAX_REMEMBERED, MEMORY_SECONDS, timer=clock)

    def __len__(self) -> int:
        """How many names are remembered."""
        with self._lock:
            return len(self._scores)

    def add(self, name: str, amount: float = 1.0) -> float:
        """Add to a score, and return it."""
        with self._lock:
            score = self._current(name) + amount
            self._scores[name] = (score, self._clock())
        return score

    def of(self, name: str) -> float:
        with self._lock:
            return self._current(name)

    def _current(self, name: str) -> float:
        now = self._clock()
        score, at = self._scores.get(name, (0.0, now))
        return float(score * 0.5 ** ((now - at) / HALF_LIFE))
