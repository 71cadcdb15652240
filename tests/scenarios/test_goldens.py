"""What a DUME must hold for companies of each kind, and for each trap of the registers, written by hand from the rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.goldens import (
    BRANCH,
    HEAD,
    HEIR,
    ND,
    NOT_AN_ASSOCIATION,
    ON_DEMAND,
    ON_DEMAND_OF_ASSOCIATIONS,
    PROFESSIONAL_REGISTER,
    RCS_ALONE,
    REPRESENTATIVES,
    RNA_ALONE,
    SIREN,
    Golden,
    Trap,
    assert_every_field_accounted_for,
    assert_golden,
    assert_said_again_for_nothing,
    assert_trap,
    assert_unknown,
    call,
    calls,
    full,
    gaps,
    no_gap,
)
from tests.support.simulator import (
    PATHS,
    Simulator,
    activity,
    acts,
    agreement,
    agreements,
    association,
    band,
    case,
    company_officer,
    documents,
    establishment,
    found,
    legal_form,
    named,
    officer,
    rcs,
    siren,
    siret,
    successors,
    vat,
    wrapped,
)

RIVER_ADDRESS = {
    "streetName": "7 RUE DES TUILERIES",
    "postalZone": "42000",
    "cityName": "SAINT-ETIENNE",
    "countryCode": "FRA",
}
HARBOUR_ADDRESS = {
    "streetName": "12 B QUAI DES TROIS ANCRES",
    "additionalStreetName": "HANGAR 4",
    "postalZone": "29200",
    "cityName": "BREST",
    "countryCode": "FRA",
    "cedex": {"code": "29229", "label": "BREST CEDEX 2"},
}
MILL_ADDRESS = {
    "streetName": "CHEMIN DU BIEF",
    "postalZone": "15100",
    "cityName": "SAINT-FLOUR",
    "countryCode": "FRA",
}
COMPANY, CEASED, RESCUERS, MILLERS = (siren(rank) for rank in range(11, 15))


def establishment_call(number: str) -> str:
    return f"/v4/insee/sirene/etablissements/diffusibles/{number}"


def national(name: str, value: str) -> dict[str, str]:
    return {"scheme": "NATIONAL", "schemeName": name, "value": value}


GOLDENS = {
    # A company at its head office, known to Insee, to the register of commerce and to the VAT register.
    siret(COMPANY): Golden(
        data={
            "partII": {
                "A": {
                    "economicOperator": {
                        "name": "ATELIERS DU GIER",
                        "tradeName": "GIER MECANIQUE",
                        "identifiers": [
                            national("SIRET", siret(COMPANY)),
                            {"scheme": "VAT", "schemeName": "TVA", "value": f"FR00{COMPANY}"},
                        ],
                        "legalEntity": {
                            "registrationName": "ATELIERS DU GIER",
                            "companyID": COMPANY,
                            "legalFormCode": "5710",
                            "legalForm": "SAS, société par actions simplifiée",
                            "registrationDate": "2005-07-20",
                            "shareCapital": {"amount": 12000},
                            "registrationScheme": {"id": "4202", "name": "RCS Saint-Etienne"},
                        },
                        "postalAddress": RIVER_ADDRESS,
                        "headOfficeAddress": RIVER_ADDRESS,
                        "mainActivity": {
                            "code": "25.62B",
                            "nomenclature": "NAFRev2",
                            "label": "Mécanique industrielle",
                        },
                        "employeeBand": {
                            "code": "12",
                            "from": 20,
                            "to": 49,
                            "label": "20 à 49 salariés",
                            "referenceYear": 2023,
                        },
                        "companyCategory": "PME",
                        "socialEconomy": False,
                    }
                },
                "B": {"representatives": [{"firstName": "Odile", "familyName": "PERRIN", "role": "Présidente"}]},
            },
            "partIV": {
                "A": {
                    "tradeRegister": {
                        "registered": True,
                        "registerName": "RCS Saint-Etienne",
                        "registrationNumber": f"{COMPANY[:3]} {COMPANY[3:6]} {COMPANY[6:]} R.C.S. Saint-Etienne",
                        "registrationDate": "2005-07-20",
                    }
                },
                "B": {"setUpDate": "2005-07-14"},  # 1121292000 is its midnight in Paris
            },
        },
        missing=gaps(
            absent="legalEntity/shareCapital/currencyID" + PROFESSIONAL_REGISTER,
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
                establishment_call(siret(COMPANY)),
                PATHS["extraits_rcs_infogreffe"].format(siren=COMPANY),
                PATHS["numero_tva"].format(siren=COMPANY),
            }
        ),
    ),
    # A company that ceased in 1996: an old nomenclature, sentinel labels, nothing known at the register of commerce.
    siret(CEASED): Golden(
        data={
            "partII": {
                "A": {
                    "economicOperator": {
                        "name": "SCI DU VIEUX LAVOIR",
                        "identifiers": [national("SIRET", siret(CEASED))],
                        "legalEntity": {
                            "registrationName": "SCI DU VIEUX LAVOIR",
                            "companyID": CEASED,
                            "legalFormCode": "6540",
                            "legalForm": "Société civile immobilière",
                        },
                        "postalAddress": RIVER_ADDRESS,
                        "headOfficeAddress": RIVER_ADDRESS,
                        "mainActivity": {"code": "70.2A", "nomenclature": "NAF1993"},
                    }
                }
            },
            "partIV": {"B": {"setUpDate": "1988-05-02"}},
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
                establishment_call(siret(CEASED)),
                PATHS["successions"].format(siret=siret(CEASED)),
                PATHS["extraits_rcs_infogreffe"].format(siren=CEASED),
            }
        ),
        notices=(
            ("establishment_closed", "Cet établissement est fermé depuis le 29/02/1996."),
            ("unit_ceased", "L'entreprise a cessé son activité selon l'Insee."),
        ),
    ),
    # A large association that the RNA does not know, but Insee holds its number there.
    siret(RESCUERS): Golden(
        data={
            "partII": {
                "A": {
                    "economicOperator": {
                        "name": "LES SAUVETEURS DU GOULET",
                        "identifiers": [national("SIRET", siret(RESCUERS)), national("RNA", "W291000417")],
                        "legalEntity": {
                            "registrationName": "LES SAUVETEURS DU GOULET",
                            "companyID": RESCUERS,
                            "legalFormCode": "9230",
                            "legalForm": "Association déclarée, reconnue d'utilité publique",
                        },
                        "postalAddress": HARBOUR_ADDRESS,
                        "headOfficeAddress": HARBOUR_ADDRESS,
                        "mainActivity": {
                            "code": "84.25Z",
                            "nomenclature": "NAFRev2",
                            "label": "Services du feu et de secours",
                        },
                        "employeeBand": {
                            "code": "53",
                            "from": 10000,
                            "label": "10 000 salariés et plus",
                            "referenceYear": 2022,
                        },
                        "companyCategory": "GE",
                        "socialEconomy": False,
                        "association": {"rna": "W291000417"},
                    }
                }
            },
            "partIV": {
                "A": {
                    "professionalRegister": {
                        "registerName": "Répertoire national des associations",
                        "registrationNumber": "W291000417",
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
                establishment_call(siret(RESCUERS)),
                PATHS["associations"].format(siren_or_rna=RESCUERS),
                PATHS["numero_tva"].format(siren=RESCUERS),
            }
        ),
    ),
    # A small association that the RNA knows, without any employee.
    siret(MILLERS): Golden(
        data={
            "partII": {
                "A": {
                    "economicOperator": {
                        "name": "LES AMIS DU MOULIN",
                        "identifiers": [national("SIRET", siret(MILLERS)), national("RNA", "W151000024")],
                        "legalEntity": {
                            "registrationName": "LES AMIS DU MOULIN",
                            "companyID": MILLERS,
                            "legalFormCode": "9220",
                            "legalForm": "Association déclarée",
                        },
                        "postalAddress": MILL_ADDRESS,
                        "headOfficeAddress": MILL_ADDRESS,
                        "mainActivity": {
                            "code": "91.03Z",
                            "nomenclature": "NAFRev2",
                            "label": "Gestion des sites et monuments historiques",
                        },
                        "employeeBand": {"code": "NN", "label": "Unités non employeuses"},
                        "socialEconomy": True,
                        "association": {
                            "rna": "W151000024",
                            "purpose": "Faire tourner la roue du moulin.",
                            "regime": "Loi 1901",
                            "registrationDate": "1998-03-02",
                        },
                    }
                }
            },
            "partIV": {
                "A": {
                    "professionalRegister": {
                        "registerName": "Répertoire national des associations",
                        "registrationNumber": "W151000024",
                    }
                },
                "B": {"setUpDate": "1998-03-02"},
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
                establishment_call(siret(MILLERS)),
                PATHS["associations"].format(siren_or_rna=MILLERS),
                PATHS["numero_tva"].format(siren=MILLERS),
            }
        ),
    ),
}


def day(text: str) -> int:
    """Write a day as Insee does: the timestamp of its midnight in Paris."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris")).timestamp())


