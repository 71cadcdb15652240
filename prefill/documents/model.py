"""A document without its format: sections of lines, each with its value, its source or its blank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

COMPANY = "Entreprise"  # heading of the first column of a grid


class Origin(StrEnum):
    REGISTER = "register"
    CANDIDATE = "candidate"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its label, its text and a note (source and date, or why it is blank); `tall` where one signs."""

    label: str
    text: str
    note: str
    origin: Origin
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The lines about one company; titled where a section is about several. `note` is about many of them at once."""

    title: str
    lines: tuple[Line, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the form. `grid`: its parts are the rows of one table, a company each, whose columns are the lines."""

    title: str
    parts: tuple[Part, ...]
    grid: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """Everything that a writer needs.

    Attributes:
        title: the form's title, in French.
        description: one sentence more.
        day: the day when it was written.
        warnings: what the candidate must be told before reading on.
        sections: the form's parts, in the order of the paper.
        values: the text of each field that has one, by its path; of the first company that has it.
    """

    title: str
    description: str
    day: date
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]
    values: Mapping[str, str] = field(default_factory=dict)

    def placeholders(self) -> dict[str, str]:
        """What a template may name between double brackets: its title, its day, a value by its path."""
        day = self.day.strftime("%d/%m/%Y")
        return {**self.values, "titre": self.title, "description": self.description, "date": day}

    def lines(self) -> Iterator[Line]:
        for section in self.sections:
            for part in section.parts:
                yield from part.lines
