"""The sandbox served on loopback as API Entreprise, the service pointed at it, and invented answers to give it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.settings import Settings
from tests.support.sandbox import ServedSandbox as Simulator
from tests.support.sandbox import run_sandbox as run_simulator

BUYER = "13002526500013"
TOKEN = "open-data-alone"  # the sandbox gives a token that begins with « open » no other scope
_TOKENS = (f"{TOKEN}-{rank}" for rank in count())  # each service has its own, as if alone with the simulator

# Written from the public contract, not from our catalogue, so that each can be wrong alone.
PATHS = {
    "etablissements": "/v4/insee/sirene/etablissements/diffusibles/{siret}",
    "siege_social": "/v4/insee/sirene/unites_legales/diffusibles/{siren}/siege_social",
    "successions": "/v3/insee/sirene/etablissements/{siret}/successions",
    "extraits_rcs_infogreffe": "/v3/infogreffe/rcs/unites_legales/{siren}/extrait_kbis",
    "numero_tva": "/v3/dgfip/unites_legales/{siren}/numero_tva",
    "associations": "/v4/djepva/api-association/associations/open_data/{siren_or_rna}",
    "documents_associations": "/v3/ministere_interieur/rna/associations/{siret_or_rna}/documents",
    "actes_inpi": "/v3/inpi/rne/unites_legales/open_data/{siren}/actes_bilans",
    "conventions_collectives": (
        "/v3/fabrique_numerique_ministeres_sociaux/etablissements/{siret}/conventions_collectives"
    ),
    "certificats_qualibat": "/v4/qualibat/etablissements/{siret}/certification_batiment",
    "certificats_opqibi": "/v3/opqibi/unites_legales/{siren}/certification_ingenierie",
    "certificats_qualifelec": "/v3/qualifelec/etablissements/{siret}/certificats",
    "certificats_rge_ademe": "/v3/ademe/etablissements/{siret}/certification_rge",
}
_IN_BRACES = re.compile(r"{(\w+)}")

OpenService = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    """One sandbox for the session, with quotas that no test spends."""
    with run_simulator("--budget-scale", "1000") as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    """The sandbox as it starts: no call counted, no fault, its own companies alone."""
    running_simulator.reset()
    return running_simulator


def open_service_on(simulator: Simulator, **settings: Any) -> FlaskClient:
    """Open a new service, its cache cold, that asks this simulator and takes any number of visits.

    It knows what a company is before it asks the rest: what is called is what the company needs.
    """
    values: dict[str, Any] = {
        "url": simulator.url, "search_url": simulator.url, "search_rate": simulator.search_rate, "token": next(_TOKENS), "recipient": BUYER, "log": "json", "rate_limit": 0, "early_calls": False,
        **settings,
    }  # fmt: skip
    return create_app(Settings(**values)).test_client()


def close_service(service: FlaskClient) -> None:
    """Let the service make no more calls; nobody waits for those on their way."""
    service.application.extensions["prefill"].close()


@pytest.fixture
def open_service(simulator: Simulator) -> Iterator[OpenService]:
    """Open new services with settings of one's own; they are closed after the test."""
    opened: list[FlaskClient] = []

    def open_one(**settings: Any) -> FlaskClient:
        opened.append(open_service_on(simulator, **settings))
        return opened[-1]

    yield open_one
    for service in opened:
        close_service(service)


@pytest.fixture
def service(open_service: OpenService) -> FlaskClient:
    return open_service()


def values_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a prefill flat: the form's path of each value, and the value."""
    return {signed.get("field", pointer): at(body["data"], pointer) for pointer, signed in body["provenance"].items()}


def reasons_of(body: Mapping[str, Any]) -> dict[str, str]:
    return {path: gap["reason"] for path, gap in body["missing"].items()}


