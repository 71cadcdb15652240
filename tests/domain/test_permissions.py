"""Who may be shown what, and what is left of an answer when a company limits its disclosure."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.company import Company
from prefill.domain.disclosure import (
    MASK,
    disclose,
    leave_unconfirmed,
    masked,
    partial,
    restrict,
    undisclosed,
    without_street,
)
from prefill.domain.permissions import Audience, can_query, refusal, would_disclose_people

ESTABLISHMENT, UNIT, RCS, RNA = (
    CATALOGUE[name] for name in ("etablissements", "entreprises", "extraits_rcs_infogreffe", "associations")
)
PARTIAL = ["partiellement_diffusible", "non_diffusible", "P", "N", "", None, 1, True, [], {}, "diffusible "]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_candidates_see_open_data_and_nobody_sees_what_tenders_may_not_use(source):
    assert can_query(Audience.CANDIDATE, source) == (source.usable and source.open)
    assert can_query(Audience.AGENT, source) == source.usable


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_what_may_not_be_asked_is_refused_in_a_sentence(source, audience):
    sentence = refusal(audience, source)

    assert (sentence is None) == can_query(audience, source)
    assert sentence is None or sentence.endswith(".")


def test_a_protected_source_is_refused_to_a_candidate_with_the_way_out():
    assert "audience: agent" in refusal(Audience.CANDIDATE, CATALOGUE["exercices"])


@pytest.mark.parametrize(("partially", "protected"), [(True, True), (False, False), (None, False)])
def test_a_register_that_names_people_is_not_asked_about_whom_it_would_unmask(partially, protected):
    company = Company("552049447", partial=partially)

    assert would_disclose_people(RCS, company) is protected
    assert not would_disclose_people(CATALOGUE["numero_tva"], company)
    assert not would_disclose_people(CATALOGUE["exercices"], company)


@pytest.mark.parametrize(
    "value",
    [
        "[ND]", "[nd]", "[ ND ]", "12 RUE [ND]", "[NON-DIFFUSIBLE]", "[NON DIFFUSIBLE]", "[Non\n Diffusible]", ["[ND]"],
        {"a": "[ND]"}, {"a": [1, {"b": ["x", "[ND]"]}]},
    ],
)  # fmt: skip
def test_a_mask_is_seen_wherever_it_stands(value):
    assert masked(value)


@pytest.mark.parametrize(
    "value", [None, "", "ND", "[]", "NON DIFFUSIBLE", "[N D]", "AND", 12, True, [], {}, {"[ND]": 1}]
)
def test_what_is_no_mask_is_left_alone(value):
    assert not masked(value)


def address(**changes):
    return {
        "status_diffusion": "diffusible", "numero_voie": "12", "indice_repetition_voie": "B", "type_voie": "RUE",
        "libelle_voie": "DES LILAS", "complement_adresse": "BAT A", "distribution_speciale": "BP 1",
        "code_postal": "35000", "code_commune": "35238", "libelle_commune": "RENNES", "code_cedex": "35040",
        "libelle_cedex": "RENNES CEDEX", "code_pays_etranger": None, "libelle_pays_etranger": None,
        "libelle_commune_etranger": None, "acheminement_postal": {"l1": "LEA DURAND", "l2": "", "l4": "12 RUE"},
        **changes,
    }  # fmt: skip


def unit(**changes):
    return {
        "siren": "552049447", "status_diffusion": "diffusible", "type": "personne_morale", "rna": None,
        "personne_morale_attributs": {"raison_sociale": "ATELIER DU BOIS", "sigle": "ADB"},
        "personne_physique_attributs": {"nom_naissance": None, "prenom_usuel": None},
        "categorie_entreprise": "PME", "forme_juridique": {"code": "5710", "libelle": "SAS"},
        "date_creation": 489016800, "etat_administratif": "A", **changes,
    }  # fmt: skip


PERSON = {
    "type": "personne_physique",
    "personne_morale_attributs": {"raison_sociale": None, "sigle": None},
    "personne_physique_attributs": {"nom_naissance": "DURAND", "nom_usage": None, "prenom_usuel": "LEA"},
}


def establishment(*, of=None, where=None, **changes):
    return {
        "siret": "55204944776279", "siege_social": True, "etat_administratif": "A", "status_diffusion": "diffusible",
        "enseigne": "CHEZ LEA", "date_fermeture": None, "activite_principale": {"code": "16.23Z", "libelle": "Charpente"},
        "unite_legale": unit(**(of or {})), "adresse": address(**(where or {})), **changes,
    }  # fmt: skip


def shown(data, source=ESTABLISHMENT):
    return disclose(source, data)


def test_a_company_that_discloses_everything_is_shown_whole():
    assert shown(establishment()) == establishment()


PUBLIC = {"status_diffusion", "code_commune", "libelle_commune", "libelle_commune_etranger", "code_pays_etranger",
          "libelle_pays_etranger"}  # fmt: skip


@pytest.mark.parametrize("status", PARTIAL)
def test_the_address_has_its_own_status(status):
    kept = shown(establishment(where={"status_diffusion": status}))

    assert {key for key, part in kept["adresse"].items() if part not in (None, MASK) and key in PUBLIC} == {
        "status_diffusion", "code_commune", "libelle_commune",
    } - ({"status_diffusion"} if status is None else set())  # fmt: skip
    assert {key for key, part in kept["adresse"].items() if masked(part)} == {
        "numero_voie", "indice_repetition_voie", "type_voie", "libelle_voie", "complement_adresse",
        "distribution_speciale", "code_postal", "code_cedex", "libelle_cedex", "acheminement_postal",
    }  # fmt: skip
    assert kept["adresse"]["acheminement_postal"] == {"l1": MASK, "l2": "", "l4": MASK}
    assert kept["unite_legale"]["personne_morale_attributs"]["raison_sociale"] == "ATELIER DU BOIS"
    assert kept["enseigne"] == "CHEZ LEA"


@pytest.mark.parametrize("status", PARTIAL)
def test_the_establishment_has_its_own_status(status):
    kept = shown(establishment(status_diffusion=status))

    assert kept["enseigne"] == MASK
    assert kept["adresse"] == address()
    assert kept["unite_legale"] == unit()


@pytest.mark.parametrize("status", PARTIAL)
def test_a_legal_person_keeps_its_public_name(status):
    kept = shown(establishment(of={"status_diffusion": status}))

    assert kept["unite_legale"]["personne_morale_attributs"] == {"raison_sociale": "ATELIER DU BOIS", "sigle": MASK}
    assert kept["adresse"] == address()
    assert kept["enseigne"] == "CHEZ LEA"


@pytest.mark.parametrize("status", PARTIAL)
def test_a_natural_person_keeps_neither_name_nor_address_nor_shop_sign(status):
    kept = shown(establishment(of={**PERSON, "status_diffusion": status}))
    written = json.dumps(kept)

    assert not [word for word in ("DURAND", "LEA", "LILAS", "35000", "RUE", "BAT A") if word in written]
    assert kept["adresse"]["libelle_commune"] == "RENNES"
    assert kept["unite_legale"]["personne_physique_attributs"] == {
        "nom_naissance": MASK, "nom_usage": None, "prenom_usuel": MASK,
    }  # fmt: skip


@pytest.mark.parametrize("status", PARTIAL)
def test_numbers_state_and_economic_variables_stay_public(status):
    kept = shown(establishment(of={**PERSON, "status_diffusion": status}, status_diffusion=status))

    assert (kept["siret"], kept["etat_administratif"], kept["siege_social"]) == ("55204944776279", "A", True)
    assert kept["activite_principale"] == {"code": "16.23Z", "libelle": "Charpente"}
    assert kept["unite_legale"]["forme_juridique"] == {"code": "5710", "libelle": "SAS"}
    assert (kept["unite_legale"]["siren"], kept["unite_legale"]["categorie_entreprise"]) == ("552049447", "PME")


@pytest.mark.parametrize("kind", ["personne_physique", "autre", "", None, ["personne_morale"]])
def test_whoever_is_not_surely_a_legal_person_is_protected_as_a_person(kind):
    kept = shown(establishment(of={"type": kind, "status_diffusion": "partiellement_diffusible"}))

    assert kept["unite_legale"]["personne_morale_attributs"] == {"raison_sociale": MASK, "sigle": MASK}
    assert kept["adresse"]["libelle_voie"] == MASK


@pytest.mark.parametrize("missing", ["unite_legale", "adresse", "status_diffusion"])
def test_a_status_that_is_not_given_protects(missing):
    whole = establishment(of=PERSON)
    for part in (whole, whole["unite_legale"], whole["adresse"]):
        part.pop(missing if part is whole else "status_diffusion", None)

    written = json.dumps(shown(whole))

    assert not [word for word in ("DURAND", "LILAS", "CHEZ LEA") if word in written]


@pytest.mark.parametrize("part", ["unite_legale", "adresse"])
@pytest.mark.parametrize("wrong", ["DURAND", ["DURAND"], [{"nom": "DURAND"}], 12, None])
def test_a_part_of_another_shape_is_not_let_through(part, wrong):
    kept = shown(establishment(**{part: wrong}))

    assert "DURAND" not in json.dumps(kept)


@pytest.mark.parametrize("status", ["diffusible", "partiellement_diffusible"])
def test_a_key_that_nobody_has_heard_of_is_not_shown_to_candidates(status):
    person = {**PERSON, "status_diffusion": status, "denomination_usuelle": "CANARI"}
    where = {"acheminement_postal": {"l1": None, "porte": "CANARI"}, "batiment": {"code": "CANARI"}}
    kept = shown(establishment(of=person, where=where, surnom="CANARI"))

    assert "CANARI" not in json.dumps(kept)
    assert kept["adresse"]["acheminement_postal"] == {"l1": None}


def test_the_extract_shows_no_key_that_nobody_has_heard_of():
    officers = [{"nom": "DURAND", "adresse_personnelle": "CANARI"}]
    kept = disclose(RCS, {"siren": "552049447", "mandataires_sociaux": officers, "beneficiaires": [{"nom": "CANARI"}]})

    assert kept == {"siren": "552049447", "mandataires_sociaux": [{"nom": "DURAND"}]}


def test_an_agent_sees_what_a_protected_register_says_more():
    kept = disclose(CATALOGUE["etablissements_instructeur"], establishment(surnom="LA BRICOLEUSE"))

    assert kept["surnom"] == "LA BRICOLEUSE"


@pytest.mark.parametrize("status", ["partiellement_diffusible", "non_diffusible"])
def test_a_status_learned_elsewhere_restricts_what_was_disclosed(status):
    person = establishment(of=PERSON)

    assert restrict(ESTABLISHMENT, person, status) == shown(establishment(of={**PERSON, "status_diffusion": status}))
    assert restrict(UNIT, unit(**PERSON), status) == shown(unit(**{**PERSON, "status_diffusion": status}), source=UNIT)
    assert "DURAND" in json.dumps(person)


def test_what_cannot_be_confirmed_keeps_neither_people_nor_streets_nor_shop_sign():
    for of in (PERSON, {}):
        written = json.dumps(leave_unconfirmed(ESTABLISHMENT, establishment(of=of)))

        assert not [word for word in ("DURAND", "LEA", "LILAS", "35000", "RUE", "BAT A", "ADB") if word in written]
        assert "RENNES" in written
    assert "ATELIER DU BOIS" in written


def test_no_street_is_left_in_the_addresses_of_any_register():
    association = {
        "nom": "AMIS DU BOIS", "activites": {"objet": "Planter"},
        "adresse_siege": {"numero_voie": "CANARI", "code_postal": "CANARI", "commune": "RENNES", "code_insee": "35238"},
        "etablissements": [{"siret": "1", "adresse": "12 RUE CANARI"}],
    }  # fmt: skip
    kept = without_street(association)

    assert "CANARI" not in json.dumps(kept)
    assert kept["adresse_siege"]["commune"] == "RENNES"
    assert (kept["nom"], kept["activites"]) == ("AMIS DU BOIS", {"objet": "Planter"})
    assert "CANARI" in json.dumps(association)


@pytest.mark.parametrize("status", PARTIAL)
def test_a_legal_unit_alone_follows_the_same_rule(status):
    person = shown(unit(**{**PERSON, "status_diffusion": status}), source=UNIT)
    company = shown(unit(status_diffusion=status), source=UNIT)

    assert "DURAND" not in json.dumps(person)
    assert company["personne_morale_attributs"] == {"raison_sociale": "ATELIER DU BOIS", "sigle": MASK}


@pytest.mark.parametrize(
    ("data", "hidden"),
    [
        ({"status_diffusion": "non_diffusible"}, True),
        ({"status_diffusion": "diffusible", "unite_legale": {"status_diffusion": "non_diffusible"}}, True),
        ({"status_diffusion": "partiellement_diffusible"}, False),
        ({"unite_legale": None}, False),
        ([], False),
        (None, False),
    ],
)
def test_an_undisclosed_company_is_recognised(data, hidden):
    assert undisclosed(data) is hidden


@pytest.mark.parametrize("status", PARTIAL)
def test_only_the_word_itself_discloses(status):
    assert partial({"status_diffusion": status})
    assert partial({})
    assert not partial({"status_diffusion": "diffusible"})


def test_what_the_registers_answered_is_left_as_it_was():
    data = establishment(of={**PERSON, "status_diffusion": "partiellement_diffusible", "sexe": "F"})
    before = json.dumps(data)

    shown(data)

    assert json.dumps(data) == before


EXTRACT = {
    "siren": "552049447",
    "mandataires_sociaux": [
        {"nom": "DURAND", "prenom": "LEA", "fonction": "Gérante", "date_naissance": "CANARI", "date_naissance_timestamp": 1}
    ],
    "personne_physique": {"adresse": {"voie": "CANARI"}, "naissance": {"lieu": "CANARI"}},
    "personne_morale": {"adresse": {"voie": "CANARI"}},
}  # fmt: skip


def test_the_extract_keeps_officers_and_loses_births_and_homes():
    kept = disclose(RCS, EXTRACT)

    assert "CANARI" not in json.dumps(kept)
    assert kept["mandataires_sociaux"][0]["nom"] == "DURAND"
    assert kept["siren"] == "552049447"


def test_an_association_loses_telephones_and_mails():
    kept = disclose(RNA, {
        "nom": "AMIS DU BOIS",
        "etablissements": [{"siret": "1", "telephone": "CANARI", "courriel": "CANARI"}],
        "adresse_gestion": {"voie": "CANARI"},
    })  # fmt: skip

    assert "CANARI" not in json.dumps(kept)
    assert kept == {"nom": "AMIS DU BOIS", "etablissements": [{"siret": "1"}]}


def nested(source):
    keys = st.sampled_from([*sorted(source.personal), *sorted(source.keys)[:5], "autre"])
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.just("x"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=20,
    )


def keys_in(value):
    if isinstance(value, dict):
        yield from value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys_in(part)


@pytest.mark.slow
@pytest.mark.parametrize("source", [one for one in SOURCES if one.personal], ids=lambda source: source.name)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_personal_keys_are_stripped_at_any_depth(source, data):
    kept = disclose(source, data.draw(nested(source)))

    assert not source.personal & set(keys_in(kept))


@pytest.mark.slow
def test_an_answer_deeper_than_python_calls_is_no_trap():
    deep = {"naissance": "CANARI"}
    for level in range(20_000):
        deep = {"nom": deep} if level % 2 else [deep]

    kept = disclose(RCS, {"siren": "552049447", "observations": deep})
    is_masked = masked(kept)
    while kept:  # freed one by one, or the interpreter itself would recurse
        kept = kept.pop() if isinstance(kept, list) else kept.popitem()[1]
    while deep:
        deep = deep.pop() if isinstance(deep, list) else deep.popitem()[1]
        if deep == "CANARI":
            break

    assert not is_masked
    assert kept == {}
