"""The trace: one line for every access to protected data, written before the data leaves the house.

Who, for which buyer, which company, which sources, why, when: nothing of the data itself. If the line
cannot be written the data is not served; once it can be again, so is the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from prefill import telemetry
from prefill.problems import AuditUnavailable

KEPT_MONTHS = 36


class Outcome(StrEnum):
    """What became of an access, as far as is known when its first byte leaves."""

    COMPLETE = "complete"  # every source answered
    PARTIAL = "partial"  # some sources did not
    OPENED = "opened"  # a stream or a document: its end is not known when its first byte leaves
    REFUSED = "refused"  # nothing was served


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One access to protected data. `at` is the time in Paris, `agent` is the caller's own `agent`."""

    at: datetime
    tenant: str
    agent: str
    siret: str
    sources: tuple[str, ...]
    object: str
    outcome: str
    request_id: str

    def plain(self) -> dict[str, str]:
        """Write it as texts: the time in Paris to the second, the sources as words."""
        texts = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        return {**texts, "at": self.at.isoformat(timespec="seconds"), "sources": " ".join(self.sources)}


COLUMNS = tuple(one.name for one in fields(AccessRecord))


def read_access(plain: dict[str, Any]) -> AccessRecord:
    """Read what `plain` wrote. Raise `ValueError` or `KeyError` for anything else."""
    texts = {name: str(plain[name]) for name in COLUMNS}
    values: dict[str, Any] = {
        **texts,
        "at": datetime.fromisoformat(texts["at"]),
        "sources": tuple(texts["sources"].split()),
    }
    return AccessRecord(**values)


class AuditWriteError(Exception):
    """A line cannot be written or read, and why."""


class Sink(Protocol):
    """Where lines go. Each method raises `AuditWriteError`."""

    def append(self, access: AccessRecord) -> None:
        """Write one line, durably."""

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        """Give the accesses of these days, both included, oldest first."""

    def purge(self, before: date) -> int:
        """Forget what is older than a day; give how many lines there were."""

    def close(self) -> None:
        """Let go of what is kept open between two lines."""


class AuditTrail:
    """What protected data passes by on its way out.

    `fault` says why the last line could not be written, None once one can.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.fault: str | None = None

    def write(self, access: AccessRecord) -> None:
        """Write one line, durably, before anything is served. Raise `AuditUnavailable` when it cannot be."""
        fault = self._append(access)
        if fault and self.fault is None:
            telemetry.warning("audit.lost", cause=fault, message="La trace des accès ne peut pas être écrite : "
                              "les données protégées ne sont pas servies.")  # fmt: skip
        if self.fault and fault is None:
            telemetry.event("audit.back", message="La trace des accès est de nouveau écrite.")
        self.fault = fault
        if fault:
            raise AuditUnavailable

    def _append(self, access: AccessRecord) -> str | None:
        """Write one line; give why it could not be. No stack trace follows: a database's would tell its password."""
        try:
            self._sink.append(access)
        except AuditWriteError as lost:
            return str(lost)
        return None

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        """Give the accesses of these days, both included, oldest first. Raise `AuditWriteError`."""
        return self._sink.read(since, until)

    def purge(self, today: date) -> int:
        """Forget what is older than 36 months; give how many lines there were. Raise `AuditWriteError`."""
        return self._sink.purge(oldest_kept(today))

    def close(self) -> None:
        """Let go of what is kept open between two lines."""
        self._sink.close()


def oldest_kept(today: date) -> date:
    """Give the first day that is kept.

    >>> oldest_kept(date(2026, 11, 23)), oldest_kept(date(2028, 2, 29))
    (datetime.date(2023, 11, 23), datetime.date(2025, 2, 28))
    """
    year = today.year - KEPT_MONTHS // 12
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return date(year, today.month, day)
