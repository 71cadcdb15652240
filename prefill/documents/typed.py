"""What the candidate typed, checked against the form: a known field, a value of its type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from prefill.domain.suggestions import closest
from prefill.forms.model import Field, Form, ListItem, Type
from prefill.problems import FieldUnknown, ParameterInvalid

MAX_TEXT = 4000  # characters
MAX_ROWS = 50
MAX_QUOTED = 100  # characters
LARGEST = 2**53

EXPECTED: Mapping[Type, tuple[str, str]] = {
    Type.STRING: ("un texte", "a text"),
    Type.DATE: ("une date AAAA-MM-JJ", "a date YYYY-MM-DD"),
    Type.INTEGER: ("un nombre entier", "a whole number"),
    Type.NUMBER: ("un nombre", "a number"),
    Type.BOOLEAN: ("true ou false", "true or false"),
    Type.LIST: ("une liste d'objets", "a list of objects"),
}


def read_values(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check what was typed, by path; an empty text or null is a blank. Raise `FieldUnknown` or `ParameterInvalid`."""
    known = {part.path: part for part in form.fields}
    read: dict[str, Any] = {}
    for path, value in values.items():
        if path not in known:
            raise _unknown(form, path)
        if value is not None and not _fits(known[path], value):
            french, english = EXPECTED[known[path].type]
            raise ParameterInvalid(
                name=f"values{path}"[:MAX_QUOTED],
                why=f"attend {french}, ou null.",
                why_en=f"expects {english}, or null.",
            )
        read[path] = value
    return read


def _unknown(form: Form, path: str) -> FieldUnknown:
    name = path[:MAX_QUOTED]
    guess = closest(name, [part.path for part in form.fields])
    french, english = (f" Vouliez-vous dire « {guess} » ?", f" Did you mean “{guess}”?") if guess else ("", "")
    return FieldUnknown(name=name, form=form.id, suggestion=guess, hint_fr=french, hint_en=english)


def _fits(part: Field, value: Any) -> bool:
    if part.type is not Type.LIST:
        return _is_of(part.type, value)
    rows = isinstance(value, list) and len(value) <= MAX_ROWS
    return rows and all(isinstance(row, dict) and _row_fits(part.items, row) for row in value)


def _row_fits(items: tuple[ListItem, ...], row: Mapping[str, Any]) -> bool:
    kinds = {item.name: item.type for item in items}
    return all(name in kinds and _is_of(kinds[name], value) for name, value in row.items())


def _is_of(kind: Type, value: Any) -> bool:
    if kind is Type.BOOLEAN:
        return isinstance(value, bool)
    if kind in (Type.INTEGER, Type.NUMBER):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return (whole or (kind is Type.NUMBER and isinstance(value, float))) and abs(value) <= LARGEST
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        return False
    return kind is Type.STRING or not value or _is_day(value)


def _is_day(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) and date.fromisoformat(text))
    except ValueError:
        return False
