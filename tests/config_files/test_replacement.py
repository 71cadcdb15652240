"""A file is replaced whole, with the mode that was asked, or left as it was."""

from __future__ import annotations

import pytest

from prefill.config_files.replacement import OWNER_ALONE, replace_file


@pytest.mark.parametrize("mode", [OWNER_ALONE, 0o644])
def test_a_file_is_replaced_with_its_mode_and_nothing_beside(tmp_path, mode):
    file = tmp_path / "state.json"
    file.write_bytes(b"former")
    file.chmod(0o640)

    replace_file(file, b"new", mode)

    assert file.read_bytes() == b"new"
    assert file.stat().st_mode & 0o777 == mode
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_replaced_is_left_alone_and_nothing_beside(tmp_path):
    taken = tmp_path / "state.json"
    (taken / "inside").mkdir(parents=True)

    with pytest.raises(OSError, match="state.json"):
        replace_file(taken, b"new")

    assert list(tmp_path.iterdir()) == [taken]


def test_the_file_is_the_owners_alone_by_default(tmp_path):
    replace_file(tmp_path / "new", b"")

    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
