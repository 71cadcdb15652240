"""The lock of the forms: what consumers rely on may not change under one version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from prefill.assembly import bundled_forms, read_forms
from prefill.authoring.versions.form_diff import compare_forms
from prefill.authoring.versions.lock import (
    LOCK,
    UnreadableLock,
    compare_with_lock,
    forms_of,
    locked_forms,
    write_lock,
)
from prefill.cli import main
from prefill.forms.registry import load_all
from prefill.settings import Settings

FORM = """\
title: T
version: "1"
audience: candidate
fields:
  /a:
    label: A
    alias: a
    from: {etablissements: siret}
  /l:
    label: L
    type: list
    from: {extraits_rcs_infogreffe: mandataires_sociaux}
    items:
      nom: {label: Nom, from: nom, identifying: true}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fiche.yaml").write_text(FORM, encoding="utf-8")
    return tmp_path


def forms(folder: Path):
    return forms_of(folder, load_all([folder]).forms)


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "fiche.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def differences(folder: Path) -> list[str]:
    return [one.message for one in compare_with_lock(locked_forms(folder) or {}, forms(folder))]


def test_the_service_s_own_forms_are_as_their_lock_says():
    """A form that changes for its consumers takes another version, then `prefill schema lock`."""
    folder = bundled_forms()
    own = forms_of(folder, read_forms(Settings()).forms)

    assert [one.message for one in compare_with_lock(locked_forms(folder) or {}, own)] == []
    assert own


def test_a_lock_holds_all_that_a_consumer_relies_on():
    folder = bundled_forms()
    locked, own = locked_forms(folder), forms_of(folder, read_forms(Settings()).forms)

    for name, form in own.items():
        assert [change for change in compare_forms(locked[name], form) if change.breaking] == []


def test_a_form_without_a_lock_is_told_and_a_locked_one_is_not(folder):
    assert locked_forms(folder) is None
    assert "n'est pas verrouillé" in differences(folder)[0]

    write_lock(folder, forms(folder).values())
    assert differences(folder) == []


def test_a_new_field_or_another_origin_needs_no_other_version(folder):
    write_lock(folder, forms(folder).values())
    edit(folder, "fields:\n", "fields:\n  /b: {label: B, from: {etablissements: enseigne}}\n")
    edit(folder, "{etablissements: siret}", "{etablissements: unite_legale.siren}")

    assert differences(folder) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("alias: a\n", "alias: autre\n"),
        ("  /a:\n", "  /c:\n"),
        ("from: {etablissements: siret}", "type: boolean\n    from: {etablissements: siege_social}"),
        ("nom: {", "nomComplet: {"),
        ("alias: a\n", "alias: a\n    on_demand: true\n"),
        ("audience: candidate", "audience: agent"),
    ],
    ids=["alias", "path", "type", "key of a list", "on demand", "audience"],
)
def test_what_breaks_a_consumer_needs_another_version_and_then_the_lock(folder, old, new):
    write_lock(folder, forms(folder).values())
    edit(folder, old, new)
    assert "garde la version « 1 »" in differences(folder)[0]

    edit(folder, 'version: "1"', 'version: "2"')
    assert "La version « 2 » du formulaire fiche n'est pas verrouillée" in differences(folder)[0]

    write_lock(folder, forms(folder).values())
    assert differences(folder) == []


def test_a_form_that_is_gone_is_told(folder):
    write_lock(folder, forms(folder).values())
    (folder / "fiche.yaml").rename(folder / "autre.yaml")

    assert "Le formulaire fiche n'est plus là" in differences(folder)[0]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"fiche": {}}', '{"fiche": {"version": "1", "audience": "x", "fields": {}}}']
)
def test_a_lock_that_cannot_be_read_says_so(folder, text):
    (folder / LOCK).write_text(text, encoding="utf-8")

    with pytest.raises(UnreadableLock, match="schema lock"):
        locked_forms(folder)


def run(folder: Path, *words: str):
    return CliRunner().invoke(main, [*words], env={"PREFILL_SCHEMAS": str(folder)})


def test_the_command_writes_the_lock_and_refuses_a_silent_break(folder):
    assert run(folder, "schema", "lock", "--check").exit_code == 1
    assert "fiche 1" in run(folder, "schema", "lock").output
    assert run(folder, "schema", "lock", "--check").exit_code == 0
    written = (folder / LOCK).read_text(encoding="utf-8")
    assert json.loads(written)["fiche"]["version"] == "1"

    edit(folder, "alias: a\n", "alias: autre\n")
    refused = run(folder, "schema", "lock")
    assert refused.exit_code == 1
    assert "garde la version « 1 »" in refused.output
    assert (folder / LOCK).read_text(encoding="utf-8") == written

    edit(folder, 'version: "1"', 'version: "2"')
    assert "fiche 2" in run(folder, "schema", "lock").output


def test_the_doctor_tells_a_silent_break(folder):
    run(folder, "schema", "lock")
    edit(folder, "alias: a\n", "alias: autre\n")

    assert "à voir  Le formulaire fiche a changé pour les pages qui l'emploient" in run(folder, "doctor").output


def test_a_folder_without_forms_is_refused(folder, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")

    assert "n'a pas de formulaire" in run(folder, "schema", "lock", str(empty)).output
