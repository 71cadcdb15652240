"""A configuration file while it is read: its text, the line of each value, its diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import marshmallow

from prefill.config_files.diagnostics import Diagnostic, short_name
from prefill.config_files.schema import FileSchema, Steps, flat

MAX_BYTES = 1_000_000


class UnreadableFile(Exception):
    """A file, or the rest of it, that cannot be read; `line` is where, None for the file as a whole."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True, eq=False)
class SourceFile:
    """One file being read.

    Attributes:
        default_line: the line shown for what has none of its own; 0 shows none.
        lines: the line of each value, by the keys and ranks that lead to it.
        invalid: the places where something blocking was reported, and all above them.
    """

    path: Path
    default_line: int = 1
    name: str = field(init=False)
    lines: dict[Steps, int] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    invalid: set[Steps] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.name = short_name(self.path)

    def line(self, steps: Steps) -> int:
        """Return the line of a value, or of the nearest thing above it."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, self.default_line)

    def report(self, steps: Steps, message: str, *, blocking: bool = True, line: int | None = None) -> None:
        where = line or self.line(steps)
        self.diagnostics.append(Diagnostic(self.name, where, " → ".join(steps), message, blocking))
        if blocking:
            self.invalid |= {steps[:length] for length in range(len(steps) + 1)}

    def is_valid(self, steps: Steps = ()) -> bool:
        """Whether nothing blocking was reported at a place or below it."""
        return steps not in self.invalid

    def beside(self, name: str) -> Path:
        """Return the path of a file that this one names."""
        return self.path.parent / Path(name).expanduser()

    def load(self, schema: FileSchema, tree: Any) -> dict[str, Any]:
        """Return what of a tree follows the schema; the rest is reported."""
        try:
            return dict(schema.load(tree))
        except marshmallow.ValidationError as fault:
            for steps, message in flat(fault.messages):
                self.report(steps, message)
            return dict(fault.valid_data) if isinstance(fault.valid_data, Mapping) else {}

    def read_text(self) -> str:
        """Return the text. Raise `UnreadableFile`."""
        try:
            content = read_bytes(self.path)
        except OSError as fault:
            raise UnreadableFile(f"le fichier ne peut pas être lu : {fault.strerror}") from fault
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            line = content.count(b"\n", 0, fault.start) + 1
            raise UnreadableFile("le fichier n'est pas en UTF-8 : enregistrez-le dans cet encodage", line) from fault


def read_bytes(path: Path) -> bytes:
    """Read a small file whole. Raise `UnreadableFile` of a larger one, `OSError`."""
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UnreadableFile(f"le fichier dépasse {MAX_BYTES} octets")
    return content
