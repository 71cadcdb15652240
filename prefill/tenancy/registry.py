"""The tenants directory, read again when its file changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from prefill import telemetry
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.config_files.reloading import ReloadedFiles
from prefill.tenancy.model import Directory

LOOK_EVERY = 1.0  # seconds between two looks at the file


class Tenants:
    """The directory, read anew when its file changes; a file that cannot be used leaves it as it was."""

    def __init__(self, read: Callable[[], Directory], path: Path | None, *, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self.reloaded = ReloadedFiles(read, self._files, loaded=_log_loaded, refused=_log_refused)
        self._looked_at = clock()

    @property
    def fault(self) -> str | None:
        """Why the file that is there now is not the one in use, None when it is."""
        return self.reloaded.fault

    def directory(self) -> Directory:
        """Give the tenants as they are now; looks at the file once a second at most."""
        if self._path and self._clock() - self._looked_at >= LOOK_EVERY and self._lock.acquire(blocking=False):
            try:
                self._looked_at = self._clock()
                self.refresh()
            finally:
                self._lock.release()
        return self.reloaded.content

    def refresh(self) -> None:
        """Look at the file now, and read it when it has changed."""
        self.reloaded.refresh()

    def _files(self, directory: Directory | None) -> Iterable[Path]:
        named = directory.files if directory else ()
        return tuple(path for path in (self._path, *named) if path)


def _log_loaded(directory: Directory) -> None:
    telemetry.event("tenants.loaded", tenants=sorted(directory.tenants))


def _log_refused(invalid: InvalidConfigFile) -> None:
    message = "Le fichier des acheteurs a changé et ne peut pas être lu : l'ancien reste en vigueur."
    telemetry.warning("tenants.refused", message=message, mistakes=[str(one) for one in invalid.diagnostics])
