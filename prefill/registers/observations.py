"""What the upstream's own answers say of our side: sources that the habilitation lacks, and the skew of our clock."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from prefill.domain.answers import Answer, Status

SAMPLES = 5  # a single `Date` may be a proxy's, or come late
SETTLED = frozenset({Status.OK, Status.ABSENT, Status.WITHHELD})


@dataclass(frozen=True, slots=True)
class Observed:
    """What has been seen so far: sources refused to the habilitation, and our clock's advance in seconds."""

    not_entitled: tuple[str, ...] = ()
    clock_skew: float | None = None


class Observations:
    """Collects it from the calls of one tenant, on any thread; makes none of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._not_entitled: set[str] = set()
        self._skews: deque[float] = deque(maxlen=SAMPLES)

    def record(self, answer: Answer) -> None:
        """Note an answer that came from the upstream: a source that answers again is entitled again."""
        with self._lock:
            if answer.status is Status.NOT_ENTITLED:
                self._not_entitled.add(answer.source)
            elif answer.status in SETTLED:
                self._not_entitled.discard(answer.source)

    def record_date(self, date: str | None, now: datetime) -> None:
        """Note the `Date` of an answer, beside the moment when its headers came."""
        try:
            theirs = parsedate_to_datetime(date or "")
            skew = (now - theirs).total_seconds()
        except (ValueError, TypeError):  # no date, one that cannot be read, one without a zone
            return
        with self._lock:
            self._skews.append(skew)

    def snapshot(self) -> Observed:
        with self._lock:
            skew = min(self._skews, key=abs, default=None)
            return Observed(tuple(sorted(self._not_entitled)), skew)
