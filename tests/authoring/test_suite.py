"""Test cases beside forms: read with every mistake, run on the sandbox, compared, rewritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefill.authoring.case_file import read_cases
from prefill.authoring.case_writer import updated
from prefill.authoring.named_companies import NAMED_COMPANIES
from prefill.authoring.suite import cases_beside, report, run_form
from prefill.authoring.trial import open_trials
from prefill.forms.registry import load_all
from prefill.sandbox.companies import COMPANIES

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = load_all([ROOT / "schemas"]).forms

FORM = """\
title: Fiche
version: "1"
audience: candidate
fields:
  /nom:
    label: Nom
    alias: nom
    from: {etablissements: unite_legale.personne_morale_attributs.raison_sociale}
  /effectif:
    label: Effectif
    type: integer
    from: {etablissements: unite_legale.tranche_effectif_salarie.de}
  /ess:
    label: Économie sociale
    type: boolean
    from: {etablissements: unite_legale.economie_sociale_et_solidaire}
  /immatriculation:
    label: Immatriculation
    type: date
    from: {extraits_rcs_infogreffe: iso_date(date_immatriculation)}
  /representants:
    label: Représentants
    type: list
    from: {extraits_rcs_infogreffe: mandataires_sociaux}
    items:
      nom: {label: Nom, from: nom, identifying: true}
      fonction: {label: Fonction, from: fonction}
  /actes:
    label: Actes
    type: list
    from: {actes_inpi: actes}
    items:
      depot: {label: Dépôt, type: date, from: date_depot, identifying: true}
