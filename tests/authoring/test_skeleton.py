"""A first version of a form: a skeleton, or what a page lets guess; always a sound form."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from prefill.authoring.skeleton.guesses import guess
from prefill.authoring.skeleton.page_fields import PageField, read_page
from prefill.cli import main
from prefill.forms.registry import check, load_all
from prefill.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DUME = load_all([ROOT / "schemas"]).forms["dume"]
NOTHING_SET = dict.fromkeys((*(one.metadata["name"] for one in fields(Settings)), "WEB_CONCURRENCY", "COLUMNS"))
PAGE = """\
<form>
  <label for=s>SIRET *</label><input id=s name=siret>
  <label>Raison sociale : <input name="candidat[nom]"></label>
  <label>Forme <select name=forme><option>SAS</option></select></label>
  <label>Capital<input name=capital type=number></label>
  <label>Courriel<input name=email type=email></label>
  <input aria-label="Ville" name=ville><input name=ville>
  <input type=hidden name=csrf><input type=submit>
</form>
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    return lambda *arguments, answer=None: CliRunner().invoke(main, arguments, env=NOTHING_SET, input=answer)


def test_a_page_gives_its_fields_once_with_their_labels():
    assert [(field.name, field.label) for field in read_page(PAGE)] == [
        ("siret", "SIRET"),
        ("candidat[nom]", "Raison sociale"),
        ("forme", "Forme"),
        ("capital", "Capital"),
        ("email", "Courriel"),
        ("ville", "Ville"),
    ]


@pytest.mark.parametrize(
    ("name", "label", "alias"),
    [
        ("cp", "", "postalZone"),
        ("x", "Code postal", "postalZone"),
        ("nomCommercial", "", "tradeName"),
        ("x", "N° de TVA intracommunautaire", "vat"),
        ("x", "Adresse", "streetName"),
        ("x", "Dénomination sociale", "name"),
        ("x", "Adresse électronique (courriel)", None),
        ("prenom", "Nom et prénom du signataire", None),
        ("x", "Couleur", None),
    ],
)
def test_a_field_of_a_page_is_guessed_by_its_words(name, label, alias):
    guessed = guess(PageField(name, label), DUME.fields)

    assert (guessed and guessed.alias) == alias


@pytest.mark.parametrize("options", [(), ("--extends", "dume"), ("--from", "page.html")])
def test_a_new_form_is_sound_and_its_cases_can_be_completed(run, options):
    result = run("schema", "new", "fiche", *options)
    first_line = Path("forms/fiche.yaml").read_text(encoding="utf-8").partition("\n")[0]
    assert (Path("forms") / first_line.partition("$schema=")[2]).read_text("utf-8").startswith("{")
    path = Path("forms/fiche.yaml")

    assert result.exit_code == 0, result.output
    assert check([path], [ROOT / "schemas"]) == ()
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=")
    assert run("schema", "test", str(path), "--update", answer="y\n").exit_code == 0
    assert run("schema", "test", str(path)).output.endswith("fiche : 2 cas, tous justes\n")


def test_a_page_is_a_form_with_its_guesses_and_what_is_the_candidates(run):
    run("schema", "new", "fiche", "--from", "page.html")
    form = load_all([ROOT / "schemas", Path("forms")]).forms["fiche"]
    told = {part.alias: part for part in form.fields}

    assert list(told) == ["siret", "candidat-nom", "forme", "capital", "email", "ville"]
    assert told["email"].declared
    assert (told["capital"].type, told["capital"].confirm) == ("number", True)
    assert told["candidat-nom"].label == "Raison sociale"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("é",), "ne peut pas être un identifiant"),
        (("fiche", "--extends", "dumes"), "Vouliez-vous dire « dume » ?"),
        (("deja",), "forms/deja.yaml existe déjà."),
        (("fiche", "--from", "vide.html"), "vide.html n'a pas de champ à remplir."),
    ],
)
def test_what_cannot_begin_a_form_is_told(run, tmp_path, arguments, sentence):
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "deja.yaml").touch()
    (tmp_path / "vide.html").write_text("<p>rien</p>")

    assert sentence in run("schema", "new", *arguments).stderr
