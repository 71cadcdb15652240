"""The JSON Schema of form files: generated from the checker's own schemas, and in agreement with the checker.

What « an editor sees » is what the YAML language server (1.19) says of the same forms.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from prefill.app import create_app
from prefill.authoring.grammar import form_grammar as module
from prefill.authoring.grammar.form_grammar import form_grammar
from prefill.domain.catalogue import SOURCES
from prefill.forms.expressions import compile_expression, our_functions
from prefill.forms.form_file import FieldSchema, FormSchema, ItemSchema
from prefill.settings import Settings
from tests.support.wrong_forms import (
    PAGE,
    checker_says,
    editor_sees,
    read_wrong_forms,
    render_wrong_forms,
)

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path for path in (ROOT / "schemas").glob("*.yaml") if not path.stem.endswith(".tests"))
WRONG = read_wrong_forms()
RIGHT_BLOCKS = {
    match[1]: match[0]
    for match in re.finditer(
        r"(?<=^```yaml\n)# (\S+)\n(?:(?!^```$).*\n)*", (ROOT / "docs/forms.md").read_text(), re.MULTILINE
    )
    if not match[1].endswith(".tests.yaml")
}


def test_the_grammar_is_a_sound_json_schema():
    jsonschema.Draft7Validator.check_schema(form_grammar())


@pytest.mark.parametrize(
    ("schema", "descriptions"), [(FormSchema, module.FORM), (FieldSchema, module.FIELD), (ItemSchema, module.ITEM)]
)
def test_every_key_of_the_checker_is_described(schema, descriptions):
    assert {field.data_key or name for name, field in schema().fields.items()} <= descriptions.keys()


def test_the_committed_grammar_is_what_the_command_writes():
    written = json.loads((ROOT / "schemas" / "grammar.json").read_text(encoding="utf-8"))

    assert written == form_grammar(), "prefill schema grammar --output schemas/grammar.json"


def test_the_service_gives_the_grammar():
    answer = create_app(Settings()).test_client().get("/v1/schemas/grammar.json")

    assert (answer.status_code, answer.mimetype) == (200, "application/schema+json")
    assert answer.json == json.loads(json.dumps(form_grammar()))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_form_that_we_ship_names_the_grammar(path):
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=grammar.json\n")


def proposals(name):
    return {one["const"]: one["description"] for one in form_grammar()["definitions"][name]["anyOf"] if "const" in one}


def test_sources_keys_and_functions_are_proposed_with_their_meaning():
    origins = form_grammar()["definitions"]["any-from"]["anyOf"][0]["properties"]
    told = proposals("etablissements-expression")

    assert set(origins) == {source.name for source in SOURCES if source.usable}
    assert origins["numero_tva"]["description"] == "Numéro de TVA intracommunautaire (DGFIP)"
    assert told["adresse.code_postal"] == "Code postal (un texte, ou null)"
    assert told["paris_date(unite_legale.date_creation)"] == "Date de création (un horodatage, ou null)"
    assert told["street(adresse)"] == "Adresse de l'établissement (un objet)"
    assert our_functions().items() <= told.items()


def test_what_is_proposed_can_be_written():
    for name, definition in form_grammar()["definitions"].items():
        if name.endswith("-expression"):
            for one in definition["anyOf"]:
                if "const" in one:
                    compile_expression(one["const"])


def test_a_candidates_form_is_offered_open_sources_alone():
    open_from = form_grammar()["definitions"]["open-from"]["anyOf"][0]["properties"]

    assert set(open_from) == {source.name for source in SOURCES if source.usable and source.open}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_an_editor_has_nothing_to_say_of_a_form_that_we_ship(path):
    assert not editor_sees(path.read_text(encoding="utf-8"))


def right(text):
    return f"title: T\nversion: 1\naudience: agent\nfields:\n{text}"


RIGHT = {
    **{
        name: text
        for name, text in RIGHT_BLOCKS.items()
        if name not in ("coquilles.yaml", "interdits.yaml", "bancal.yaml")
    },
    "a number for a version": right("  /a: {label: 12, from: {etablissements: siret}}\n"),
    "no, which is a text": right("  /a: {label: no, from: {etablissements: siret}}\n"),
    "a list of origins": right("  /a: {label: A, from: [{etablissements: siret}, {siege_social: siret}]}\n"),
    "several origins in a mapping": right("  /a: {label: A, from: {etablissements: siret, siege_social: siret}}\n"),
    "reserved list": right("  /a: {label: A, type: list, reserved: exercices}\n"),
    "a protected source": right("  /a: {label: A, type: number, from: {exercices: 'amount([0].chiffre_affaires)'}}\n"),
    "declared": right("  /a: {label: A, declared: true, roles: [subcont]}\n"),
    "an entry": right("  '/a[x]': {label: A, constants: {t: X}, from: {etablissements: siret}}\n"),
    "an overlay": "extends: dume\nfields:\n  /z: {label: Z, from: {etablissements: siret}}\n",
    "an overlay that only removes": "extends: dume\nremove: [/partIV]\n",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT.keys())
def test_both_agree_on_a_right_form(text):
    assert checker_says(text) == ""
    assert not editor_sees(text)


def test_the_corpus_is_large_and_every_form_of_it_is_different():
    assert len(WRONG) >= 60
    assert len({form.text for form in WRONG}) == len({form.title for form in WRONG}) == len(WRONG)


@pytest.mark.slow
@pytest.mark.parametrize("form", WRONG, ids=str)
def test_the_checker_says_of_a_wrong_form_what_the_page_says(form):
    assert checker_says(form.text) == form.told, "python tools/wrong_forms.py"


@pytest.mark.parametrize("form", WRONG, ids=str)
def test_an_editor_sees_of_a_wrong_form_what_the_page_says(form):
    assert editor_sees(form.text) is form.seen


def test_what_an_editor_does_not_see_is_about_other_files_whole_forms_or_expressions():
    unseen = {form.section for form in WRONG if not form.seen}

    assert unseen <= {"Le fichier", "L'en-tête", "Les chemins", "Les clés d'un champ", "Les expressions", "Les types"}
    assert sum(form.seen for form in WRONG) >= 50


def test_a_message_has_its_line_and_its_path():
    for form in WRONG:
        for line in form.told.splitlines():
            assert re.match(r"fiche\.yaml:\d+: (remarque : )?\S", line), line


def test_the_page_is_written_by_its_tool():
    assert render_wrong_forms(WRONG) == PAGE.read_text(encoding="utf-8")
