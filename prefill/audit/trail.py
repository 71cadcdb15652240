"""Audit trail: the intent of every access to protected data, written before any register is queried, and its outcome,
written before anything is served.

Who, for which buyer, which company, which sources, for which procedure, when; never the data. While a record cannot be
written no register is queried and nothing is served; as soon as one can be, without a restart, all is as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from prefill import telemetry
from prefill.audit.chain import ChainReport, Link, verify
from prefill.problems import AuditUnavailable

KEPT_MONTHS = 36


class Outcome(StrEnum):
    """The outcome of an access, as far as it is known when the record is written."""

    REQUESTED = "requested"  # the intent, written before any register is queried; another record has the outcome
    COMPLETE = "complete"  # every source answered
    PARTIAL = "partial"  # some sources did not
    OPENED = "opened"  # a stream or an archive: its end is not known when its first byte is sent
    REFUSED = "refused"  # nothing was served
    PURGED = "purged"  # records older than 36 months were deleted


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """One access to protected data.

    Attributes:
        at: The time in Paris.
        agent: `Caller.agent`.
        procedure: The procedure (`object` in the trail and at API Entreprise).
    """

    at: datetime
    tenant: str
    agent: str
    siret: str
    sources: tuple[str, ...]
    procedure: str = field(metadata={"column": "object"})
    outcome: str
    request_id: str

    def plain(self) -> dict[str, str]:
        """Return the record as strings, by column: the time to the second, the sources separated by spaces."""
        texts = {column: str(getattr(self, name)) for column, name in ATTRIBUTES.items()}
        return {**texts, "at": self.at.isoformat(timespec="seconds"), "sources": " ".join(self.sources)}


ATTRIBUTES = {attribute.metadata.get("column", attribute.name): attribute.name for attribute in fields(AccessRecord)}
COLUMNS = tuple(ATTRIBUTES)


def read_access(plain: dict[str, Any]) -> AccessRecord:
    """Parse what `AccessRecord.plain` returned. Raises `ValueError` or `KeyError` for anything else."""
    texts = {name: str(plain[column]) for column, name in ATTRIBUTES.items()}
    values: dict[str, Any] = {
        **texts,
        "at": datetime.fromisoformat(texts["at"]),
        "sources": tuple(texts["sources"].split()),
    }
    return AccessRecord(**values)


class AuditWriteError(Exception):
    """A record cannot be written or read; the message is the cause, in French for the operator."""


@dataclass(frozen=True, slots=True)
class Purge:
    """Who asks for the old records to be deleted, and when by the clock of this machine.

    `confirmed` deletes although something looks wrong.
    """

    at: datetime
    agent: str
    confirmed: bool = False


class Sink(Protocol):
    """Where records are stored. Each method raises `AuditWriteError`."""

    def append(self, access: AccessRecord) -> None:
        """Write one record, durably."""

    def probe(self) -> None:
        """Go as far as a line would, and write none."""

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        """Yield the records of these days, both included, oldest first."""

    def links(self) -> Iterator[Link]:
        """Yield every record with its digest, in the order in which they were written."""

    def purge(self, purge: Purge) -> int:
        """Delete the records older than 36 months; return their number."""

    def close(self) -> None:
        """Release what is kept open between two records."""


class AuditTrail:
    """Writes the audit records. `fault` is why the last one could not be written; None once one can."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.fault: str | None = None

    def write(self, access: AccessRecord) -> None:
        """Write one record, durably, before anything is served. Raises `AuditUnavailable` when it cannot be written."""
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
        """Write one record; return why it could not be. Nothing is chained: a database's exception contains its password."""
        try:
            self._sink.append(access)
        except AuditWriteError as lost:
            return str(lost)
        return None

    def probe(self) -> str | None:
        """Say why a line could not be written now; None when it could. Nothing is written."""
        try:
            self._sink.probe()
        except AuditWriteError as lost:
            return str(lost)
        return None

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        """Yield the records of these days, both included, oldest first. Raises `AuditWriteError`."""
        return self._sink.read(since, until)

    def verify(self, known_head: str | None = None) -> ChainReport:
        """Follow the hash chain of the records. Raises `AuditWriteError`."""
        return verify(self._sink.links(), known_head=known_head)

    def purge(self, purge: Purge) -> int:
        """Delete the records older than 36 months, and leave a record of it; return their number.

        Raises `AuditWriteError`, also when a clock looks wrong.
        """
        return self._sink.purge(purge)

    def close(self) -> None:
        """Release what is kept open between two records."""
        self._sink.close()


def oldest_kept(today: date) -> date:
    """Return the first day that is kept.

    >>> oldest_kept(date(2026, 11, 23)), oldest_kept(date(2028, 2, 29))
    (datetime.date(2023, 11, 23), datetime.date(2025, 2, 28))
    """
    year = today.year - KEPT_MONTHS // 12
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return date(year, today.month, day)