def at(data: Any, pointer: str) -> Any:
    """Follow a JSON pointer without escapes; a step that does not exist raises."""
    for key in pointer.split("/")[1:]:
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def with_key(digits: str) -> str:
    """Append the digit that makes a number pass the Luhn check."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return digits + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def siren(rank: int) -> str:
    """Invent a SIREN; those that begin with 9 are not given out for real before long."""
    return with_key(f"{90_000_000 + rank:08}")


def siret(number: str, establishment: int = 1) -> str:
    return with_key(f"{number}{establishment:04}")


def case(source: str, number: str, payload: object = None, *, status: int = 200) -> dict[str, Any]:
    """Say what the simulator answers for a number; a refusal needs no payload."""
    path = PATHS[source]
    if status != 200:
        payload = {
            "errors": [{"code": f"01{status}", "title": "Refus", "detail": "Invented.", "source": None, "meta": {}}]
        }
    return {"path": path, "params": {_IN_BRACES.findall(path)[0]: number}, "status": status, "payload": payload}


def wrapped(data: object, **meta: object) -> dict[str, Any]:
    return {"data": data, "links": {}, "meta": meta}


def rows(*data: object) -> dict[str, Any]:
    return wrapped([wrapped(row) for row in data])


def activity(code: str | None, label: str, nomenclature: str | None = "NAFRev2") -> dict[str, Any]:
    return {"code": code, "nomenclature": nomenclature, "libelle": label}


def band(code: str | None, label: str | None, least: int | None, most: int | None, year: str | None) -> dict[str, Any]:
    return {"code": code, "intitule": label, "de": least, "a": most, "date_reference": year}


def legal_form(code: str, label: str) -> dict[str, str]:
    return {"code": code, "libelle": label}


def named(name: str | None) -> dict[str, str | None]:
    return {"raison_sociale": name, "sigle": None}


NOBODY = dict.fromkeys(
    ("pseudonyme", "prenom_usuel", "prenom_1", "prenom_2", "prenom_3", "prenom_4", "nom_usage", "nom_naissance", "sexe")
)


def address(**changes: object) -> dict[str, Any]:
    """Invent an address in Insee's shape."""
    return {
        "complement_adresse": None, "numero_voie": "7", "indice_repetition_voie": None, "type_voie": "RUE",
        "libelle_voie": "DES TUILERIES", "code_postal": "42000", "libelle_commune": "SAINT-ETIENNE",
        "libelle_commune_etranger": None, "distribution_speciale": None, "code_commune": "42218",
        "code_cedex": None, "libelle_cedex": None, "code_pays_etranger": None, "libelle_pays_etranger": None,
        "status_diffusion": "diffusible",
        "acheminement_postal": {"l1": "", "l2": "", "l3": "", "l4": "LIGNE 4", "l5": "", "l6": None, "l7": "FRANCE"},
        **changes,
    }  # fmt: skip


def unit(number: str, **changes: object) -> dict[str, Any]:
    """Invent a legal unit in Insee's shape: an ordinary company."""
    return {
        "siren": number, "rna": None, "siret_siege_social": siret(number), "type": "personne_morale",
        "status_diffusion": "diffusible", "personne_morale_attributs": named("ATELIERS DU GIER"),
        "personne_physique_attributs": NOBODY, "categorie_entreprise": "PME", "diffusable_commercialement": True,
        "forme_juridique": legal_form("5710", "SAS, société par actions simplifiée"),
        "activite_principale": activity("25.62B", "Mécanique industrielle"),
        "activite_principale_naf_rev2": activity("25.62B", "Mécanique industrielle"),
        "tranche_effectif_salarie": band("12", "20 à 49 salariés", 20, 49, "2023"),
        "economie_sociale_et_solidaire": False, "date_creation": 1121292000, "etat_administratif": "A",
        **changes,
    }  # fmt: skip


def establishment(number: str, *, of: Mapping[str, Any] | None = None, where: Mapping[str, Any] | None = None,
                  **changes: object) -> dict[str, Any]:  # fmt: skip
    """Invent an establishment in Insee's shape; `of` changes its legal unit, `where` its address."""
    return {
        "siret": number, "siege_social": True, "etat_administratif": "A", "date_fermeture": None, "enseigne": None,
        "status_diffusion": "diffusible", "activite_principale": activity("25.62B", "Mécanique industrielle"),
        "activite_principale_naf_rev2": activity("25.62B", "Mécanique industrielle"),
        "tranche_effectif_salarie": band("01", "1 ou 2 salariés", 1, 2, "2023"), "diffusable_commercialement": True,
        "date_creation": 1330556400, "unite_legale": unit(number[:9], **of or {}), "adresse": address(**where or {}),
        **changes,
    }  # fmt: skip


def found(number: str, *, source: str = "etablissements", redirected_from: str | None = None,
          **changes: Any) -> dict[str, Any]:  # fmt: skip
    """Say that Insee knows this establishment."""
    asked = redirected_from or number
    payload = wrapped(establishment(number, **changes), redirect_from_siret=redirected_from)
    return case(source, asked if source == "etablissements" else asked[:9], payload)


def officer(family: str, first: str, role: str | None) -> dict[str, Any]:
    return {
        "numero_identification": None, "type": "personne_physique", "fonction": role, "nom": family, "prenom": first,
        "date_naissance": "1971-05", "raison_sociale": None,
    }  # fmt: skip


def company_officer(name: str, number: str | None, role: str) -> dict[str, Any]:
    return {
        "numero_identification": number, "type": "personne_morale", "fonction": role, "nom": None, "prenom": None,
        "date_naissance": None, "raison_sociale": name,
    }  # fmt: skip


