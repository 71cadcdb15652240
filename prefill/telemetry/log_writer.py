"""Bounded queue of log lines, written by one thread.

No request ever waits for the log: when its reader stalls and the queue is full, lines are dropped and counted, and the
next line that can be written says how many.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import deque
from multiprocessing.util import Finalize

MAX_DELAY = 0.02  # seconds that a line waits for others: one write for those of a busy moment
MAX_LINES = 10_000  # in the queue; beyond, lines are dropped
FLUSH_SECONDS = 2.0  # how long `flush` waits for the writer


class QueuedWriter:
    """Queues whole lines for its one writing thread. A log that cannot be written (pipe closed, disk full) is ignored."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start with nothing, as a forked child must: it has no threads, and a lock may be held for ever."""
        self._lock = threading.Lock()
        self._lines: deque[str] = deque()
        self._wake = threading.Event()
        self._awaited = threading.Event()  # somebody waits for the lines to be written
        self._written = threading.Condition()
        self._queued = self._done = 0  # lines, since the start
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def info(self, line: str) -> None:
        """Queue a line; drop it when the queue is full."""
        with self._lock:
            if len(self._lines) >= MAX_LINES:
                self._dropped += 1
                return
            self._lines.append(line)
            self._queued += 1
            if self._thread is None:
                self._start()
        self._wake.set()

    debug = msg = warning = error = critical = info

    @property
    def dropped(self) -> int:
        """Lines dropped since the last that could say so."""
        return self._dropped

    def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Wait until what is queued now is written, and no longer than this."""
        queued = self._queued
        if self._done < queued:
            self._awaited.set()
        self._wake.set()
        with self._written:
            self._written.wait_for(lambda: self._done >= queued, seconds)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._write_loop, name="log", daemon=True)
        self._thread.start()
        Finalize(None, self.flush, exitpriority=0)  # as `atexit`, which a worker process never calls

    def _write_loop(self) -> None:
        while True:
            self._wake.wait()
            self._awaited.wait(MAX_DELAY)
            self._awaited.clear()
            self._wake.clear()
            self._write_queued()

    def _write_queued(self) -> None:
        with self._lock:
            lines, dropped = list(self._lines), self._dropped
            self._lines.clear()
            self._dropped = 0
        count = len(lines)
        if dropped:
            lines.append(f'{{"event": "log.dropped", "level": "warning", "lines": {dropped}}}')
        if lines:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write("\n".join(lines) + "\n")
                sys.stderr.flush()
        with self._written:
            self._done += count
            self._written.notify_all()


LOG_WRITER = QueuedWriter()
flush = LOG_WRITER.flush
os.register_at_fork(after_in_child=LOG_WRITER.reset)
