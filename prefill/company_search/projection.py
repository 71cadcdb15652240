"""From a record to what the rows of the catalogue answer: Sirene's shapes, as far as the open directory goes.

What it does not hold is null, and named in `LACKING`; what is less precise is named in a set of `coarse` keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from prefill.company_search.upstream.records import Record, is_legal_person
from prefill.domain.dates import PARIS, register_date
from prefill.domain.disclosure import DISCLOSED, MASK, PARTIALLY_DISCLOSED, masked

# Keys of Sirene without any value here: a label has no other source, false is « no or unknown ».
LACKING = frozenset({"libelle", "nomenclature", "economie_sociale_et_solidaire"})
LACKING_OF_A_BRANCH = LACKING | {"code_cedex", "libelle_cedex"}
# One text instead of names and first names.
COARSE = frozenset({"personne_physique_attributs"})
# Complement and street cannot be told apart on one line.
COARSE_OF_A_BRANCH = COARSE | {"adresse"}
NO_AGREEMENT = "9999"
ABROAD = "ÉTRANGER"  # a country shows only at the end of a line: nobody can tell where it begins
CEDEX_END = re.compile(r"\b[0-9]{5} [^0-9]+ CEDEX\b.{0,12}$", re.IGNORECASE)  # where mail goes: no part of the street
NAF_REV2 = re.compile(r"[0-9]{2}\.[0-9]{2}[A-Z]")

# Bands of staff, by the Insee's codes: from, to.
BANDS: Mapping[str, tuple[int | None, int | None]] = {
    "NN": (None, None), "00": (0, 0), "01": (1, 2), "02": (3, 5), "03": (6, 9), "11": (10, 19), "12": (20, 49),
    "21": (50, 99), "22": (100, 199), "31": (200, 249), "32": (250, 499), "41": (500, 999), "42": (1000, 1999),
    "51": (2000, 4999), "52": (5000, 9999), "53": (10000, None),
}  # fmt: skip


def place_of(record: Record, siret: str | None) -> Record | None:
    """The establishment of that SIRET, by its fullest description; without one, the head office."""
    siege: Record | None = record["siege"]
    if siege and siret in (None, siege["siret"]):
        return siege
    return next((place for place in record["matching_etablissements"] if place["siret"] == siret), None)


def is_full(place: Record) -> bool:
    """Whether the parts of the address are known, as at a head office."""
    return "libelle_voie" in place


def establishment_of(record: Record, place: Record) -> dict[str, Any]:
    """What Sirene would answer of an establishment."""
    partial = _diffusion(place["statut_diffusion_etablissement"])
    return {
        "siret": place["siret"],
        "siege_social": place["est_siege"] or _is_head_office(record, place),
        "etat_administratif": place["etat_administratif"] or "A",
        "date_fermeture": _timestamp(place["date_fermeture"]),
        "date_creation": _timestamp(place["date_creation"]),
        "enseigne": _sign(record, place),
        "status_diffusion": partial,
        "activite_principale": _activity_2025(place) or _activity(place),
        "activite_principale_naf_rev2": _activity(place),
        "tranche_effectif_salarie": _band(None, None),
        "unite_legale": unit_of(record),
        "adresse": {**(_parts(place) if is_full(place) else _line(place)), "status_diffusion": partial},
    }


def _sign(record: Record, place: Record) -> str | None:
    """The first sign, else the usual name; where disclosure is limited nobody says whether there is one."""
    signs = place["liste_enseignes"]
    if masked(signs) or "P" in (record["statut_diffusion"], place["statut_diffusion_etablissement"]):
        return MASK
    sign: str | None = signs[0] if signs else place["nom_commercial"]
    return sign


def unit_of(record: Record) -> dict[str, Any]:
    """What Sirene would answer of a legal unit."""
    legal, name = is_legal_person(record), record["nom_raison_sociale"]
    person = None if name and not masked(name) else _person(record)
    extras = record["complements"] or {}
    return {
        "siren": record["siren"],
        "rna": extras.get("identifiant_association"),
        "siret_siege_social": (record["siege"] or {}).get("siret"),
        "type": "personne_morale" if legal else "personne_physique",
        "status_diffusion": _diffusion(record["statut_diffusion"]),
        "personne_morale_attributs": {"raison_sociale": name, "sigle": record["sigle"]},
        "personne_physique_attributs": {"nom_usage": person, "nom_naissance": None, "prenom_usuel": None},
        "categorie_entreprise": record["categorie_entreprise"],
        "forme_juridique": {"code": record["nature_juridique"], "libelle": None},
        "activite_principale": _activity_2025(record) or _activity(record),
        "activite_principale_naf_rev2": _activity(record),
        "tranche_effectif_salarie": _band(record["tranche_effectif_salarie"], record["annee_tranche_effectif_salarie"]),
        "economie_sociale_et_solidaire": True if extras.get("est_ess") else None,
        "date_creation": _timestamp(record["date_creation"]),
        "etat_administratif": record["etat_administratif"] or "A",
    }


def vat_of(record: Record) -> dict[str, Any] | None:
    """What the DGFIP would answer, where exactly one number is in force: of several, the candidate chooses."""
    numbers = record["tva"] or []
    return {"numero_tva": numbers[0]} if len(numbers) == 1 else None


def agreements_of(place: Record) -> list[dict[str, Any]] | None:
    """What the ministry would answer of collective agreements: their numbers alone."""
    codes = [code for code in place["liste_idcc"] if code.isdigit() and code != NO_AGREEMENT]
    return [{"numero_idcc": int(code), "titre": None, "active": None} for code in codes] or None


def directory_of(record: Record, place: Record) -> dict[str, Any]:
    """What the row of the directory itself answers: the record, with the establishment that was asked for."""
    own = {key: value for key, value in record.items() if key != "matching_etablissements"}
    return {**own, "etablissement": place}


def updated_on(record: Record, place: Record) -> date | None:
    """The day of the last change at the Insee."""
    days = (register_date(part.get("date_mise_a_jour_insee")) for part in (place, record))
    return next(filter(None, days), None)


def _is_head_office(record: Record, place: Record) -> bool:
    return bool(record["siege"]) and record["siege"]["siret"] == place["siret"]


def _diffusion(status: str | None) -> str:
    return DISCLOSED if status == "O" else PARTIALLY_DISCLOSED


def _person(record: Record) -> str | None:
    """The name of a sole trader, first name first: it is not reordered."""
    displayed: str | None = record["nom_complet"]
    if masked(displayed) or masked(record["nom_raison_sociale"]):
        return MASK
    return (displayed or "").partition("(")[0].strip() or None


def _activity(part: Record) -> dict[str, str | None]:
    """The code, where its form tells its nomenclature: of those of before 2008 nobody says which it is."""
    code = part["activite_principale"]
    known = isinstance(code, str) and NAF_REV2.fullmatch(code)
    return {"code": code, "libelle": None, "nomenclature": "NAFRev2" if known else None}


def _activity_2025(part: Record) -> dict[str, str | None] | None:
    code = part["activite_principale_naf25"]
    return {"code": code, "libelle": None, "nomenclature": "NAF2025"} if code else None


def _band(code: str | None, year: str | None) -> dict[str, Any]:
    least, most = BANDS.get(code or "", (None, None))
    return {"code": code, "intitule": _label(code), "date_reference": year, "de": least, "a": most}


def _label(code: str | None) -> str | None:
    """Write a band as the Insee does."""
    if code is None or code not in BANDS:
        return None
    least, most = BANDS[code]
    if least is None:
        return "Unités non employeuses"
    if most is None:
        return f"{_grouped(least)} salariés et plus"
    if least == most:
        return f"{least} salarié"
    return f"{least} ou {most} salariés" if most == 2 else f"{_grouped(least)} à {_grouped(most)} salariés"


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _parts(place: Record) -> dict[str, Any]:
    """The address of a head office, part by part; a number may be the first of an interval."""
    number, last = place["numero_voie"], place["dernier_numero_voie"]
    return {
        "numero_voie": f"{number}-{last}" if number and last and not masked([number, last]) else number,
        "indice_repetition_voie": place["indice_repetition"],
        "type_voie": place["type_voie"],
        "libelle_voie": place["libelle_voie"],
        "complement_adresse": place["complement_adresse"],
        "distribution_speciale": place["distribution_speciale"],
        "code_postal": place["code_postal"],
        "code_commune": place["commune"],
        "libelle_commune": place["libelle_commune"],
        "libelle_commune_etranger": place["libelle_commune_etranger"],
        "code_cedex": place["cedex"],
        "libelle_cedex": place["libelle_cedex"],
        "code_pays_etranger": place["code_pays_etranger"],
        "libelle_pays_etranger": place["libelle_pays_etranger"],
    }


def _line(place: Record) -> dict[str, Any]:
    """The address of another establishment: one line, without its end « postal code commune », or « code CEDEX »."""
    line, withheld = place["adresse"] or "", masked(place["adresse"])
    end = f"{place['code_postal']} {place['libelle_commune']}".upper()
    street = MASK if withheld else CEDEX_END.sub("", line.removesuffix(end)).strip() or None
    return {
        "numero_voie": None,
        "indice_repetition_voie": None,
        "type_voie": None,
        "libelle_voie": street if place["commune"] or withheld else None,
        "complement_adresse": MASK if withheld else None,
        "distribution_speciale": MASK if withheld else None,
        "code_postal": place["code_postal"],
        "code_commune": place["commune"],
        "libelle_commune": place["libelle_commune"],
        "libelle_commune_etranger": None,
        "code_cedex": MASK if withheld else None,
        "libelle_cedex": MASK if withheld else None,
        "code_pays_etranger": None,
        "libelle_pays_etranger": None if place["commune"] else ABROAD,
    }


def _timestamp(day: str | None) -> int | None:
    """A day as Sirene writes it: midnight in Paris."""
    try:
        parsed = date.fromisoformat(day or "")
        return int(datetime.combine(parsed, time.min, PARIS).timestamp())
    except (ValueError, OverflowError, OSError):
        return None
