"""What is wrong in a configuration file: diagnostics with file, line and path, and the error that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong in a file, where, and what to do. A remark does not prevent loading."""

    file: str
    line: int
    path: str
    message: str
    blocking: bool = True

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        kind = "" if self.blocking else "remarque : "
        return f"{where}: {kind}{self.path + ' : ' if self.path else ''}{self.message}"


class InvalidConfigFile(Exception):
    """Configuration files that cannot be used; the message holds one diagnostic a line."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


def short_name(path: Path) -> str:
    """Return a path as messages show it: relative to the current folder when it is inside."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
