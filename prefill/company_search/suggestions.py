"""From records to what a search shows: the companies that hold the words typed, each with the reason why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prefill.company_search.upstream.records import Record
from prefill.company_search.words import Text, is_stop_word
from prefill.domain.disclosure import masked


class Why(StrEnum):
    """What of a company matched. Managers and councillors are searched by the upstream, and never shown as a reason."""

    SIRET = "siret"
    SIREN = "siren"
    VAT = "vat"
    RNA = "rna"
    NAME = "name"
    ACRONYM = "acronym"
    TRADE_NAME = "trade_name"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Establishment:
    """One establishment to choose; `name` is its sign or usual name. What the law withholds is None."""

    siret: str
    head_office: bool
    closed: bool
    city: str | None = None
    postal_code: str | None = None
    street: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One company found.

    Attributes:
        name: the registered name, or that of a sole trader; None when the law withholds it.
        trade_name: the sign or usual name of the first establishment that matched.
        city, postal_code, head_office: of the head office, the last its SIRET.
        activity: NAF code.
        rna: known where a number was typed.
        establishments: those that matched.
    """

    siren: str
    name: str | None
    trade_name: str | None
    city: str | None
    postal_code: str | None
    head_office: str | None
    activity: str | None
    closed: bool
    rna: str | None
    open_establishments: int
    why: Why
    establishments: tuple[Establishment, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """A text to look for: words, and a postal code; the last one may be `unfinished`."""

    words: tuple[str, ...]
    postal_code: str | None = None
    unfinished: bool = False


def candidate(record: Record, why: Why, places: Sequence[Record] | None = None) -> Candidate:
    """Describe a unit; without establishments that matched, by its head office."""
    siege = record["siege"] or {}
    matched = list(places if places is not None else record["matching_etablissements"]) or [siege] * bool(siege)
    shown = tuple(map(establishment, matched))
    return Candidate(
        siren=record["siren"],
        name=name_of(record),
        trade_name=next((place.name for place in shown if place.name), None),
        city=shown_text(siege.get("libelle_commune") or siege.get("libelle_commune_etranger")),
        postal_code=shown_text(siege.get("code_postal")),
        head_office=siege.get("siret"),
        activity=shown_text(record["activite_principale"]),
        closed=record["etat_administratif"] == "C",
        rna=shown_text((record["complements"] or {}).get("identifiant_association")),
        open_establishments=record["nombre_etablissements_ouverts"],
        why=why,
        establishments=shown,
    )


def establishment(place: Record) -> Establishment:
    return Establishment(
        siret=place["siret"],
        head_office=place["est_siege"],
        closed=place["etat_administratif"] == "F",
        city=shown_text(place["libelle_commune"] or place.get("libelle_commune_etranger")),
        postal_code=shown_text(place["code_postal"]),
        street=street_of(place),
        name=sign_of(place),
    )


def name_of(record: Record) -> str | None:
    """The registered name; of a sole trader, the name before the first parenthesis of the displayed one."""
    displayed = (record["nom_complet"] or "").partition("(")[0].strip()
    return shown_text(record["nom_raison_sociale"]) or shown_text(displayed)


def sign_of(place: Record) -> str | None:
    signs = place["liste_enseignes"]
    first = signs[0] if isinstance(signs, list) and signs else None
    return shown_text(first) or shown_text(place["nom_commercial"])


def street_of(place: Record) -> str | None:
    """The street by its parts, which only a head office has; else the one line without its end « code commune »."""
    if "libelle_voie" in place:
        last = place["dernier_numero_voie"]
        number = f"{place['numero_voie']}-{last}" if place["numero_voie"] and last else place["numero_voie"]
        parts = (number, place["indice_repetition"], place["type_voie"], place["libelle_voie"])
        return shown_text(" ".join(part for part in parts if part))
    line = place["adresse"] or ""
    return shown_text(line.removesuffix(f"{place['code_postal']} {place['libelle_commune']}".upper()).strip())


def shown_text(value: Any) -> str | None:
    """Show a text; what is withheld, missing or empty is None."""
    return value if isinstance(value, str) and value and not masked(value) else None


def explain(record: Record, terms: Terms) -> Candidate | None:
    """Show a unit for what it holds of the terms; None when only something that is not shown matched."""
    places = [place for place in _places(record) if terms.postal_code in (None, place["code_postal"])]
    if terms.postal_code and not places:
        return None
    if not terms.words:
        return candidate(record, Why.ADDRESS, places)
    name, acronym = name_of(record), shown_text(record["sigle"])
    for why, text in ((Why.NAME, Text(name)), (Why.ACRONYM, Text(acronym))):
        if _holds(text, terms):
            return candidate(record, why, places if terms.postal_code else None)
    for why, lines in ((Why.TRADE_NAME, _signs), (Why.ADDRESS, _address)):
        matched = [place for place in places if _holds(Text(name, acronym, *lines(place)), terms)]
        if matched:
            return candidate(record, why, matched)
    return None


def _holds(text: Text, terms: Terms) -> bool:
    """Tell whether a text holds the words that the index keeps; a name made of others alone must hold them all."""
    kept = tuple(word for word in terms.words if not is_stop_word(word))
    return text.holds(kept or terms.words, unfinished=terms.unfinished)


def _places(record: Record) -> list[Record]:
    """The establishments that matched, and the head office."""
    siege, matching = record["siege"], record["matching_etablissements"]
    known = {place["siret"] for place in matching}
    return [*matching, *([siege] if siege and siege["siret"] not in known else [])]


def _signs(place: Record) -> Iterator[str]:
    signs = place["liste_enseignes"]
    for text in (*(signs if isinstance(signs, list) else ()), place["nom_commercial"]):
        if shown := shown_text(text):
            yield shown


def _address(place: Record) -> Iterator[str]:
    yield from _signs(place)
    for key in ("adresse", "code_postal", "commune", "libelle_commune"):
        if shown := shown_text(place[key]):
            yield shown
