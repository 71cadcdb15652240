"""The tenants directory, read again when its file changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from prefill import telemetry
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.tenancy.model import Directory

LOOK_EVERY = 1.0  # seconds between two looks at the file


Stamp = tuple[tuple[int, int, int] | None, ...]


class Tenants:
    """The directory, read anew when its file changes; a file that cannot be used leaves it as it was.

    `fault` says why the file that is there now is not the one in use, None when it is.
    """

    def __init__(self, read: Callable[[], Directory], path: Path | None, *, clock: Callable[[], float]) -> None:
        self._read = read
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp = self._look(())
        self._directory = read()
        self._stamp = self._look(self._directory.files) if self._stamp == self._look(()) else ()
        self._looked_at = clock()
        self.fault: str | None = None

    def directory(self) -> Directory:
        """Give the tenants as they are now; looks at the file once a second at most."""
        if self._path and self._clock() - self._looked_at >= LOOK_EVERY and self._lock.acquire(blocking=False):
            try:
                self._looked_at = self._clock()
                self.refresh()
            finally:
                self._lock.release()
        return self._directory

    def refresh(self) -> None:
        """Look at the file now, and read it when it has changed."""
        before = self._directory.files
        stamp = self._look(before)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._directory = self._read()
        except InvalidConfigFile as invalid:
            self.fault = str(invalid)
            telemetry.warning("tenants.refused", message="Le fichier des acheteurs a changé et ne peut pas être lu : "
                            "l'ancien reste en vigueur.", mistakes=[str(one) for one in invalid.diagnostics])  # fmt: skip
            return
        self.fault = None
        self._stamp = self._look(self._directory.files) if self._look(before) == stamp else ()
        telemetry.event("tenants.loaded", tenants=sorted(self._directory.tenants))

    def _look(self, files: Iterable[Path]) -> Stamp:
        return tuple(_stamp(path) for path in (self._path, *files) if path)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