"""


@pytest.fixture
def form(tmp_path):
    (tmp_path / "fiche.yaml").write_text(FORM, encoding="utf-8")
    return load_all([tmp_path]).forms["fiche"]


@pytest.fixture
def cases(tmp_path, form):
    """Write the cases of the form, from the text of one case."""

    def write(*texts: str) -> Path:
        path = tmp_path / "fiche.tests.yaml"
        path.write_text("cases:\n" + "".join(f"  - {text.replace(chr(10), chr(10) + '    ')}\n" for text in texts))
        return path

    return write


def run(form, path):
    with open_trials() as trials:
        return run_form(form, path, trials)


def differences(form, path):
    [result] = run(form, path).results
    return [(one.place, one.expected, one.obtained) for one in result.differences]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_form_that_we_ship_passes_its_cases(name):
    path = cases_beside(SHIPPED[name])

    assert path is not None, f"schemas/{name}.tests.yaml is missing"
    result = run(SHIPPED[name], path)
    assert result.results
    assert result.passed, "\n".join(report([result]))


def test_every_company_of_the_sandbox_has_a_name():
    assert sorted(NAMED_COMPANIES.values()) == sorted(company.siret for company in COMPANIES)


def test_a_file_of_cases_is_not_a_form(form, cases, tmp_path):
    cases("name: n\ncompany: ordinary")

    assert list(load_all([tmp_path]).forms) == ["fiche"]


def test_a_case_compares_values_reasons_notices_and_calls(form, cases):
    path = cases(
        "name: n\ncompany: masked_company\nexpect:\n  values: {nom: JARDINS SANS BRUIT, /effectif: 6}\n"
        "  missing: {/ess: absent, /actes: not_requested}\n  notices: [partially_disclosed]\n  calls: 1"
    )

    assert differences(form, path) == []


def test_each_difference_says_what_was_expected_and_what_there_is(form, cases):
    path = cases(
        "name: n\ncompany: ordinary\nexpect:\n  values: {nom: AUTRE, /effectif: 21, /ess: true, /actes: …}\n"
        "  missing: {/immatriculation: absent}\n  notices: [struck_off]\n  calls: 9"
    )

    assert differences(form, path) == [
        ("/nom", "AUTRE", "MENUISERIE DU VAL DORE (etablissements)"),
        ("/effectif", "21", "20 (etablissements)"),
        ("/ess", "true", "false (etablissements)"),
        ("/immatriculation", "vide (absent)", "1998-03-20 (extraits_rcs_infogreffe)"),
        ("/actes", "…", "vide (not_requested)"),
        ("notices", "struck_off", "(aucun)"),
        ("calls", "9", "2"),
    ]


def test_rows_are_compared_by_the_keys_that_are_written(form, cases):
    path = cases(
        "name: n\ncompany: ordinary\nexpect:\n  values:\n    /representants:\n      - nom: KERGALVEN\n      - …",
        "name: n\ncompany: ordinary\nexpect:\n  values:\n    /representants:\n      - nom: KERGALVEN",
    )
    first, second = run(form, path).results

    assert first.passed
    assert second.differences[0].obtained.startswith("nom: KERGALVEN, fonction: PRESIDENTE\nnom: TOUFFREVAL")


def test_an_exact_case_refuses_what_it_does_not_name(form, cases):
    path = cases("name: n\ncompany: old_entry\nexpect:\n  exact: true\n  values: {nom: COMPTOIR DES TROIS CLOCHERS}")

    assert differences(form, path) == [
        ("/immatriculation", "vide (exact: true)", "1968-06-04 (extraits_rcs_infogreffe)")
    ]


@pytest.mark.parametrize("company", ["unknown", "undisclosed"])
def test_a_refusal_is_expected_by_its_code(form, cases, company):
    path = cases(f"name: n\ncompany: {company}\nexpect: {{problem: company_{company}}}")

    assert differences(form, path) == []


def test_a_refusal_in_place_of_a_form_is_a_difference_and_so_is_the_contrary(form, cases):
    path = cases("name: n\ncompany: unknown\nexpect: {calls: 1}")
    assert differences(form, path) == [("problem", "un formulaire rempli", "company_unknown")]

    path = cases("name: n\ncompany: ordinary\nexpect: {problem: company_unknown}")
    assert differences(form, path) == [("problem", "company_unknown", "un formulaire rempli")]


def test_a_change_is_laid_over_the_answer_of_the_sandbox(form, cases):
    path = cases(
        "name: n\ncompany: ordinary\nchanges:\n  etablissements:\n    unite_legale:\n"
        "      tranche_effectif_salarie: {de: 250}\n      status_diffusion: partiellement_diffusible\n"
        "expect:\n  values: {nom: MENUISERIE DU VAL DORE, /effectif: 250}\n  missing: {/representants: withheld}"
    )

    assert differences(form, path) == []


def test_a_recorded_answer_makes_a_company(form, cases):
    path = cases(
        'name: n\ncompany: "55204944776279"\nanswers:\n  etablissements:\n    siret: "55204944776279"\n'
        "    siege_social: true\n    etat_administratif: A\n    status_diffusion: diffusible\n    adresse: {}\n"
        '    unite_legale: {siren: "552049447", status_diffusion: diffusible, forme_juridique: {code: "5599"},\n'
        "      personne_morale_attributs: {raison_sociale: GRANDE GARE}}\n"
        "expect:\n  values: {nom: GRANDE GARE}\n  missing: {/immatriculation: absent}"
    )

    assert differences(form, path) == []


def test_rows_of_a_recorded_answer_and_sources_on_demand(form, cases):
    path = cases(
        "name: n\ncompany: ordinary\nwith: [actes_inpi]\nanswers:\n  actes_inpi:\n    actes:\n"
        "      - date_depot: 2024-02-03\nexpect:\n  values:\n    /actes: [{depot: 2024-02-03}]"
    )

    assert differences(form, path) == []


@pytest.mark.parametrize(
    ("failure", "reason"),
    [("error", "unavailable"), ("timeout", "unavailable"), ("quota", "unavailable"), ("late", "late"),
     ("absent", "absent"), ("withheld", "withheld"), ("not_entitled", "not_entitled")],
)  # fmt: skip
def test_a_source_fails_by_the_name_of_its_failure(form, cases, failure, reason):
    path = cases(
        f"name: n\ncompany: ordinary\nfailures: {{extraits_rcs_infogreffe: {failure}}}\n"
        f"expect: {{missing: {{/immatriculation: {reason}}}}}"
    )

    assert differences(form, path) == []


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("company: ordinary", "2: cases → 0 → name : clé obligatoire"),
        (
            "name: n\ncompany: ordinaire",
            (
                "3: cases → 0 → company : il n'y a pas d'entreprise « ordinaire » dans le bac à sable ; vouliez-vous dire "
                "« ordinary » ?"
            ),
        ),
        (
            'name: n\ncompany: "55204944776279"',
            (
                "3: cases → 0 → company : « 55204944776279 » n'est pas dans le bac à sable : donnez ses réponses sous "
                "« answers » (prefill ask les montre)"
            ),
        ),
        (
            "name: n\ncompany: ordinary\nfailures: {etablissements: panne}",
            (
                "4: cases → 0 → failures → etablissements : attend error ou timeout ou quota ou unreadable ou late ou absent "
                "ou withheld ou not_entitled, pas « panne »"
            ),
        ),
        (
            "name: n\ncompany: ordinary\nexpect:\n  values: {nome: X}",
            "5: cases → 0 → expect → values → nome : le formulaire n'a pas de champ « nome » ; vouliez-vous dire « nom » ?",
        ),
        (
            "name: n\ncompany: ordinary\nchanges: {exercices: {}}",
            "4: cases → 0 → changes → exercices : le formulaire ne lit pas de source « exercices »",
        ),
        (
            "name: n\ncompany: ordinary\nwith: [actes]",
            "4: cases → 0 → with → 0 : « actes » n'est pas une source à la demande",
        ),
        (
            "name: n\ncompany: ordinary\nday: hier",
            "4: cases → 0 → day : attend une date comme 2026-11-23, pas « hier »",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(form, cases, text, mistake):
    path = cases(text)

    [told] = map(str, read_cases(path, form).mistakes)

    assert told.removeprefix(f"{path}:").startswith(mistake)


def test_a_file_that_is_not_yaml_says_where(form, tmp_path):
    path = tmp_path / "fiche.tests.yaml"
    path.write_text("cases:\n  - {a\n")

    assert str(run(form, path).file.mistakes[0]).startswith(f"{path}:2: ce n'est pas du YAML")


def test_the_report_names_the_case_its_line_and_both_sides(form, cases):
    path = cases("name: Une SAS\ncompany: ordinary\nexpect: {values: {nom: AUTRE}}", "name: Rien\ncompany: branch")

    assert (
        "\n".join(report([run(form, path)])).replace(str(path), "fiche.tests.yaml")
        == """\
