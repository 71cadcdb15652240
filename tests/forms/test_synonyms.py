"""A form's synonyms: tables that the service has, those that a form adds, and mistakes about them."""

from __future__ import annotations

import pytest

from prefill.forms.registry import load_all
from tests.forms.test_registry import HEADER, lay, told

FIELD = "  /a:\n    label: A\n    synonyms: {table}\n    from:\n      - etablissements: siret\n"


def words(form, value):
    return form.fields[0].synonyms.other_words(value)


def test_a_form_adds_lines_to_a_table_of_the_service(tmp_path):
    own = "synonyms:\n  legal_forms:\n    - [SAS, SAS à capital variable]\n"
    lay(tmp_path, fiche=own + HEADER + FIELD.format(table="legal_forms"))
    [form] = load_all([tmp_path]).forms.values()

    assert words(form, "SAS") == ("SAS à capital variable", "société par actions simplifiée", "5710")


def test_an_overlay_adds_its_lines_to_those_it_inherits(tmp_path):
    base = "synonyms:\n  regions:\n    - [BRE, Bretagne]\n" + HEADER + FIELD.format(table="regions")
    lay(tmp_path, base=base, fiche="extends: base\nsynonyms:\n  regions:\n    - [BRE, Breizh]\n")
    forms = load_all([tmp_path]).forms

    assert words(forms["fiche"], "BRE") == ("Breizh", "Bretagne")
    assert words(forms["base"], "BRE") == ("Bretagne",)


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (
            HEADER + FIELD.format(table="country"),
            (
                "forms/fiche.yaml:7: fields → /a → synonyms : table de synonymes inconnue « country » ; vouliez-vous "
                "dire « countries » ? (tables : countries, legal_forms)"
            ),
        ),
        (
            HEADER + FIELD.format(table="countries").replace("label: A", "label: A\n    type: date"),
            "forms/fiche.yaml:8: fields → /a → synonyms : « synonyms » ne va qu'avec un texte",
        ),
        (
            "synonyms:\n  mine: [a, b]\n" + HEADER + FIELD.format(table="mine"),
            "forms/fiche.yaml:2: synonyms → mine → 0 : attend une liste de textes",
        ),
    ],
)
def test_a_mistake_is_told_where_it_is(tmp_path, content, mistake):
    assert told(tmp_path / "forms", fiche=content)[0] == mistake