def rcs(number: str, **changes: object) -> dict[str, Any]:
    """Say that the register of commerce knows this company."""
    extract = {
        "siren": number, "date_radiation": None, "date_extrait": "2026-01-15", "date_immatriculation": "2005-07-20",
        "mandataires_sociaux": [officer("PERRIN", "Odile", "Présidente")], "observations": [],
        "nom_commercial": None, "etablissement_principal": {}, "personne_physique": None,
        "capital": {"montant": 12000.0, "devise": "", "code_devise": ""},
        "greffe": {"valeur": "SAINT-ETIENNE", "code": "4202"},
        "personne_morale": {}, **changes,
    }  # fmt: skip
    return case("extraits_rcs_infogreffe", number, wrapped(extract))


def vat(number: str) -> dict[str, Any]:
    return case("numero_tva", number, wrapped({"numero_tva": f"FR00{number}"}))


def association(number: str, **changes: object) -> dict[str, Any]:
    """Say that the register of associations knows this one; telephone and e-mail are there to be left out."""
    local = {"tribunal_instance": None, "volume": None, "folio": None, "date_publication_registre_association": None}
    known = {
        "rna": "W423000001", "ancien_id": None, "siren": number, "nom": "LES AMIS DU BARRAGE", "sigle": None,
        "reconnue_utilite_publique": False, "siret_siege": siret(number), "regime": "Loi 1901",
        "forme_juridique": legal_form("9220", "Association déclarée"), "alsace_moselle": local, "active": True,
        "date_dissolution": None, "date_creation": "1998-03-02", "activites": {"objet": "Entretenir le barrage."},
        "adresse_gestion": {"libelle_voie": "CHEZ LE PRESIDENT"}, "composition_reseau": [],
        "etablissements": [{"siret": siret(number), "telephone": "0400000000", "courriel": "odile@exemple.fr"}],
        **changes,
    }  # fmt: skip
    return case("associations", number, wrapped(known))


def successors(number: str, *heirs: tuple[str, str]) -> dict[str, Any]:
    """Say who succeeded a closed establishment: pairs of SIRET and date."""
    named_heirs = [
        {"siret": heir, "date_succession": day, "transfert_siege": True, "continuite_economique": True}
        for heir, day in heirs
    ]
    return case("successions", number, wrapped({"predecesseurs": [], "successeurs": named_heirs}))


def agreement(idcc: int, title: str, *, active: bool = True) -> dict[str, Any]:
    return {
        "type": "convention_collective", "titre": title, "titre_court": title, "numero_idcc": idcc, "active": active,
        "etat": "vigueur_etendue", "synonymes": [], "url": "https://exemple.fr/idcc", "date_publication": "1990-01-01",
    }  # fmt: skip


def agreements(number: str, *known: dict[str, Any]) -> dict[str, Any]:
    return case("conventions_collectives", number, rows(*known))


def acts(number: str) -> dict[str, Any]:
    """Say that the INPI holds an act, and accounts that no tender may use."""
    act = {
        "id": "a1", "nom_document": "acte_a1", "date_depot": "2024-02-29", "date_mise_a_jour": "2024-03-05",
        "types_actes": [{"type_acte": "Statuts mis à jour", "type_decision": None}],
        "url": "https://exemple.fr/acte_a1.pdf",
    }  # fmt: skip
    accounts = {"id": "b1", "nom_document": "bilan_b1", "date_cloture": "2024-12-31", "type": "bilan complet"}
    return case("actes_inpi", number, wrapped({"actes": [act], "bilans": [accounts]}))


def certificates(number: str) -> list[dict[str, Any]]:
    """Say that each certifier knows an establishment, or its company, with one certificate that nothing dates."""
    qualibat = {"document_url": None, "document_url_expires_in": None, "date_emission": None, "date_fin_validite": None}
    insurers = {
        "assurance_responsabilite_travaux": {"nom": None, "identifiant": None},
        "assurance_responsabilite_civile": {"nom": None, "identifiant": None},
    }
    works = {"code": "4312", "libelle": "Menuiserie", "rge": False, "date_attribution": None}
    study = {"nom": "Études", "code_qualification": "0101", "definition": None, "rge": None}
    electricity = {"document_url": None, "numero": 12, "date_fin": None, "qualification": {"label": "Logement"}}
    energy = {"url": None, "nom_certificat": "RGE", "qualification": {"code": "7131", "nom": "Isolation"}, "meta": {}}
    return [
        case("certificats_qualibat", number, wrapped({**qualibat, "entity": {**insurers, "certifications": [works]}})),
        case("certificats_opqibi", number[:9], wrapped({"qualifications": [study]})),
        case("certificats_qualifelec", number, rows(electricity)),
        case("certificats_rge_ademe", number, rows(energy)),
    ]


def documents(number: str) -> dict[str, Any]:
    """Say that the register of associations holds a document."""
    statutes = {
        "timestamp": "1709204400",
        "type": "Statuts",
        "url": "https://exemple.fr/s.pdf",
        "expires_in": 60,
        "errors": [],
    }
    return case("documents_associations", number, rows(statutes))