OLD_ACTIVITY = activity("70.2A", "ancienne révision NAF (NAFRev1) non supportée", "NAF1993")
NO_ACTIVITY = activity(None, "non référencé")
MILLING = activity("91.03Z", "Gestion des sites et monuments historiques")
RESCUE = activity("84.25Z", "Services du feu et de secours")
CASES = (
    found(siret(COMPANY), enseigne="GIER MECANIQUE"),
    rcs(COMPANY),
    vat(COMPANY),
    found(
        siret(CEASED),
        of={
            "personne_morale_attributs": named("SCI DU VIEUX LAVOIR"),
            "forme_juridique": legal_form("6540", "Société civile immobilière"),
            "categorie_entreprise": None, "economie_sociale_et_solidaire": None, "etat_administratif": "C",
            "tranche_effectif_salarie": band(None, None, None, None, None), "date_creation": day("1988-05-02"),
            "activite_principale": OLD_ACTIVITY, "activite_principale_naf_rev2": NO_ACTIVITY,
        },
        etat_administratif="F", date_fermeture=day("1996-02-29"), activite_principale=OLD_ACTIVITY,
        activite_principale_naf_rev2=NO_ACTIVITY,
    ),
    found(
        siret(RESCUERS),
        of={
            "rna": "W291000417", "personne_morale_attributs": named("LES SAUVETEURS DU GOULET"),
            "forme_juridique": legal_form("9230", "Association déclarée, reconnue d'utilité publique"),
            "categorie_entreprise": "GE", "date_creation": day("1952-05-11"),
            "tranche_effectif_salarie": band("53", "10 000 salariés et plus", 10000, None, "2022"),
            "activite_principale": RESCUE, "activite_principale_naf_rev2": RESCUE,
        },
        where={
            "numero_voie": "12", "indice_repetition_voie": "B", "type_voie": "QUAI", "libelle_voie": "DES TROIS ANCRES",
            "complement_adresse": "HANGAR 4", "code_postal": "29200", "libelle_commune": "BREST",
            "code_commune": "29019", "code_cedex": "29229", "libelle_cedex": "BREST CEDEX 2",
        },
        activite_principale=RESCUE, activite_principale_naf_rev2=RESCUE,
    ),
    found(
        siret(MILLERS),
        of={
            "rna": "W151000024", "personne_morale_attributs": named("LES AMIS DU MOULIN"),
            "forme_juridique": legal_form("9220", "Association déclarée"), "categorie_entreprise": None,
            "tranche_effectif_salarie": band("NN", "Unités non employeuses", None, None, None),
            "economie_sociale_et_solidaire": True, "date_creation": day("1998-03-02"),
            "activite_principale": MILLING, "activite_principale_naf_rev2": MILLING,
        },
        where={
            "numero_voie": None, "type_voie": "CHEMIN", "libelle_voie": "DU BIEF", "code_postal": "15100",
            "libelle_commune": "SAINT-FLOUR", "code_commune": "15187",
        },
        activite_principale=MILLING, activite_principale_naf_rev2=MILLING,
    ),
    association(
        MILLERS, rna="W151000024", nom="LES AMIS DU MOULIN",
        activites={"objet": "Faire tourner la roue du moulin."},
    ),
)  # fmt: skip


@pytest.fixture
def invented(simulator: Simulator) -> Simulator:
    """The sandbox, in which each of these companies is known."""
    simulator.add(*CASES)
    return simulator


@pytest.mark.parametrize("number", GOLDENS)
def test_a_company_fills_the_form_as_written_by_hand(invented, service, number):
    assert_golden(service, invented, number, GOLDENS[number])


@pytest.mark.parametrize("number", GOLDENS)
def test_asking_again_costs_no_call_and_says_the_same(invented, service, number):
    assert_said_again_for_nothing(service, invented, number)


def test_a_company_that_the_open_register_hides_is_unknown(simulator, service):
    simulator.add(case("etablissements", siret(siren(15)), status=404))

    assert_unknown(service, simulator, siret(siren(15)))


@pytest.mark.parametrize("number", GOLDENS)
def test_every_value_is_signed_by_a_source_that_answered_and_every_field_is_told(invented, service, number):
    assert_every_field_accounted_for(service, number)


def test_a_capital_is_proposed_for_confirmation(invented, service):
    body = service.get(f"/v1/prefill/{siret(COMPANY)}").json

    assert body["provenance"][full("legalEntity/shareCapital/amount")]["confirm"] is True


TODAY = datetime.now(ZoneInfo("Europe/Paris"))
LA_POSTE = legal_form("5510", "SA à conseil d'administration")


def midnight(day: datetime) -> int:
    """Write a day as Insee does: the timestamp of its midnight in Paris."""
    return int(day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def grouped(number: str) -> str:
    return f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}".strip()


def french(day: datetime) -> str:
    return f"{day:%d/%m/%Y}"


YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def founded(timestamp: int | None) -> tuple[dict[str, Any]]:
    return (found(HEAD, of={"date_creation": timestamp}),)


PARIS_DATES = {
    # 20:00 the day before in UTC would be read as the wrong day, or the wrong year.
    "a winter day": (-473389200, "1955-01-01"),
    "a summer day": (1121292000, "2005-07-14"),
    "the day when clocks advance": (1553986800, "2019-03-31"),
    "a day of double summer time": (-836445600, "1943-07-01"),
    "the epoch itself": (-3600, "1970-01-01"),
}

PERSON = {
    "type": "personne_physique",
    "personne_morale_attributs": named(None),
    "forme_juridique": legal_form("1000", "Entrepreneur individuel"),
}
CLAIRE = {
    "pseudonyme": "CLAIRE DE LUNE", "prenom_usuel": "CLAIRE", "prenom_1": "MARIE", "prenom_2": "ANTOINETTE",
    "prenom_3": None, "prenom_4": None, "nom_usage": "BERGER", "nom_naissance": "LEROUX", "sexe": "F",
}  # fmt: skip
MASKED_PERSON = dict.fromkeys(CLAIRE, ND)
MASKED_ADDRESS = {
    "complement_adresse": ND, "numero_voie": ND, "indice_repetition_voie": ND, "type_voie": ND, "libelle_voie": ND,
    "code_postal": ND, "distribution_speciale": ND, "code_cedex": ND, "libelle_cedex": ND,
    "status_diffusion": "partiellement_diffusible",
    "acheminement_postal": dict.fromkeys(("l1", "l2", "l3", "l4", "l5", "l6"), ND) | {"l7": "FRANCE"},
}  # fmt: skip
ADDRESS_WITHHELD = gaps(
    withheld="""
    postalAddress/streetName postalAddress/additionalStreetName postalAddress/postalZone postalAddress/cedex/code
    postalAddress/cedex/label headOfficeAddress/streetName headOfficeAddress/additionalStreetName
    headOfficeAddress/postalZone headOfficeAddress/cedex/code headOfficeAddress/cedex/label"""
)
FIRM = {
    "denomination": "ATELIERS DU GIER",
    "forme_juridique": {"valeur": "SOCIETE PAR ACTIONS SIMPLIFIEE", "code": "SASh"},
}
EUID = f"FR4202.{SIREN}"
NOT_STRUCK_OFF = {"/partIV/A/tradeRegister/strikeOffDate": None}
PARTIAL = {"status_diffusion": "partiellement_diffusible"}
PARTIALLY_DISCLOSED = (
    "partially_disclosed",
    "Cette entreprise a demandé à limiter la diffusion de ses données : les champs concernés sont à saisir.",
)
PUBLIC_OF_A_PERSON = {
    "identifiers[siret]": HEAD,
    "legalEntity/companyID": SIREN,
    "legalEntity/legalFormCode": "1000",
    "legalEntity/legalForm": "Entrepreneur individuel",
    "postalAddress/cityName": "SAINT-ETIENNE",
    "postalAddress/countryCode": "FRA",
    "headOfficeAddress/cityName": "SAINT-ETIENNE",
    "headOfficeAddress/countryCode": "FRA",
    "mainActivity/code": "25.62B",
    "mainActivity/nomenclature": "NAFRev2",
    "employeeBand/code": "12",
}
RCS_ALONE_OF_A_PERSON = RCS_ALONE.replace("legalEntity/shareCapital/amount legalEntity/shareCapital/currencyID", "")
PERSON_WITHHELD = (
    gaps(withheld="name tradeName legalEntity/registrationName" + RCS_ALONE_OF_A_PERSON) | ADDRESS_WITHHELD
)
COMPLETE_ADDRESS = {
    "complement_adresse": "BATIMENT C", "distribution_speciale": "BP 40012", "code_cedex": "42004",
    "libelle_cedex": "ST ETIENNE CEDEX 1",
}  # fmt: skip
GHENT = {
    "numero_voie": "14", "type_voie": None, "libelle_voie": "KOUTER", "code_postal": None, "libelle_commune": None,
    "code_commune": None, "libelle_commune_etranger": "GENT", "code_pays_etranger": "99131",
    "libelle_pays_etranger": "BELGIQUE",
}  # fmt: skip
LYON = {
    "numero_voie": "112", "libelle_voie": "DES TANNEURS", "code_postal": "69003", "libelle_commune": "LYON 3EME",
    "code_commune": "69383", "code_cedex": "69443", "libelle_cedex": "LYON CEDEX 03",
}  # fmt: skip
FOLLOWED = (
    f"Cet établissement est fermé depuis le {french(YESTERDAY)}. Son successeur est le {grouped(HEIR)}. "
    f"Autres successeurs : {grouped(siret(siren(3)))}."
)
REDIRECTED = (
    f"Sirene renvoie du SIRET {grouped(HEAD)} au {grouped(HEIR)}, d'une autre entreprise (SIREN {grouped(siren(2))}), dont voici les "
    "données : vérifiez que c'est la vôtre."
)
ABROAD = ("foreign_establishment", "Cet établissement est situé à l'étranger : vérifiez son adresse.")

