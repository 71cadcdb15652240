"""Who represents a company, among the officers that a registrar lists."""

import pytest

from prefill.domain.catalogue.officers import Duty, duty, is_liquidator, rank, representatives, supervisors
from prefill.domain.disclosure import MASK


def person(family, first=None, role=None):
    return {"type": "personne_physique", "nom": family, "prenom": first, "fonction": role, "numero_identification": ""}


def firm(name, role, number=None):
    return {"type": "personne_morale", "raison_sociale": name, "fonction": role, "numero_identification": number}


def told(rows):
    """Say who is left, with the function."""
    return [(row.get("nom") or row.get("raison_sociale"), row.get("fonction")) for row in rows]


@pytest.mark.parametrize(
    "role",
    [
        "COMMISSAIRE AUX COMPTES TITULAIRE", "commissaire aux comptes suppléant", "Commissaire-aux-comptes",
        "COMMISSAIRE\u00a0AUX\u00a0COMPTES", "Commissaires aux comptes", "Comissaire aux compte", "CAC suppléante",
        "C.A.C. titulaire", "Co-commissaire aux comptes", "Commissaire à la transformation", "COMMISSAIRE AUX APPORTS",
        "Contrôleur des comptes", "contro\u0302leuse des comptes", "CONTROLEURE DE LA GESTION", "Vérificatrice aux comptes",
        "Auditrice de durabilité", "Réviseuse coopérative",
    ],
)  # fmt: skip
def test_auditors_are_known_in_every_spelling_and_gender(role):
    assert duty(role) is Duty.AUDITS
    assert representatives([person("DUMAS", "Eve", role)]) == []


@pytest.mark.parametrize("role", [None, "", "Gérante", "PRESIDENT", "Directeur", "Commandité", "Cacique"])
def test_who_is_no_auditor_represents(role):
    assert duty(role) is Duty.REPRESENTS


@pytest.mark.parametrize(
    "role",
    ["Membre du conseil de surveillance", "PRESIDENTE DU CONSEIL DE SURVEILLANCE", "Vice-président du conseil de surveillance",
     "Censeur"],
)  # fmt: skip
def test_a_supervisory_board_stands_apart(role):
    officers = [person("DUMAS", "Eve", role), person("HUET", "Guy", "Gérant")]

    assert told(representatives(officers)) == [("HUET", "Gérant")]
    assert told(supervisors(officers)) == [("DUMAS", role)]


@pytest.mark.parametrize("role", ["MANDATAIRE JUDICIAIRE", "Représentant des créanciers"])
def test_who_acts_for_the_creditors_does_not_represent_the_company(role):
    assert representatives([person("PONS", "Luc", role)]) == []


# Who may bind the company, the first one first.
ORDER = [
    "Liquidatrice amiable",
    "Présidente-directrice générale",
    "Président du directoire",
    "Cogérant",
    "DIRECTRICE GENERALE",
    "Directeur général délégué",
    "Membre du directoire",
    "Personne ayant le pouvoir d'engager à titre habituel la société",
    "Président du conseil d'administration",
    "ADMINISTRATEUR JUDICIAIRE",
    None,
    "Administratrice",
    "Représentant permanent",
]


def test_those_who_may_bind_the_company_come_first():
    officers = [person(f"N{place}", "A", role) for place, role in enumerate(reversed(ORDER))]

    assert [row["fonction"] for row in representatives(officers)] == ORDER


@pytest.mark.parametrize(
    ("role", "same"),
    [
        ("PRESIDENT", "Présidente de SAS"),
        ("Gérant", "ASSOCIEE GERANTE"),
        ("Directeur général", "DG"),
        ("Directeur général délégué", "Directrice générale adjointe"),
        ("Administrateur", "Vice-président"),
        ("Associé indéfiniment responsable", "Membre"),
        ("Président-directeur général", "P.D.G."),
    ],
)
def test_functions_of_one_kind_have_one_rank(role, same):
    assert rank(role) == rank(same)


def test_officers_of_one_rank_keep_the_order_of_the_register():
    officers = [person("ZOLA", "Ida", "Gérante"), person("ABEL", "Guy", "Gérant")]

    assert told(representatives(officers)) == [("ZOLA", "Gérante"), ("ABEL", "Gérant")]


def test_the_same_person_comes_once_with_all_functions():
    officers = [
        person("VASSEUR", "ALIX", "MEMBRE DU DIRECTOIRE"),
        person("Vasseur", "Alix", "Président du directoire"),
        person("VASSEUR", "ALIX", "PRESIDENT DU DIRECTOIRE"),
    ]

    assert told(representatives(officers)) == [("Vasseur", "Président du directoire, MEMBRE DU DIRECTOIRE")]


def test_another_first_name_may_be_another_person():
    officers = [person("MERCIER", "JEAN", "Gérant"), person("MERCIER", "JEAN PAUL", "Gérant"), person("MERCIER")]

    assert len(representatives(officers)) == 3


def test_two_companies_of_one_name_are_two_where_their_numbers_say_so():
    officers = [
        firm("HOLDING DES CIMES", "PRESIDENT", "900 005 810"),
        firm("HOLDING DES CIMES", "DIRECTEUR GENERAL", "552 049 447"),
        firm("Holding des Cimes", "ADMINISTRATEUR", ""),
    ]
    shown = representatives(officers)

    assert [(row["numero_identification"], row["fonction"]) for row in shown] == [
        ("900005810", "PRESIDENT, ADMINISTRATEUR"), ("552049447", "DIRECTEUR GENERAL"),
    ]  # fmt: skip


def test_a_legal_person_comes_with_who_stands_for_it():
    officers = [
        firm("HOLDING DES CIMES", "PRESIDENT", "900 005 810"),
        person("MERCIER", "JEAN", "REPRESENTANT PERMANENT"),
        person("ROSSI", None, "REPRESENTANT PERMANENT"),
    ]

    first, second = representatives(officers)

    assert (first["raison_sociale"], first["represente_par"]) == ("HOLDING DES CIMES", "JEAN MERCIER")
    assert first["numero_identification"] == "900005810"
    assert second["nom"] == "ROSSI"


@pytest.mark.parametrize("number", ["RCS ANNECY", "", None, "900005811", "12"])
def test_what_is_no_siren_is_no_number(number):
    assert representatives([firm("HOLDING", "Président", number)])[0]["numero_identification"] is None


def test_an_officer_whose_function_is_withheld_is_withheld():
    officers = [person("DUMAS", "Eve", MASK), MASK, person("HUET", "Guy", "Gérant"), person(MASK, MASK, "Gérant")]

    shown = representatives(officers)

    assert [row for row in shown if row == MASK] == [MASK, MASK]
    assert told([row for row in shown if row != MASK]) == [("HUET", "Gérant"), (MASK, "Gérant")]


def test_who_stands_for_a_legal_person_is_withheld_whole():
    officers = [firm("HOLDING", "Président"), person("MERCIER", MASK, "Représentant permanent")]

    assert representatives(officers)[0]["represente_par"] == MASK


@pytest.mark.parametrize("officers", [[], [None], [3, "texte", []], [{}]])
def test_rows_that_are_none_name_nobody(officers):
    assert told(representatives(officers)) in ([], [(None, None)])


@pytest.mark.parametrize(
    ("role", "liquidates"),
    [("LIQUIDATEUR", True), ("Liquidatrice amiable", True), ("Gérant", False), (None, False), ("Au paradis des liquidations", False)],
)  # fmt: skip
def test_a_liquidator_is_recognised(role, liquidates):
    assert is_liquidator(role) is liquidates
