"""Who asks, which sources they may be shown, and what the law leaves of an answer.

A candidate's page is public: anybody can type any SIRET there. It gets open sources only, without the
personal data a tender has no use for; and of a company partially disclosed in Sirene, only what stays
public: numbers, municipality, country, state and economic variables, and the name of a legal person.
The protection happens at the door, before an answer is kept anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prefill.sources import Company, Source

MASK = "[ND]"
_MASKED = re.compile(r"\[\s*(?:ND|NON[ -]DIFFUSIBLE)\s*\]", re.IGNORECASE)

DISCLOSED = "diffusible"
PARTIALLY_DISCLOSED = "partiellement_diffusible"
UNDISCLOSED = "non_diffusible"

PUBLIC_ADDRESS_KEYS = frozenset({
    "status_diffusion", "code_commune", "libelle_commune", "libelle_commune_etranger", "code_pays_etranger",
    "libelle_pays_etranger",
})  # fmt: skip


class Audience(StrEnum):
    CANDIDATE = "candidate"
    INSTRUCTOR = "instructor"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. The audience follows from how the caller proved itself, never from a parameter."""

    audience: Audience = Audience.CANDIDATE
    tenant: str = "default"


CANDIDATE = Caller()


def may_ask(audience: Audience, source: Source) -> bool:
    """Candidates see open data only; nobody gets what tenders may not use."""
    if not source.usable:
        return False
    return source.open or audience is Audience.INSTRUCTOR


def refusal(audience: Audience, source: Source) -> str | None:
    """Say why a form for this audience may not name that source; None when it may."""
    if source.refusal:
        return source.refusal
    if may_ask(audience, source):
        return None
    return (
        "c'est une donnée protégée : elle ne peut figurer que dans un formulaire « audience: instructor », "
        "pour les agents habilités de l'acheteur."
    )


def protects(source: Source, company: Company) -> bool:
    """Tell whether asking would name people whom a partial disclosure protects."""
    return source.open and source.names_people and bool(company.partial)


def masked(value: object) -> bool:
    """Tell whether a mask literal stands anywhere in a value.

    >>> masked({"a": ["12 RUE [ND]"]})
    True
    """
    if isinstance(value, str):
        return _MASKED.search(value) is not None
    if isinstance(value, Mapping):
        return any(masked(part) for part in value.values())
    return isinstance(value, list) and any(masked(part) for part in value)


def undisclosed(data: object) -> bool:
    """Tell whether the establishment or its legal unit is in the (older) state of no disclosure."""
    if not isinstance(data, Mapping):
        return False
    parts = (data, data.get("unite_legale"))
    return any(isinstance(part, Mapping) and part.get("status_diffusion") == UNDISCLOSED for part in parts)


def disclose(source: Source, data: Any) -> Any:
    """Keep of an open answer what may be shown; the withheld values become the mask literal."""
    clean = _without(data, source.personal)
    if not isinstance(clean, dict) or "status_diffusion" not in clean:
        return clean
    if isinstance(clean.get("unite_legale"), dict) and isinstance(clean.get("adresse"), dict):
        return _disclose_establishment(clean)
    return _disclose_unit(clean)


def _disclose_establishment(data: dict[str, Any]) -> dict[str, Any]:
    unit, address = data["unite_legale"], data["adresse"]
    person = _partial(unit) and unit.get("type") != "personne_morale"
    shown = {**data, "unite_legale": _disclose_unit(unit)}
    if person or _partial(address):
        shown["adresse"] = {key: part if key in PUBLIC_ADDRESS_KEYS else _mask(part) for key, part in address.items()}
    if person or _partial(data):
        shown["enseigne"] = _mask(data.get("enseigne"))
    return shown


def _disclose_unit(unit: dict[str, Any]) -> dict[str, Any]:
    if not _partial(unit):
        return unit
    shown = {**unit, "personne_physique_attributs": _mask(unit.get("personne_physique_attributs"))}
    legal_person = unit.get("personne_morale_attributs")
    if unit.get("type") == "personne_morale" and isinstance(legal_person, dict):
        return {**shown, "personne_morale_attributs": {**legal_person, "sigle": _mask(legal_person.get("sigle"))}}
    return {**shown, "personne_morale_attributs": _mask(legal_person)}


def _partial(part: Mapping[str, Any]) -> bool:
    """A status we cannot read protects as a partial one does."""
    return part.get("status_diffusion") != DISCLOSED


def _mask(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _mask(part) for key, part in value.items()}
    return value if value in (None, "") else MASK


def _without(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(part, keys) for key, part in value.items() if key not in keys}
    if isinstance(value, list):
        return [_without(part, keys) for part in value]
    return value
