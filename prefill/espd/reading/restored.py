"""A Response as the DUME's JSON again: every place that a document carries, and what its author declared.

What is restored is what the document says, never what the registers say: a proposal to confirm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from prefill.espd.carried import (
    ENVIRONMENT,
    IDENTIFIERS,
    MEMBERS,
    NAME_MENTION,
    OPERATOR,
    PROFESSIONAL_REGISTER,
    QUALITY,
    REPRESENTATIVES,
    SET_UP_DATE,
    STAFF,
    TRADE_REGISTER,
    TURNOVER,
)
from prefill.espd.certificates import names_in
from prefill.espd.draft import BETWEEN, NO_PROCEDURE
from prefill.espd.elements import CAC, CBC, PREFIXES, text_of
from prefill.espd.model import WHOLE, Declared
from prefill.espd.reading.reader import parse, version_of
from prefill.espd.reading.request import find_question
from prefill.espd.values import at
from prefill.espd.versions import LATEST, VERSIONS, Ask, Criterion, Subject, Version

PARTY = "cac:EconomicOperatorParty/cac:Party"
STRUCK_OFF = re.compile(r"(?: \(numéro (?P<number>.+)\))? le (?P<day>\d{4}-\d{2}-\d{2})\.$")
VALUES = {
    "INDICATOR": "cac:ResponseValue/cbc:ResponseIndicator",
    "DESCRIPTION": "cac:ResponseValue/cbc:Description",
    "DATE": "cac:ResponseValue/cbc:ResponseDate",
    "PERIOD": "cac:ApplicablePeriod/cbc:EndDate",
    "AMOUNT": "cac:ResponseValue/cbc:ResponseAmount[@currencyID='EUR']",
    "QUANTITY_YEAR": "cac:ResponseValue/cbc:ResponseQuantity",
    "QUANTITY_INTEGER": "cac:ResponseValue/cbc:ResponseQuantity",
}
TRUE, FALSE = ("true", "1"), ("false", "0")
SOLE_TRADER, SOLE_TRADER_MENTION = "1000", "EI"  # legal form
REGISTER_PARTS = ("registerName", "court", "registrationNumber")


@dataclass(frozen=True, slots=True)
class Restored:
    """`data` as a filled DUME has it; `declared` holds the rest, so that both write the same document again."""

    data: Mapping[str, Any]
    declared: Declared


def restore(document: bytes, versions: Mapping[str, Version] = VERSIONS) -> Restored:
    """Restore a Response. Of a version that is in no table, answers are found by criterion and data type alone."""
    return restore_from(parse(document), versions)


def restore_from(root: Element, versions: Mapping[str, Version] = VERSIONS) -> Restored:
    """Restore a Response that is parsed already."""
    data: dict[str, Any] = {}
    party = root.find(PARTY, PREFIXES)
    if party is not None:
        _operator(data, party)
        _put(data, REPRESENTATIVES, [row for row, _ in _representatives(party)])
    answers = _Answers(root, versions.get(version_of(root)))
    _trade_register(data, answers)
    professional = _professional_register(data, answers)
    _put(data, SET_UP_DATE, answers.value(Subject.SET_UP, Ask.DATE))
    _figures(data, answers)
    for pointer, subject in KINDS:
        _certificate(data, answers, pointer, subject)
    certificates = frozenset[str]().union(*(names_in(data, pointer) for pointer, _ in KINDS))
    return Restored(data, _declared(root, party, professional=professional, certificates=certificates))


KINDS = ((QUALITY, Subject.QUALITY), (ENVIRONMENT, Subject.ENVIRONMENT))
ORDER = ("NATIONAL", "VAT", "BRIS")


def _operator(data: dict[str, Any], party: Element) -> None:
    for member in MEMBERS:
        _put(data, f"{OPERATOR}/{member.pointer}", _text(party, member.path))
    _part_mention(data)
    _put(data, IDENTIFIERS, sorted(_identifiers(party), key=lambda row: ORDER.index(row["scheme"])))
    amount = party.find("cac:PartyLegalEntity/cbc:CorporateStockAmount", PREFIXES)
    if amount is not None and re.fullmatch(r"\d{1,15}(\.\d+)?", amount.text or ""):
        capital = {"amount": float(amount.text or ""), "currencyID": amount.get("currencyID")}
        _put(data, f"{OPERATOR}/legalEntity/shareCapital", capital)


def _part_mention(data: dict[str, Any]) -> None:
    """Part the mention from the name of a sole trader: by its legal form, or by its registered name."""
    written = at(data, f"{OPERATOR}/name") or ""
    name = written.removesuffix(f" {SOLE_TRADER_MENTION}")
    form, registered = (at(data, f"{OPERATOR}/legalEntity/{place}") for place in ("legalFormCode", "registrationName"))
    if name != written and (form == SOLE_TRADER or name == registered):
        _put(data, f"{OPERATOR}/name", name)
        _put(data, NAME_MENTION, SOLE_TRADER_MENTION)


def _identifiers(party: Element) -> Iterator[dict[str, str]]:
    """Give the identifiers that the JSON lists: the SIREN has its own place."""
    for place in party.iterfind("cac:PartyIdentification/cbc:ID", PREFIXES):
        value, scheme, name = text_of(place.text or ""), place.get("schemeID"), place.get("schemeName")
        if value and scheme == "VAT":
            yield {"scheme": "VAT", "schemeName": "TVA", "value": value}
        elif value and scheme == "BRIS":
            yield {"scheme": "BRIS", "schemeName": "EUID", "value": value}
        elif value and scheme == "NATIONAL" and name != "SIREN":
            yield {"scheme": "NATIONAL", **({"schemeName": name} if name else {}), "value": value}


def _representatives(party: Element) -> Iterator[tuple[dict[str, str], str | None]]:
    """Give the representatives with their country of residence; their birth dates and addresses are not read."""
    for power in party.iterfind("cac:PowerOfAttorney", PREFIXES):
        person = "cac:AgentParty/cac:Person/"
        row = {
            "firstName": _text(power, f"{person}cbc:FirstName"),
            "familyName": _text(power, f"{person}cbc:FamilyName"),
            "role": _text(power, "cbc:Description"),
        }
        country = _text(power, f"{person}cac:ResidenceAddress/cac:Country/cbc:IdentificationCode")
        yield {name: text for name, text in row.items() if text}, country


def _trade_register(data: dict[str, Any], answers: _Answers) -> None:
    registered = answers.value(Subject.TRADE_REGISTER, Ask.ANSWER)
    if registered in (*TRUE, *FALSE):
        _put(data, f"{TRADE_REGISTER}/registered", registered in TRUE)
    reason = STRUCK_OFF.search(answers.value(Subject.TRADE_REGISTER, Ask.REASON) or "")
    number = reason["number"] if reason else answers.value(Subject.TRADE_REGISTER, Ask.NUMBER)
    _put(data, f"{TRADE_REGISTER}/registrationNumber", number)
    _put(data, f"{TRADE_REGISTER}/strikeOffDate", reason and reason["day"])


def _professional_register(data: dict[str, Any], answers: _Answers) -> bool:
    written = answers.value(Subject.PROFESSIONAL_REGISTER, Ask.NUMBER)
    if not written:
        return False
    parts = written.split(BETWEEN)
    names = {1: REGISTER_PARTS[2:], 2: REGISTER_PARTS[::2]}.get(len(parts), REGISTER_PARTS)
    for name, part in zip(names, (*parts[: len(names) - 1], BETWEEN.join(parts[len(names) - 1 :])), strict=True):
        _put(data, f"{PROFESSIONAL_REGISTER}/{name}", part)
    return True


def _figures(data: dict[str, Any], answers: _Answers) -> None:
    """Restore the turnover and the staff of a year."""
    end, amount = (answers.value(Subject.SET_UP, asked) for asked in (Ask.PERIOD, Ask.AMOUNT))
    if end and amount and re.fullmatch(r"\d{1,15}(\.\d+)?", amount):
        _put(data, TURNOVER, [{"endDate": end, "amount": float(amount)}])
    year, staff = (answers.value(Subject.STAFF, asked) for asked in (Ask.YEAR, Ask.QUANTITY))
    if year and staff and re.fullmatch(r"\d{1,7}", staff):
        _put(data, STAFF, {"year": year, "average": int(staff)})


def _certificate(data: dict[str, Any], answers: _Answers, pointer: str, subject: Subject) -> None:
    """Restore the certificate that is the evidence of an answer."""
    evidence = answers.evidence(subject)
    if evidence is None:
        return
    name, reference = _text(evidence, "cbc:Name"), "cac:DocumentReference/"
    code = _text(evidence, f"{reference}cbc:ID")
    row = {
        "name": name,
        "code": None if code == name else code,
        "issuer": _text(evidence, f"{reference}cac:IssuerParty/cac:PartyName/cbc:Name"),
        "validUntil": _text(evidence, f"{reference}cac:ValidityPeriod/cbc:EndDate"),
        "uri": _text(evidence, f"{reference}cac:Attachment/cac:ExternalReference/cbc:URI"),
    }
    _put(data, pointer, [{member: text for member, text in row.items() if text}])


def _declared(root: Element, party: Element | None, *, professional: bool, certificates: frozenset[str]) -> Declared:
    procedure = _text(root, "cbc:ContractFolderID")
    countries = [] if party is None else [country for _, country in _representatives(party)]
    return Declared(
        role=_text(root, "cac:EconomicOperatorParty/cac:EconomicOperatorRole/cbc:RoleCode") or Declared().role,
        lot=_text(root, "cac:ProcurementProjectLot/cbc:ID") or WHOLE,
        procedure=None if procedure == NO_PROCEDURE else procedure,
        buyer=_text(root, "cac:ContractingParty/cac:Party/cac:PartyName/cbc:Name"),
        group=_text(root, "cbc:EconomicOperatorGroupName"),
        size=None if party is None else _text(party, "cbc:IndustryClassificationCode"),
        residence={index: country for index, country in enumerate(countries) if country},
        professional_register=professional,
        certificates=certificates,
    )


class _Answers:
    """The answers of a document, by what they are about."""

    def __init__(self, root: Element, version: Version | None) -> None:
        self._root, self._version = root, version
        self._criteria = (version or VERSIONS[LATEST]).criteria
        self._given = {
            _text(response, "cbc:ValidatedCriterionPropertyID"): response
            for response in root.iterfind("cac:TenderingCriterionResponse", PREFIXES)
        }

    def value(self, subject: Subject, asked: Ask) -> str | None:
        criterion = self._criteria.get(subject)
        response = self._response(criterion, asked) if criterion else None
        if criterion is None or response is None:
            return None
        return _text(response, VALUES[criterion.question(asked).data])

    def evidence(self, subject: Subject) -> Element | None:
        criterion = self._criteria.get(subject)
        response = self._response(criterion, Ask.EVIDENCE) if criterion else None
        number = None if response is None else _text(response, "cac:EvidenceSupplied/cbc:ID")
        places = self._root.iterfind("cac:Evidence", PREFIXES)
        return next((place for place in places if number and _text(place, "cbc:ID") == number), None)

    def _response(self, criterion: Criterion, asked: Ask) -> Element | None:
        if self._version:
            return self._given.get(find_question(self._root, criterion, asked))
        found = self._of_type(criterion, criterion.question(asked).data)
        return found[0] if len(found) == 1 else None

    def _of_type(self, criterion: Criterion, data: str) -> list[Element]:
        """Give the answers to the questions of one data type in a criterion: several cannot be told apart."""
        return [
            self._given[number]
            for place in self._root.iterfind("cac:TenderingCriterion", PREFIXES)
            if _text(place, "cbc:ID") == criterion.id
            for question in place.iter(f"{{{CAC}}}TenderingCriterionProperty")
            if question.findtext(f"{{{CBC}}}ValueDataTypeCode") == data
            if (number := _text(question, "cbc:ID")) in self._given
        ]


def _text(place: Element, path: str) -> str | None:
    return text_of(place.findtext(path, "", PREFIXES)) or None


def _put(data: dict[str, Any], pointer: str, value: Any) -> None:
    """Put a value at its place; nothing where there is none."""
    if value is None or value == []:
        return
    *parents, last = pointer.split("/")[1:]
    for key in parents:
        data = data.setdefault(key, {})
    data[last] = value
