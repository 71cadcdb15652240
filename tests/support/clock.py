"""Clocks for tests: time passes when a test says so."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from prefill.clock import Clock
from prefill.domain.dates import PARIS


class FakeClock(Clock):
    """Every kind of time is `at`, in Unix seconds; sleeping moves it and takes no time."""

    def __init__(self, at: float = 1000.0) -> None:
        self.at = at
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, PARIS)

    def timestamp(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class FakeDate(FakeClock):
    """The date is the test's; durations are real, plus those by which the test moves `at`. Sleeping is only recorded."""

    def monotonic(self) -> float:
        return self.at + time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class ShiftedClock(Clock):
    """The system's clock, `ahead` by a duration that a test may change."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return super().now() + self.ahead

    def timestamp(self) -> float:
        return super().timestamp() + self.ahead.total_seconds()
