"""A draft filled in a process of its own: what it gives, and what its limits end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from prefill.authoring.drafts.filled import Trial, fill_draft
from prefill.authoring.drafts.isolated import COSTLY, try_draft
from prefill.forms.registry import check_draft

SCHEMAS = str(Path(__file__).resolve().parents[3] / "schemas")
HEAD = 'title: T\nversion: "1"\naudience: candidate\nfields:\n'
NAME = "  /a:\n    label: A\n    from: {etablissements: unite_legale.personne_morale_attributs.raison_sociale}\n"
REGISTER = "  /b:\n    label: B\n    from: {extraits_rcs_infogreffe: greffe.code}\n"
ORDINARY, UNKNOWN, REGISTER_DOWN = "00000100800010", "00001600600017", "00001300300017"
ONES = f"`[{','.join(['1'] * 300)}]`"
DOUBLED = "siret" + " | join('', [@,@])" * 60
ENDLESS = f"{ONES}[?{ONES}[?{ONES}[?{ONES}[?@==`2`]]]] && siret"


def trial(text: str, company: str = ORDINARY, form: str = "fiche", role: str = "sole-tenderer") -> Trial:
    return Trial(form, text, (SCHEMAS,), company, role, "2026-11-23")


def test_a_draft_gives_its_values_their_register_and_the_reasons_of_its_gaps():
    filled = fill_draft(trial(HEAD + NAME + REGISTER, REGISTER_DOWN))

    assert filled["data"] == {"a": "PLOMBERIE LATOUR-MEUNIER"}
    assert filled["provenance"]["/a"]["producer"] == "Insee"
    assert filled["missing"]["/b"]["reason"] == "unavailable"
    assert filled["fields"] == {"/a": {"label": "A", "type": "string"}, "/b": {"label": "B", "type": "string"}}
    assert filled["calls"] == 2


def test_a_form_of_several_companies_keeps_the_fields_of_the_role():
    text = (Path(SCHEMAS) / "dc4.yaml").read_text(encoding="utf-8")
    subcontractor, other = (fill_draft(trial(text, form="dc4", role=role)) for role in ("subcont", "nobody"))

    assert set(subcontractor["fields"]) != set(other["fields"])
    assert any(path.startswith("/subcontractor") for path in subcontractor["fields"])


def test_an_agents_draft_is_filled_as_an_agent_sees_it():
    text = (Path(SCHEMAS) / "dossier.yaml").read_text(encoding="utf-8")

    assert "/proofs/exercices/turnover" in fill_draft(trial(text, form="dossier"))["provenance"]


def test_a_company_that_no_register_knows_is_refused_in_words():
    assert "ne connaît pas" in fill_draft(trial(HEAD + NAME, UNKNOWN))["refusal"]
    assert "vérificateur" in fill_draft(trial("title: T\n"))["refusal"]


def test_a_process_of_its_own_gives_the_same():
    assert try_draft(trial(HEAD + NAME)) == fill_draft(trial(HEAD + NAME))


def test_it_finds_what_the_service_finds_by_its_path_alone(monkeypatch):
    """As where packages are in the folder that PYTHONPATH names, or in a user's own."""
    monkeypatch.setattr(
        sys, "executable", f"{sys.base_prefix}/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    )

    assert try_draft(trial(HEAD + NAME))["data"] == {"a": "MENUISERIE DU VAL DORE"}


@pytest.mark.slow
@pytest.mark.parametrize("expression", [DOUBLED, ENDLESS], ids=["memory", "processor"])
def test_a_draft_that_takes_too_much_is_ended(expression):
    text = f'{HEAD}  /a:\n    label: A\n    from: {{etablissements: "{expression}"}}\n'

    assert check_draft("fiche", text, [Path(SCHEMAS)]).form
    assert try_draft(trial(text)) == {"refusal": COSTLY}


def test_a_draft_that_lasts_too_long_is_ended():
    assert try_draft(trial(HEAD + NAME), seconds=0.001) == {"refusal": COSTLY}
