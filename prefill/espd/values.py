"""Reading prefilled data for the ESPD: what XML can hold, what the standard's lists and types allow, and nothing empty."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import date
from typing import Any

from prefill.domain.countries import COUNTRIES
from prefill.espd.elements import text_of


def clean(value: Any) -> Any:
    """Keep of data what XML can hold, and nothing that is empty: an empty element passes for a value.

    >>> clean({"name": " A\\x0b", "city": "\\x00", "rows": [{}]})
    {'name': 'A'}
    """
    if isinstance(value, str):
        return text_of(value) or None
    if isinstance(value, Mapping):
        members = {key: clean(member) for key, member in value.items()}
        return {key: member for key, member in members.items() if member is not None} or None
    if isinstance(value, list):
        return [clean(row) or {} for row in value] if any(clean(row) for row in value) else None
    return value


def sound_operator(data: Any) -> dict[str, Any]:
    """Keep of the operator what its codes, dates and lists allow: a code outside the standard's lists is no value."""
    given = mapping(data)
    operator: dict[str, Any] = {**texts(given), "identifiers": rows(given.get("identifiers"))}
    for name in ("postalAddress", "headOfficeAddress"):
        address = texts(given.get(name))
        if not is_code(address.get("countryCode"), COUNTRIES):
            address.pop("countryCode", None)
        operator[name] = address
    written = mapping(given.get("legalEntity"))
    entity: dict[str, Any] = texts(written)
    if not is_date(entity.get("registrationDate")):
        entity.pop("registrationDate", None)
    entity["registrationScheme"] = texts(written.get("registrationScheme"))
    entity["shareCapital"] = written.get("shareCapital")
    operator["legalEntity"] = {name: member for name, member in entity.items() if member}
    return {name: member for name, member in operator.items() if member}


def texts(value: Any) -> dict[str, str]:
    """Keep of an object the members that are texts."""
    return {key: member for key, member in mapping(value).items() if isinstance(member, str)}


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def rows(value: Any) -> list[Mapping[str, Any]]:
    return [mapping(row) for row in value] if isinstance(value, list) else []


def is_code(value: Any, codes: Container[str]) -> bool:
    """Tell whether a value is a code of a list."""
    return isinstance(value, str) and value in codes


def is_date(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value)) and len(value) == len("2026-11-30")
    except (TypeError, ValueError):
        return False


def at(data: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data
