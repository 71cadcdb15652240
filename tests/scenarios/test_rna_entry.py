"""The RNA number of an association typed in place of its SIRET."""

from __future__ import annotations

import pytest

from tests.support.goldens import full
from tests.support.simulator import (
    PATHS,
    association,
    case,
    found,
    legal_form,
    named,
    reasons_of,
    siren,
    siret,
    values_of,
)

SIREN = siren(61)
RNA = "W423000001"
UNIT = {
    "rna": None,
    "forme_juridique": legal_form("9220", "Association déclarée"),
    "personne_morale_attributs": named("AMIS DU BARRAGE"),
}
NAME, STREET, WITHOUT_SIREN = full("name"), full("postalAddress/streetName"), "W423000002"


def known(number, **changes):
    """Say that the RNA knows this association, asked for by that number."""
    return {**association(SIREN, **changes), "params": {"siren_or_rna": number}}


def codes(body):
    return [notice["code"] for notice in body["notices"]]


@pytest.fixture
def prefill(service):
    def ask(number, status=200, **query):
        answer = service.get(f"/v1/prefill/{number}", query_string=query)
        assert answer.status_code == status, answer.text
        return answer.json

    return ask


@pytest.mark.parametrize("written", [RNA, "w423 000 001"])
def test_it_is_answered_as_the_siren_of_the_association_is_and_calls_are_three(simulator, prefill, written):
    simulator.add(
        found(siret(SIREN), source="siege_social", of=UNIT), known(RNA), known(SIREN)
    )  # fmt: skip

    body = prefill(written)
    asked = simulator.calls()
    of_siren = prefill(SIREN)

    assert (body["siret"], body["siren"], codes(body)) == (siret(SIREN), SIREN, ["association_head_office"])
    assert (body["data"], body["missing"]) == (of_siren["data"], of_siren["missing"])
    assert sorted(asked) == sorted([
        PATHS["associations"].format(siren_or_rna=RNA),
        PATHS["siege_social"].format(siren=SIREN),
        PATHS["numero_tva"].format(siren=SIREN),
    ])  # fmt: skip
    assert simulator.stats()["violations"] == {}


def test_an_association_without_siren_is_filled_from_the_rna_alone(simulator, prefill):
    simulator.add(known(WITHOUT_SIREN, rna=WITHOUT_SIREN, siren=None, siret_siege=None))

    body = prefill(WITHOUT_SIREN)
    values, reasons = values_of(body), reasons_of(body)

    assert codes(body) == ["association_without_siren"]
    assert (values[NAME], values[full("association/purpose")]) == ("LES AMIS DU BARRAGE", "Entretenir le barrage.")
    assert body["data"]["partIV"]["A"]["professionalRegister"]["registrationNumber"] == WITHOUT_SIREN
    assert (reasons[STREET], reasons[full("identifiers[siret]")]) == ("absent", "absent")
    assert reasons["/partIV/A/tradeRegister/registrationNumber"] == "not_applicable"
    assert "siren" not in body
    assert "siret" not in body
    assert body["complete"] is True
    assert list(simulator.calls()) == [PATHS["associations"].format(siren_or_rna=WITHOUT_SIREN)]


SEAT = {
    "complement": "MAISON DES ASSOCIATIONS", "numero_voie": "4", "type_voie": None, "libelle_voie": "Chemin du Four",
    "distribution": None, "code_insee": "38185", "code_postal": "38000", "commune": "Grenoble",
}  # fmt: skip


@pytest.mark.parametrize(
    ("form", "place"), [("dume", "/partII/A"), ("dc1", ""), ("dc2", "")], ids=["dume", "dc1", "dc2"]
)
def test_the_address_and_legal_form_of_one_without_siren_are_those_of_the_rna(simulator, prefill, form, place):
    simulator.add(known(WITHOUT_SIREN, rna=WITHOUT_SIREN, siren=None, siret_siege=None, adresse_siege=SEAT))

    body = prefill(WITHOUT_SIREN, schema=form)
    values, place = values_of(body), f"{place}/economicOperator"
    address = {key: values[f"{place}/postalAddress/{key}"] for key in ("streetName", "postalZone", "cityName")}

    assert address == {"streetName": "4 Chemin du Four", "postalZone": "38000", "cityName": "Grenoble"}
    assert (values[f"{place}/postalAddress/countryCode"], values[f"{place}/name"]) == ("FRA", "LES AMIS DU BARRAGE")
    assert values[f"{place}/headOfficeAddress/streetName"] == "4 Chemin du Four"
    assert body["provenance"][f"{place}/postalAddress/streetName"]["source"] == "associations"
    assert codes(body) == ["association_without_siren"]


@pytest.mark.parametrize("siren_told", ["12345", "[ND]"])
def test_a_siren_that_cannot_be_read_discloses_no_address(simulator, prefill, siren_told):
    simulator.add(known(WITHOUT_SIREN, rna=WITHOUT_SIREN, siren=siren_told, siret_siege=None, adresse_siege=SEAT))

    assert STREET not in values_of(prefill(WITHOUT_SIREN))


def test_one_that_the_rna_does_not_know_is_an_unknown_company(simulator, prefill):
    assert prefill("W423000009", 404)["code"] == "company_unknown"
    assert len(simulator.calls()) == 1


def test_an_rna_that_fails_leaves_all_to_be_typed_or_asked_again(simulator, prefill):
    simulator.add(case("associations", RNA, status=503))

    body = prefill(RNA)

    assert body["complete"] is False
    assert {reasons_of(body)[path] for path in (NAME, STREET)} == {"unavailable"}


def test_an_answer_about_another_association_fills_nothing(simulator, prefill):
    simulator.add(known(RNA, rna="W423000777"))

    assert reasons_of(prefill(RNA))[NAME] == "unavailable"


def test_what_an_association_does_not_disclose_at_the_insee_stays_so(simulator, prefill):
    simulator.add(known(RNA), case("siege_social", SIREN, status=451))

    assert prefill(RNA, 451)["code"] == "company_undisclosed"


def test_a_tender_takes_it_too(simulator, service):
    simulator.add(known(WITHOUT_SIREN, rna=WITHOUT_SIREN, siren=None, siret_siege=None))

    answer = service.post("/v1/prefill/batch", json={"schema": "dc2", "companies": [{"siret": WITHOUT_SIREN}]})

    assert answer.status_code == 200, answer.text
    assert "AMIS DU BARRAGE" in answer.text
