"""Reading the DGFIP's list: what is a number, what is not, and what the file must be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from prefill.vat_list.index import VatList, write_index
from prefill.vat_list.published import InvalidList, read_published
from tests.support.vat_list import HEADER, usual

TODAY = date(2026, 11, 30)
KNOWN, TWICE, OTHER, LATER = "552049447", "732829320", "542107651", "552081317"


def published(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "liste.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8-sig")
    return path


def indexed(tmp_path: Path, *lines: str) -> list[str]:
    found = read_published(published(tmp_path, *lines), TODAY)
    write_index(tmp_path / "index", found.bits(), TODAY)
    listed = VatList(tmp_path / "index", today=lambda: TODAY)
    return [siren for siren in (KNOWN, TWICE, OTHER, LATER) if listed.number_of(siren)]


def test_a_siren_whose_only_number_is_the_usual_one_is_in_the_index(tmp_path):
    line = f"{usual(KNOWN)[2:]};2020-07-01;2020-07-01"

    assert indexed(tmp_path, line, line) == [KNOWN]


def test_several_numbers_another_key_or_a_day_to_come_are_left_to_the_dgfip(tmp_path):
    lines = (
        f"{usual(KNOWN)[2:]};2020-07-01;2020-07-01", f"{usual(TWICE)[2:]};2020-07-01;2020-07-01",
        f"0A{TWICE};2020-07-01;2020-07-01", f"99{OTHER};2020-07-01;2020-07-01",
        f"{usual(LATER)[2:]};2026-12-31;2020-07-01",
    )  # fmt: skip

    assert indexed(tmp_path, *lines) == [KNOWN]


def test_the_list_is_of_its_newest_day(tmp_path):
    lines = [f"{usual(siren)[2:]};2020-07-01;{day}" for siren, day in ((KNOWN, "2026-11-28"), (OTHER, "2021-01-01"))]

    assert read_published(published(tmp_path, *lines), TODAY).day == date(2026, 11, 28)


@pytest.mark.parametrize(
    ("header", "lines", "why"),
    [
        ("siren;numero", ("1;2",), "vat_no"),
        ("vat_no,validity_date", ("1,2",), "vat_no"),
        ("vat_no;end_date", ("03552081317;",), "end_date"),
        (HEADER, (), "vide"),
        (HEADER, (f"{usual(KNOWN)[2:]};;", "FR1;;"), "1 lignes sur 2"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_a_sentence(tmp_path, header, lines, why):
    with pytest.raises(InvalidList, match=why) as refused:
        read_published(published(tmp_path, *lines, header=header), TODAY)

    assert str(refused.value).endswith(".")


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "liste.csv"
    path.write_bytes(b"vat_no\n\xff\xfe\n")

    with pytest.raises(InvalidList, match="UTF-8"):
        read_published(path, TODAY)
