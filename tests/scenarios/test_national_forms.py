"""DC1, DC2 and DC4 of companies of each kind, worked out by hand from the paper and from what the registers hold."""

from __future__ import annotations

from typing import Any

from tests.support.simulator import reasons_of

ORDINARY = "00000100800010"
BRANCH = "00000200600021"
LOCAL_LAW = "00000400200010"
RCS_DOWN = "00001300300017"

BUYER = {"/buyer/name": "declared", "/consultation/subject": "declared", "/consultation/reference": "declared"}
CONTACT = {
    "/economicOperator/contact/electronicMail": "declared",
    "/economicOperator/contact/telephone": "declared",
    "/economicOperator/otherIdentifier": "declared",
}


def declared(*paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, "declared")


def asked(body: dict[str, Any]) -> set[str]:
    return {name for name, outcome in body["sources"].items() if outcome["status"] not in ("not_applicable",)}


def test_the_dc1_of_a_company_alone_costs_two_calls_where_the_head_office_is_elsewhere(client):
    body = client.get(f"/v1/prefill/{BRANCH}?schema=dc1").json

    assert body["data"] == {
        "economicOperator": {
            "tradeName": "TRAVERSE ALPES",
            "name": "TRAVERSE INGENIERIE",
            "postalAddress": {
                "streetName": "31 AVENUE DU GLACIER BLEU",
                "additionalStreetName": "BATIMENT C",
                "postalZone": "38000",
                "cityName": "GRENOBLE",
                "countryCode": "FRA",
            },
            "headOfficeAddress": {
                "streetName": "8 QUAI DES LANTERNIERS",
                "postalZone": "69003",
                "cityName": "LYON 3EME",
                "countryCode": "FRA",
            },
            "siret": BRANCH,
        }
    }
    assert reasons_of(body) == {
        **BUYER,
        **CONTACT,
        **declared("/candidacy/whole", "/candidacy/allLots", "/candidacy/lots", "/presentation/alone"),
        **declared("/honour/noExclusion", "/honour/noDefenceExclusion", "/evidence/uri", "/evidence/access"),
        **declared("/capacities/dc2", "/capacities/documents"),
        **declared("/signature/signatory", "/signature/place", "/signature/date"),
    }
    assert asked(body) == {"etablissements", "siege_social"}


def test_the_dc2_of_an_association_under_the_law_of_alsace_moselle_names_its_court_volume_and_folio(client):
    body = client.get(f"/v1/prefill/{LOCAL_LAW}?schema=dc2").json
    address = {
        "streetName": "2 RUE DE LA CIGOGNE ENDORMIE",
        "postalZone": "68000",
        "cityName": "COLMAR",
        "countryCode": "FRA",
    }

    assert body["data"] == {
        "economicOperator": {
            "name": "LA CLE DES CHANTS DU RIED",
            "postalAddress": address,
            "headOfficeAddress": address,
            "siret": LOCAL_LAW,
            "legalForm": "Association de droit local (Bas-Rhin, Haut-Rhin et Moselle)",
        },
        "reservedContract": {"socialEconomy": True},
        "suitability": {
            "associationRegister": {
                "registerName": "Registre des associations d'Alsace-Moselle",
                "court": "Tribunal d'instance de Colmar",
                "registrationNumber": "volume 87 folio 212",
            }
        },
        "finance": {"setUpDate": "1987-10-19"},
    }
    reasons = reasons_of(body)
    assert {path for path, reason in reasons.items() if reason == "not_applicable"} >= {
        "/suitability/tradeRegister/registered",
        "/suitability/tradeRegister/registrationNumber",
        "/suitability/tradeRegister/registrationDate",
    }
    assert reasons["/economicOperator/sme"] == reasons["/reservedContract/ess"] == "declared"
    assert body["provenance"]["/reservedContract/socialEconomy"]["confirm"] is True
    assert asked(body) == {"etablissements", "associations"}


def test_the_dc4_of_a_subcontractor_has_its_part_of_the_form_and_no_other(client):
    body = client.get(f"/v1/prefill/{ORDINARY}?schema=dc4&role=subcont").json

    assert body["data"] == {
        "subcontractor": {
            "tradeName": "LES FENETRES DU VAL",
            "name": "MENUISERIE DU VAL DORE",
            "postalAddress": {
                "streetName": "14 bis RUE DES TROIS MIRABELLES",
                "postalZone": "35000",
                "cityName": "RENNES",
                "countryCode": "FRA",
            },
            "headOfficeAddress": {
                "streetName": "14 bis RUE DES TROIS MIRABELLES",
                "postalZone": "35000",
                "cityName": "RENNES",
            },
            "siret": ORDINARY,
            "legalForm": "SAS, société par actions simplifiée",
            "registrationNumber": "000 001 008 R.C.S. Rennes",
            "representatives": [
                {"firstName": "Anouk", "familyName": "KERGALVEN", "role": "PRESIDENTE"},
                {"firstName": "Basile", "familyName": "TOUFFREVAL", "role": "DIRECTEUR GENERAL"},
                {
                    "registrationName": "HOLDING DU VAL DORE",
                    "companyID": "000026005",
                    "role": "DIRECTEUR GENERAL DELEGUE",
                },
            ],
        }
    }
    assert reasons_of(body) == {
        **declared("/subcontractor/contact/electronicMail", "/subcontractor/contact/telephone"),
        **declared("/subcontractor/otherRegister", "/subcontractor/sme", "/subcontractor/directPayment"),
        **declared("/payment/account", "/payment/advance", "/capacities/documents", "/capacities/evidence"),
        **declared("/honour/noExclusion", "/signature/subcontractor"),
    }


def test_the_dc4_of_a_holder_asks_no_register_for_what_the_subcontractor_alone_needs(client):
    body = client.get(f"/v1/prefill/{RCS_DOWN}?schema=dc4").json

    assert body["data"].keys() == {"holder"}
    assert body["complete"] is True
    assert asked(body) == {"etablissements"}


def test_a_role_that_does_not_exist_is_refused_by_its_name(client):
    answer = client.get(f"/v1/prefill/{ORDINARY}?schema=dc4&role=boss")

    assert (answer.status_code, answer.json["code"]) == (400, "parameter_invalid")
    assert "subcont" in answer.json["detail"]


def test_the_catalogue_of_forms_names_the_roles_and_the_sections(client):
    form = client.get("/v1/schemas/dc4").json
    fields = {field["path"]: field for field in form["fields"]}

    assert form["roles"] == ["sole-tenderer", "group-lead", "subcont"]
    assert form["sections"]["/subcontractor"] == "E - Identification du sous-traitant"
    assert fields["/honour/noExclusion"]["declared"] is True
    assert fields["/subcontractor/siret"]["roles"] == ["subcont"]
