"""A form as the parts and controls of a page, in the order of the form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from prefill.forms.model import Field, Form, Type, section_of

SHORT_LABEL = 48  # characters of a label that stands beside another field


class Kind(StrEnum):
    """What a person fills a field in with."""

    TEXT = "text"
    DATE = "date"
    NUMBER = "number"
    CHOICE = "choice"
    YES_NO = "yes_no"
    LIST = "list"
    NOTHING = "nothing"  # the buyer obtains it


KINDS = {
    Type.DATE: Kind.DATE,
    Type.INTEGER: Kind.NUMBER,
    Type.NUMBER: Kind.NUMBER,
    Type.BOOLEAN: Kind.YES_NO,
    Type.LIST: Kind.LIST,
}


@dataclass(frozen=True, slots=True)
class Control:
    """One field of a page; `id` is unique in it."""

    field: Field
    id: str

    @property
    def kind(self) -> Kind:
        if self.field.reserved:
            return Kind.NOTHING
        return Kind.CHOICE if self.field.choices else KINDS.get(self.field.type, Kind.TEXT)

    @property
    def label(self) -> str:
        return self.field.label

    @property
    def name(self) -> str:
        """What the script calls the field by."""
        return self.field.alias or self.field.path

    @property
    def bound(self) -> bool:
        """Whether a register may fill it."""
        return not self.field.declared

    @property
    def wide(self) -> bool:
        return self.kind in (Kind.YES_NO, Kind.LIST) or len(self.label) > SHORT_LABEL

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.field.choices.values()))


@dataclass(frozen=True, slots=True)
class Part:
    """A titled part of the page; the title is empty for what is in no section."""

    title: str
    controls: tuple[Control, ...]


def lay_out(form: Form) -> tuple[Part, ...]:
    """Lay the fields out over the form's sections."""
    titles = [*form.sections, ""]
    parts: dict[str, list[Control]] = {}
    for control in _controls(form.fields):
        parts.setdefault(section_of(control.field.path, titles), []).append(control)
    return tuple(Part(form.sections.get(path, ""), tuple(parts[path])) for path in titles if path in parts)


def _controls(fields: Iterable[Field]) -> Iterator[Control]:
    used: Counter[str] = Counter()
    for field in fields:
        word = _word(field)
        used[word] += 1
        yield Control(field, word if used[word] == 1 else f"{word}-{used[word]}")


def _word(field: Field) -> str:
    """Make a short identifier of a field.

    >>> _word(Field("/a/postalAddress/cityName", "Commune")), _word(Field("/a/identifiers[vat]", "TVA"))
    ('cityName', 'vat')
    """
    word = field.alias or field.entry or field.place[-1]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", word).strip("-") or "champ"
