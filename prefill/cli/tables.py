"""Tables for terminals and Markdown."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

UNWRAPPED = 1000  # columns of a pipe: one row a line, for grep
GAP = "  "


def pretty_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (headings, ["---"] * len(headings), *rows):
        cells = [cell.replace("|", "\\|") for cell in row]
        yield f"| {' | '.join(cells)} |"


def terminal_width() -> int:
    return shutil.get_terminal_size(fallback=(UNWRAPPED, 24)).columns


def text_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Align cells in columns as wide as the terminal allows; where words would break, one block a row."""
    rows = list(rows)
    widths = _widths([headings, *rows], terminal_width())
    if widths is None:
        for row in rows:
            yield from _block(headings, row, terminal_width())
        return
    for row in (headings, ["-" * width for width in widths], *rows):
        yield from _lines(row, widths)


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Narrow the widest column until all fit, never below its longest word; None when that is not enough."""
    columns = list(zip(*rows, strict=True))
    widths = [max(len(line) for cell in column for line in cell.split("\n")) for column in columns]
    least = [max(len(word) for cell in column for word in re.split(r"[ \n]", cell)) for column in columns]
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        wide = [place for place, own in enumerate(widths) if own > least[place]]
        if not wide:
            return None
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [wrap_cell(cell, width) for cell, width in zip(row, widths, strict=True)]
    for place in range(max(map(len, cells))):
        parts = [cell[place] if place < len(cell) else "" for cell in cells]
        yield GAP.join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _block(headings: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    margin = max(map(len, headings)) + len(GAP)
    for heading, cell in zip(headings, row, strict=True):
        if cell:
            first, *rest = wrap_cell(cell, max(20, width - margin))
            yield heading.ljust(margin) + first
            yield from (" " * margin + line for line in rest)
    yield ""


def wrap_cell(cell: str, width: int) -> list[str]:
    return [part for line in cell.split("\n") for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]]
