"""The state between two runs: whole or as it was, its owner's alone, one run at a time."""

from __future__ import annotations

import json
import stat
from datetime import date

import pytest

from prefill.dossier.states import State
from prefill.watch.awards import Award
from prefill.watch.changes import changes_between
from prefill.watch.schedule import Observation
from prefill.watch.state import StateFile, StateUnusable, WatchState, write_private

AWARD = Award("Lot 1", "00000100800010", "A", "lyon", date(2026, 3, 2), date(2028, 3, 1))
SEEN = Observation(State.REFUSED, date(2026, 7, 31), date(2026, 3, 2), mentions=2)


@pytest.fixture
def file(tmp_path):
    return StateFile(tmp_path / "awards.csv")


def test_what_is_written_is_read_and_is_its_owners_alone(file, tmp_path):
    changes = tuple(changes_between(AWARD, {}, {"cotisations_msa": SEEN}))
    state = WatchState({}).observed(AWARD, {"cotisations_msa": SEEN}, changes)
    file.write(state)

    assert file.read() == state
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["awards.csv.state.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "known": {"a": {"b": 3}}}'])
def test_a_file_that_is_not_a_state_is_refused_with_what_to_do(file, content):
    file.path.write_text(content)

    with pytest.raises(StateUnusable, match="écartez-le"):
        file.read()
    assert file.path.read_text() == content


def test_two_runs_at_once_are_one_too_many(file, tmp_path):
    with (
        file.locked(),
        pytest.raises(StateUnusable, match="Une autre exécution"),
        StateFile(tmp_path / "awards.csv").locked(),
    ):
        pass
    with file.locked():
        pass


def test_a_lock_that_is_a_link_elsewhere_is_not_followed(file, tmp_path):
    (tmp_path / "awards.csv.lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StateUnusable), file.locked():
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_link_in_the_place_of_a_file_is_replaced_and_what_it_names_stays(tmp_path):
    (tmp_path / "other").write_text("kept")
    (tmp_path / "table.csv").symlink_to(tmp_path / "other")
    write_private(tmp_path / "table.csv", b"new")

    assert (tmp_path / "other").read_text() == "kept"
    assert (tmp_path / "table.csv").read_bytes() == b"new"


def test_a_file_that_cannot_be_written_leaves_the_former_one(file, tmp_path):
    file.write(WatchState({}))
    before = file.path.read_text()

    with pytest.raises(StateUnusable, match="ne peut pas être écrit"):
        write_private(tmp_path / "missing" / "table.csv", b"new")
    assert json.loads(before)["version"] == 1
