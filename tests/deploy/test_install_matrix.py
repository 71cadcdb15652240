"""A part of the matrix of docs/install.md: what is refused with a sentence, and one machine unlike ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import install_matrix
from tools.install_matrix import Machine, Row, examine, machines


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, Machine]:
    return {machine.name: machine for machine in machines(tmp_path)}


def test_a_machine_that_cannot_install_is_told_what_to_install(rows, tmp_path):
    refused = [machine for machine in rows.values() if machine.refusal]

    assert refused
    for place, machine in enumerate(refused):
        scratch = tmp_path / str(place)
        scratch.mkdir()
        assert examine(machine, scratch, tests=None).passed


def test_rows_that_were_run_alone_take_the_place_of_their_former_ones(tmp_path):
    page = tmp_path / "install.md"
    page.write_text(f"a\n{install_matrix.BEGIN}\n{install_matrix.END}\nb\n", encoding="utf-8")

    def row(machine: str, version: str, tests: str) -> Row:
        return Row((machine, version, "25.1", "serves", tests), passed=True)

    install_matrix.write_table([row("a clone", "3.11.7", "not run"), row("an archive", "3.11.7", "not run")], page)
    anew = [
        row("a clone", "3.14.1", "5 passed"),
        row("a clone", "3.11.9", "5 passed"),
        row("an archive", "3.13.0", "6 passed"),
    ]
    install_matrix.update_table(anew, page)

    rows = [install_matrix.cells_of(line)[:2] for line in page.read_text().splitlines() if "passed" in line]
    assert rows == [["a clone", "3.11.9"], ["a clone", "3.14.1"], ["an archive", "3.13.0"]]
    assert "not run" not in page.read_text()


def test_a_folder_with_spaces_and_accents_installs_and_serves(rows, tmp_path):
    row = examine(rows["a folder with spaces and accents"], tmp_path, tests=None)

    assert row.cells[3] == "serves"
