"""What a document says beside what the registers say today: the same, another value, or nothing to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prefill.espd.carried import (
    ENVIRONMENT,
    IDENTIFIERS,
    MEMBERS,
    OPERATOR,
    PROFESSIONAL_REGISTER,
    QUALITY,
    REPRESENTATIVES,
    SET_UP_DATE,
    TRADE_REGISTER,
)
from prefill.espd.values import at, clean, rows, texts


class Verdict(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # the registers do not say


@dataclass(frozen=True, slots=True)
class Agreement:
    """One line: what it is about, what the document says, what the registers say."""

    subject: str
    written: str
    known: str
    verdict: Verdict


ANSWERS = (
    (f"{OPERATOR}/legalEntity/shareCapital/amount", "Capital social"),
    (f"{TRADE_REGISTER}/registered", "Inscription au registre du commerce"),
    (f"{TRADE_REGISTER}/registrationNumber", "Numéro au registre du commerce"),
    (f"{TRADE_REGISTER}/strikeOffDate", "Date de radiation"),
    (f"{PROFESSIONAL_REGISTER}/registerName", "Registre professionnel"),
    (f"{PROFESSIONAL_REGISTER}/registrationNumber", "Numéro au registre professionnel"),
    (SET_UP_DATE, "Date de création"),
)
PLACES = (*((f"{OPERATOR}/{member.pointer}", member.label) for member in MEMBERS), *ANSWERS)


def number_of(written: Mapping[str, Any]) -> str | None:
    """Find the number under which the registers know the operator: its SIRET, else its SIREN."""
    siret = _identifiers(written).get("SIRET")
    siren = at(written, f"{OPERATOR}/legalEntity/companyID")
    return siret or (str(siren) if siren else None)


def compare(written: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Agreement, ...]:
    """Hold the `data` restored from a document against the `data` of a DUME filled today."""
    known = clean(known) or {}
    return (*_identity(written, known), *_representatives(written, known), *_certificates(written, known))


def _identity(written: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Agreement]:
    today = _identifiers(known)
    for name, value in _identifiers(written).items():
        yield _line(name, value, today.get(name, ""))
    for pointer, label in PLACES:
        value = at(written, pointer)
        if value is not None:
            yield _line(label, _shown(value), _shown(_known(known, pointer)))


def _known(known: Mapping[str, Any], pointer: str) -> Any:
    """Read what the registers say; without an address of the head office, it is the one of the establishment."""
    value = at(known, pointer)
    return at(known, pointer.replace("headOffice", "postal")) if value is None else value


def _representatives(written: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Agreement]:
    today = {_plain(name): name for name in map(_person, rows(at(known, REPRESENTATIVES)))}
    for name in map(_person, rows(at(written, REPRESENTATIVES))):
        shown = today.get(_plain(name)) or " ; ".join(filter(None, today.values()))
        yield _line("Représentant", name, shown)


def _certificates(written: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Agreement]:
    for pointer in (QUALITY, ENVIRONMENT):
        today = [texts(row).get("name", "") for row in rows(at(known, pointer))]
        for row in map(texts, rows(at(written, pointer))):
            name = row.get("name", "")
            same = next((one for one in today if _plain(one) == _plain(name)), None)
            yield _line("Certificat", name, same or " ; ".join(today))


def _identifiers(data: Mapping[str, Any]) -> dict[str, str]:
    entries = (texts(row) for row in rows(at(data, IDENTIFIERS)))
    return {entry.get("schemeName", "Identifiant"): entry["value"] for entry in entries if entry.get("value")}


def _person(row: Mapping[str, Any]) -> str:
    names = texts(row)
    return " ".join(names[part] for part in ("firstName", "familyName", "registrationName") if names.get(part))


def _line(subject: str, written: str, known: str) -> Agreement:
    if not known:
        return Agreement(subject, written, known, Verdict.UNKNOWN)
    same = _plain(written) == _plain(known)
    return Agreement(subject, written, known, Verdict.SAME if same else Verdict.DIFFERENT)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