fiche.tests.yaml:2: Une SAS
  /nom
    attendu AUTRE
    obtenu  MENUISERIE DU VAL DORE (etablissements)

fiche.tests.yaml:5: Rien
  ce cas n'attend rien : écrivez « expect », ou laissez --update l'écrire

fiche : 2 cas, 2 en échec"""
    )


def test_an_update_makes_the_cases_pass_and_leaves_the_rest_as_it_is_written(form, cases):
    path = cases(
        "name: Juste # dit pourquoi\ncompany: ordinary\nexpect: {values: {nom: MENUISERIE DU VAL DORE}} # gardé",
        "name: Faux\ncompany: ordinary\nexpect:\n  values: {nom: AUTRE, /actes: []}\n  notices: []",
        "name: Vide\ncompany: rcs_down",
        "name: Refus\ncompany: unknown\nexpect:\n  calls: 1",
    )
    before = path.read_text()
    result = run(form, path)

    after = updated(path, form, result.failed)
    path.write_text(after)

    assert run(form, path).passed
    assert after.split("\n")[:4] == before.split("\n")[:4]
    assert "/effectif: 6\n" in after  # what an empty case is given: everything
    assert "        nom: MENUISERIE DU VAL DORE\n      missing:\n        /actes: not_requested" in after


def test_the_cases_of_the_documentation_pass(tmp_path):
    page = (ROOT / "docs" / "forms.md").read_text(encoding="utf-8")
    for name in ("fiche.yaml", "fiche.tests.yaml"):
        [text] = [block for block in page.split("```yaml\n") if block.startswith(f"# {name}\n")]
        (tmp_path / name).write_text(text.split("```")[0], encoding="utf-8")
    form = load_all([tmp_path]).forms["fiche"]

    assert run(form, tmp_path / "fiche.tests.yaml").passed