TRAPS = {
    **{
        f"{what} is read in Paris": Trap(founded(timestamp), {"/partIV/B/setUpDate": day})
        for what, (timestamp, day) in PARIS_DATES.items()
    },
    "1900-01-01 means unknown": Trap(founded(-2208989361), missing=gaps(absent="/partIV/B/setUpDate")),
    "no date is no date": Trap(founded(None), missing=gaps(absent="/partIV/B/setUpDate")),
    "an unknown or partial date of the register of commerce is no date": Trap(
        (found(HEAD), rcs(SIREN, date_immatriculation="1900-01-01")),
        {"/partIV/A/tradeRegister/registered": True},
        gaps(absent="legalEntity/registrationDate /partIV/A/tradeRegister/registrationDate"),
    ),
    # withheld by law, or by the company's choice
    "a partially disclosed person keeps only what stays public": Trap(
        (
            found(
                HEAD,
                of={**PERSON, **PARTIAL, "personne_physique_attributs": MASKED_PERSON},
                where=MASKED_ADDRESS,
                enseigne=ND,
                **PARTIAL,
            ),
            rcs(SIREN),
        ),
        PUBLIC_OF_A_PERSON,
        PERSON_WITHHELD,
        (PARTIALLY_DISCLOSED,),
        called=calls("etablissements", "numero_tva"),
        never=("PERRIN",),
    ),
    "what the status protects is withheld even when the upstream forgot to mask it": Trap(
        (
            found(
                HEAD,
                of={**PERSON, **PARTIAL, "personne_physique_attributs": CLAIRE},
                where=COMPLETE_ADDRESS,
                enseigne="CHEZ CLAIRE",
            ),
            rcs(SIREN),
        ),
        PUBLIC_OF_A_PERSON,
        PERSON_WITHHELD,
        (PARTIALLY_DISCLOSED,),
        called=calls("etablissements", "numero_tva"),
        never=("CLAIRE", "BERGER", "LEROUX", "TUILERIES", "42000", "BATIMENT", "PERRIN"),
    ),
    "a partially disclosed company keeps its public name": Trap(
        (
            found(
                HEAD,
                of={**PARTIAL, "personne_morale_attributs": {"raison_sociale": "ATELIERS DU GIER", "sigle": ND}},
                where=MASKED_ADDRESS,
                enseigne=ND,
                **PARTIAL,
            ),
            rcs(SIREN, nom_commercial="LES ATELIERS"),
        ),
        {
            "name": "ATELIERS DU GIER",
            "legalEntity/registrationName": "ATELIERS DU GIER",
            "legalEntity/companyID": SIREN,
            "postalAddress/cityName": "SAINT-ETIENNE",
            "headOfficeAddress/countryCode": "FRA",
            "mainActivity/label": "Mécanique industrielle",
            "companyCategory": "PME",
        },
        gaps(withheld="tradeName" + RCS_ALONE) | ADDRESS_WITHHELD,
        (PARTIALLY_DISCLOSED,),
        called=calls("etablissements", "numero_tva"),
        never=("LES ATELIERS", "PERRIN"),
    ),
    "an address with its own status is withheld alone": Trap(
        (found(HEAD, where=MASKED_ADDRESS, enseigne="LE TOUR"), rcs(SIREN)),
        {"name": "ATELIERS DU GIER", "tradeName": "LE TOUR", "/partIV/A/tradeRegister/registered": True},
        ADDRESS_WITHHELD,
        (PARTIALLY_DISCLOSED,),
    ),
    "a masked part withholds the whole line": Trap(
        (found(HEAD, where={"numero_voie": ND, "complement_adresse": "BATIMENT C", "distribution_speciale": ND}),),
        {"postalAddress/postalZone": "42000"},
        gaps(withheld="postalAddress/streetName postalAddress/additionalStreetName headOfficeAddress/streetName"),
        never=("TUILERIES", "BATIMENT"),
    ),
    "no second register tells what the first withholds": Trap(
        (found(HEAD, enseigne=ND), rcs(SIREN, nom_commercial="LES ATELIERS")),
        {"name": "ATELIERS DU GIER"},
        gaps(withheld="tradeName"),
        never=("LES ATELIERS",),
    ),
    "a mask in the register of commerce or of associations is no value": Trap(
        (
            found(HEAD, of={"rna": "W423000001"}),
            rcs(SIREN, mandataires_sociaux=[officer(ND, ND, "Présidente"), officer("NOEL", "Paul", "Directeur")]),
            association(SIREN, activites={"objet": ND}),
        ),
        {"/partII/B/representatives": [{"firstName": "Paul", "familyName": "NOEL", "role": "Directeur"}]},
        gaps(withheld="association/purpose"),
    ),
    "a masked role may be an auditor's, and a masked striking off is no answer": Trap(
        (found(HEAD), rcs(SIREN, date_radiation=ND, mandataires_sociaux=[officer("PERRIN", "Odile", ND)])),
        {"/partIV/A/tradeRegister/registrationDate": "2005-07-20"},
        gaps(
            withheld="""
            /partII/B/representatives /partIV/A/tradeRegister/registered /partIV/A/tradeRegister/strikeOffDate"""
        ),
        never=("PERRIN",),
    ),
    "a status that cannot be read protects as a partial one does": Trap(
        (
            found(
                HEAD,
                of={**PERSON, "status_diffusion": None, "personne_physique_attributs": CLAIRE},
                where=COMPLETE_ADDRESS,
                enseigne="CHEZ CLAIRE",
            ),
            rcs(SIREN),
        ),
        PUBLIC_OF_A_PERSON,
        PERSON_WITHHELD,
        (PARTIALLY_DISCLOSED,),
        called=calls("etablissements", "numero_tva"),
        never=("CLAIRE", "BERGER", "LEROUX", "TUILERIES", "PERRIN"),
    ),
    # who the company is
    "a sole trader is called by the usual name, and nothing else of the person is told": Trap(
        (found(HEAD, of={**PERSON, "personne_physique_attributs": CLAIRE}), rcs(SIREN, mandataires_sociaux=[])),
        {"name": "BERGER CLAIRE", "legalEntity/registrationName": "BERGER CLAIRE", "legalEntity/legalFormCode": "1000"},
        gaps(absent="/partII/B/representatives"),
        called=calls("etablissements", "extraits_rcs_infogreffe", "numero_tva"),
        never=("LEROUX", "MARIE", "ANTOINETTE", "LUNE"),
    ),
    "a sole trader without a usual name is called by the birth name": Trap(
        (found(HEAD, of={**PERSON, "personne_physique_attributs": {**CLAIRE, "nom_usage": None}}),),
        {"name": "LEROUX CLAIRE", "legalEntity/registrationName": "LEROUX CLAIRE"},
    ),
    "an empty usual name is none": Trap(
        (found(HEAD, of={**PERSON, "personne_physique_attributs": {**CLAIRE, "nom_usage": "", "prenom_usuel": ""}}),),
        {"name": "LEROUX"},
    ),
    "sentinel labels are no labels": Trap(
        (
            found(
                HEAD,
                of={"forme_juridique": legal_form("5710", "non référencé")},
                activite_principale=activity("741G", "ancienne révision NAF (NAFRev1) non supportée", "NAFRev1"),
                activite_principale_naf_rev2=None,
            ),
        ),
        {"legalEntity/legalFormCode": "5710", "mainActivity/code": "741G", "mainActivity/nomenclature": "NAFRev1"},
        gaps(absent="legalEntity/legalForm mainActivity/label"),
    ),
    "an activity comes in the nomenclature in force first": Trap(
        (
            found(
                HEAD,
                activite_principale=activity("62.10Y", "Programmation informatique", "NAF2025"),
                activite_principale_naf_rev2=activity("62.01Z", "Programmation informatique (2008)"),
            ),
        ),
        {
            "mainActivity/code": "62.01Z",
            "mainActivity/nomenclature": "NAFRev2",
            "mainActivity/label": "Programmation informatique (2008)",
            "mainActivity/otherNomenclature/code": "62.10Y",
            "mainActivity/otherNomenclature/nomenclature": "NAF2025",
            "mainActivity/otherNomenclature/label": "Programmation informatique",
        },
    ),
    "a code without its nomenclature means nothing": Trap(
        (
            found(
                HEAD,
                activite_principale=activity("62.01Z", "Programmation", None),
                activite_principale_naf_rev2=activity(None, "Programmation"),
            ),
        ),
        missing=gaps(absent="mainActivity/code mainActivity/nomenclature mainActivity/label"),
    ),
    "the mention of a suppressed trade name is none": Trap(
        (found(HEAD), rcs(SIREN, nom_commercial="SUPPRESSION DU NOM COMMERCIAL")),
        missing=no_gap("tradeName"),
    ),
    "a sign that says it was suppressed gives way to the trade name": Trap(
        (found(HEAD, enseigne="Suppression du nom commercial"), rcs(SIREN, nom_commercial="LE TOUR")),
        {"tradeName": "LE TOUR"},
    ),
    "an unknown social economy is not a no": Trap(
        (found(HEAD, of={"economie_sociale_et_solidaire": None, "categorie_entreprise": None}),),
        missing=no_gap("socialEconomy companyCategory"),
    ),
    "a company of the social economy is one": Trap(
        (found(HEAD, of={"economie_sociale_et_solidaire": True}),), {"socialEconomy": True}
    ),
    # bands of staff
    "no band at all": Trap(
        (found(HEAD, of={"tranche_effectif_salarie": band(None, None, None, None, None)}),),
        missing=gaps(absent="employeeBand/code employeeBand/label")
        | no_gap("employeeBand/from employeeBand/to employeeBand/referenceYear"),
    ),
    "a unit that employs nobody has a code but no numbers": Trap(
        (found(HEAD, of={"tranche_effectif_salarie": band("NN", "Unités non employeuses", None, None, None)}),),
        {"employeeBand/code": "NN", "employeeBand/label": "Unités non employeuses"},
        no_gap("employeeBand/from employeeBand/to employeeBand/referenceYear"),
    ),
    "zero is a number": Trap(
        (found(HEAD, of={"tranche_effectif_salarie": band("00", "0 salarié", 0, 0, "2024")}),),
        {"employeeBand/code": "00", "employeeBand/from": 0, "employeeBand/to": 0, "employeeBand/referenceYear": 2024},
    ),
    "above ten thousand there is no upper end": Trap(
        (found(HEAD, of={"tranche_effectif_salarie": band("53", "10 000 salariés et plus", 10000, None, "2024")}),),
        {"employeeBand/code": "53", "employeeBand/from": 10000},
        no_gap("employeeBand/to"),
    ),
    # addresses
    "the CEDEX stands beside the municipality, the box in the complement": Trap(
        (found(HEAD, where=COMPLETE_ADDRESS),),
        {
            f"{place}/{part}": value
            for place in ("postalAddress", "headOfficeAddress")
            for part, value in (
                ("streetName", "7 RUE DES TUILERIES"),
                ("additionalStreetName", "BATIMENT C, BP 40012"),
                ("postalZone", "42000"),
                ("cityName", "SAINT-ETIENNE"),
                ("countryCode", "FRA"),
                ("cedex/code", "42004"),
                ("cedex/label", "ST ETIENNE CEDEX 1"),
            )
        },
    ),
    "an establishment abroad": Trap(
        (found(HEAD, where=GHENT),),
        {
            "postalAddress/streetName": "14 KOUTER",
            "postalAddress/cityName": "GENT",
            "postalAddress/countryCode": "BEL",
            "headOfficeAddress/cityName": "GENT",
            "headOfficeAddress/countryCode": "BEL",
        },
        gaps(absent="postalAddress/postalZone headOfficeAddress/postalZone"),
        (ABROAD,),
    ),
    "an unknown country code is not France": Trap(
        (found(HEAD, where={**GHENT, "code_pays_etranger": "99999", "libelle_pays_etranger": "AILLEURS"}),),
        {"postalAddress/cityName": "GENT"},
        gaps(absent="postalAddress/countryCode headOfficeAddress/countryCode"),
        (ABROAD,),
        never=("99999",),
    ),
    "a country without its code is not France": Trap(
        (found(HEAD, where={**GHENT, "code_pays_etranger": None}),),
        missing=gaps(absent="postalAddress/countryCode"),
        notices=(ABROAD,),
    ),
    "empty strings and nulls leave no blanks": Trap(
        (
            found(
                HEAD,
                where={
                    "numero_voie": "",
                    "type_voie": None,
                    "libelle_voie": " LE BOURG ",
                    "complement_adresse": "",
                    "distribution_speciale": "TSA 10001",
                    "code_cedex": "",
                    "libelle_cedex": "",
                },
            ),
        ),
        {"postalAddress/streetName": "LE BOURG", "postalAddress/additionalStreetName": "TSA 10001"},
        no_gap("postalAddress/cedex/code postalAddress/cedex/label"),
    ),
    "an address without any street": Trap(
        (found(HEAD, where=dict.fromkeys(("numero_voie", "type_voie", "libelle_voie", "code_postal"), "")),),
        {"postalAddress/cityName": "SAINT-ETIENNE"},
        gaps(absent="postalAddress/streetName postalAddress/postalZone headOfficeAddress/streetName"),
    ),
    **{
        f"the repetition letter {letter} stays in the street": Trap(
            (found(HEAD, where={"indice_repetition_voie": letter}),),
            {"postalAddress/streetName": f"7 {letter} RUE DES TUILERIES"},
        )
        for letter in ("B", "D", "Z", "BIS")
    },
    # the state of the establishment
    "an establishment that closes today is closed": Trap(
        (found(HEAD, etat_administratif="F", date_fermeture=midnight(TODAY)), successors(HEAD)),
        notices=(("establishment_closed", f"Cet établissement est fermé depuis le {french(TODAY)}."),),
        called=calls("etablissements", "successions", "extraits_rcs_infogreffe", "numero_tva"),
    ),
    "an establishment that closes tomorrow is open today": Trap(
        (
            found(HEAD, etat_administratif="F", date_fermeture=midnight(TOMORROW)),
            successors(HEAD, (HEIR, "2026-01-01")),
        ),
        notices=(("establishment_closing", f"Cet établissement doit fermer le {french(TOMORROW)}."),),
        called=calls("etablissements", "extraits_rcs_infogreffe", "numero_tva"),
    ),
    "a closing announced of an open establishment is told": Trap(
        (found(HEAD, date_fermeture=midnight(TOMORROW)),),
        notices=(("establishment_closing", f"Cet établissement doit fermer le {french(TOMORROW)}."),),
    ),
    "a closed establishment names its latest successor": Trap(
        (
            found(HEAD, etat_administratif="F", date_fermeture=midnight(YESTERDAY)),
            successors(HEAD, (siret(siren(3)), "2019-06-30"), (HEIR, "2024-01-01"), ("12345678901234", "2025-01-01")),
        ),
        notices=(
            (
                "establishment_closed",
                FOLLOWED,
            ),
        ),
    ),
    "a closing day that is not known is not told": Trap(
        (found(HEAD, etat_administratif="F", date_fermeture=-2208989361),),
        notices=(("establishment_closed", "Cet établissement est fermé."),),
    ),
    "a branch has its own address, and its head office another": Trap(
        (
            found(
                BRANCH,
                siege_social=False,
                enseigne="LE TOUR",
                activite_principale=activity("47.91B", "Vente à distance"),
                activite_principale_naf_rev2=activity("47.91B", "Vente à distance"),
            ),
            found(
                HEAD,
                source="siege_social",
                where=LYON,
            ),
        ),
        {
            "name": "ATELIERS DU GIER",
            "tradeName": "LE TOUR",
            "identifiers[siret]": BRANCH,
            "mainActivity/code": "47.91B",
            "postalAddress/streetName": "7 RUE DES TUILERIES",
            "postalAddress/postalZone": "42000",
            "postalAddress/cityName": "SAINT-ETIENNE",
            "headOfficeAddress/streetName": "112 RUE DES TANNEURS",
            "headOfficeAddress/postalZone": "69003",
            "headOfficeAddress/cityName": "LYON 3EME",
            "headOfficeAddress/countryCode": "FRA",
            "headOfficeAddress/cedex/code": "69443",
            "headOfficeAddress/cedex/label": "LYON CEDEX 03",
        },
        no_gap("postalAddress/cedex/code headOfficeAddress/additionalStreetName"),
        number=BRANCH,
        called=calls("etablissements", "siege_social", "extraits_rcs_infogreffe", "numero_tva", siret=BRANCH),
    ),
    "a duplicate is answered with the establishment that stays": Trap(
        (found(HEIR, redirected_from=HEAD), rcs(siren(2)), vat(siren(2))),
        {
            "identifiers[siret]": HEIR,
            "identifiers[vat]": f"FR00{siren(2)}",
            "legalEntity/companyID": siren(2),
            "/partIV/A/tradeRegister/registered": True,
        },
        notices=(
            (
                "redirected_to_another_company",
                REDIRECTED,
            ),
        ),
        siret=HEIR,
        called=calls("etablissements") | calls("extraits_rcs_infogreffe", "numero_tva", siret=HEIR),
    ),
    "the answer about another company is not used": Trap(
        (case("etablissements", HEAD, wrapped(establishment(HEIR))),),
        # The head office is not in the open Sirene: nobody can tell that the company is not a protected one.
        missing=gaps(unavailable="name identifiers[siret] postalAddress/streetName", withheld="legalEntity/companyID"),
        never=(HEIR, siren(2)),
    ),
    "an address that names no place is in no country": Trap(
        (found(HEAD, adresse={"status_diffusion": "diffusible"}),),
        missing=gaps(absent="postalAddress/countryCode postalAddress/cityName headOfficeAddress/countryCode"),
    ),
    # the register of commerce
    "spaces alone are nothing": Trap(
        (
            found(HEAD, of={"rna": " "}, enseigne="\u00a0"),
            rcs(SIREN, date_radiation=" ", greffe={"valeur": " ", "code": " "}),
        ),
        {
            "tradeName": None,
            "/partIV/A/professionalRegister/registerName": None,
            "/partIV/A/tradeRegister/registered": True,
            "/partIV/A/tradeRegister/registerName": None,
            "/partIV/A/tradeRegister/registrationNumber": None,
        },
        never=("None",),
    ),
    "a company struck off is said to be, and is no longer registered": Trap(
        (found(HEAD), rcs(SIREN, date_radiation="2020-02-29")),
        {
            "/partIV/A/tradeRegister/registered": False,
            "/partIV/A/tradeRegister/strikeOffDate": "2020-02-29",
            "/partIV/A/tradeRegister/registrationDate": "2005-07-20",
        },
        notices=(
            ("struck_off", "L'entreprise est radiée du registre du commerce et des sociétés depuis le 29/02/2020."),
        ),
    ),
    "a strike-off that cannot be read is not taken for a registration": Trap(
        (found(HEAD), rcs(SIREN, date_radiation="RADIEE EN 2020", personne_morale=FIRM)),
        {"identifiers[euid]": None, "/partIV/A/tradeRegister/registered": None, **NOT_STRUCK_OFF},
        gaps(absent="/partIV/A/tradeRegister/registered"),
    ),
    "a strike-off before the registration says nothing of what came after": Trap(
        (found(HEAD), rcs(SIREN, date_radiation="2004-12-31", personne_morale=FIRM)),
        {"identifiers[euid]": None, "/partIV/A/tradeRegister/registered": None, **NOT_STRUCK_OFF},
        gaps(absent="/partIV/A/tradeRegister/registered"),
    ),
    "a strike-off that is to come leaves the company registered": Trap(
        (found(HEAD), rcs(SIREN, date_radiation="2099-12-31", personne_morale=FIRM)),
        {"identifiers[euid]": EUID, "/partIV/A/tradeRegister/registered": True, **NOT_STRUCK_OFF},
    ),
    "a strike-off in words is one": Trap(
        (found(HEAD), rcs(SIREN, date_radiation="29 FEVRIER 2020", personne_morale=FIRM)),
        {"identifiers[euid]": None, "/partIV/A/tradeRegister/registered": False, **NOT_STRUCK_OFF},
        notices=(
            ("struck_off", "L'entreprise est radiée du registre du commerce et des sociétés depuis le 29/02/2020."),
        ),
    ),
    "a company of foreign law has the European number of its own register": Trap(
        (found(HEAD), rcs(SIREN, personne_morale={**FIRM, "forme_juridique": {"valeur": "SOCIETE DE DROIT ETRANGER"}})),
        {"identifiers[euid]": None, "/partIV/A/tradeRegister/registered": True},
    ),
    "auditors are no representatives, however their role is spelt": Trap(
        (
            found(HEAD),
            rcs(
                SIREN,
                mandataires_sociaux=[
                    officer("PERRIN", "Odile", "Directrice générale déléguée"),
                    officer("UN", "A", "COMMISSAIRE AUX COMPTES TITULAIRE"),
                    officer("DEUX", "B", "Commissaire aux comptes suppléant"),
                    officer("TROIS", "C", "COMMISSAIRE AUX COMPTES SUPPLEANT"),
                    officer("QUATRE", "D", "Commissaire aux Comptes Supple\u0301ant"),
                    company_officer("AUDIT CINQ", siren(5), "commissaire aux comptes titulaire"),
                    officer("SEPT", "G", "COMMISSAIRES AUX\u00a0COMPTES (SUPPLEANTS)"),
                    officer("SIX", "F", None),
                ],
            ),
        ),
        {
            "/partII/B/representatives": [
                {"firstName": "Odile", "familyName": "PERRIN", "role": "Directrice générale déléguée"},
                {"firstName": "F", "familyName": "SIX"},
            ]
        },
        never=("DEUX", "TROIS", "QUATRE", "SEPT", "AUDIT"),
    ),
    "those who may bind the company come first, each once, the supervisory board and the creditors' apart": Trap(
        (
            found(HEAD),
            rcs(
                SIREN,
                mandataires_sociaux=[
                    officer("MORIN", "PAUL", "PRESIDENT DU CONSEIL DE SURVEILLANCE"),
                    officer("GARCIN", "ANTOINE", "MEMBRE DU DIRECTOIRE"),
                    officer("HALLE", "RENE", "MANDATAIRE JUDICIAIRE"),
                    officer("VASSEUR", "ALIX", "MEMBRE DU DIRECTOIRE"),
                    officer("VASSEUR", "ALIX", "PRESIDENTE DU DIRECTOIRE"),
                ],
            ),
        ),
        {
            "/partII/B/representatives": [
                {
                    "firstName": "ALIX",
                    "familyName": "VASSEUR",
                    "role": "PRESIDENTE DU DIRECTOIRE, MEMBRE DU DIRECTOIRE",
                },
                {"firstName": "ANTOINE", "familyName": "GARCIN", "role": "MEMBRE DU DIRECTOIRE"},
            ]
        },
        never=("MORIN", "HALLE"),
    ),
    "a legal person is named with who stands for it, and only a SIREN is a number": Trap(
        (
            found(HEAD),
            rcs(
                SIREN,
                mandataires_sociaux=[
                    company_officer("GIER PARTICIPATIONS", "RCS LYON", "Président"),
                    officer("NOEL", "Paul", "Représentant permanent"),
                ],
            ),
        ),
        {
            "/partII/B/representatives": [
                {"registrationName": "GIER PARTICIPATIONS", "role": "Président", "representedBy": "Paul NOEL"}
            ]
        },
        never=("RCS LYON",),
    ),
    "a liquidator is told, and comes before the officers": Trap(
        (
            found(HEAD),
            rcs(
                SIREN,
                mandataires_sociaux=[
                    officer("PERRIN", "Odile", "PRESIDENTE"),
                    officer("ROY", "Luc", "LIQUIDATEUR AMIABLE"),
                ],
            ),
        ),
        {
            "/partII/B/representatives": [
                {"firstName": "Luc", "familyName": "ROY", "role": "LIQUIDATEUR AMIABLE"},
                {"firstName": "Odile", "familyName": "PERRIN", "role": "PRESIDENTE"},
            ]
        },
        notices=(
            (
                "liquidator_named",
                "Le registre du commerce nomme un liquidateur, qui représente la société à la place de ses dirigeants.",
            ),
        ),
    ),
    "auditors alone are nobody": Trap(
        (found(HEAD), rcs(SIREN, mandataires_sociaux=[company_officer("AUDIT", siren(5), "COMMISSAIRE AUX COMPTES")])),
        missing=gaps(absent="/partII/B/representatives"),
        never=("AUDIT",),
    ),
    "a legal person can represent a company": Trap(
        (found(HEAD), rcs(SIREN, mandataires_sociaux=[company_officer("GIER PARTICIPATIONS", siren(6), "Président")])),
        {
            "/partII/B/representatives": [
                {"registrationName": "GIER PARTICIPATIONS", "companyID": siren(6), "role": "Président"}
            ]
        },
    ),
    "neither birth dates nor private addresses leave the register of commerce": Trap(
        (
            found(HEAD),
            rcs(
                SIREN,
                personne_physique={
                    "adresse": {"voie": "DES OISEAUX"},
                    "nationalite": {"valeur": "FRANÇAISE"},
                    "naissance": {"date": "1971-05-17", "lieu": "RIVE-DE-GIER"},
                },
            ),
        ),
        {"/partII/B/representatives": [{"firstName": "Odile", "familyName": "PERRIN", "role": "Présidente"}]},
        never=("1971", "OISEAUX", "FRANÇAISE", "RIVE-DE-GIER"),
    ),
    "a capital keeps its cents and its own currency": Trap(
        (found(HEAD), rcs(SIREN, capital={"montant": 50123.6, "devise": "FRANCS", "code_devise": None})),
        {"legalEntity/shareCapital/amount": 50123.6, "legalEntity/shareCapital/currencyID": "FRF"},
    ),
    "a capital of zero is no capital, and has no currency": Trap(
        (found(HEAD), rcs(SIREN, capital={"montant": 0.0, "devise": "EUROS", "code_devise": "EUR"})),
        missing=gaps(absent="legalEntity/shareCapital/amount legalEntity/shareCapital/currencyID"),
    ),
    "the currency of a capital is never assumed": Trap(
        (found(HEAD), rcs(SIREN, capital={"montant": 12000.0, "devise": "", "code_devise": ""})),
        {"legalEntity/shareCapital/amount": 12000},
        gaps(absent="legalEntity/shareCapital/currencyID"),
    ),
    "a currency without an amount is not told": Trap(
        (found(HEAD), rcs(SIREN, capital={"montant": None, "devise": "EUROS", "code_devise": "EUR"})),
        missing=gaps(absent="legalEntity/shareCapital/amount legalEntity/shareCapital/currencyID"),
    ),
    "a registry is written as French writes towns": Trap(
        (found(HEAD), rcs(SIREN, greffe={"valeur": "BOURG-EN-BRESSE", "code": "0101"})),
        {
            "legalEntity/registrationScheme/id": "0101",
            "legalEntity/registrationScheme/name": "RCS Bourg-en-Bresse",
            "/partIV/A/tradeRegister/registerName": "RCS Bourg-en-Bresse",
            "/partIV/A/tradeRegister/registrationNumber": f"{grouped(SIREN)} R.C.S. Bourg-en-Bresse",
        },
    ),
    # on demand
    "what is asked on demand comes, and accounts never do": Trap(
        (
            found(HEAD),
            agreements(
                HEAD,
                agreement(1486, "Bureaux d'études"),
                agreement(16, "Transports"),
                agreement(7, "Vide", active=False),
                agreement(9999, "Sans convention collective"),
            ),
            acts(SIREN),
        ),
        {
            "collectiveAgreements": [
                {"idcc": "1486", "title": "Bureaux d'études"},
                {"idcc": "16", "title": "Transports"},
            ],
            "filedActs": [{"kind": "Statuts mis à jour", "filingDate": "2024-02-29"}],
        },
        extra="conventions_collectives,actes_inpi",
        called=calls(
            "etablissements", "extraits_rcs_infogreffe", "numero_tva", "conventions_collectives", "actes_inpi"
        ),
        never=("bilan", "acte_a1", "idcc=", "exemple.fr"),
    ),
    "what is asked on demand and is not there is absent": Trap(
        (found(HEAD), agreements(HEAD)),
        missing=gaps(absent="collectiveAgreements filedActs", not_applicable="association/documents"),
        extra="conventions_collectives,actes_inpi",
    ),
    "acts name people: those of a partially disclosed company are not asked for": Trap(
        (found(HEAD, of=PARTIAL, where=MASKED_ADDRESS, **PARTIAL), acts(SIREN)),
        missing=gaps(withheld="filedActs"),
        notices=(PARTIALLY_DISCLOSED,),
        extra="actes_inpi",
        called=calls("etablissements", "numero_tva"),
    ),
    # associations
    "an association of Alsace-Moselle is in its court's register": Trap(
        (
            found(HEAD, of={"forme_juridique": legal_form("9260", "Association de droit local")}),
            association(
                SIREN,
                rna=None,
                regime="Alsace-Moselle",
                alsace_moselle={
                    "tribunal_instance": "Tribunal d'instance de Colmar",
                    "volume": "122",
                    "folio": "082",
                    "date_publication_registre_association": "2001-11-09",
                },
            ),
        ),
        {
            "association/regime": "Alsace-Moselle",
            "association/purpose": "Entretenir le barrage.",
            "association/registrationDate": "2001-11-09",
            "/partIV/A/professionalRegister/registerName": "Registre des associations d'Alsace-Moselle",
            "/partIV/A/professionalRegister/court": "Tribunal d'instance de Colmar",
            "/partIV/A/professionalRegister/registrationNumber": "volume 122 folio 082",
        },
        gaps(absent="identifiers[rna] association/rna"),
        called=calls("etablissements", "associations", "numero_tva"),
    ),
    "the day of Sirene is not that of a court's register": Trap(
        (
            found(HEAD, of={"forme_juridique": legal_form("9260", "Association de droit local")}),
            association(SIREN, rna=None, regime="Alsace-Moselle", alsace_moselle={"volume": "122"}),
        ),
        {
            "association/registrationDate": None,
            "/partIV/A/professionalRegister/registrationNumber": "volume 122",
        },
        gaps(absent="association/registrationDate"),
    ),
    "whoever has an RNA number is asked for there, whatever its legal form": Trap(
        (
            found(HEAD, of={"rna": "W423000001", "forme_juridique": legal_form("9300", "Fondation")}),
            association(SIREN),
            documents("W423000001"),
        ),
        {
            "identifiers[rna]": "W423000001",
            "association/rna": "W423000001",
            "association/documents": [{"kind": "Statuts", "filingDate": "2024-02-29"}],
            "/partIV/A/professionalRegister/registrationNumber": "W423000001",
        },
        extra="documents_associations",
        called=calls("etablissements", "associations", "numero_tva") | {call("documents_associations", "W423000001")},
        never=("odile@", "0400000000", "CHEZ LE PRESIDENT", "exemple.fr"),
    ),
    "the documents of an association are found by its RNA number": Trap(
        (found(HEAD, of={"rna": "W751234567"}), documents("W751234567")),
        {"association/documents": [{"kind": "Statuts", "filingDate": "2024-02-29"}]},
        extra="documents_associations",
        never=("exemple.fr",),
    ),
    "an association that Insee does not name is named by its own register": Trap(
        (
            found(
                HEAD,
                of={
                    "personne_morale_attributs": named(None),
                    "forme_juridique": legal_form("9220", "Association déclarée"),
                },
            ),
            association(SIREN),
        ),
        {"name": "LES AMIS DU BARRAGE", "legalEntity/registrationName": "LES AMIS DU BARRAGE"},
    ),
    "the first day of our era is no date": Trap(
        (
            found(HEAD, of={"rna": "W423000001", "forme_juridique": legal_form("9220", "Association déclarée")}),
            association(SIREN, date_dissolution="0001-01-01", date_creation="0001-01-01", active=False),
        ),
        {"association/registrationDate": None},
        notices=(
            (
                "association_inactive",
                "Le RNA et Sirene ne tiennent pas tous deux l'association pour active, ce qui n'est pas une dissolution.",
            ),
        ),
        never=("0001-01-01", "01/01/0001"),
    ),
    "a dissolved association is said to be": Trap(
        (
            found(HEAD, of={"forme_juridique": legal_form("9220", "Association déclarée")}),
            association(SIREN, date_dissolution="2025-12-31", active=False),
        ),
        notices=(
            (
                "association_dissolved",
                "Le RNA, ou Sirene à défaut, donne à l'association une date de dissolution : le 31/12/2025.",
            ),
        ),
    ),
    # numbers
    "an establishment of La Poste": Trap(
        (found("35600000049837", siege_social=False, of={"forme_juridique": LA_POSTE}),),
        {"identifiers[siret]": "35600000049837"},
        number="35600000049837",
    ),
    "the head office of La Poste": Trap(
        (found("35600000000048", of={"forme_juridique": LA_POSTE}),),
        {"identifiers[siret]": "35600000000048"},
        number="35600000000048",
    ),
    "leading zeros stay": Trap(
        (found("00588059600019", of={"siren": "005880596"}),),
        {
            "identifiers[siret]": "00588059600019",
            "legalEntity/companyID": "005880596",
        },
        number="00588059600019",
    ),
    "a SIREN gives the head office, at the cost of no more": Trap(
        (found(HEAD, source="siege_social"), vat(SIREN)),
        {
            "name": "ATELIERS DU GIER",
            "identifiers[siret]": HEAD,
            "postalAddress/streetName": "7 RUE DES TUILERIES",
            "headOfficeAddress/streetName": "7 RUE DES TUILERIES",
        },
        notices=(
            (
                "head_office_used",
                f"Vous avez saisi un SIREN : ce sont les données du siège, SIRET {grouped(HEAD)}.",
            ),
        ),
        number=SIREN,
        called=calls("siege_social", "extraits_rcs_infogreffe", "numero_tva"),
    ),
    **{
        f"a SIRET written with {what}": Trap((found(HEAD),), {"name": "ATELIERS DU GIER"}, number=written)
        for what, written in {
            "spaces": f"{HEAD[:3]} {HEAD[3:6]} {HEAD[6:9]} {HEAD[9:]}",
            "dots": f"{HEAD[:3]}.{HEAD[3:6]}.{HEAD[6:9]}.{HEAD[9:]}",
            "no-break spaces": f"{HEAD[:3]}\u00a0{HEAD[3:6]}\u00a0{HEAD[6:9]}\u00a0{HEAD[9:]}",
            "thin no-break spaces": f"{HEAD[:3]}\u202f{HEAD[3:6]}\u202f{HEAD[6:9]}\u202f{HEAD[9:]}",
            "spaces around": f" {HEAD} ",
        }.items()
    },
}


