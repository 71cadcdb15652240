"""What a document must give back: the places of the DUME's JSON that the ESPD has a place for, and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree as ET

from prefill.espd.certificates import name_of, names_in
from prefill.espd.draft import draft_response
from prefill.espd.elements import CBC
from prefill.espd.model import Declared
from prefill.espd.reading.restored import Restored
from prefill.espd.values import clean, texts
from prefill.espd.writer import Identity, write_profile

OPERATOR = "/partII/A/economicOperator"
ADDRESS = ("streetName", "additionalStreetName", "cityName", "postalZone", "countryCode")
ENTITY = ("registrationName", "companyID", "registrationDate", "legalFormCode", "legalForm", "shareCapital")
MAPPED = (
    f"{OPERATOR}/name",
    f"{OPERATOR}/identifiers",
    *(f"{OPERATOR}/legalEntity/{name}" for name in (*ENTITY, "registrationScheme/id", "registrationScheme/name")),
    *(f"{OPERATOR}/postalAddress/{name}" for name in ADDRESS),
    *(f"/partIV/A/tradeRegister/{name}" for name in ("registered", "registrationNumber", "strikeOffDate")),
    *(f"/partIV/A/professionalRegister/{name}" for name in ("registerName", "court", "registrationNumber")),
    "/partIV/B/setUpDate",
)
CERTIFICATE = ("name", "code", "issuer", "validUntil", "uri")
PERSON = ("firstName", "familyName", "role")


def confirmed_in(data: Mapping[str, Any]) -> frozenset[str]:
    """Confirm every certificate that is listed."""
    known = clean(data) or {}
    return names_in(known, "/partIV/D/qualityAssurance") | names_in(known, "/partIV/D/environmentalManagement")


def everything(data: Mapping[str, Any], **more: Any) -> Declared:
    """Declare what lets the document carry all that is known: currency, countries of residence, confirmations."""
    people = at(data, "/partII/B/representatives") or []
    certificates = {
        name_of(texts(row))
        for kind in ("qualityAssurance", "environmentalManagement")
        for row in at(clean(data), f"/partIV/D/{kind}") or []
        if row.get("uri")
    }
    return Declared(
        **{"size": "small", "currency": "EUR", **more},
        residence=dict.fromkeys(range(len(people)), "FRA"),
        professional_register=True,
        certificates=frozenset(certificates),
    )


def mapped(data: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a filled DUME what the standard has a place for: a head office apart from the establishment, people,
    the first certificate of each kind, a capital in the currency that was declared."""
    kept: dict[str, Any] = {}
    for pointer in MAPPED:
        put(kept, pointer, at(data, pointer))
    if at(kept, f"{OPERATOR}/name"):
        put(kept, f"{OPERATOR}/nameMention", at(data, f"{OPERATOR}/nameMention"))
    capital = at(kept, f"{OPERATOR}/legalEntity/shareCapital")
    if capital:
        put(kept, f"{OPERATOR}/legalEntity/shareCapital", {"currencyID": "EUR", **capital})
    office, place = (_address(data, name) for name in ("headOfficeAddress", "postalAddress"))
    if office != place:
        put(kept, f"{OPERATOR}/headOfficeAddress", office or None)
    people = [row for row in at(data, "/partII/B/representatives") or [] if row.get("firstName")]
    put(kept, "/partII/B/representatives", [{name: row[name] for name in PERSON if name in row} for row in people])
    for kind in ("qualityAssurance", "environmentalManagement"):
        put(kept, f"/partIV/D/{kind}", list(_evidences(data, kind))[:1] or None)
    return kept


def _evidences(data: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    for row in at(data, f"/partIV/D/{kind}") or []:
        if row.get("uri"):
            yield {name: row[name] for name in CERTIFICATE if name in row}


def _address(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    address = at(data, f"{OPERATOR}/{name}") or {}
    return {member: address[member] for member in ADDRESS if member in address}


def assert_writes_again(restored: Restored, document: bytes, identity: Identity) -> None:
    """What was read writes the same document, the sentences about its sources apart."""
    again = write_profile(draft_response(restored.data, restored.declared), identity)

    assert _without_sources(again) == _without_sources(document)


def _without_sources(document: bytes) -> str:
    root = ET.fromstring(document)
    for note in root.findall(f"{{{CBC}}}Note"):
        root.remove(note)
    return ET.canonicalize(ET.tostring(root))


def at(data: Any, pointer: str) -> Any:
    with suppress(LookupError, TypeError):
        for key in pointer.split("/")[1:]:
            data = data[key]
        return data
    return None


def put(data: dict[str, Any], pointer: str, value: Any) -> None:
    if value is None or value == []:
        return
    *parents, last = pointer.split("/")[1:]
    for key in parents:
        data = data.setdefault(key, {})
    data[last] = value
