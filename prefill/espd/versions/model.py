"""What a version of ESPD-EDM is made of: code lists, and the criteria that registers can answer, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Subject(StrEnum):
    """What a criterion is about, whatever its code and identifier in a version."""

    TRADE_REGISTER = "trade_register"
    PROFESSIONAL_REGISTER = "professional_register"
    SET_UP = "set_up"
    STAFF = "staff"
    QUALITY = "quality"
    ENVIRONMENT = "environment"


class Ask(StrEnum):
    """What a question of a criterion asks."""

    ANSWER = "answer"
    NUMBER = "number"
    REASON = "reason"
    DATE = "date"
    PERIOD = "period"
    AMOUNT = "amount"
    YEAR = "year"
    QUANTITY = "quantity"
    ONLINE = "online"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list as documents name it. The standard's rules refuse another version than the one stated."""

    id: str
    version: str
    agency: str = "OP"


@dataclass(frozen=True, slots=True)
class Property:
    """A question, a requirement or a caption of a criterion; `data` is the type of its answer."""

    id: str
    type: str
    data: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Properties that go together; `when` says on which answer of the group above they are to be answered."""

    id: str
    when: str
    properties: tuple[Property, ...]
    groups: tuple[Group, ...] = ()

    def all_properties(self) -> Iterator[Property]:
        yield from self.properties
        for group in self.groups:
            yield from group.all_properties()


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a version.

    Attributes:
        id: its UUID.
        code: its code in the list of criteria.
        name: its title, in French.
        description: one sentence more.
        group: its questions.
        places: where each thing asked stands, by identifier of the question in the standard's own taxonomy.
    """

    id: str
    code: str
    name: str
    description: str
    group: Group
    places: Mapping[Ask, str]

    def question(self, asked: Ask) -> Property:
        """Find a question. Raise `LookupError` where the criterion does not ask it."""
        place = self.places[asked]
        return next(found for found in self.group.all_properties() if found.id == place)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of ESPD-EDM.

    Attributes:
        id: the version, such as `4.1.0`.
        ubl: the version of UBL that its documents declare.
        profile: the text of `ProfileExecutionID`.
        lists: code lists by their role in a document.
        criteria: the criteria that registers can answer, in the order of a document.
        sizes: the codes of the operator's size.
        size_of_category: the Insee's category of a company, as a size.
    """

    id: str
    ubl: str
    profile: str
    lists: Mapping[str, CodeList]
    criteria: Mapping[Subject, Criterion]
    sizes: tuple[str, ...]
    size_of_category: Mapping[str, str]
