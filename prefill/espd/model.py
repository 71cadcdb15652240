"""What an ESPD Response is made of: what is declared, answered, remaining and left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prefill.espd.versions import Ask, Subject

WHOLE = "LOT-0000"


@dataclass(frozen=True, slots=True)
class Declared:
    """What the caller declares, as the candidate's own: never taken from a register.

    Attributes:
        number: the SIRET, SIREN or RNA number that was typed, where no register gives an identifier.
        role: role of the operator, a code of `ROLES`.
        lot: identifier of the lot.
        procedure: reference of the procedure; None for a profile.
        buyer: name of the buyer.
        group: name of the group, of a candidate in one.
        name: name of the operator, where no register gives it.
        size: size of the operator, a code of `SIZES`.
        country: alpha-3 country of the operator, where no register gives it.
        currency: ISO 4217 currency of the share capital.
        residence: alpha-3 country of residence of each representative, by its index in the data.
        set_up_date: date of creation, where no register gives it.
        certificates: the certificates of part IV.D that the candidate confirms, by `certificates.name_of`.
        professional_register: whether the candidate confirms the professional register that the data names.
    """

    role: str = "sole-tenderer"
    lot: str = WHOLE
    procedure: str | None = None
    buyer: str | None = None
    group: str | None = None
    name: str | None = None
    size: str | None = None
    country: str | None = None
    currency: str | None = None
    residence: Mapping[int, str] = field(default_factory=dict)
    set_up_date: str | None = None
    certificates: frozenset[str] = frozenset()
    professional_register: bool = False
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A certificate that anybody can look at: `number` is its code, or its name where it has none.

    `valid_until` is an ISO date.
    """

    id: str
    name: str
    number: str
    uri: str
    issuer: str | None
    valid_until: str | None = None


@dataclass(frozen=True, slots=True)
class Identifier:
    scheme: str
    value: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Representative:
    first_name: str
    family_name: str
    role: str | None
    country: str


@dataclass(frozen=True, slots=True)
class CriterionAnswer:
    """The answer to one question, whatever the version that it is written in."""

    criterion: Subject
    asked: Ask
    value: str


@dataclass(frozen=True, slots=True)
class Note:
    """One line for the candidate: a JSON pointer, a French sentence, and the name of the certificate that it is about."""

    pointer: str
    message: str
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A Response ready to be written when `remaining` is empty.

    Attributes:
        operator: the members of `economicOperator` that the document carries, by their name in the JSON.
        identifiers: identifiers of the operator, the VAT number first.
        size: code of the operator's size.
        representatives: natural persons with their country of residence.
        answers: answers to criteria.
        evidences: the certificates that answers point at.
        sources: which register gave what the document carries, and when, a sentence each.
        remaining: what prevents a valid document.
        left_out: what the document cannot carry as it is.
        to_confirm: what the document carries and the candidate must look at.
    """

    declared: Declared
    operator: Mapping[str, Any]
    identifiers: tuple[Identifier, ...]
    size: str | None
    representatives: tuple[Representative, ...]
    answers: tuple[CriterionAnswer, ...]
    evidences: tuple[Evidence, ...]
    sources: tuple[str, ...]
    remaining: tuple[Note, ...]
    left_out: tuple[Note, ...]
    to_confirm: tuple[Note, ...]