@pytest.mark.parametrize("name", TRAPS)
def test_no_trap_catches_the_form(simulator, service, name):
    assert_trap(service, simulator, TRAPS[name])


@pytest.mark.parametrize(
    "changes",
    [
        {"status_diffusion": "non_diffusible"},
        {"of": {"status_diffusion": "non_diffusible"}},
    ],
    ids=["establishment", "unit"],
)
def test_of_an_undisclosed_company_nothing_is_told_and_nothing_more_is_asked(simulator, service, changes):
    simulator.add(found(HEAD, **changes), rcs(SIREN), vat(SIREN))

    response = service.get(f"/v1/prefill/{HEAD}")

    assert (response.status_code, response.mimetype) == (451, "application/problem+json")
    assert response.json["code"] == "company_undisclosed"
    assert "GIER" not in response.get_data(as_text=True)
    assert set(simulator.calls()) == calls("etablissements")


@pytest.mark.parametrize("name", ["exercices", "etablissements_instructeur", "bilans_inpi", "liasses_fiscales_dgfip"])
def test_a_protected_or_forbidden_source_is_refused_before_any_call(simulator, service, name):
    simulator.add(found(HEAD))

    response = service.get(f"/v1/prefill/{HEAD}", query_string={"with": name})

    assert (response.status_code, response.mimetype) == (403, "application/problem+json")
    assert response.json["code"] == "source_refused"
    assert simulator.total() == 0
