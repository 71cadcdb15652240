"""Export of the audit trail as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from prefill.audit.trail import COLUMNS, AccessRecord

FORMULA_STARTS = ("=", "+", "-", "@", "%", "|")
# A French spreadsheet splits on `;`, another on a tab, and each part is a cell of its own, whatever the quotes: a cell that
# begins a formula may stand after any of them.
_SEPARATORS = re.compile(r"[;\t\r\n,]")
_QUOTES = "\"'"


def csv_rows(accesses: Iterable[AccessRecord]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a CSV file, headings first; no cell is a formula."""
    yield COLUMNS
    for access in accesses:
        yield tuple(escape_formula(text) for text in access.plain().values())


def escape_formula(text: str) -> str:
    r"""Return a text that no spreadsheet evaluates: prefixed with an apostrophe, its own separators made harmless.

    Full-width signs (＝, ＠) are read as the ordinary ones by some spreadsheets; invisible characters before a sign are
    skipped by others.

    >>> escape_formula("=1+1"), escape_formula("lot 2;=1+1"), escape_formula("2026-TRX-014")
    ("'=1+1", "'lot 2;'=1+1", '2026-TRX-014')
    """
    if not any(map(_starts_formula, _SEPARATORS.split(text))) and not text.startswith(("\t", "\r", "\n")):
        return text
    return "'" + re.sub(r"([;\t\r\n,])(?=([^;\t\r\n,]*))", _guard, text)


def _guard(match: re.Match[str]) -> str:
    """Put an apostrophe after a separator that begins a formula."""
    separator, cell = match.groups()
    return f"{separator}'" if _starts_formula(cell) else separator


def _starts_formula(cell: str) -> bool:
    visible = (character for character in unicodedata.normalize("NFKC", cell) if _is_visible(character))
    return "".join(visible).lstrip(_QUOTES).startswith(FORMULA_STARTS)


def _is_visible(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf", "Zs")
