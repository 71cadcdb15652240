"""The DGFIP's list of VAT numbers, as a file to import."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from prefill.vat_list.index import write_index
from prefill.vat_list.numbers import usual_key
from prefill.vat_list.published import read_published

HEADER = "vat_no;validity_date;issued_date"


def usual(siren: str) -> str:
    return f"FR{usual_key(siren)}{siren}"


def write_published(path: Path, sirens: Iterable[str], issued: str = "2020-07-01") -> Path:
    lines = [f"{usual(siren)[2:]};2020-07-01;{issued}" for siren in sirens]
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


def write_list(folder: Path, sirens: Iterable[str], day: date) -> Path:
    """Write the index of a list of that day."""
    published = read_published(write_published(folder / "liste.csv", sirens), day)
    write_index(folder / "tva.index", published.bits(), day)
    return folder / "tva.index"
