"""Tables for terminals and Markdown."""

import pytest

from prefill.cli.tables import UNWRAPPED, markdown_table, text_table, wrap_cell

ROWS = [("dume", "Document unique de marché européen"), ("dc1", "Lettre de candidature")]


def columns(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    return list(text_table(("Nom", "Titre"), ROWS))


def test_cells_are_aligned_in_columns(monkeypatch):
    head, rule, first, _ = columns(monkeypatch, UNWRAPPED)

    assert head == "Nom   Titre"
    assert rule == "----  ----------------------------------"
    assert first == "dume  Document unique de marché européen"


def test_a_narrow_terminal_wraps_the_widest_column(monkeypatch):
    lines = columns(monkeypatch, 30)

    assert all(len(line) <= 30 for line in lines)
    assert "      marché européen" in lines


def test_where_words_would_break_each_row_is_a_block(monkeypatch):
    lines = columns(monkeypatch, 10)

    assert lines[0] == "Nom    dume"
    assert "" in lines


def test_a_bar_does_not_end_a_cell_of_markdown():
    assert list(markdown_table(("A",), [("x|y",)])) == ["| A |", "| --- |", "| x\\|y |"]


@pytest.mark.parametrize(("cell", "lines"), [("", [""]), ("a\nb", ["a", "b"]), ("co-traitant", ["co-traitant"])])
def test_lines_of_a_cell_stay_lines_and_words_stay_whole(cell, lines):
    assert wrap_cell(cell, 12) == lines
