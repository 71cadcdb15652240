"""The commands of form authors, through their own door."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from prefill.cli import main
from prefill.settings import Settings

NOTHING_SET = dict.fromkeys((*(one.metadata["name"] for one in fields(Settings)), "WEB_CONCURRENCY", "COLUMNS"))
FORM = """\
title: Fiche
version: "1"
audience: candidate
fields:
  /nom:
    label: Nom
    from: {etablissements: unite_legale.personne_morale_attributs.raison_sociale}
"""
CASE = "cases:\n  - name: Une SAS\n    company: ordinary\n    expect: {values: {/nom: AUTRE}}\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run_one(*arguments, answer=None, **environ):
        environ = {**NOTHING_SET, "COLUMNS": "160", "PREFILL_SCHEMAS": "forms", **environ}
        return CliRunner().invoke(main, arguments, env=environ, input=answer)

    return run_one


@pytest.fixture
def form(tmp_path) -> Path:
    (tmp_path / "forms").mkdir()
    path = tmp_path / "forms" / "fiche.yaml"
    path.write_text(FORM, encoding="utf-8")
    path.with_suffix(".tests.yaml").write_text(CASE, encoding="utf-8")
    return path


def test_a_failing_case_ends_with_1_and_says_what_differs(run, form):
    result = run("schema", "test", "fiche")

    assert result.exit_code == 1
    assert "forms/fiche.tests.yaml:2: Une SAS\n  /nom\n    attendu AUTRE\n" in result.output
    assert result.output.endswith("fiche : 1 cas, 1 en échec\n")


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("", False)])
def test_an_update_is_shown_and_asked_for(run, form, answer, written):
    result = run("schema", "test", "fiche", "--update", answer=answer)
    cases = form.with_suffix(".tests.yaml").read_text()

    assert "+        /nom: MENUISERIE DU VAL DORE" in result.output
    assert "Écrire forms/fiche.tests.yaml ?" in result.output
    assert (cases != CASE) is written
    assert (run("schema", "test", "fiche").exit_code == 0) is written


def test_a_form_may_be_named_by_its_file_wherever_it_is(run, form):
    result = run("schema", "test", str(form), PREFILL_SCHEMAS="")

    assert "fiche : 1 cas, 1 en échec" in result.output


def test_a_form_without_cases_is_said_to_have_none(run, form):
    form.with_suffix(".tests.yaml").unlink()
    result = run("schema", "test", "fiche")

    assert (result.exit_code, result.stderr) == (0, "fiche : pas de tests\n")


def test_a_form_that_is_not_there_is_told(run):
    assert "Vouliez-vous dire « dume » ?" in run("schema", "test", "dumes", PREFILL_SCHEMAS="").stderr


def test_the_effort_is_one_table_of_the_sandbox(run, form):
    result = run("schema", "effort", "fiche")
    lines = result.stdout.splitlines()

    assert lines[0] == "Fiche (fiche 1) : 1 champs, 26 entreprises"
    assert any(line.split() == "OUTILLAGE MOSAN 1 0 0 0 0 0 0 1".split() for line in lines)
    assert any("— Entreprise inconnue" in line for line in lines)
    assert "Le plus souvent à saisir :" in lines


def test_the_effort_of_a_role_is_about_its_fields(run, form):
    result = run("schema", "effort", "dc4", "--role", "subcont", PREFILL_SCHEMAS="")

    row = next(line for line in result.stdout.splitlines() if line.startswith("MENUISERIE DU VAL DORE "))
    assert 20 <= sum(map(int, row.split()[4:-1])) <= 30


def test_the_effort_over_the_companies_of_a_file(run, form, tmp_path):
    (tmp_path / "sirets.txt").write_text("000 001 008 00010\n\n00000500900014\n")
    result = run("schema", "effort", "fiche", "--file", "sirets.txt")

    assert "1 champs, 2 entreprises" in result.stdout
    assert "  Nom (1 sur 2)" in result.stdout


def test_a_number_that_cannot_be_is_told(run, form, tmp_path):
    (tmp_path / "sirets.txt").write_text("123\n")

    assert "sirets.txt : Un SIRET compte 14 chiffres" in run("schema", "effort", "fiche", "--file", "sirets.txt").stderr


def test_an_agents_form_is_measured_in_the_sandbox_only(run, tmp_path):
    assert run("schema", "effort", "dossier", PREFILL_SCHEMAS="").exit_code == 0

    (tmp_path / "sirets.txt").write_text("55204944776279\n")
    result = run(
        "schema",
        "effort",
        "dossier",
        "--file",
        "sirets.txt",
        PREFILL_SCHEMAS="",
        API_ENTREPRISE_TOKEN="t",
        PREFILL_RECIPIENT="21750001600019",
    )
    assert "ne se mesure que dans le bac à sable" in result.stderr


def test_a_silent_break_is_refused_and_a_new_version_is_not(run, form, tmp_path):
    new = tmp_path / "fiche.yaml"
    new.write_text(FORM.replace("/nom:", "/name:"))
    result = run("schema", "diff", "fiche", str(new))

    assert result.exit_code == 1
    assert result.stdout == "! /nom : champ retiré\n  /name : champ ajouté\n"
    assert "donnez-lui une autre « version »" in result.stderr

    new.write_text(FORM.replace("/nom:", "/name:").replace('"1"', '"2"'))
    assert run("schema", "diff", "fiche", str(new)).exit_code == 0


def test_a_form_that_is_wrong_cannot_be_compared(run, form, tmp_path):
    new = tmp_path / "fiche.yaml"
    new.write_text(FORM.replace("label", "lable"))

    assert "vouliez-vous dire « label »" in run("schema", "diff", "fiche", str(new)).stderr


@pytest.mark.parametrize(
    ("expression", "written"),
    [("street(adresse)", '"14 bis RUE DES TROIS MIRABELLES"\n'), ("adresse.code_cedex", "null\n")],
)
def test_an_expression_is_tried_on_an_answer(run, expression, written):
    result = run("ask", "etablissements", "00000100800010", "--expr", expression, PREFILL_SCHEMAS="")

    assert (result.exit_code, result.stdout) == (0, written)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("strete(adresse)", "la fonction « strete » n'existe pas ; vouliez-vous dire « street » ?"),
        ("paris_date(siret)", "La réponse n'a pas la forme que « paris_date(siret) » attend."),
    ],
)
def test_an_expression_that_cannot_be_read_says_why(run, expression, sentence):
    result = run("ask", "etablissements", "00000100800010", "--expr", expression, PREFILL_SCHEMAS="")

    assert (result.exit_code, result.stderr.strip()) == (1, sentence)


def test_a_source_shows_its_keys_types_meaning_readers_and_an_example(run):
    lines = run("sources", "show", "extraits_rcs_infogreffe", PREFILL_SCHEMAS="").output.splitlines()
    row = next(line for line in lines if line.startswith("mandataires_sociaux[].fonction "))

    assert lines[0].startswith(
        "Extrait RCS (Kbis) (extraits_rcs_infogreffe, Infogreffe) — pour tous ; pour un candidat"
    )
    assert row.split("  ")[-1].strip() == "oui"
    assert "texte, ou null" in row
    assert "PRESIDENTE" in row


@pytest.mark.parametrize(
    ("source", "who"),
    [("exercices", "pour les agents habilités de l'acheteur seulement"), ("bilans_inpi", "pour personne : ")],
)
def test_a_source_says_whom_it_is_for(run, source, who):
    assert who in run("sources", "show", source, PREFILL_SCHEMAS="").output


def test_a_source_that_is_not_there_is_told(run):
    assert "Vouliez-vous dire « exercices » ?" in run("sources", "show", "exercice", PREFILL_SCHEMAS="").stderr
