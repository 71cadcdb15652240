"""Where audit records go: standard output or a file."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from prefill.audit.trail import AccessRecord, AuditWriteError, read_access

STDOUT = "stdout"
STDOUT_DESCRIPTOR = 1
LONGEST = 4096  # bytes of a line: what a pipe takes whole (PIPE_BUF), so that processes never mix theirs


def line_of(access: AccessRecord) -> bytes:
    """Write a line as JSON, after its kind; as UTF-8 with nothing that could end it early."""
    text = json.dumps({"event": "audit", **access.plain()}, ensure_ascii=False)
    line = text.encode("utf-8", "backslashreplace") + b"\n"
    if len(line) > LONGEST:
        raise AuditWriteError("la ligne est trop longue")
    return line


class StreamSink:
    """An open descriptor, standard output most often: whoever runs the service keeps what it says."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def append(self, access: AccessRecord) -> None:
        line = line_of(access)
        with self._lock:
            _write(self._descriptor, line)

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        raise AuditWriteError(
            "la trace est écrite sur la sortie standard : c'est le journal de l'hébergeur qui la garde"
        )

    def purge(self, before: date) -> int:
        raise AuditWriteError(
            "la trace est écrite sur la sortie standard : c'est le journal de l'hébergeur qui l'oublie"
        )

    def close(self) -> None:
        """Leave the descriptor to whoever opened it."""


class FileSink:
    """A file, opened for each line: it may be rotated, vanish, come back or be full meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, access: AccessRecord) -> None:
        line = line_of(access)
        with self._open() as descriptor, _alone(descriptor):
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                _write(descriptor, line)
                return
            _append(descriptor, line, state.st_size)
            _settle(self._path.parent if state.st_size == 0 else None, descriptor)

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        try:
            with self._path.open("rb") as lines:
                yield from (one for one in map(_read_line, lines) if one and since <= one.at.date() <= until)
        except OSError as fault:
            raise AuditWriteError(_told(fault)) from fault

    def purge(self, before: date) -> int:
        raise AuditWriteError("un fichier s'oublie par rotation (logrotate, maxage 1096), pas ligne à ligne")

    def close(self) -> None:
        """Do nothing: each line opens and closes the file."""

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as fault:
            raise AuditWriteError(_told(fault)) from fault
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
        raise AuditWriteError(_told(fault)) from fault
    yield


def _append(descriptor: int, line: bytes, size: int) -> None:
    """Write a line whole or not at all: half a line, on a full disk, would spoil the next."""
    try:
        _write(descriptor, line)
    except AuditWriteError:
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
        raise AuditWriteError(_told(fault)) from fault


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
        raise AuditWriteError(_told(fault)) from fault
    if written != len(line):
        raise AuditWriteError("la place manque")


def _read_line(line: bytes) -> AccessRecord | None:
    """Read a line of the trace; None for what is not one, like another event of the same log."""
    try:
        return read_access(json.loads(line))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _told(fault: OSError) -> str:
    return fault.strerror or type(fault).__name__
