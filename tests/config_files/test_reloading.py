"""Files read anew when they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefill.config_files.diagnostics import Diagnostic, InvalidConfigFile
from prefill.config_files.reloading import ReloadedFiles


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("one")
    return tmp_path / "file"


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def reloaded(file: Path, told: list[str]) -> ReloadedFiles[str]:
    def read() -> str:
        if "bad" in file.read_text():
            raise InvalidConfigFile([Diagnostic("file", 7, "", "mauvais")])
        return file.read_text()

    return ReloadedFiles(
        read, lambda _: [file], loaded=told.append, refused=lambda invalid: told.append(f"refused: {invalid}")
    )


def test_what_did_not_change_is_not_read_again(reloaded, told):
    reloaded.refresh()

    assert (reloaded.content, told) == ("one", [])


def test_a_change_is_read_once(reloaded, file, told):
    file.write_text("two words")
    reloaded.refresh()
    reloaded.refresh()

    assert (reloaded.content, told) == ("two words", ["two words"])


def test_a_bad_change_leaves_what_was_and_says_so_once_until_it_is_good(reloaded, file, told):
    file.write_text("bad news")
    reloaded.refresh()
    reloaded.refresh()

    assert reloaded.content == "one"
    assert told == ["refused: file:7: mauvais"]
    assert reloaded.fault == "file:7: mauvais"
    file.write_text("good news")
    reloaded.refresh()
    assert (reloaded.content, reloaded.fault) == ("good news", None)


def test_it_is_read_without_a_change_when_that_is_asked(reloaded, told):
    reloaded.reload()

    assert told == ["one"]


def test_what_changed_while_it_was_read_is_read_again(file, told):
    def read() -> str:
        text = file.read_text()
        if text == "two words":
            file.write_text("three words more")
        return text

    reloaded = ReloadedFiles(read, lambda _: [file], loaded=told.append, refused=lambda _: None)
    file.write_text("two words")
    reloaded.refresh()
    reloaded.refresh()

    assert told == ["two words", "three words more"]
