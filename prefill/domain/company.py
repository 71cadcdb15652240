"""The company that registers are asked about, as far as it is known, and the conditions on it that decide whether a source can apply."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from prefill.domain.dates import paris_date
from prefill.domain.identifiers import siren_of


@dataclass(frozen=True, slots=True)
class Company:
    """The facts that decide which sources can apply; None is unknown."""

    siren: str
    siret: str | None = None
    head_office: bool | None = None
    legal_form: str | None = None
    rna: str | None = None
    activity: str | None = None
    closed: bool | None = None
    ceased: bool | None = None
    partial: bool | None = None

    @classmethod
    def read(cls, data: Mapping[str, Any], *, today: date) -> Company:
        """Read the facts in an Insee establishment (the answer's `data`)."""
        unit = data["unite_legale"]
        head_office = data.get("siege_social")
        activity = _text(_NAF, data, "activite_principale_naf_rev2", "code") or _text(
            _NAF, data, "activite_principale", "code"
        )
        return cls(
            siren=siren_of(data["siret"]),
            siret=data["siret"],
            head_office=head_office if isinstance(head_office, bool) else None,
            legal_form=_text(_LEGAL_FORM, unit, "forme_juridique", "code"),
            rna=_text(_RNA, unit, "rna"),
            activity=activity,
            closed=closed_on(data, today),
            ceased=unit.get("etat_administratif") == "C",
            partial=unit.get("status_diffusion") != "diffusible",
        )

    @classmethod
    def unread(cls, number: str) -> Company:
        """Know a company by its number alone."""
        return cls(siren=siren_of(number), siret=number if len(number) == 14 else None)


_NAF = re.compile(r"\d{2}[0-9.A-Z]*")
_LEGAL_FORM = re.compile(r"\d{4}")
_RNA = re.compile(r"W[0-9A-Z]{3}\d{6}")


def _text(pattern: re.Pattern[str], part: object, *keys: str) -> str | None:
    """Read a text of the expected form; a mask or another type is unknown."""
    for key in keys:
        part = part.get(key) if isinstance(part, Mapping) else None
    return part if isinstance(part, str) and pattern.fullmatch(part) else None


def closed_on(data: Mapping[str, Any], today: date) -> bool:
    """Tell whether an establishment is closed that day: a closing date can lie in the future."""
    closing = paris_date(data.get("date_fermeture"))
    if data.get("etat_administratif") == "F":
        return closing is None or closing <= today
    return False


Condition = Callable[[Company], bool | None]


def anyone(_: Company) -> bool:
    return True


def registers_at_rcs(company: Company) -> bool | None:
    """Insee legal forms beginning with 1, 3, 4, 5 or 6 register there."""
    return company.legal_form[0] in "13456" if company.legal_form else None


def is_association(company: Company) -> bool | None:
    if company.rna:
        return True
    return company.legal_form.startswith("92") if company.legal_form else None


def is_not_head_office(company: Company) -> bool | None:
    return None if company.head_office is None else not company.head_office


def is_closed(company: Company) -> bool:
    return bool(company.closed)


def is_alive(company: Company) -> bool | None:
    return None if company.ceased is None else not company.ceased


def is_unread(company: Company) -> bool:
    """The establishment's answer already holds its legal unit: ask for the unit only without it."""
    return company.legal_form is None


def works_in(*divisions: str) -> Condition:
    """Build the condition « its NAF division is one of these »."""

    def condition(company: Company) -> bool | None:
        return company.activity.startswith(divisions) if company.activity else None

    return condition


FARMING = works_in("01", "02", "03")
BUILDING = works_in("41", "42", "43")
ENGINEERING = works_in("71")
ENERGY_WORKS = works_in("41", "42", "43", "71")

SPOKEN: Mapping[str, str] = MappingProxyType({
    "Ademe": "L'Ademe",
    "Banque de France": "La Banque de France",
    "CNETP": "La CNETP",
    "Commission européenne": "La Commission européenne",
    "DGFIP": "La DGFIP",
    "FNTP": "La FNTP",
    "GIP-MDS": "Le GIP-MDS",
    "INPI": "L'INPI",
    "Insee": "L'Insee",
    "MSA": "La MSA",
    "OPQIBI": "L'OPQIBI",
    "RNA": "Le répertoire national des associations",
    "Urssaf": "L'Urssaf",
    "ministère du Travail": "Le ministère du Travail",
})  # fmt: skip
