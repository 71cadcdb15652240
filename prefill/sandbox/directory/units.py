"""The sandbox's companies as the directory knows them: in clear, one unit for each SIREN, on a given day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from prefill.domain.dates import paris_date
from prefill.sandbox.model import DateDependent, Json, SandboxCompany

UPDATED = "T06:30:00"
ADDRESS = {
    "numero_voie": "numero_voie", "indice_repetition": "indice_repetition_voie", "type_voie": "type_voie",
    "libelle_voie": "libelle_voie", "complement_adresse": "complement_adresse",
    "distribution_speciale": "distribution_speciale", "code_postal": "code_postal", "commune": "code_commune",
    "libelle_commune": "libelle_commune", "cedex": "code_cedex", "libelle_cedex": "libelle_cedex",
    "libelle_commune_etranger": "libelle_commune_etranger", "code_pays_etranger": "code_pays_etranger",
    "libelle_pays_etranger": "libelle_pays_etranger",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A legal unit: `legal` and each of `places` have the directory's names; `person` is a sole trader."""

    siren: str
    person: bool
    legal: Json
    places: tuple[Json, ...]
    vat: str | None
    rna: str | None
    social_economy: bool

    @property
    def head_office(self) -> Json | None:
        return next((place for place in self.places if place["est_siege"]), None)

    @property
    def open_places(self) -> int:
        return sum(place["etat_administratif"] == "A" for place in self.places)


def units_on(companies: Iterable[SandboxCompany], today: date) -> tuple[Unit, ...]:
    """Gather the units that Insee knows; a duplicate's number is not one of them."""
    found: dict[str, list[tuple[SandboxCompany, Json]]] = {}
    for company in companies:
        for data in _establishments(company):
            if data["siret"] == company.siret or data["siege_social"]:
                found.setdefault(data["siret"][:9], []).append((company, data))
    return tuple(_unit(siren, rows, today) for siren, rows in found.items())


def _establishments(company: SandboxCompany) -> Iterator[Json]:
    """What Insee shows in clear: the establishment, then its head office."""
    for name in ("etablissements_instructeur", "siege_social_instructeur"):
        reply = company.answers.get(name)
        if reply and not reply.fault and reply.body["data"]["siret"][:9] == company.siren:
            yield reply.body["data"]


def _unit(siren: str, rows: list[tuple[SandboxCompany, Json]], today: date) -> Unit:
    of = rows[0][1]["unite_legale"]
    places = {data["siret"]: _place(data, today) for _, data in rows}
    person = of["personne_physique_attributs"]
    vat = next((reply for one, _ in rows if (reply := one.answers.get("numero_tva")) and not reply.fault), None)
    staff = of["tranche_effectif_salarie"]
    born = person["nom_naissance"]
    family = f"{person['nom_usage']} ({born})" if person["nom_usage"] and born else person["nom_usage"] or born
    name = of["personne_morale_attributs"]["raison_sociale"]
    legal = {
        "siren": siren,
        "nom_raison_sociale": name,
        "nom": name or " ".join(filter(None, (person["prenom_usuel"], family))),
        "sigle": of["personne_morale_attributs"]["sigle"],
        "activite_principale": of["activite_principale_naf_rev2"]["code"] or of["activite_principale"]["code"],
        "activite_principale_naf25": _naf_2025(of),
        "categorie_entreprise": of["categorie_entreprise"],
        "tranche_effectif_salarie": staff["code"],
        "annee_tranche_effectif_salarie": staff["date_reference"],
        "nature_juridique": of["forme_juridique"]["code"],
        "date_creation": _day(of["date_creation"], today),
        "date_fermeture": _day(of.get("date_cessation"), today),
        "etat_administratif": of["etat_administratif"],
        "statut_diffusion": _status(of),
        "date_mise_a_jour_insee": f"{today}{UPDATED}",
    }
    number = vat.body["data"]["numero_tva"] if vat else None
    social = bool(of["economie_sociale_et_solidaire"])
    return Unit(siren, of["type"] == "personne_physique", legal, tuple(places.values()), number, of["rna"], social)


def _place(data: Json, today: date) -> Json:
    where = data["adresse"]
    closing = _day(data["date_fermeture"], today)
    return {
        "siret": data["siret"],
        "est_siege": data["siege_social"],
        "etat_administratif": "F" if closing and closing <= str(today) else "A",
        "statut_diffusion_etablissement": _status(data),
        "date_creation": _day(data["date_creation"], today),
        "date_fermeture": closing,
        "date_mise_a_jour_insee": f"{today}{UPDATED}",
        "activite_principale": data["activite_principale_naf_rev2"]["code"] or data["activite_principale"]["code"],
        "activite_principale_naf25": _naf_2025(data),
        "nom_commercial": None,
        "liste_enseignes": [data["enseigne"]] if data["enseigne"] else None,
        "dernier_numero_voie": None,
        "liste_idcc": None,
        **{key: where[name] or None for key, name in ADDRESS.items()},
    }


def _naf_2025(of: Json) -> str | None:
    activity = of["activite_principale"]
    code: str | None = activity["code"]
    return code if activity["nomenclature"] == "NAF2025" else None


def _status(of: Json) -> str:
    return "O" if of["status_diffusion"] == "diffusible" else "P"


def _day(value: object, today: date) -> str | None:
    """Write a day as the directory does; 1900-01-01 stays what an unknown day is."""
    moment = value.on(today) if isinstance(value, DateDependent) else value
    if moment is None:
        return None
    return str(paris_date(moment) or "1900-01-01")
