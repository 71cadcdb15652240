"""Who asks, which sources they may be shown, and what the law leaves of an answer.

A candidate's page is public: anybody can type any SIRET there. It gets open sources only, without the
personal data a tender has no use for; and of a company partially disclosed in Sirene, only what stays
public: numbers, municipality, country, state and economic variables, and the name of a legal person.
The protection happens on reception, before an answer is stored anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from prefill.domain.sources import Source

MASK = "[ND]"
_MASKED = re.compile(r"\[\s*(?:ND|NON[\s-]+DIFFUSIBLE)\s*\]", re.IGNORECASE)

DISCLOSED = "diffusible"
PARTIALLY_DISCLOSED = "partiellement_diffusible"
UNDISCLOSED = "non_diffusible"

PUBLIC_ADDRESS_KEYS = frozenset({
    "status_diffusion", "code_commune", "libelle_commune", "libelle_commune_etranger", "code_pays_etranger",
    "libelle_pays_etranger",
})  # fmt: skip


def masked(value: object) -> bool:
    """Tell whether a mask literal stands anywhere in a value.

    >>> masked({"a": ["12 RUE [ND]"]})
    True
    """
    waiting = [value]  # a loop: a hostile answer nests deeper than Python calls
    while waiting:
        part = waiting.pop()
        if isinstance(part, str) and _MASKED.search(part):
            return True
        if isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return False


def undisclosed(data: object) -> bool:
    """Tell whether the establishment or its legal unit is in the (older) state of no disclosure."""
    if not isinstance(data, Mapping):
        return False
    parts = (data, data.get("unite_legale"))
    return any(isinstance(part, Mapping) and part.get("status_diffusion") == UNDISCLOSED for part in parts)


def disclose(source: Source, data: Any) -> Any:
    """Keep of an answer what may be shown: never what a tender has no use for, nor, of an open one, what is withheld.

    The withheld values become the mask literal.
    """
    clean = _copy(data, without=source.personal)
    if not source.open or not isinstance(clean, dict) or "status_diffusion" not in source.shape:
        return clean
    if "unite_legale" in source.shape:
        return _disclose_establishment(source, clean)
    return _disclose_unit(source, clean)


def _disclose_establishment(source: Source, data: dict[str, Any]) -> dict[str, Any]:
    unit, address = (part if isinstance(part := data.get(key), dict) else {} for key in ("unite_legale", "adresse"))
    person = partial(unit) and unit.get("type") != "personne_morale"
    shown = {**data, "unite_legale": _disclose_unit(source, unit)}
    if person or partial(address):
        shown["adresse"] = {key: part if key in PUBLIC_ADDRESS_KEYS else _mask(part) for key, part in address.items()}
    if person or partial(data):
        shown["enseigne"] = _mask(data.get("enseigne"))
        return _known(source, shown)
    return shown


def _disclose_unit(source: Source, unit: dict[str, Any]) -> dict[str, Any]:
    if not partial(unit):
        return unit
    shown = _known(source, {**unit, "personne_physique_attributs": _mask(unit.get("personne_physique_attributs"))})
    legal_person = unit.get("personne_morale_attributs")
    if unit.get("type") == "personne_morale" and isinstance(legal_person, dict):
        return {**shown, "personne_morale_attributs": {**legal_person, "sigle": _mask(legal_person.get("sigle"))}}
    return {**shown, "personne_morale_attributs": _mask(legal_person)}


def _known(source: Source, part: dict[str, Any]) -> dict[str, Any]:
    """Mask a key we have never heard of: nobody has said that it stays public."""
    return {key: value if key in source.keys else _mask(value) for key, value in part.items()}


def partial(part: Mapping[str, Any]) -> bool:
    """Tell whether a part limits its disclosure; a status we cannot read protects as a partial one does."""
    return part.get("status_diffusion") != DISCLOSED


def _mask(value: Any) -> Any:
    return _copy(value, leaf=lambda part: part if part in (None, "") else MASK)


def _copy(value: Any, *, without: frozenset[str] = frozenset(), leaf: Callable[[Any], Any] = lambda part: part) -> Any:
    """Copy without some keys, at whatever depth: a loop, since a hostile answer nests deeper than Python calls."""
    whole = [value]
    waiting: list[Any] = [whole]
    while waiting:
        node = waiting.pop()
        for place, part in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(part, dict):
                node[place] = {key: kept for key, kept in part.items() if key not in without}
                waiting.append(node[place])
            elif isinstance(part, list):
                node[place] = list(part)
                waiting.append(node[place])
            else:
                node[place] = leaf(part)
    return whole[0]
