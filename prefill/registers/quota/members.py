"""Tracks how many processes share the quota, and since when the counts in Redis are complete."""

from __future__ import annotations

import math
import threading

from prefill.clock import Clock

REMEMBERED = 10  # windows after which a process that made no call is taken for gone


class QuotaMembers:
    """What this process knows of the others that spend the same quota.

    Attributes:
        count: how many processes there are; at least the configured number.
        complete_since: Unix seconds from which Redis counts every call of every process; infinite without Redis.
        lost: the last window of which calls may have been made that nobody knows of; -1 for none.
        losses: how often the counts ceased to be complete.
    """

    def __init__(self, *, clock: Clock, window: float, configured: int = 1, fresh: bool = False) -> None:
        self._clock = clock
        self._window = window
        self._configured = configured
        self._lock = threading.Lock()
        self._counted_at = 0
        self.count = configured
        self.complete_since = math.inf
        self.lost = -1 if fresh else self.epoch()
        self.losses = 0

    def epoch(self) -> int:
        """The number of the current window."""
        return int(self._clock.timestamp() // self._window)

    def is_exact(self, epoch: int) -> bool:
        """Whether Redis counts that window for all processes, from its beginning."""
        return epoch * self._window >= self.complete_since

    def redis_replied(self, complete_since: float, present: int) -> None:
        """Learn from a reply since when Redis counts are complete, and how many processes made themselves known."""
        with self._lock:
            self._update(complete_since)
            present, epoch = max(self._configured, present), self.epoch()
            # More is believed at once, fewer only after a while: a Redis that restarted has forgotten some.
            if present >= self.count or epoch > self._counted_at + REMEMBERED:
                self.count, self._counted_at = present, epoch

    def redis_lost(self) -> None:
        """From now on neither Redis nor this process knows all calls."""
        with self._lock:
            self._update(math.inf)

    def _update(self, complete_since: float) -> None:
        epoch = self.epoch()
        was_exact = self.is_exact(epoch)
        self.complete_since = complete_since
        if was_exact and not self.is_exact(epoch):
            self.lost = epoch
            self.losses += 1
