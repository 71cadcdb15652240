"""The directory's records in Sirene's shapes: what it holds, what it lacks, what it withholds."""

import pytest

from prefill.company_search.projection import (
    agreements_of,
    directory_of,
    establishment_of,
    place_of,
    unit_of,
    updated_on,
    vat_of,
)
from prefill.company_search.upstream.parameters import by_number
from prefill.domain.catalogue import CATALOGUE, OPEN_DIRECTORY
from prefill.domain.disclosure import MASK
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.contract.cases import cases_of
from tests.support.search import open_stage


@pytest.fixture(scope="module")
def stage():
    return open_stage()


def found(stage, number):
    page = stage.client.fetch(by_number(number)).page
    (record,) = page.records
    return record, place_of(record, number if len(number) == 14 else None)


IDENTITY = (
    "siret", "siege_social", "etat_administratif", "date_fermeture", "date_creation", "status_diffusion", "enseigne",
)  # fmt: skip
UNIT = (
    "siren", "rna", "siret_siege_social", "type", "status_diffusion", "categorie_entreprise", "date_creation",
    "etat_administratif",
)  # fmt: skip
ADDRESS = (
    "numero_voie", "indice_repetition_voie", "type_voie", "libelle_voie", "complement_adresse", "distribution_speciale",
    "code_postal", "code_commune", "libelle_commune", "code_cedex", "libelle_cedex", "code_pays_etranger",
    "libelle_pays_etranger", "libelle_commune_etranger",
)  # fmt: skip
OPEN = CATALOGUE["etablissements"].path
SIRENE = {
    case.number: case.payload["data"]
    for case in cases_of(COMPANIES)
    if case.path == OPEN and not (case.reply and case.reply.fault) and case.payload["data"]["siret"] == case.number
}


@pytest.mark.parametrize("siret", [siret for siret, data in SIRENE.items() if data["siege_social"]])
def test_of_a_head_office_the_directory_says_what_the_insee_says(stage, siret):
    record, place = found(stage, siret)
    ours, theirs = establishment_of(record, place), SIRENE[siret]
    unit, insee = ours["unite_legale"], theirs["unite_legale"]
    announced = theirs["date_fermeture"] if callable(getattr(theirs["date_fermeture"], "on", None)) else None
    for key in (key for key in IDENTITY if not (announced and key in ("etat_administratif", "date_fermeture"))):
        assert known(ours[key]) == known(theirs[key]), key
    for key in UNIT:
        assert known(unit[key]) == known(insee[key]), key
    for key in ADDRESS:
        assert known(ours["adresse"][key]) == known(theirs["adresse"][key]), key
    if insee["status_diffusion"] == "diffusible" or insee["type"] == "personne_morale":
        legal = {key: known(value) for key, value in insee["personne_morale_attributs"].items()}
        assert legal["raison_sociale"] == unit["personne_morale_attributs"]["raison_sociale"]
        assert unit["personne_morale_attributs"]["sigle"] in (legal["sigle"], MASK)
    assert unit["forme_juridique"]["code"] == insee["forme_juridique"]["code"]
    band = {key: insee["tranche_effectif_salarie"][key] for key in unit["tranche_effectif_salarie"]}
    assert unit["tranche_effectif_salarie"] == band


def known(value):
    """What is nothing in one register or the other; the days that depend on today are compared as they are."""
    return None if value in ("", None) or callable(getattr(value, "on", None)) else value


def test_another_establishment_has_its_street_on_one_line(stage):
    record, place = found(stage, "00000200600021")
    address = establishment_of(record, place)["adresse"]
    assert address["libelle_voie"] == "BATIMENT C 31 AVENUE DU GLACIER BLEU"
    assert (address["code_postal"], address["libelle_commune"]) == ("38000", "GRENOBLE")
    assert not establishment_of(record, place)["siege_social"]


def test_a_sole_trader_has_one_name_first_name_first(stage):
    record, _ = found(stage, "000005009")
    person = unit_of(record)["personne_physique_attributs"]
    assert person == {"nom_usage": "SOLENE LEMARQUERON", "nom_naissance": None, "prenom_usuel": None}


def test_who_limits_disclosure_is_masked_and_nothing_else_is_invented(stage):
    record, place = found(stage, "000006007")
    data = establishment_of(record, place)
    unit = data["unite_legale"]
    assert unit["personne_physique_attributs"]["nom_usage"] == MASK
    assert unit["personne_morale_attributs"]["raison_sociale"] == MASK
    assert {data["adresse"][key] for key in ("libelle_voie", "code_postal")} == {MASK}
    assert data["adresse"]["libelle_commune"] == "AURILLAC"
    assert data["enseigne"] == MASK


