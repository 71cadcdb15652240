"""Tables of choices, labels in other languages, and the functions that shape a text."""

from __future__ import annotations

import json

import pytest

from prefill.app import create_app
from prefill.domain.answers import Answer, Status
from prefill.domain.disclosure import MASK
from prefill.domain.permissions import Audience
from prefill.forms.expressions import compile_expression
from prefill.forms.filling import fill
from prefill.forms.reasons import Reason
from prefill.forms.registry import check, load_all, load_file
from prefill.settings import Settings

FORM = """\
title: T
version: "1"
audience: candidate
titles: {en: Sheet}
sections: {/identite: Identité}
section_labels: {en: {/identite: Identity}}
fields:
  /identite/dirigeants:
    label: Dirigeants
    type: list
    from: {extraits_rcs_infogreffe: mandataires_sociaux}
    items:
      nom: {label: Nom, labels: {en: Name}, from: nom}
  /forme:
    label: Forme
    labels: {en: Legal form}
    choices: {'5710': SAS, '5720': SAS, '9220': Association}
    choice_labels: {en: {SAS: Simplified company}}
    from: {etablissements: unite_legale.forme_juridique.code}
  /siege:
    label: Siège
    choices: {'true': oui, 'false': non}
    from: {etablissements: siege_social}
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "fiche.yaml"
    path.write_text(FORM, encoding="utf-8")
    return path


def filled(path, code, head_office):
    answer = {"unite_legale": {"forme_juridique": {"code": code}}, "siege_social": head_office}
    answers = {"etablissements": Answer("etablissements", Status.OK, answer)}
    return fill(load_file(path, []), answers, audience=Audience.CANDIDATE)


@pytest.mark.parametrize(
    ("code", "head_office", "data"),
    [
        ("5710", True, {"forme": "SAS", "siege": "oui"}),
        ("9220", False, {"forme": "Association", "siege": "non"}),
        ("1000", None, {}),
        (None, None, {}),
    ],
)
def test_a_table_translates_what_is_read_and_gives_nothing_else(path, code, head_office, data):
    assert filled(path, code, head_office).data == data


def test_a_mask_goes_through_no_table(path):
    assert filled(path, MASK, True).missing["/forme"].reason is Reason.WITHHELD


def test_a_table_gives_texts_of_plain_values(path):
    path.write_text(FORM.replace("label: Siège", "label: Siège\n    type: boolean"), encoding="utf-8")
    [mistake] = map(str, check([path], []))
    assert (
        mistake
        == f"{path}:23: fields → /siege → choices : « choices » donne des textes : écrivez « type: string », ou rien"
    )

    path.write_text(FORM.replace("siege_social", "adresse"), encoding="utf-8")
    assert "« type: string » ne peut pas tenir un objet" in str(check([path], [])[0])


def test_choices_and_labels_are_told_to_pages(path):
    client = create_app(Settings(schemas=(str(path.parent),))).test_client()
    form = client.get("/v1/schemas/fiche").json
    people, told = form["fields"][:2]
    schema = client.get("/v1/schemas/fiche/schema.json").json

    assert (told["choices"], told["labels"]) == (["SAS", "Association"], {"en": "Legal form"})
    assert told["choiceLabels"] == {"en": {"SAS": "Simplified company"}}
    assert people["items"] == [{"name": "nom", "label": "Nom", "labels": {"en": "Name"}, "type": "string"}]
    assert (form["titles"], form["sectionLabels"]) == ({"en": "Sheet"}, {"en": {"/identite": "Identity"}})
    assert schema["properties"]["forme"]["enum"] == ["SAS", "Association"]


def test_a_label_falls_back_to_french(path):
    _, first, second = load_file(path, []).fields

    assert (first.label_in("en"), first.label_in("fr"), second.label_in("en")) == ("Legal form", "Forme", "Siège")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("department(commune)", "2A"),
        ("department(postal)", "974"),
        ("department(nothing)", None),
        ("department(masked)", MASK),
        ("upper(word)", "RIED"),
        ("lower(word)", "ried"),
        ("substring(word, `1`, `2`)", "ie"),
        ("substring(word, `9`, `1`)", None),
        ("substring(masked, `0`, `2`)", MASK),
    ],
)
def test_a_text_is_shaped(expression, value):
    data = {"commune": "2A004", "postal": "97411", "word": "Ried", "masked": MASK}

    assert compile_expression(expression)(json.loads(json.dumps(data))) == value


def test_labels_are_inherited_but_those_of_a_part_that_is_named_anew(path):
    child = path.with_name("ville.yaml")
    child.write_text("extends: fiche\nversion: '2'\nsections: {/identite: Qui}\n", encoding="utf-8")
    form = load_all([path.parent]).forms["ville"]

    assert (form.titles, form.sections) == ({"en": "Sheet"}, {"/identite": "Qui"})
    assert form.section_labels == {"en": {}}
