"""What changed between two versions of a form, and what may not change without a new version."""

from __future__ import annotations

import pytest

from prefill.authoring.versions.form_diff import breaks_silently, compare_forms
from prefill.forms.registry import load_file

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
  /ids[siret]:
    label: S
    constants: {type: SIRET}
    from: {etablissements: siret}
  /r:
    label: R
    reserved: exercices
"""


@pytest.fixture
def compared(tmp_path):
    """Compare the form with what it becomes when some texts are replaced."""

    def compare(*replacements):
        new = FORM
        for old_text, new_text in replacements:
            assert old_text in new
            new = new.replace(old_text, new_text)
        forms = []
        for place, text in enumerate((FORM, new)):
            path = tmp_path / f"f{place}" / "fiche.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            forms.append(load_file(path, []))
        changes = compare_forms(*forms)
        silent = breaks_silently(*forms, changes)
        return [f"{'!' if change.breaking else ''}{change.place} : {change.sentence}" for change in changes], silent

    return compare


def test_the_same_form_has_no_change(compared):
    assert compared() == ([], False)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("/a:", "/b:", ["!/a : champ retiré", "/b : champ ajouté"]),
        ("    alias: a\n", "", ["!/a : alias a devient (aucun)"]),
        ("{etablissements: siret}\n  /l", "{etablissements: iso_date(siret)}\n    type: date\n  /l", ["!/a : type string devient date", "/a : lu autrement"]),
        ("label: A\n", "label: A\n    on_demand: true\n", ["!/a : n'est plus donné qu'à la demande"]),
        ("label: A\n", "label: A\n    confirm: true\n", ["/a : est à vérifier"]),
        ("label: A\n", "label: AA\n", ["/a : libellé « A » devient « AA »"]),
        ("type: SIRET", "type: NIC", ["!/ids[siret] : constantes type: SIRET deviennent type: NIC"]),
        ("      nom: {", "      nomm: {", ["!/l : clé « nom » retirée des lignes", "/l : clé « nomm » ajoutée aux lignes"]),
        ("Nom, from: nom", "Nom, type: date, from: iso_date(nom)", ["!/l : clé « nom » : type string devient date", "/l : clé « nom » : lue autrement"]),
        ("from: nom,", "from: raison_sociale,", ["/l : clé « nom » : lue autrement"]),
        ("reserved: exercices", "from: {etablissements: siret}",
         ["/r : n'est plus réservé à l'acheteur", "/r : lu dans etablissements, et non plus aucune source"]),
        ("audience: candidate", "audience: agent", ["!audience : candidate devient agent"]),
    ],
)  # fmt: skip
def test_each_change_is_told_the_breaking_ones_first(compared, old, new, told):
    changes, silent = compared((old, new))

    assert changes == told
    assert silent is any(line.startswith("!") for line in told)


def test_a_new_version_may_break(compared):
    changes, silent = compared(("/a:", "/b:"), ('"1"', '"2"'))

    assert changes == ["!/a : champ retiré", "version : « 1 » devient « 2 »", "/b : champ ajouté"]
    assert silent is False
