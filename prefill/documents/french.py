"""How a value is written in a document, in French."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from prefill.domain.dates import PARIS
from prefill.domain.identifiers import spaced
from prefill.forms.filling import Provenance
from prefill.forms.model import Field, Type

ALPHA2 = 2  # letters of a country's short code
SIRET = re.compile(r"\d{14}")
NO_BREAK = "\u00a0"
YES, NO = "☒ Oui   ☐ Non", "☐ Oui   ☒ Non"
EITHER = "☐ Oui   ☐ Non"
BY_CANDIDATE = "Saisi par le candidat"
# What XML cannot hold, and what turns a text around.
_UNWRITABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def text_of(part: Field, value: Any) -> str:
    """Write a value of that field's type; nothing for none."""
    if value is None or value == "":
        return ""
    if part.type is Type.BOOLEAN:
        return YES if value else NO
    if part.type is Type.LIST:
        return "\n".join(_row(part, row) for row in value)
    return _named(part, _scalar(part.type, value))


def _scalar(kind: Type, value: Any) -> str:
    if kind is Type.DATE:
        return french_day(date.fromisoformat(value))
    if kind in (Type.INTEGER, Type.NUMBER):
        return number(value)
    return clean(str(value))


def _named(part: Field, text: str) -> str:
    """Write a country by its name beside its code, a SIRET in groups.

    >>> from prefill.domain.synonyms import TABLES
    >>> _named(Field("/country", "Pays", synonyms=TABLES["countries"]), "BEL"), _named(Field("/siret", "SIRET"), "00000100800010")
    ('Belgique (BEL)', '000\xa0001\xa0008\xa000010')
    """
    words = part.synonyms.other_words(text) if part.synonyms and re.fullmatch("[A-Z]{3}", text) else ()
    if len(words) > 1 and len(words[0]) == ALPHA2:
        return f"{words[1]} ({text})"
    return unbroken(spaced(text)) if re.search(r"siret\]?$", part.path) and SIRET.fullmatch(text) else text


def unbroken(text: str) -> str:
    """Keep a number on one line."""
    return text.replace(" ", NO_BREAK)


def _row(part: Field, row: Mapping[str, Any]) -> str:
    known: Sequence[tuple[Type, Any]] = [(item.type, row[item.name]) for item in part.items if item.name in row]
    return " · ".join(
        _scalar(kind, value) if kind is not Type.BOOLEAN else ("oui" if value else "non") for kind, value in known
    )


def clean(text: str) -> str:
    """Keep of a text what a document can hold; lines stay lines.

    >>> clean(" A\\x0bB \\n\\u202eC ")
    'AB\\nC'
    """
    lines = (" ".join(line.split()) for line in _UNWRITABLE.sub("", text).splitlines())
    return "\n".join(lines).strip()


def label_of(part: Field) -> str:
    """Write a label; an article of a code is not cut from its letter."""
    return re.sub(r"\b([LR])\. (?=\d)", rf"\1.{NO_BREAK}", clean(part.label)).replace(" :", f"{NO_BREAK}:")


def number(value: float) -> str:
    """Write a number as French does.

    >>> number(1234567.5).replace(NO_BREAK, "_"), number(2020)
    ('1_234_567,5', '2020')
    """
    if isinstance(value, int) and abs(value) < 10_000:
        return str(value)
    whole, _, decimals = f"{value:,.2f}".partition(".")
    decimals = decimals.rstrip("0")
    return whole.replace(",", NO_BREAK) + (f",{decimals}" if decimals else "")


def french_day(day: date) -> str:
    """Write a day.

    >>> french_day(date(2026, 3, 1))
    '01/03/2026'
    """
    return day.strftime("%d/%m/%Y")


def source_of(one: Provenance) -> str:
    """Name the producer and the day of the value (the register's own, else when it was asked); say when to look twice."""
    asked = one.retrieved_at.astimezone(PARIS).date() if one.retrieved_at else None
    day = f", {french_day(known)}" if (known := one.as_of or asked) else ""
    more = " ; réponse conservée, le registre ne répond pas aujourd'hui" if one.stale else ""
    return f"{one.producer}{day}{more}{' ; à vérifier' if one.confirm else ''}"
