"""A part of the matrix of docs/install.md: what is refused with a sentence, and one machine unlike ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.install_matrix import Machine, examine, machines


@pytest.fixture
def rows(tmp_path: Path) -> dict[str, Machine]:
    return {machine.name: machine for machine in machines(tmp_path)}


def test_a_machine_that_cannot_install_is_told_what_to_install(rows, tmp_path):
    refused = [machine for machine in rows.values() if machine.refusal]

    assert refused
    for place, machine in enumerate(refused):
        scratch = tmp_path / str(place)
        scratch.mkdir()
        assert examine(machine, scratch, tests=False).passed


@pytest.mark.skipif(not os.environ.get("CI"), reason="installs from the package index")
def test_a_folder_with_spaces_and_accents_installs_and_serves(rows, tmp_path):
    row = examine(rows["a folder with spaces and accents"], tmp_path, tests=False)

    assert row.cells[3] == "serves"
