"""The one source of time: the hour in Paris, Unix timestamps, durations and waiting."""

from __future__ import annotations

import time
from datetime import datetime

from prefill.domain.dates import PARIS


class Clock:
    """The system's clock. Components receive it as an argument; tests pass a fake one."""

    def now(self) -> datetime:
        """The time in Paris."""
        return datetime.now(PARIS)

    def timestamp(self) -> float:
        """Unix seconds: comparable between machines, and may jump."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds for measuring durations: never goes back, means nothing on another machine."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