def record_of(**changes):
    place = {
        "siret": "00000100800010", "est_siege": False, "etat_administratif": "A", "statut_diffusion_etablissement": "O",
        "adresse": "KAI 3 HAMBURG ALLEMAGNE", "code_postal": None, "commune": None, "libelle_commune": None,
        "activite_principale": "17.1K", "activite_principale_naf25": None, "date_creation": "1900-01-01",
        "date_fermeture": "pas une date", "nom_commercial": "USUEL", "liste_enseignes": [], "liste_idcc": ["9999", "1597"],
    }  # fmt: skip
    record = {
        "siren": "000001008", "nom_complet": "NOM (ENSEIGNE)", "nom_raison_sociale": "NOM", "sigle": None,
        "nature_juridique": "5710", "statut_diffusion": "O", "etat_administratif": None, "siege": None,
        "matching_etablissements": [place], "complements": None, "tva": None, "categorie_entreprise": None,
        "tranche_effectif_salarie": None, "annee_tranche_effectif_salarie": None, "activite_principale": "17.1K",
        "activite_principale_naf25": None, "date_creation": None, "date_mise_a_jour_insee": None,
    }  # fmt: skip
    return {**record, **changes}, place


def test_an_establishment_abroad_is_not_said_to_be_in_france():
    record, place = record_of()
    address = establishment_of(record, place)["adresse"]
    assert address["libelle_pays_etranger"]
    assert (address["code_pays_etranger"], address["libelle_voie"]) == (None, None)


@pytest.mark.parametrize(
    ("line", "street"),
    [
        ("98 RUE DIDOT 75014 PARIS 14", "98 RUE DIDOT"),
        ("98 RUE DIDOT 75694 PARIS CEDEX 14", "98 RUE DIDOT"),
        ("BATIMENT B 12 QUAI DE L'ECLUSE CS 40123 75283 PARIS CEDEX", "BATIMENT B 12 QUAI DE L'ECLUSE CS 40123"),
        ("3 RUE DU CEDEX 75014 PARIS 14", "3 RUE DU CEDEX"),
    ],
)
def test_the_street_of_a_line_holds_no_town(line, street):
    record, place = record_of()
    place = {**place, "adresse": line, "code_postal": "75014", "commune": "75114", "libelle_commune": "PARIS 14"}
    assert establishment_of(record, place)["adresse"]["libelle_voie"] == street


def test_an_older_activity_has_no_nomenclature():
    record, place = record_of()
    assert establishment_of(record, place)["activite_principale"] == {
        "code": "17.1K",
        "libelle": None,
        "nomenclature": None,
    }


def test_a_usual_name_stands_where_there_is_no_sign():
    record, place = record_of()
    assert establishment_of(record, place)["enseigne"] == "USUEL"


def test_a_day_that_is_none_is_unknown():
    record, place = record_of()
    assert establishment_of(record, place)["date_fermeture"] is None
    assert updated_on(record, place) is None


@pytest.mark.parametrize(
    ("numbers", "data"), [(None, None), ([], None), (["FR1"], {"numero_tva": "FR1"}), (["FR1", "FR2"], None)]
)
def test_of_several_vat_numbers_the_candidate_chooses(numbers, data):
    record, _ = record_of(tva=numbers)
    assert vat_of(record) == data


def test_agreements_are_numbers_alone_and_9999_is_none():
    _, place = record_of()
    assert agreements_of(place) == [{"numero_idcc": 1597, "titre": None, "active": None}]
    assert agreements_of({**place, "liste_idcc": ["9999"]}) is None


@pytest.mark.parametrize(("flag", "value"), [(True, True), (False, None)])
def test_social_economy_is_never_denied(flag, value):
    record, _ = record_of(complements={"identifiant_association": None, "est_ess": flag})
    assert unit_of(record)["economie_sociale_et_solidaire"] is value


@pytest.mark.parametrize(
    ("code", "label", "bounds"),
    [
        ("NN", "Unités non employeuses", (None, None)),
        ("00", "0 salarié", (0, 0)),
        ("01", "1 ou 2 salariés", (1, 2)),
        ("42", "1 000 à 1 999 salariés", (1000, 1999)),
        ("53", "10 000 salariés et plus", (10000, None)),
        ("99", None, (None, None)),
        (None, None, (None, None)),
    ],
)
def test_a_band_of_staff_has_its_bounds(code, label, bounds):
    record, _ = record_of(tranche_effectif_salarie=code)
    band = unit_of(record)["tranche_effectif_salarie"]
    assert (band["intitule"], (band["de"], band["a"])) == (label, bounds)


def test_the_directory_s_own_row_has_the_keys_of_its_shape(stage):
    record, place = found(stage, "00000200600021")
    data = directory_of(record, place)
    assert data["etablissement"]["siret"] == "00000200600021"
    assert data["siege"]["siret"] == "00000200600013"
    assert set(OPEN_DIRECTORY.answer.members) <= set(data)
    assert {"adresse", "code_postal"} <= set(data["etablissement"]) <= set(OPEN_DIRECTORY.keys) | {"est_siege"}
