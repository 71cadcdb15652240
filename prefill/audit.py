"""The trace: one line for every access to protected data, written before the data leaves the house.

Nothing of the data itself is in it: who, for which buyer, which company, which sources, why, when. If the
line cannot be written the data is not served.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What became of an access, as far as is known when its first byte leaves."""

    COMPLETE = "complete"  # every source answered
    PARTIAL = "partial"  # some sources did not
    OPENED = "opened"  # a stream or a document: the end is not known when the first byte leaves
    REFUSED = "refused"  # nothing was served


@dataclass(frozen=True, slots=True)
class Access:
    """One access to protected data. `at` is the time in Paris, `agent` is the caller's own `agent`."""

    at: datetime
    tenant: str
    agent: str
    siret: str
    sources: tuple[str, ...]
    object: str
    outcome: str
    request_id: str


class Trace:
    """Where accesses are written (and, unless it is a stream, read again)."""

    fault: str | None = None  # why the last line could not be written, for /readyz

    def write(self, access: Access) -> None:
        """Write one line, durably, before anything is served. Raise `AuditUnavailable` when it cannot be."""
        raise NotImplementedError

    def read(self, since: date, until: date) -> Iterator[Access]:
        """Give the accesses of these days, both included, oldest first."""
        raise NotImplementedError


def open_trace(target: str | None) -> Trace:
    """Open the trace that `PREFILL_AUDIT` names: nothing (standard output), a file, or a database URL."""
    raise NotImplementedError
