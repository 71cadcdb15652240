"""Batched writer of log lines."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import deque
from multiprocessing.util import Finalize

LONGEST_LAG = 0.02  # seconds that a line waits for others
MOST_LINES = 1000  # that wait, before who brings one more writes them all


class BatchedWriter:
    """Write whole lines, those of a busy moment together: a write apiece costs threads their turn.

    A warning and an error are written at once. A log that cannot be written (pipe closed, disk full) stops
    nobody's request.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin with nothing, as a forked child must: it has no threads, and may have a lock that one held."""
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._wake = threading.Event()
        self._carrier: threading.Thread | None = None

    def info(self, line: str) -> None:
        self._waiting.append(line)
        if len(self._waiting) >= MOST_LINES:
            self.flush()
        elif not self._wake.is_set():
            self._start()
            self._wake.set()

    debug = msg = info

    def warning(self, line: str) -> None:
        self._waiting.append(line)
        self.flush()

    error = critical = warning

    def flush(self) -> None:
        """Write what waits."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if lines:
                sys.stderr.write("\n".join(lines) + "\n")
                sys.stderr.flush()

    def _start(self) -> None:
        if self._carrier is None:
            with self._lock:
                if self._carrier is None:
                    self._carrier = threading.Thread(target=self._carry, name="log", daemon=True)
                    self._carrier.start()
                    Finalize(None, self.flush, exitpriority=0)  # as `atexit`, which a worker process never calls

    def _carry(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(LONGEST_LAG)
            self._wake.clear()
            self.flush()


_lines = BatchedWriter()
flush = _lines.flush
os.register_at_fork(after_in_child=_lines.begin)
