"""The trace: one line for every access to protected data, written before the data leaves the house.

Who, for which buyer, which company, which sources, why, when: nothing of the data itself. If the line
cannot be written the data is not served; once it can be again, so is the data.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from prefill import telemetry
from prefill.errors import AuditUnavailable

KEPT_MONTHS = 36
STDOUT = "stdout"
STDOUT_DESCRIPTOR = 1
LONGEST = 4096  # bytes of a line: what a pipe takes whole (PIPE_BUF), so that processes never mix theirs


class Outcome(StrEnum):
    """What became of an access, as far as is known when its first byte leaves."""

    COMPLETE = "complete"  # every source answered
    PARTIAL = "partial"  # some sources did not
    OPENED = "opened"  # a stream or a document: its end is not known when its first byte leaves
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

    def plain(self) -> dict[str, str]:
        """Write it as texts: the time in Paris to the second, the sources as words."""
        texts = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        return {**texts, "at": self.at.isoformat(timespec="seconds"), "sources": " ".join(self.sources)}


COLUMNS = tuple(one.name for one in fields(Access))


def read_access(plain: dict[str, Any]) -> Access:
    """Read what `plain` wrote. Raise `ValueError` or `KeyError` for anything else."""
    texts = {name: str(plain[name]) for name in COLUMNS}
    return Access(**{**texts, "at": datetime.fromisoformat(texts["at"]), "sources": tuple(texts["sources"].split())})  # type: ignore[arg-type]


class Lost(Exception):
    """A line cannot be written or read, and why."""


class Sink(Protocol):
    """Where lines go. Each method raises `Lost`."""

    def append(self, access: Access) -> None:
        """Write one line, durably."""

    def read(self, since: date, until: date) -> Iterator[Access]:
        """Give the accesses of these days, both included, oldest first."""

    def purge(self, before: date) -> int:
        """Forget what is older than a day; give how many lines there were."""

    def close(self) -> None:
        """Let go of what is kept open between two lines."""


class Trace:
    """What protected data passes by on its way out.

    `fault` says why the last line could not be written, None once one can.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.fault: str | None = None

    def write(self, access: Access) -> None:
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

    def _append(self, access: Access) -> str | None:
        """Write one line; give why it could not be. No stack trace follows: a database's would tell its password."""
        try:
            self._sink.append(access)
        except Lost as lost:
            return str(lost)
        return None

    def read(self, since: date, until: date) -> Iterator[Access]:
        """Give the accesses of these days, both included, oldest first. Raise `Lost`."""
        return self._sink.read(since, until)

    def purge(self, today: date) -> int:
        """Forget what is older than 36 months; give how many lines there were. Raise `Lost`."""
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


def line_of(access: Access) -> bytes:
    """Write a line as JSON, after its kind; as UTF-8 with nothing that could end it early."""
    text = json.dumps({"event": "audit", **access.plain()}, ensure_ascii=False)
    line = text.encode("utf-8", "backslashreplace") + b"\n"
    if len(line) > LONGEST:
        raise Lost("la ligne est trop longue")
    return line


class StreamSink:
    """An open descriptor, standard output most often: whoever runs the service keeps what it says."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def append(self, access: Access) -> None:
        line = line_of(access)
        with self._lock:
            _write(self._descriptor, line)

    def read(self, since: date, until: date) -> Iterator[Access]:
        raise Lost("la trace est écrite sur la sortie standard : c'est le journal de l'hébergeur qui la garde")

    def purge(self, before: date) -> int:
        raise Lost("la trace est écrite sur la sortie standard : c'est le journal de l'hébergeur qui l'oublie")

    def close(self) -> None:
        """Leave the descriptor to whoever opened it."""


class FileSink:
    """A file, opened for each line: it may be rotated, vanish, come back or be full meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, access: Access) -> None:
        line = line_of(access)
        with self._open() as descriptor, _alone(descriptor):
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                _write(descriptor, line)
                return
            _append(descriptor, line, state.st_size)
            _settle(self._path.parent if state.st_size == 0 else None, descriptor)

    def read(self, since: date, until: date) -> Iterator[Access]:
        try:
            with self._path.open("rb") as lines:
                yield from (one for one in map(_read_line, lines) if one and since <= one.at.date() <= until)
        except OSError as fault:
            raise Lost(_told(fault)) from fault

    def purge(self, before: date) -> int:
        raise Lost("un fichier s'oublie par rotation (logrotate, maxage 1096), pas ligne à ligne")

    def close(self) -> None:
        """Do nothing: each line opens and closes the file."""

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as fault:
            raise Lost(_told(fault)) from fault
        try:
            yield descriptor
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _alone(descriptor: int) -> Iterator[None]:
    """Keep the other processes away from the file while a line is written; closing it lets them in."""
    import fcntl  # only Unix has it, and only Unix serves

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as fault:
        raise Lost(_told(fault)) from fault
    yield


def _append(descriptor: int, line: bytes, size: int) -> None:
    """Write a line whole or not at all: half a line, on a full disk, would spoil the next."""
    try:
        _write(descriptor, line)
    except Lost:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _settle(folder: Path | None, descriptor: int) -> None:
    """Wait until the disk has the line, and the folder the name of a file that begins."""
    try:
        os.fsync(descriptor)
        if folder is not None:
            _settle_folder(folder)
    except OSError as fault:
        raise Lost(_told(fault)) from fault


def _settle_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, line: bytes) -> None:
    try:
        written = os.write(descriptor, line)
    except OSError as fault:
        raise Lost(_told(fault)) from fault
    if written != len(line):
        raise Lost("la place manque")


def _read_line(line: bytes) -> Access | None:
    """Read a line of the trace; None for what is not one, like another event of the same log."""
    try:
        return read_access(json.loads(line))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _told(fault: OSError) -> str:
    return fault.strerror or type(fault).__name__


# -- giving it to whoever asks ----------------------------------------------------------------------

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_rows(accesses: Iterable[Access]) -> Iterator[tuple[str, ...]]:
    """Give the rows of a CSV file, headings first; no cell can be taken for a formula by a spreadsheet."""
    yield COLUMNS
    for access in accesses:
        yield tuple(harmless(text) for text in access.plain().values())


def harmless(text: str) -> str:
    """Mark as text what a spreadsheet would calculate.

    >>> harmless("=1+1"), harmless("2026-TRX-014")
    ("'=1+1", '2026-TRX-014')
    """
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
