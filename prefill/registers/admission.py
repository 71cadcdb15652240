"""What the gatekeepers of a call answer: token back-off, circuit breaker, quota, single flight."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a call may be made now; when not, `retry_after` is in how many seconds it may be tried again."""

    allowed: bool
    retry_after: float = 0.0
