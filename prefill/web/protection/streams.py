"""A cap on the event streams of a process: each holds a thread until its end."""

from __future__ import annotations

import threading

MAX_STREAMS = 24  # a process answers plainly beyond: a stream may last as long as the slowest register


class StreamSlots:
    """Counts the streams under way."""

    def __init__(self, limit: int = MAX_STREAMS) -> None:
        self._free = threading.BoundedSemaphore(limit)

    def acquire(self) -> bool:
        """Take a slot if one is free. The caller releases it when the stream is closed."""
        return self._free.acquire(blocking=False)

    def release(self) -> None:
        self._free.release()
