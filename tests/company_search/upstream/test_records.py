"""What is kept of an answer: never what the law withholds or what nobody uses, whatever was sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefill.company_search.suggestions import Why, candidate, establishment
from prefill.company_search.upstream.records import Page, UnreadableAnswer, read_page, read_unit
from prefill.domain.disclosure import MASK

SECRET = "SECRET-CANARI"
PERSONAL = {
    "dirigeants": [{"nom": SECRET, "prenoms": SECRET, "date_de_naissance": SECRET, "qualite": SECRET}],
    "finances": {"2024": {"ca": SECRET}},
}
PLACE = {
    "siret": "00000100800010", "est_siege": True, "etat_administratif": "A", "statut_diffusion_etablissement": "O",
    "adresse": "1 RUE DU BAC 35000 RENNES", "code_postal": "35000", "commune": "35238", "libelle_commune": "RENNES",
    "libelle_voie": "DU BAC", "type_voie": "RUE", "numero_voie": "1", "liste_enseignes": ["LE BAC"],
    "nom_commercial": "AU BAC", "libelle_commune_etranger": None, "latitude": SECRET, "longitude": SECRET,
    "coordonnees": SECRET, "activite_principale": "43.32A",
}  # fmt: skip
UNIT = {
    "siren": "000001008", "nom_complet": "LE BAC (LB)", "nom_raison_sociale": "LE BAC", "sigle": "LB",
    "nature_juridique": "5710", "statut_diffusion": "O", "etat_administratif": "A", "nombre_etablissements": 1,
    "nombre_etablissements_ouverts": 1, "siege": PLACE, "matching_etablissements": [PLACE],
    "complements": {"identifiant_association": "W000000031", "est_ess": True,
                    "collectivite_territoriale": {"elus": [{"nom": SECRET, "annee_de_naissance": SECRET}]}},
    "tva": ["FR29000001008"], **PERSONAL,
}  # fmt: skip
ADDRESS = {
    "adresse", "code_postal", "cedex", "libelle_cedex", "complement_adresse", "distribution_speciale", "numero_voie",
    "dernier_numero_voie", "indice_repetition", "type_voie", "libelle_voie", "libelle_commune_etranger",
}  # fmt: skip


def withheld(raw, *, unit_keys=(), place_keys=()):
    """Put the secret in these keys of the unit and of its establishments, as a mask that was forgotten."""
    place = {**raw["siege"], **dict.fromkeys(place_keys, SECRET)}
    if "liste_enseignes" in place_keys:
        place["liste_enseignes"] = [SECRET]
    return {**raw, **dict.fromkeys(unit_keys, SECRET), "siege": place, "matching_etablissements": [place]}


def all_shown(raw):
    """Everything that a search may show of a unit, and all that is kept of it."""
    record = read_unit(raw)
    return json.dumps(record) + repr(candidate(record, Why.NAME)) + repr(establishment(record["siege"]))


def test_managers_councillors_birth_data_coordinates_and_finances_are_dropped():
    assert SECRET not in all_shown(UNIT)


def test_a_disclosed_company_is_kept_whole():
    record = read_unit(UNIT)
    assert record["nom_raison_sociale"] == "LE BAC"
    assert record["siege"]["liste_enseignes"] == ["LE BAC"]
    assert record["complements"] == {"identifiant_association": "W000000031", "est_ess": True}
    assert record["tva"] == ["FR29000001008"]


PEOPLE = ("1000", "2110", "2900", None, 5710, "")


@pytest.mark.parametrize("status", ["P", "N", None, 7, "o"])
@pytest.mark.parametrize("form", PEOPLE)
def test_of_a_person_who_limits_disclosure_nothing_is_kept_that_names_or_places_them(status, form):
    raw = withheld(
        {**UNIT, "statut_diffusion": status, "nature_juridique": form},
        unit_keys=("nom_complet", "nom_raison_sociale", "sigle"),
        place_keys=(*ADDRESS, "nom_commercial", "liste_enseignes"),
    )
    assert SECRET not in all_shown(raw)


@pytest.mark.parametrize("status", ["P", None])
def test_of_a_company_that_limits_disclosure_the_name_is_kept(status):
    raw = withheld(
        {**UNIT, "statut_diffusion": status},
        unit_keys=("sigle",),
        place_keys=(*ADDRESS, "nom_commercial", "liste_enseignes"),
    )
    assert SECRET not in all_shown(raw)
    assert candidate(read_unit(raw), Why.NAME).name == "LE BAC"


@pytest.mark.parametrize("status", ["P", None])
def test_of_an_establishment_that_limits_disclosure_the_town_is_kept(status):
    raw = withheld(UNIT, place_keys=(*ADDRESS, "nom_commercial", "liste_enseignes"))
    for place in (raw["siege"], *raw["matching_etablissements"]):
        place["statut_diffusion_etablissement"] = status
    assert SECRET not in all_shown(raw)
    assert establishment(read_unit(raw)["siege"]).city == "RENNES"


@pytest.mark.parametrize("mask", ["[ND]", "[NON-DIFFUSIBLE]", "1 RUE [ ND ]"])
def test_a_mask_is_never_shown_and_remains_one(mask):
    record = read_unit({**UNIT, "nom_raison_sociale": mask, "nom_complet": mask})
    assert record["nom_raison_sociale"] == MASK
    assert candidate(record, Why.SIREN).name is None


def test_another_company_s_establishment_is_left_out():
    record = read_unit({**UNIT, "siege": {**PLACE, "siret": "00000200600021"}, "matching_etablissements": [7, None]})
    assert (record["siege"], record["matching_etablissements"]) == (None, [])


@pytest.mark.parametrize("raw", [None, 7, "x", [], {}, {"siren": 7}, {"siren": "12"}, {"siren": "00000100８"}])
def test_what_has_no_siren_is_left_out(raw):
    assert read_unit(raw) is None


@pytest.mark.parametrize(
    "body", [None, [], {}, {"results": None}, {"results": {}}, {"results": [None, 7]}, {"results": "x"}]
)
def test_another_shape_is_unreadable_and_not_an_empty_page(body):
    with pytest.raises(UnreadableAnswer):
        read_page(body)


def test_nothing_found_is_a_page():
    assert read_page({"results": [], "total_results": 0}) == Page((), 0, complete=True)


def test_a_page_says_whether_more_was_found():
    assert not read_page({"results": [UNIT], "total_results": 26}).complete
    assert read_page({"results": [UNIT], "total_results": None}).complete


def test_text_is_on_one_line_and_no_longer_than_a_page_needs():
    record = read_unit({**UNIT, "nom_raison_sociale": "LE\x00\n BAC " + "X" * 10_000})
    assert record["nom_raison_sociale"].startswith("LE BAC X")
    assert len(record["nom_raison_sociale"]) <= 500


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "O", "P", "A", "C", "1000", "5710", MASK, "ÉTÉ"])
)
HIDDEN_LEAVES = LEAVES | st.just(SECRET) | st.just([SECRET]) | st.just({"x": SECRET})


@st.composite
def hostile(draw):
    """A partially disclosed unit of any shape, with the secret in every key that the law withholds."""
    person = draw(st.booleans())
    place = {key: draw(LEAVES | st.just(PLACE[key])) for key in PLACE}
    place |= {key: draw(HIDDEN_LEAVES) for key in (*ADDRESS, "nom_commercial", "liste_enseignes", "coordonnees")}
    place["siret"] = "00000100800010"
    unit = {key: draw(LEAVES | st.just(UNIT[key])) for key in UNIT}
    unit |= {key: draw(HIDDEN_LEAVES) for key in ("sigle", "dirigeants", "finances", "elus", "latitude")}
    if person:
        unit |= {key: draw(HIDDEN_LEAVES) for key in ("nom_complet", "nom_raison_sociale")}
    unit |= {
        "siren": "000001008",
        "nature_juridique": draw(st.sampled_from(PEOPLE)) if person else "5710",
        "statut_diffusion": draw(LEAVES.filter(lambda value: value != "O")),
        "siege": draw(st.just(place) | LEAVES),
        "matching_etablissements": draw(st.just([place, place]) | LEAVES | st.just({"x": 1})),
        "complements": draw(st.just(UNIT["complements"]) | LEAVES),
        "tva": draw(HIDDEN_LEAVES.filter(lambda value: not isinstance(value, str))),
    }
    return unit


@pytest.mark.slow
@given(hostile())
def test_whatever_is_sent_nothing_withheld_is_kept(raw):
    record = read_unit(raw)
    assert SECRET not in json.dumps(record)
    assert SECRET not in repr(candidate(record, Why.NAME))
