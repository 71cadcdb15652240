"""A buyer's Request to be completed: which criteria it asks, and where each question is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from prefill.espd.carried import ANSWERED
from prefill.espd.elements import CAC, CBC
from prefill.espd.reading.reader import kind_of, parse, text_at, version_of
from prefill.espd.versions import LATEST, VERSIONS, Ask, Criterion, Version
from prefill.problems import EspdLotUnknown, EspdNotARequest, EspdUnreadable, EspdVersionUnsupported

GROUPS = (f"{{{CAC}}}TenderingCriterionPropertyGroup", f"{{{CAC}}}SubsidiaryTenderingCriterionPropertyGroup")


@dataclass(frozen=True, slots=True)
class Request:
    """A Request of a version that can be completed."""

    root: Element
    version: Version

    @property
    def number(self) -> str:
        return text_at(self.root, "ID") or "1"

    @property
    def agency(self) -> str:
        place = self.root.find(f"{{{CBC}}}ID")
        return (place.get("schemeAgencyID") if place is not None else None) or "buyer"

    @property
    def uuid(self) -> str | None:
        return text_at(self.root, "UUID")

    @property
    def issued(self) -> str | None:
        return text_at(self.root, "IssueDate")

    def lots(self) -> tuple[str, ...]:
        places = self.root.iterfind(f"{{{CAC}}}ProcurementProjectLot")
        return tuple(filter(None, (text_at(place, "ID") for place in places)))

    def lot(self, asked: str | None) -> str:
        """Choose the lot that is answered: one Response per lot. Raise `EspdLotUnknown`."""
        known = self.lots()
        if asked in known:
            return str(asked)
        if asked is None and len(known) == 1:
            return known[0]
        raise EspdLotUnknown(lots=", ".join(known))

    def copies(self, *names: str) -> Iterator[Element]:
        """Copy elements of the root, unchanged, in the order of the names."""
        for name in names:
            for space in (CBC, CAC):
                yield from map(deepcopy, self.root.iterfind(f"{{{space}}}{name}"))

    def criteria(self, lot: str) -> Iterator[Element]:
        """Copy the criteria without lot, and those of that lot."""
        for criterion in self.root.iterfind(f"{{{CAC}}}TenderingCriterion"):
            references = criterion.findall(f"{{{CAC}}}ProcurementProjectLotReference")
            if not references or lot in {text_at(reference, "ID") for reference in references}:
                copied = deepcopy(criterion)
                for reference in copied.findall(f"{{{CAC}}}ProcurementProjectLotReference"):
                    if text_at(reference, "ID") != lot:
                        copied.remove(reference)
                yield copied

    def question(self, criterion: Criterion, asked: Ask) -> str | None:
        """Find the identifier of a question in this Request; None when the buyer does not ask it."""
        return find_question(self.root, criterion, asked)


def find_question(root: Element, criterion: Criterion, asked: Ask) -> str | None:
    """Find the identifier of a question: by its criterion, its group, its rank there and its data type."""
    question = criterion.question(asked)
    group, _, last = question.id.rpartition("/")
    rank = int(last.removeprefix("Q")) - 1
    for place in root.iterfind(f"{{{CAC}}}TenderingCriterion"):
        if text_at(place, "ID") == criterion.id:
            return _question(place, group, rank, question.data)
    return None


def _question(criterion: Element, group: str, rank: int, data: str) -> str | None:
    for place in criterion.iter():
        if place.tag in GROUPS and text_at(place, "ID") == group:
            questions = [
                question
                for question in place.iterfind(f"{{{CAC}}}TenderingCriterionProperty")
                if text_at(question, "TypeCode") == "QUESTION"
            ]
            if rank < len(questions) and text_at(questions[rank], "ValueDataTypeCode") == data:
                return text_at(questions[rank], "ID")
    return None


def read_request(document: bytes, versions: Mapping[str, Version] = VERSIONS) -> Request:
    """Read a Request that can be completed. Raise the problem that says what it is instead."""
    root = parse(document)
    if kind_of(root) != "request":
        raise EspdNotARequest
    version = version_of(root)
    if version not in versions:
        raise _unsupported(root, version, versions)
    _check_identifiers(root)
    return Request(root, versions[version])


def _check_identifiers(root: Element) -> None:
    """Refuse criteria, groups or questions without identifier, or questions that share one: no answer could name them."""
    criteria = root.findall(f"{{{CAC}}}TenderingCriterion")
    groups = [place for criterion in criteria for place in criterion.iter() if place.tag in GROUPS]
    questions = [
        text_at(place, "ID") for group in groups for place in group.iterfind(f"{{{CAC}}}TenderingCriterionProperty")
    ]
    named = all(text_at(place, "ID") for place in (*criteria, *groups)) and all(questions)
    if not named or len(set(questions)) < len(questions):
        raise EspdUnreadable(
            why="des identifiants de ses critères ou de ses questions manquent ou se répètent",
            why_en="identifiers of its criteria or questions are missing or repeated",
        )


def _unsupported(root: Element, version: str, versions: Mapping[str, Version]) -> EspdVersionUnsupported:
    """Say which criteria of a Request of another version registers answer: identifiers of criteria outlive versions."""
    subjects = {criterion.id: subject for subject, criterion in VERSIONS[LATEST].criteria.items()}
    asked = root.findall(f"{{{CAC}}}TenderingCriterion")
    matched: list[dict[str, Any]] = [
        {"id": number, "name": text_at(place, "Name") or "", "pointers": list(ANSWERED[subjects[number]])}
        for place in asked
        if (number := text_at(place, "ID") or "") in subjects
    ]
    known = ", ".join(versions)
    return EspdVersionUnsupported(
        version=version, known=known, asked=len(asked), matched=len(matched), criteria=matched
    )
