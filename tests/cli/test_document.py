"""`prefill document`: files written from the command line, templates copied."""

from __future__ import annotations

from click.testing import CliRunner

from prefill.cli import main

ORDINARY = "00000100800010"


def run(*words: object):
    return CliRunner().invoke(main, [str(word) for word in words], env={"PREFILL_TEMPLATES": None})


def test_a_document_is_written_by_the_suffix_of_its_file(tmp_path):
    result = run("document", "write", "dc1", ORDINARY, "-o", tmp_path / "dc1.odt")

    assert result.exit_code == 0
    assert (tmp_path / "dc1.odt").read_bytes().startswith(b"PK")


def test_what_cannot_be_written_is_said(tmp_path):
    unknown_suffix = run("document", "write", "dc1", ORDINARY, "-o", tmp_path / "dc1.doc")
    unknown_form = run("document", "write", "dc3", ORDINARY, "-o", tmp_path / "dc3.pdf")

    assert unknown_suffix.exit_code == unknown_form.exit_code == 1
    assert ".docx, .odt, .pdf" in unknown_suffix.output
    assert "dc3" in unknown_form.output
    assert list(tmp_path.iterdir()) == []


def test_the_templates_are_copied_and_nothing_is_overwritten(tmp_path):
    first, again = run("document", "templates", tmp_path / "t"), run("document", "templates", tmp_path / "t")

    assert first.exit_code == 0
    assert {path.name for path in (tmp_path / "t").iterdir()} == {"document.docx", "document.odt", "document.typ"}
    assert again.exit_code == 1
    assert "existe déjà" in again.output
