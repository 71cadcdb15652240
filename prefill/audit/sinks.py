"""Sinks of the audit trail: a descriptor (standard output) or a file."""

from __future__ import annotations

import contextlib
import json
import os
import select
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import date
from pathlib import Path

from prefill.audit.chain import ORIGIN, Link, chained_line, content_of, next_digest, split_line
from prefill.audit.trail import AccessRecord, AuditWriteError, Purge, read_access

STDOUT = "stdout"
STDOUT_DESCRIPTOR = 1
WRITE_DEADLINE = 2.0  # seconds
NOT_READ = "la sortie standard n'est plus lue"
TAIL = 64 * 1024  # bytes at the end of a file where the last record is looked for, among other lines of the log
MAX_LINE = 4096  # bytes: PIPE_BUF, what a pipe writes atomically, so that processes never mix their lines


def line_of(access: AccessRecord) -> bytes:
    """Encode a record as one line of JSON; no value can contain a line break."""
    return _bounded(content_of(access.plain()) + b"\n")


def _bounded(line: bytes) -> bytes:
    if len(line) > MAX_LINE:
        raise AuditWriteError("la ligne est trop longue")
    return line


class StreamSink:
    """Writes to an open descriptor, usually standard output, which the host's log system stores.

    A reader that stops reading fills the pipe, and a write would then block for ever: each record has `deadline` seconds.
    One that is still blocked then may be written later, although nothing was served; while it is, others are refused at
    once.
    """

    def __init__(self, descriptor: int, *, deadline: float = WRITE_DEADLINE) -> None:
        self._descriptor = descriptor
        self._deadline = deadline
        self._lock = threading.Lock()
        self._blocked: threading.Thread | None = None

    def append(self, access: AccessRecord) -> None:
        line = line_of(access)
        if not self._lock.acquire(timeout=self._deadline):
            raise AuditWriteError(NOT_READ)
        try:
            self._write(line)
        finally:
            self._lock.release()

    def _write(self, line: bytes) -> None:
        if self._blocked is not None and self._blocked.is_alive():
            raise AuditWriteError(NOT_READ)
        self._blocked = None
        if not _accepts_writes(self._descriptor, self._deadline):
            raise AuditWriteError(NOT_READ)
        self._write_in_thread(line)

    def _write_in_thread(self, line: bytes) -> None:
        """Write where a block harms nobody: another process may fill the pipe between the check and the write."""
        written: Future[None] = Future()
        thread = threading.Thread(target=_complete, args=(written, self._descriptor, line), daemon=True)
        thread.start()
        try:
            written.result(timeout=self._deadline)
        except TimeoutError:
            self._blocked = thread
            raise AuditWriteError(NOT_READ) from None

    def probe(self) -> None:
        try:
            os.fstat(self._descriptor)
        except OSError as fault:
            raise AuditWriteError(_error_text(fault)) from fault

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        raise AuditWriteError(
            "la trace est écrite sur la sortie standard : c'est le journal de l'hébergeur qui la garde"
        )

    def links(self) -> Iterator[Link]:
        raise AuditWriteError(
            "la trace est écrite sur la sortie standard : c'est le journal de l'hébergeur qui la garde"
        )

    def purge(self, purge: Purge) -> int:
        raise AuditWriteError(
            "la trace est écrite sur la sortie standard : c'est le journal de l'hébergeur qui l'oublie"
        )

    def close(self) -> None:
        """Do nothing: the descriptor belongs to whoever opened it."""


