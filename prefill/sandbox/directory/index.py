"""Finding units by whole words, as the directory's index does: no beginning of a word, no wrong letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from prefill.sandbox.directory.units import Unit
from prefill.sandbox.model import Json

_IGNORED = frozenset(
    """a au aux avec c ce ces d dans de des du elle en es est et eu il j je l la le les leur lui m ma me mes mon n ne nos
    notre nous on ou par pas pour qu que qui s sa se ses son sont sur t ta te tes ton tu un une vos votre vous y""".split()
)


def words_of(*texts: str | None) -> set[str]:
    """The words that count, without case, accents, elisions or a plural's s."""
    found: set[str] = set()
    for text in texts:
        plain = unicodedata.normalize("NFKD", (text or "").lower().replace("œ", "oe"))
        letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
        whole = re.sub(r"\b(?:[cdjlmnst]|qu)['’]|[.'’]", "", letters)
        found |= {_singular(word) for word in re.findall(r"[^\W_]+", whole)} - _IGNORED
    return found


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 5 and word.endswith("s") else word


def search(units: Iterable[Unit], text: str, postal_codes: frozenset[str]) -> list[tuple[Unit, list[Json]]]:
    """The units that hold all the words, each with the establishments that matched; names first."""
    number = text.replace(" ", "")
    if re.fullmatch(r"[0-9]{9}", number):
        return [(unit, []) for unit in units if unit.siren == number]
    if re.fullmatch(r"[0-9]{14}", number):
        return [(unit, [place]) for unit in units for place in unit.places if place["siret"] == number]
    found = []
    for unit in units:
        places: list[Json] = []
        rank = _match(unit, text, postal_codes, places)
        if rank is not None:
            found.append((rank, unit, places))
    ordered = sorted(found, key=lambda one: (one[0], one[1].legal["etat_administratif"], -one[1].open_places))
    return [(unit, sorted(places, key=lambda place: place["etat_administratif"])) for _, unit, places in ordered]


def _match(unit: Unit, text: str, postal_codes: frozenset[str], places: list[Json]) -> int | None:
    """Rank a unit, the best first, and list its establishments; None when it does not match."""
    if unit.person and unit.legal["statut_diffusion"] != "O":
        return None  # such a person is found by number alone
    kept = [place for place in unit.places if not postal_codes or _postal_code(unit, place) in postal_codes]
    if not kept:
        return None
    asked, name = words_of(text), words_of(unit.legal["nom"])
    if unit.rna == text.upper():
        return 0
    if unit.legal["nom"] == text.upper() or (asked and asked <= name):
        places += kept
        return 1
    if asked and asked <= words_of(unit.legal["sigle"]):
        places += kept
        return 2
    places += [place for place in kept if asked and asked <= name | words_of(*_place_texts(unit, place))]
    return 3 if places else None


def hidden(unit: Unit, place: Json) -> bool:
    return not unit.legal["statut_diffusion"] == place["statut_diffusion_etablissement"] == "O"


def _postal_code(unit: Unit, place: Json) -> str | None:
    code: str | None = None if hidden(unit, place) else place["code_postal"]
    return code


def _place_texts(unit: Unit, place: Json) -> list[str | None]:
    if hidden(unit, place):
        signs = [] if unit.person else place["liste_enseignes"] or []
        return [unit.legal["sigle"], *signs, place["commune"], place["libelle_commune"]]
    return [unit.legal["sigle"], *(place["liste_enseignes"] or []), one_line(place), place["commune"]]


def one_line(place: Json) -> str:
    """The address on one line, in capitals."""
    parts = [place[key] for key in ("complement_adresse", "numero_voie", "indice_repetition", "type_voie",
                                    "libelle_voie", "distribution_speciale")]  # fmt: skip
    town = ("cedex", "libelle_cedex") if place["cedex"] else ("code_postal", "libelle_commune")
    parts += [place[key] for key in (*town, "libelle_commune_etranger", "libelle_pays_etranger")]
    return " ".join(part for part in parts if part).upper()
