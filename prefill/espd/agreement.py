"""What a document says beside what the registers say today: the same, another value, or nothing to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prefill.espd.draft import OPERATOR, draft_response
from prefill.espd.model import Declared
from prefill.espd.reader import Summary
from prefill.espd.values import at, mapping, rows
from prefill.espd.versions import LATEST, VERSIONS


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


# What the reader calls each member of the operator, and where the JSON has it.
MEMBERS: Mapping[str, str] = {
    "name": "name",
    "streetName": "postalAddress/streetName",
    "cityName": "postalAddress/cityName",
    "postalZone": "postalAddress/postalZone",
    "countryCode": "postalAddress/countryCode",
    "companyID": "legalEntity/companyID",
}


def number_of(summary: Summary) -> str | None:
    """Find the number under which the registers know the operator: its SIRET, else its SIREN."""
    return summary.operator.get("SIRET") or summary.operator.get("companyID") or summary.operator.get("SIREN")


def compare(summary: Summary, data: Mapping[str, Any]) -> tuple[Agreement, ...]:
    """Hold the operator and the answers of a document against the `data` of a filled DUME."""
    return (*_operator(summary, data), *_answers(summary, data))


def _operator(summary: Summary, data: Mapping[str, Any]) -> Iterator[Agreement]:
    operator = mapping(at(data, OPERATOR))
    identifiers = {_scheme(row): str(row.get("value", "")) for row in rows(operator.get("identifiers"))}
    for name, written in summary.operator.items():
        if name in MEMBERS:
            yield _line(name, written, str(at(operator, f"/{MEMBERS[name]}") or ""))
        elif name in identifiers:
            yield _line(name, written, identifiers[name])


def _scheme(row: Mapping[str, Any]) -> str:
    return "VAT" if row.get("scheme") == "VAT" else str(row.get("schemeName", ""))


def _answers(summary: Summary, data: Mapping[str, Any]) -> Iterator[Agreement]:
    """Compare the answers that registers can give, criterion by criterion: by its id, which all versions share."""
    known: dict[str, list[str]] = {}
    for answer in draft_response(data, Declared()).answers:
        known.setdefault(VERSIONS[LATEST].criteria[answer.criterion].id, []).append(answer.value)
    for asked in summary.criteria:
        values = known.get(asked.id, [])
        if asked.answers and values:
            agreed = all(value in asked.answers for value in values)
            verdict = Verdict.SAME if agreed else Verdict.DIFFERENT
            yield Agreement(asked.name or asked.code, " ; ".join(asked.answers), " ; ".join(values), verdict)


def _line(subject: str, written: str, known: str) -> Agreement:
    if not known:
        return Agreement(subject, written, known, Verdict.UNKNOWN)
    same = _plain(written) == _plain(known)
    return Agreement(subject, written, known, Verdict.SAME if same else Verdict.DIFFERENT)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
