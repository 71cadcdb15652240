"""Who asks, which sources they may be shown, and what the law leaves of an answer.

A candidate's page is public: anybody can type any SIRET there. It gets open sources only, without the
personal data a tender has no use for; and of a company partially disclosed in Sirene, only what stays
public: numbers, municipality, country, state and economic variables, and the name of a legal person.
The protection happens on reception, before an answer is stored anywhere; a status that is learned later restricts what
was stored before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from prefill.domain.answer_shapes.model import Kind, Shape
from prefill.domain.answer_shapes.texts import clean_text
from prefill.domain.sources import Source

NOTHING = Shape(Kind.ANY)
MASK = "[ND]"
PLAIN = (int, float, type(None))  # what holds no mask
_MASKED = re.compile(r"\[\s*(?:ND|NON[\s-]+DIFFUSIBLE)\s*\]", re.IGNORECASE)

DISCLOSED = "diffusible"
PARTIALLY_DISCLOSED = "partiellement_diffusible"
UNDISCLOSED = "non_diffusible"
UNCONFIRMED = "non_confirme"  # ours: the answer is older than the last night, when statuses change

PUBLIC_ADDRESS_KEYS = frozenset({
    "status_diffusion", "code_commune", "libelle_commune", "libelle_commune_etranger", "code_pays_etranger",
    "libelle_pays_etranger", "code_insee", "commune",
})  # fmt: skip


def masked(value: object) -> bool:
    """Tell whether a mask literal stands anywhere in a value.

    >>> masked({"a": ["12 RUE [ND]"]})
    True
    """
    waiting = [value]  # a loop: a hostile answer nests deeper than Python calls
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            if "[" in part and _MASKED.search(part):
                return True
        elif isinstance(part, list):
            waiting.extend(part)
        elif not isinstance(part, PLAIN) and isinstance(part, Mapping):
            waiting.extend(part.values())
    return False


def is_mask(value: object) -> bool:
    """Tell whether a value is a mask, or a text that holds one."""
    return isinstance(value, str) and masked(value)


def undisclosed(data: object) -> bool:
    """Tell whether the establishment or its legal unit is in the (older) state of no disclosure."""
    if not isinstance(data, Mapping):
        return False
    parts = (data, data.get("unite_legale"))
    return any(isinstance(part, Mapping) and part.get("status_diffusion") == UNDISCLOSED for part in parts)


def disclose(source: Source, data: Any) -> Any:
    """Keep of an answer what may be shown: never what a tender has no use for, nor, of an open one, what is withheld.

    Of an open answer only the keys of its shape are kept, at whatever depth: nobody has said of another that it may be
    shown to anybody. The withheld values become the mask literal. Texts are cleaned first, so that none hides a mask.
    """
    clean = _copy(data, without=source.personal, leaf=_clean)
    if source.open:
        clean = _in_shape(clean, source.answer)
    if not source.open or not isinstance(clean, dict) or not source.states_disclosure:
        return clean
    if "unite_legale" in source.shape:
        return _disclose_establishment(clean)
    return _disclose_unit(clean)


def restrict(source: Source, data: Mapping[str, Any], status: str) -> Any:
    """Show an open Insee answer as if its legal unit had this status, learned elsewhere."""
    unit = data.get("unite_legale")
    if not isinstance(unit, Mapping):
        return disclose(source, {**data, "status_diffusion": status})
    return disclose(source, {**data, "unite_legale": {**unit, "status_diffusion": status}})


def leave_unconfirmed(source: Source, data: Mapping[str, Any]) -> Any:
    """Show of an open Insee answer only what stays public whatever the status of the unit and of the establishment."""
    parts = {key: part for key in ("unite_legale", "adresse") if isinstance(part := data.get(key), Mapping)}
    limited = {key: {**part, "status_diffusion": UNCONFIRMED} for key, part in parts.items()}
    return disclose(source, {**data, **limited, "status_diffusion": UNCONFIRMED})


def status_of(data: Mapping[str, Any]) -> object:
    """The status of the legal unit that an Insee answer states."""
    unit = data.get("unite_legale", data)
    return unit.get("status_diffusion") if isinstance(unit, Mapping) else None


def without_street(data: Any) -> Any:
    """Mask in the addresses of any register what a partial disclosure withholds: all but municipality and country."""
    whole = [_copy(data)]
    waiting: list[Any] = list(whole)
    while waiting:
        node = waiting.pop()
        for place, part in list(node.items() if isinstance(node, dict) else enumerate(node)):
            if isinstance(place, str) and place.startswith("adresse") and part:
                node[place] = _mask_address(part)
            elif isinstance(part, dict | list):
                waiting.append(part)
    return whole[0]


def _mask_address(address: Any) -> Any:
    if not isinstance(address, dict):
        return _mask(address)
    return {key: part if key in PUBLIC_ADDRESS_KEYS else _mask(part) for key, part in address.items()}


def _disclose_establishment(data: dict[str, Any]) -> dict[str, Any]:
    unit, address = (part if isinstance(part := data.get(key), dict) else {} for key in ("unite_legale", "adresse"))
    person = partial(unit) and unit.get("type") != "personne_morale"
    shown = {**data, "unite_legale": _disclose_unit(unit)}
    if person or partial(address):
        shown["adresse"] = _mask_address(address)
    if person or partial(data):
        shown["enseigne"] = _mask(data.get("enseigne"))
    return shown


def _disclose_unit(unit: dict[str, Any]) -> dict[str, Any]:
    if not partial(unit):
        return unit
    shown = {**unit, "personne_physique_attributs": _mask(unit.get("personne_physique_attributs"))}
    legal_person = unit.get("personne_morale_attributs")
    if unit.get("type") == "personne_morale" and isinstance(legal_person, dict):
        return {**shown, "personne_morale_attributs": {**legal_person, "sigle": _mask(legal_person.get("sigle"))}}
    return {**shown, "personne_morale_attributs": _mask(legal_person)}


def partial(part: Mapping[str, Any]) -> bool:
    """Tell whether a part limits its disclosure; a status we cannot read protects as a partial one does."""
    return part.get("status_diffusion") != DISCLOSED


def _clean(leaf: Any) -> Any:
    return clean_text(leaf) if isinstance(leaf, str) else leaf


def _mask(value: Any) -> Any:
    return _copy(value, leaf=lambda part: part if part in (None, "") else MASK)


def _in_shape(value: Any, shape: Shape) -> Any:
    """Remove from a copy, in place, every key that its shape does not hold."""
    whole = [value]
    waiting: list[tuple[Any, Shape]] = [(whole, Shape(Kind.LIST, item=shape))]
    while waiting:
        node, known = waiting.pop()
        if isinstance(node, dict):
            for key in node.keys() - known.members.keys():
                del node[key]
            inside = [(part, known.members[key]) for key, part in node.items()]
        else:
            inside = [(part, known.item or NOTHING) for part in node]
        waiting.extend((part, shape) for part, shape in inside if isinstance(part, dict | list))
    return whole[0]


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
