"""The service on the public cases of API Entreprise, as the reference simulator and as our sandbox answer them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.contract.reference import CASES, Reference, read, require_reference, run_reference
from tests.support.factories import ask, proofs_of, write_keys, write_tenants
from tests.support.goldens import (
    NOT_AN_ASSOCIATION,
    ON_DEMAND,
    ON_DEMAND_OF_ASSOCIATIONS,
    PROFESSIONAL_REGISTER,
    RCS_ALONE,
    REPRESENTATIVES,
    RNA_ALONE,
    Golden,
    assert_every_field_accounted_for,
    assert_golden,
    assert_said_again_for_nothing,
    assert_unknown,
    gaps,
)
from tests.support.sandbox import run_sandbox
from tests.support.simulator import (
    PATHS,
    Simulator,
    activity,
    band,
    close_service,
    found,
    legal_form,
    named,
    open_service_on,
)

require_reference()

SNCF_ADDRESS = {
    "streetName": "2 PLACE AUX ETOILES",
    "postalZone": "93210",
    "cityName": "SAINT-DENIS",
    "countryCode": "FRA",
}
SCI_ADDRESS = {
    "streetName": "4 ALLÉE DU COMMANDANT",
    "postalZone": "75017",
    "cityName": "PARIS 17",
    "countryCode": "FRA",
}
RED_CROSS_ADDRESS = {
    "streetName": "98 RUE DIDOT",
    "additionalStreetName": "SITE CROIX ROUGE",
    "postalZone": "75014",
    "cityName": "PARIS 14",
    "countryCode": "FRA",
    "cedex": {"code": "75694", "label": "PARIS CEDEX 14"},
}
SALINDRES_ADDRESS = {
    "streetName": "RUE DE CAMBIS",
    "postalZone": "30340",
    "cityName": "SALINDRES",
    "countryCode": "FRA",
}

GOLDENS = {
    # A public company at its head office, known to Insee, to the register of commerce and to VIES.
    "55204944776279": Golden(
        data={
            "partII": {
                "A": {
                    "economicOperator": {
                        "name": "SOCIETE NATIONALE SNCF",
                        "tradeName": "SNCF ST DENIS 2 PL AUX ETOILES",
                        "acronym": "SNCF",
                        "identifiers": [
                            {"scheme": "NATIONAL", "schemeName": "SIRET", "value": "55204944776279"},
                            {"scheme": "VAT", "schemeName": "TVA", "value": "FR82552049447"},
                        ],
                        "legalEntity": {
                            "registrationName": "SOCIETE NATIONALE SNCF",
                            "companyID": "552049447",
                            "legalFormCode": "5599",
                            "legalForm": "SA à conseil d'administration (s.a.i.)",
                            "registrationDate": "1985-07-01",
                            "shareCapital": {"amount": 50000, "currencyID": "EUR"},
                            "registrationScheme": {"id": "7501", "name": "RCS Paris"},
                        },
                        "postalAddress": SNCF_ADDRESS,
                        "headOfficeAddress": SNCF_ADDRESS,
                        "mainActivity": {
                            "code": "49.10Z",
                            "nomenclature": "NAFRev2",
                            "label": "Transport ferroviaire interurbain de voyageurs",
                        },
                        "employeeBand": {
                            "code": "53",
                            "from": 10000,
                            "label": "10 000 salariés et plus",
                            "referenceYear": 2020,
                        },
                        "companyCategory": "GE",
                        "socialEconomy": False,
                    }
                },
                "B": {
                    "representatives": [
                        {"firstName": "Jean", "familyName": "DUPONT", "role": "Président du conseil d'administration"}
                    ]
                },
            },
            "partIV": {
                "A": {
                    "tradeRegister": {
                        "registered": True,
                        "registerName": "RCS Paris",
                        "registrationNumber": "552 049 447 R.C.S. Paris",
                        "registrationDate": "1985-07-01",
                    }
                },
                "B": {"setUpDate": "1955-01-01"},
            },
        },
        missing=gaps(
            absent=PROFESSIONAL_REGISTER,
            not_applicable=RNA_ALONE + NOT_AN_ASSOCIATION,
            not_requested=ON_DEMAND,
        ),
        sources={
            "etablissements": "ok",
            "extraits_rcs_infogreffe": "ok",
            "numero_tva": "ok",
            "associations": "not_applicable",
        },
        called=frozenset(
            {
                "/v4/insee/sirene/etablissements/diffusibles/55204944776279",
                "/v3/infogreffe/rcs/unites_legales/552049447/extrait_kbis",
                "/v3/dgfip/unites_legales/552049447/numero_tva",
            }
        ),
    ),
    # A company that ceased in 1995: an old nomenclature, sentinel labels, nothing known at the register of commerce.
    "35005144700018": Golden(
        data={
            "partII": {
                "A": {
                    "economicOperator": {
                        "name": "SCI SERGENT",
                        "identifiers": [{"scheme": "NATIONAL", "schemeName": "SIRET", "value": "35005144700018"}],
                        "legalEntity": {
                            "registrationName": "SCI SERGENT",
                            "companyID": "350051447",
                            "legalFormCode": "6540",
                            "legalForm": "Société civile immobilière",
                        },
                        "postalAddress": SCI_ADDRESS,
                        "headOfficeAddress": SCI_ADDRESS,
                        "mainActivity": {"code": "70.2C", "nomenclature": "NAF1993"},
                    }
                }
            },
            "partIV": {"B": {"setUpDate": "1989-03-13"}},
        },
        missing=gaps(
            absent="mainActivity/label employeeBand/code employeeBand/label"
            + RCS_ALONE
            + REPRESENTATIVES
            + PROFESSIONAL_REGISTER,
            not_applicable="identifiers[vat]" + RNA_ALONE + NOT_AN_ASSOCIATION,
            not_requested=ON_DEMAND,
        ),
        sources={
            "etablissements": "ok",
            "extraits_rcs_infogreffe": "absent",
            "successions": "absent",
            "numero_tva": "not_applicable",
            "associations": "not_applicable",
        },
        called=frozenset(
            {
                "/v4/insee/sirene/etablissements/diffusibles/35005144700018",
                "/v3/insee/sirene/etablissements/35005144700018/successions",
                "/v3/infogreffe/rcs/unites_legales/350051447/extrait_kbis",
            }
        ),
        notices=(
            ("establishment_closed", "Cet établissement est fermé depuis le 15/11/1995."),
            ("unit_ceased", "L'entreprise a cessé son activité selon l'Insee."),
        ),
    ),
    # A large association: two registers out of three answer 404, but Insee holds its RNA number.
    "77567227221138": Golden(
        data={
            "partII": {
                "A": {
                    "economicOperator": {
                        "name": "CROIX ROUGE FRANCAISE",
                        "acronym": "CRF",
                        "identifiers": [
                            {"scheme": "NATIONAL", "schemeName": "SIRET", "value": "77567227221138"},
                            {"scheme": "NATIONAL", "schemeName": "RNA", "value": "W751004076"},
                        ],
                        "legalEntity": {
                            "registrationName": "CROIX ROUGE FRANCAISE",
                            "companyID": "775672272",
                            "legalFormCode": "9230",
                            "legalForm": "Association déclarée, reconnue d'utilité publique",
                        },
                        "postalAddress": RED_CROSS_ADDRESS,
                        "headOfficeAddress": RED_CROSS_ADDRESS,
                        "mainActivity": {
                            "code": "88.99B",
                            "nomenclature": "NAFRev2",
                            "label": "Action sociale sans hébergement n.c.a.",
                        },
                        "employeeBand": {
                            "code": "53",
                            "from": 10000,
                            "label": "10 000 salariés et plus",
                            "referenceYear": 2020,
                        },
                        "companyCategory": "GE",
                        "socialEconomy": False,
                        # The RNA answers 404 of it, but Sirene knows its number there.
                        "association": {"rna": "W751004076"},
                    }
                }
            },
            "partIV": {
                "A": {
                    "professionalRegister": {
                        "registerName": "Répertoire national des associations",
                        "registrationNumber": "W751004076",
                    }
                },
                "B": {"setUpDate": "1952-05-11"},
            },
        },
        missing=gaps(
            absent="identifiers[vat] association/purpose association/regime association/registrationDate"
            + REPRESENTATIVES,
            not_applicable=RCS_ALONE + " filedActs ",
            not_requested=ON_DEMAND_OF_ASSOCIATIONS,
        ),
        sources={
            "etablissements": "ok",
            "associations": "absent",
            "numero_tva": "absent",
            "extraits_rcs_infogreffe": "not_applicable",
        },
        called=frozenset(
            {
                "/v4/insee/sirene/etablissements/diffusibles/77567227221138",
                "/v4/djepva/api-association/associations/open_data/775672272",
                "/v3/dgfip/unites_legales/775672272/numero_tva",
            }
        ),
    ),
    # The public association; its establishment is ours, since the public cases hold none.
    "38948624200032": Golden(
        data={
            "partII": {
                "A": {
                    "economicOperator": {
                        "name": "ASS SPORTIVE SALINDROISE",
                        "identifiers": [
                            {"scheme": "NATIONAL", "schemeName": "SIRET", "value": "38948624200032"},
                            {"scheme": "NATIONAL", "schemeName": "RNA", "value": "W301000624"},
                        ],
                        "legalEntity": {
                            "registrationName": "ASS SPORTIVE SALINDROISE",
                            "companyID": "389486242",
                            "legalFormCode": "9220",
                            "legalForm": "Association déclarée",
                        },
                        "postalAddress": SALINDRES_ADDRESS,
                        "headOfficeAddress": SALINDRES_ADDRESS,
                        "mainActivity": {
                            "code": "93.12Z",
                            "nomenclature": "NAFRev2",
                            "label": "Activités de clubs de sports",
                        },
                        "employeeBand": {"code": "NN", "label": "Unités non employeuses"},
                        "socialEconomy": True,
                        "association": {
                            "rna": "W301000624",
                            "purpose": (
                                "Pratique du rugby, elle a pour but de creer des liens d'amitie entre tous les sportifs "
                                "et developper la pratique de l'education physique."
                            ),
                            "regime": "Loi 1901",
                            "registrationDate": "1955-07-08",
                        },
                    }
                }
            },
            "partIV": {
                "A": {
                    "professionalRegister": {
                        "registerName": "Répertoire national des associations",
                        "registrationNumber": "W301000624",
                    }
                },
                "B": {"setUpDate": "1955-07-08"},
            },
        },
        missing=gaps(
            absent="identifiers[vat]" + REPRESENTATIVES,
            not_applicable=RCS_ALONE + " filedActs ",
            not_requested=ON_DEMAND_OF_ASSOCIATIONS,
        ),
        sources={
            "etablissements": "ok",
            "associations": "ok",
            "numero_tva": "absent",
            "extraits_rcs_infogreffe": "not_applicable",
        },
        called=frozenset(
            {
                "/v4/insee/sirene/etablissements/diffusibles/38948624200032",
                "/v4/djepva/api-association/associations/open_data/389486242",
                "/v3/dgfip/unites_legales/389486242/numero_tva",
            }
        ),
    ),
}
SALINDRES = found(
    "38948624200032",
    of={
        "siret_siege_social": "38948624200032",
        "personne_morale_attributs": named("ASS SPORTIVE SALINDROISE"),
        "forme_juridique": legal_form("9220", "Association déclarée"),
        "categorie_entreprise": None,
        "tranche_effectif_salarie": band("NN", "Unités non employeuses", None, None, None),
        "economie_sociale_et_solidaire": True,
        "date_creation": -457146000,
    },
    where={
        "numero_voie": None, "libelle_voie": "DE CAMBIS", "code_postal": "30340", "libelle_commune": "SALINDRES",
        "code_commune": "30305",
    },
    activite_principale=activity("93.12Z", "Activités de clubs de sports"),
    activite_principale_naf_rev2=activity("93.12Z", "Activités de clubs de sports"),
)  # fmt: skip
UNKNOWN = frozenset({"35004292500031"})


def test_every_public_establishment_has_its_golden():
    cases = read(CASES)
    known = {one["params"]["siret"] for one in cases if one["path"] == PATHS["etablissements"] and one["status"] == 200}
    refused = {
        one["params"]["siret"] for one in cases if one["path"] == PATHS["etablissements"] and one["status"] == 404
    }

    assert known | {"38948624200032"} == set(GOLDENS)
    assert refused == UNKNOWN


@pytest.fixture(scope="module", params=["reference", "sandbox"])
def running(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Each of the two in turn, with the public cases and quotas that no test spends."""
    if request.param == "reference":
        with run_reference("--budget-scale", "1000") as url:
            yield Reference(url)
    else:
        with run_sandbox("--budget-scale", "1000", "--cases", str(CASES)) as sandbox:
            yield sandbox


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    running.add(SALINDRES)
    return running


