"""Types worked out before any company is asked: what can never fit a field is a mistake, with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefill.domain.answer_shapes.model import Kind
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.forms.expressions import compile_expression, function_names
from prefill.forms.model import Type
from prefill.forms.registry import check, load_all
from prefill.forms.static_types.check import FITTING, check_types
from prefill.forms.static_types.inference import ITEM, RESULTS, SAME, TypeInference

INSEE, RCS, RNA = "etablissements", "extraits_rcs_infogreffe", "associations"


def kinds(source, expression):
    compiled = compile_expression(expression)
    inference = TypeInference(expression)
    types = inference.types(compiled.parsed.parsed, (CATALOGUE[source].answer,))
    assert inference.mistakes == []
    return {shape.kind.value for shape in types}


@pytest.mark.parametrize(
    ("source", "expression", "expected"),
    [
        (INSEE, "siret", {"text"}),
        (INSEE, "adresse", {"object"}),
        (INSEE, "adresse.code_postal", {"text"}),
        (INSEE, "unite_legale.date_creation", {"timestamp"}),
        (INSEE, "paris_date(unite_legale.date_creation)", {"date"}),
        (INSEE, "siret || unite_legale.date_creation", {"text", "timestamp"}),
        (INSEE, "siret && unite_legale.tranche_effectif_salarie.de", {"integer"}),
        (INSEE, "!siret", {"boolean"}),
        (INSEE, "siret == '1'", {"boolean"}),
        (INSEE, "[adresse.code_postal, siret]", {"list"}),
        (INSEE, "[adresse.code_postal, siret] | [0]", {"text"}),
        (INSEE, "{a: siret}.a", {"text"}),
        (INSEE, "@", {"object"}),
        (INSEE, "cle_nouvelle", set()),
        (INSEE, "cle_nouvelle || siret", set()),
        (INSEE, "not_null(siret, enseigne)", {"text"}),
        (INSEE, "pick(etat_administratif, {A: 'ouvert'})", {"text"}),
        (INSEE, "to_number(adresse.code_postal)", {"integer", "number"}),
        (RCS, "mandataires_sociaux", {"list"}),
        (RCS, "mandataires_sociaux[?!is_auditor(fonction)]", {"list"}),
        (RCS, "mandataires_sociaux[].nom", {"list"}),
        (RCS, "mandataires_sociaux[0].nom", {"text"}),
        (RCS, "mandataires_sociaux[:2]", {"list"}),
        (RCS, "sort_by(observations, &date)[0].date", {"date"}),
        (RCS, "max_by(observations, &date).libelle", {"text"}),
        (RCS, "capital.montant", {"number"}),
        (RCS, "[capital.montant][?@ != `0`] | [0]", {"number"}),
        ("exercices", "[0].chiffre_affaires", {"any"}),
        ("exercices", "amount([0].chiffre_affaires)", {"integer", "number"}),
        ("exercices", "reverse(sort_by([?date_fin_exercice], &date_fin_exercice))[:3]", {"list"}),
        (RNA, "agrements[].type", {"list"}),
    ],
)
def test_what_an_expression_gives_is_worked_out_from_the_answer(source, expression, expected):
    assert kinds(source, expression) == expected


@pytest.mark.parametrize(
    ("source", "kind", "expression", "mistake"),
    [
        (
            INSEE, Type.DATE, "unite_legale.date_creation",
            "« type: date » ne peut pas tenir un horodatage : écrivez paris_date(unite_legale.date_creation)",
        ),
        (
            INSEE, Type.STRING, "unite_legale.date_creation",
            ("« type: string » ne peut pas tenir un horodatage : écrivez « type: date » et "
             "paris_date(unite_legale.date_creation)"),
        ),
        (
            INSEE, Type.NUMBER, "adresse.code_postal",
            "« type: number » ne peut pas tenir un texte : écrivez « type: string », ou amount(adresse.code_postal) si ce texte est un nombre",
        ),
        (
            INSEE, Type.INTEGER, "unite_legale.tranche_effectif_salarie.date_reference",
            ("« type: integer » ne peut pas tenir un texte : écrivez "
             "« type: string », ou to_number(unite_legale.tranche_effectif_salarie.date_reference) si ce texte est un nombre"),
        ),
        (INSEE, Type.DATE, "siret", "« type: date » ne peut pas tenir un texte : écrivez « type: string », ou iso_date(siret) si ce texte est une date"),
        (INSEE, Type.STRING, "siege_social", "« type: string » ne peut pas tenir un booléen : écrivez « type: boolean »"),
        (
            INSEE, Type.STRING, "unite_legale.tranche_effectif_salarie.de",
            ("« type: string » ne peut pas tenir un nombre entier : écrivez "
             "to_string(unite_legale.tranche_effectif_salarie.de)"),
        ),
        (
            INSEE, Type.STRING, "adresse",
            ("« type: string » ne peut pas tenir un objet : lisez une de ses clés (status_diffusion, numero_voie, "
             "indice_repetition_voie, type_voie, libelle_voie, complement_adresse, …), ou écrivez street(adresse)"),
        ),
        (
            RCS, Type.STRING, "mandataires_sociaux",
            ("« type: string » ne peut pas tenir une liste : écrivez « type: list » et items, ou lisez une seule ligne "
             "(mandataires_sociaux[0]. …)"),
        ),
        (
            RCS, Type.STRING, "mandataires_sociaux[].nom",
            "« type: string » ne peut pas tenir une liste : écrivez join_parts(mandataires_sociaux[].nom, ', ')",
        ),
        (RCS, Type.LIST, "capital.montant", "« type: list » ne peut pas tenir un nombre : écrivez « type: number »"),
        (
            RCS, Type.LIST, "capital",
            "« type: list » ne peut pas tenir un objet : lisez une de ses clés (montant, devise, code_devise), ou écrivez currency(capital)",
        ),
        (INSEE, Type.DATE, "paris_date(adresse.code_postal)", "paris_date attend un nombre, et « adresse.code_postal » est un texte"),
        (INSEE, Type.STRING, "street(siret)", "street attend un objet, et « siret » est un texte"),
        (INSEE, Type.STRING, "adresse[0]", "[0] lit une liste, et ceci est un objet"),
        (INSEE, Type.LIST, "adresse[?type_voie]", "[?…] lit une liste, et ceci est un objet"),
        (
            RCS, Type.STRING, "mandataires_sociaux.nom",
            "« nom » est lu dans une liste, qui n'a pas de clés : [].nom lit chaque ligne, [0].nom la première",
        ),
        (INSEE, Type.STRING, "siret.code", "« code » est lu dans un texte, qui n'a pas de clés"),
        ("conventions_collectives", Type.LIST, "[?numero_idcc == '1486']", ("compare un nombre et un texte, qui ne sont jamais égaux : un nombre s'écrit entre accents graves, comme `12`, "
         "un texte entre apostrophes")),
        (
            INSEE, Type.BOOLEAN, 'etat_administratif == "A"',
            "« \"A\" », entre guillemets, est lu comme une clé de la réponse : le texte s'écrit 'A'",
        ),
    ],
)  # fmt: skip
def test_what_can_never_fit_is_told_with_what_to_write(source, kind, expression, mistake):
    assert check_types(compile_expression(expression), kind, (CATALOGUE[source].answer,)) == [mistake]


def test_a_key_between_double_quotes_that_is_one_may_be_compared():
    expression = compile_expression('etat_administratif == "enseigne"')

    assert check_types(expression, Type.BOOLEAN, (CATALOGUE[INSEE].answer,)) == []


def test_every_function_has_a_type_or_is_known_to_have_none():
    told = set(RESULTS) | SAME | ITEM | {"not_null", "pick", "with_keys"}

    assert function_names() - told == {"keys", "values", "map", "merge", "to_array"}


def field(text):
    lines = "".join(f"    {line}\n" for line in text.split("\n"))
    return f'title: T\nversion: "1"\naudience: candidate\nfields:\n  /a:\n    label: A\n{lines}'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("type: date\nfrom:\n  - etablissements: iso_date(siret)\n  - etablissements: date_creation", "10: fields → /a → from → 1 → etablissements"),
        ("type: date\nfrom: {etablissements: date_creation}", "8: fields → /a → from → etablissements"),
        (
            "type: list\nfrom: {actes_inpi: actes}\nitems:\n  depot: {label: D, type: number, from: date_depot}",
            "10: fields → /a → items → depot → from",
        ),
    ],
)  # fmt: skip
def test_a_mistake_of_type_stands_at_its_line(tmp_path, text, place):
    path = tmp_path / "fiche.yaml"
    path.write_text(field(text), encoding="utf-8")

    [mistake] = map(str, check([path], []))

    assert mistake.startswith(f"{path}:{place} : « type: ")


def test_a_field_that_is_wrong_otherwise_is_not_told_its_type_too(tmp_path):
    path = tmp_path / "fiche.yaml"
    path.write_text(field("type: date\nalias: 9\nfrom: {etablissements: date_creation}"), encoding="utf-8")

    [mistake] = check([path], [])

    assert "alias" in mistake.path


def test_no_expression_of_the_forms_that_we_ship_is_without_a_type():
    forms = load_all([Path(__file__).resolve().parents[2] / "schemas"]).forms.values()
    for form in forms:
        for part in form.fields:
            for origin in part.origins:
                assert kinds(origin.source, origin.expression.text), (form.id, part.path)


def test_every_kind_of_the_shapes_can_be_read_by_some_field():
    used = {shape.kind for source in SOURCES for _, shape in source.answer.paths()}

    assert used - frozenset[Kind]().union(*FITTING.values()) == {Kind.TIMESTAMP, Kind.OBJECT, Kind.ANY}
