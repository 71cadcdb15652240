"""Export of the audit trail as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prefill.audit.trail import COLUMNS, AccessRecord

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_rows(accesses: Iterable[AccessRecord]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a CSV file, headings first; no cell is a formula."""
    yield COLUMNS
    for access in accesses:
        yield tuple(escape_formula(text) for text in access.plain().values())


def escape_formula(text: str) -> str:
    """Prefix with an apostrophe the text that a spreadsheet would evaluate.

    >>> escape_formula("=1+1"), escape_formula("2026-TRX-014")
    ("'=1+1", '2026-TRX-014')
    """
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