@pytest.fixture
def service(simulator: Simulator) -> Iterator[FlaskClient]:
    service = open_service_on(simulator)
    yield service
    close_service(service)


@pytest.mark.parametrize("number", GOLDENS)
def test_a_public_case_fills_the_form_as_written_by_hand(simulator, service, number):
    assert_golden(service, simulator, number, GOLDENS[number])


@pytest.mark.parametrize("number", GOLDENS)
def test_asking_again_costs_no_call_and_says_the_same(simulator, service, number):
    assert_said_again_for_nothing(service, simulator, number)


@pytest.mark.parametrize("number", sorted(UNKNOWN))
def test_a_company_that_the_open_register_hides_is_unknown(simulator, service, number):
    assert_unknown(service, simulator, number)


@pytest.mark.parametrize("number", GOLDENS)
def test_every_value_is_signed_by_a_source_that_answered_and_every_field_is_told(simulator, service, number):
    assert_every_field_accounted_for(service, number)


@pytest.fixture
def buyer(simulator: Simulator, tmp_path: Path) -> Iterator[FlaskClient]:
    tenants = write_tenants(tmp_path, str(write_keys(tmp_path)))
    service = open_service_on(simulator, tenants=str(tenants), audit=str(tmp_path / "trace.log"), token=None)
    yield service
    close_service(service)


STATES: dict[str, dict[str, str]] = {
    "55204944776279": {"cotisation_retraite_probtp": "not_up_to_date", "extraits_rcs_infogreffe": "available"},
    "30613890001294": {"cotisation_retraite_probtp": "up_to_date", "certificats_qualibat": "expired"},
    "77567227221138": {"etablissements": "available", "cotisations_msa": "out_of_scope"},
    "35005144700018": {"etablissements": "closed"},
    "35004292500031": {"etablissements": "available"},
}


@pytest.mark.parametrize("number", STATES)
def test_the_public_companies_are_read_by_an_agent(buyer, simulator, number):
    proofs: dict[str, Any] = proofs_of(ask(buyer, number, all="1").json)

    assert {name: proofs[name]["state"] for name in STATES[number]} == STATES[number]
    assert simulator.stats()["violations"] == {}
