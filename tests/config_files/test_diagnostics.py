"""Diagnostics as people read them."""

from pathlib import Path

from prefill.config_files.diagnostics import Diagnostic, InvalidConfigFile, short_name


def test_a_diagnostic_names_file_line_and_path():
    assert str(Diagnostic("a.yaml", 3, "fields → x", "clé inconnue")) == "a.yaml:3: fields → x : clé inconnue"


def test_a_diagnostic_without_line_or_path_names_the_file_alone():
    assert str(Diagnostic("a.yaml", 0, "", "ne peut pas être lu")) == "a.yaml: ne peut pas être lu"


def test_a_remark_is_marked_as_one():
    assert str(Diagnostic("a.yaml", 1, "", "rare", blocking=False)) == "a.yaml:1: remarque : rare"


def test_the_error_lists_one_diagnostic_a_line():
    error = InvalidConfigFile(Diagnostic("a.yaml", line, "", "faux") for line in (1, 2))

    assert str(error).splitlines() == ["a.yaml:1: faux", "a.yaml:2: faux"]
    assert [diagnostic.line for diagnostic in error.diagnostics] == [1, 2]


def test_a_path_inside_the_current_folder_is_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert short_name(tmp_path / "forms" / "a.yaml") == str(Path("forms") / "a.yaml")
    assert short_name(tmp_path.parent / "b.yaml") == str(tmp_path.parent / "b.yaml")
