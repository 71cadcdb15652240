"""What is kept of an answer of Recherche d'entreprises: named keys of the right types, with the law's masks.

Everything else is dropped here, before any cache or log: managers, councillors, birth data, coordinates, finances. A
record has the upstream's names; a value that the law withholds is the mask, whatever the upstream wrote there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefill.domain.disclosure import MASK, masked

MAX_TEXT = 500  # characters
DISCLOSED, LIMITED = "O", "P"

Record = Mapping[str, Any]

UNIT_TEXTS = (
    "nom_complet", "nom_raison_sociale", "sigle", "activite_principale", "activite_principale_naf25",
    "categorie_entreprise", "tranche_effectif_salarie", "annee_tranche_effectif_salarie", "nature_juridique",
    "date_creation", "date_fermeture", "date_mise_a_jour_insee", "etat_administratif", "statut_diffusion",
)  # fmt: skip
PLACE_TEXTS = (
    "etat_administratif", "statut_diffusion_etablissement", "adresse", "code_postal", "commune", "libelle_commune",
    "activite_principale", "activite_principale_naf25", "date_creation", "date_fermeture", "nom_commercial",
)  # fmt: skip
HEAD_OFFICE_TEXTS = (
    "numero_voie", "dernier_numero_voie", "indice_repetition", "type_voie", "libelle_voie", "complement_adresse",
    "distribution_speciale", "cedex", "libelle_cedex", "code_pays_etranger", "libelle_pays_etranger",
    "libelle_commune_etranger", "date_mise_a_jour_insee",
)  # fmt: skip
# Abroad, street and town are often swapped: the town is withheld with the street.
ADDRESS_KEYS = frozenset({
    "adresse", "code_postal", "cedex", "libelle_cedex", "complement_adresse", "distribution_speciale", "numero_voie",
    "dernier_numero_voie", "indice_repetition", "type_voie", "libelle_voie", "libelle_commune_etranger",
})  # fmt: skip
# The upstream shows those of legal persons; at the Insee they are withheld.
SIGN_KEYS = frozenset({"nom_commercial", "liste_enseignes"})
NAME_KEYS = frozenset({"nom_complet", "nom_raison_sociale"})


@dataclass(frozen=True, slots=True)
class Page:
    """The records of an answer; `total` is how many units were found, `complete` whether all of them were listed."""

    records: tuple[Record, ...]
    total: int
    complete: bool


class UnreadableAnswer(ValueError):
    """A body is not an answer of the expected shape."""


def read_page(document: object) -> Page:
    """Read a decoded body. Raise `UnreadableAnswer`; a result that cannot be read is left out."""
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, list):
        raise UnreadableAnswer
    total = document.get("total_results") if isinstance(document, dict) else None
    found = total if isinstance(total, int) and not isinstance(total, bool) else len(results)
    records = tuple(record for record in map(read_unit, results) if record)
    if results and not records:
        raise UnreadableAnswer
    return Page(records, max(found, len(results)), found <= len(results))


def read_unit(raw: object) -> Record | None:
    """Keep what may be known of a unit; None when it has no readable SIREN."""
    siren = raw.get("siren") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(siren, str) or not re.fullmatch(r"[0-9]{9}", siren):
        return None
    unit: dict[str, Any] = {"siren": siren, **_texts(raw, UNIT_TEXTS)}
    for key in ("nombre_etablissements", "nombre_etablissements_ouverts"):
        unit[key] = _count(raw.get(key))
    places = raw.get("matching_etablissements")
    unit["siege"] = _read_place(unit, raw.get("siege"), PLACE_TEXTS + HEAD_OFFICE_TEXTS)
    unit["matching_etablissements"] = [
        place for one in (places if isinstance(places, list) else ()) if (place := _read_place(unit, one, PLACE_TEXTS))
    ]
    unit.update(_extras(raw))
    return _mask_unit(unit)


def restricted(unit: Record) -> Record:
    """Keep of a unit what a partial disclosure leaves, where its status was learned elsewhere."""
    limited: dict[str, Any] = {**unit, "statut_diffusion": LIMITED}
    limited["siege"] = unit["siege"] and _mask_place(limited, unit["siege"])
    limited["matching_etablissements"] = [_mask_place(limited, place) for place in unit["matching_etablissements"]]
    return _mask_unit(limited)


def is_partial(unit: Record) -> bool:
    """Whether a unit limits its disclosure; a status that cannot be read protects as a partial one does."""
    return bool(unit["statut_diffusion"] != DISCLOSED)


def is_legal_person(unit: Record) -> bool:
    """Whether a unit surely is one: sole traders (1000) and groups of persons (2xxx) are not."""
    form = unit["nature_juridique"]
    return isinstance(form, str) and bool(re.fullmatch(r"[3-9][0-9]{3}", form))


def _read_place(unit: Record, raw: object, keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Keep what may be known of an establishment of the unit; None when it has no readable SIRET."""
    siret = raw.get("siret") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(siret, str) or not re.fullmatch(r"[0-9]{14}", siret):
        return None
    if not siret.startswith(unit["siren"]):
        return None
    place: dict[str, Any] = {"siret": siret, "est_siege": raw.get("est_siege") is True, **_texts(raw, keys)}
    place["liste_enseignes"] = _list(raw.get("liste_enseignes"))
    place["liste_idcc"] = _list(raw.get("liste_idcc"))
    return _mask_place(unit, place)


def _extras(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of the blocks asked for with numbers; a block that was not asked for is None."""
    block, vat = raw.get("complements"), raw.get("tva")
    rna = _text(block.get("identifiant_association")) if isinstance(block, dict) else None
    numbers = [number for number in _list(vat) if re.fullmatch(r"FR[0-9A-Z]{2}[0-9]{9}", number)]
    return {
        "complements": isinstance(block, dict)
        and {"identifiant_association": rna, "est_ess": block.get("est_ess") is True}
        or None,
        "tva": numbers if isinstance(vat, list) else None,
    }


def _mask_unit(unit: dict[str, Any]) -> dict[str, Any]:
    if not is_partial(unit):
        return unit
    hidden = {"sigle"} if is_legal_person(unit) else {"sigle", *NAME_KEYS}
    return _mask(unit, hidden)


def _mask_place(unit: Record, place: dict[str, Any]) -> dict[str, Any]:
    if not is_partial(unit) and place["statut_diffusion_etablissement"] == DISCLOSED:
        return place
    return _mask(place, ADDRESS_KEYS | SIGN_KEYS)


def _mask(part: dict[str, Any], keys: set[str] | frozenset[str]) -> dict[str, Any]:
    """Withhold what is there, and what the upstream marks as withheld: its mask stands over nothing as well."""
    return {key: MASK if key in keys and value not in (None, []) else value for key, value in part.items()}


def _texts(raw: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, str | None]:
    return {key: _text(raw.get(key)) for key in keys}


def _text(value: object) -> str | None:
    """Keep a printable text on one line; any mask is ours."""
    if not isinstance(value, str):
        return None
    if masked(value):
        return MASK
    plain = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in value[:MAX_TEXT])
    return " ".join(plain.split()) or None


def _list(value: object) -> list[str]:
    return [text for one in (value if isinstance(value, list) else ()) if (text := _text(one))]


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