class FileSink:
    """Appends to a file, opened for each line: it may be rotated, removed, restored or full meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, access: AccessRecord) -> None:
        content = content_of(access.plain())
        with self._open() as descriptor, _locked(descriptor):
            state = os.fstat(descriptor)
            _restrict(descriptor, state)
            if not stat.S_ISREG(state.st_mode):
                _write(descriptor, line_of(access))
                return
            digest = next_digest(_last_digest(descriptor, state.st_size), content)
            _append(descriptor, _bounded(chained_line(content, digest)), state.st_size)
            _sync(self._path.parent if state.st_size == 0 else None, descriptor)

    def probe(self) -> None:
        """Open the file as a line would, which makes it where it is missing."""
        with self._open():
            pass

    def read(self, since: date, until: date) -> Iterator[AccessRecord]:
        try:
            with self._path.open("rb") as lines:
                records = map(_read_line, lines)
                yield from (record for record in records if record and since <= record.at.date() <= until)
        except OSError as fault:
            raise AuditWriteError(_error_text(fault)) from fault

    def links(self) -> Iterator[Link]:
        try:
            with self._path.open("rb") as lines:
                for place, line in enumerate(lines, 1):
                    if _read_line(line):
                        yield Link(*split_line(line), place)
        except OSError as fault:
            raise AuditWriteError(_error_text(fault)) from fault

    def purge(self, purge: Purge) -> int:
        raise AuditWriteError("un fichier s'oublie par rotation (logrotate, maxage 1096), pas ligne à ligne")

    def close(self) -> None:
        """Do nothing: each line opens and closes the file."""

    def _is_regular(self) -> bool:
        """Whether the last line can be read back: a pipe opened for reading would be its own reader."""
        try:
            return stat.S_ISREG(self._path.stat().st_mode)
        except OSError:
            return True

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        flags = (
            (os.O_RDWR if self._is_regular() else os.O_WRONLY) | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        )
        try:
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as fault:
            raise AuditWriteError(_error_text(fault)) from fault
        try:
            yield descriptor
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Hold an exclusive lock on the file while a line is written; closing the descriptor releases it."""
    import fcntl  # only Unix has it, and only Unix serves

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as fault:
        raise AuditWriteError(_error_text(fault)) from fault
    yield


def _last_digest(descriptor: int, size: int) -> str:
    """Read the digest of the last record; none at the head of a file, nor after the record of an earlier version."""
    start = max(0, size - TAIL)
    try:
        lines = os.pread(descriptor, TAIL, start).splitlines(keepends=True)
    except OSError as fault:
        raise AuditWriteError(_error_text(fault)) from fault
    records = (line for line in reversed(lines) if _read_line(line))
    return next((split_line(line)[1] for line in records), ORIGIN)


def _append(descriptor: int, line: bytes, size: int) -> None:
    """Write a whole line or nothing: on a full disk, half a line would corrupt the next one."""
    try:
        _write(descriptor, line)
    except AuditWriteError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _sync(folder: Path | None, descriptor: int) -> None:
    """Flush the line to disk, and the folder entry of a new file."""
    try:
        os.fsync(descriptor)
        if folder is not None:
            _sync_folder(folder)
    except OSError as fault:
        raise AuditWriteError(_error_text(fault)) from fault


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _accepts_writes(descriptor: int, seconds: float) -> bool:
    """Wait until the descriptor takes a line; an error is for the write itself to report."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(seconds * 1000))


def _complete(written: Future[None], descriptor: int, line: bytes) -> None:
    try:
        _write(descriptor, line)
    except AuditWriteError as lost:
        written.set_exception(lost)
    else:
        written.set_result(None)


def _restrict(descriptor: int, state: os.stat_result) -> None:
    """Take the file from the group and the others, whoever made it: rotation and backups often leave it readable."""
    if stat.S_ISREG(state.st_mode) and state.st_mode & 0o077:
        with contextlib.suppress(OSError):  # the file of another user
            os.fchmod(descriptor, 0o600)


def _write(descriptor: int, line: bytes) -> None:
    try:
        written = os.write(descriptor, line)
    except OSError as fault:
        raise AuditWriteError(_error_text(fault)) from fault
    if written != len(line):
        raise AuditWriteError("la place manque")


def _read_line(line: bytes) -> AccessRecord | None:
    """Parse a line of the trail; None for anything else, such as another event of the same log."""
    try:
        return read_access(json.loads(line))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _error_text(fault: OSError) -> str:
    return fault.strerror or type(fault).__name__
