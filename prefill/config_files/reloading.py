"""What some files hold, read anew when they change; files that cannot be used leave it as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from prefill.config_files.diagnostics import InvalidConfigFile

Content = TypeVar("Content")
Stamp = tuple[tuple[str, int, int, int], ...]


class ReloadedFiles(Generic[Content]):
    """The content of some files, which one thread at a time reads anew.

    Attributes:
        content: what is in use. It is replaced whole, never changed.
        fault: why the files that are there now are not those in use, None when they are.
    """

    def __init__(
        self,
        read: Callable[[], Content],
        files: Callable[[Content | None], Iterable[Path]],
        *,
        loaded: Callable[[Content], None],
        refused: Callable[[InvalidConfigFile], None],
    ) -> None:
        """Read the files, which `files` lists from the content in use. Raise `InvalidConfigFile`."""
        self._read = read
        self._files = files
        self._loaded = loaded
        self._refused = refused
        before = self._look(None)
        self.content = read()
        self._stamp = self._look(self.content) if before == self._look(None) else ()
        self.fault: str | None = None

    def refresh(self) -> None:
        """Look at the files, and read them when they have changed."""
        if self._look(self.content) != self._stamp:
            self.reload()

    def reload(self) -> None:
        """Read the files; keep what is in use when they have mistakes."""
        before = self.content
        stamp = self._stamp = self._look(before)
        try:
            self.content = self._read()
        except InvalidConfigFile as invalid:
            self.fault = str(invalid)
            self._refused(invalid)
            return
        self.fault = None
        # A file that changed while it was read is read again.
        self._stamp = self._look(self.content) if self._look(before) == stamp else ()
        self._loaded(self.content)

    def _look(self, content: Content | None) -> Stamp:
        return tuple(map(_stamp, self._files(content)))


def _stamp(path: Path) -> tuple[str, int, int, int]:
    """Tell one state of a file from another; one that is not there has a stamp too."""
    try:
        status = path.stat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino
