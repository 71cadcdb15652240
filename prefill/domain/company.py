"""The company that registers are asked about, as far as it is known, and the conditions on it that decide whether a source can apply."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from prefill.domain.dates import paris_date, register_date
from prefill.domain.identifiers import is_rna, siren_of


@dataclass(frozen=True, slots=True)
class Company:
    """The facts that decide which sources can apply; None is unknown.

    `siren` is empty for an association that has none, or whose RNA number alone is known.
    """

    siren: str
    siret: str | None = None
    head_office: bool | None = None
    legal_form: str | None = None
    rna: str | None = None
    activity: str | None = None
    closed: bool | None = None
    ceased: bool | None = None
    partial: bool | None = None
    overseas: bool | None = None  # where the establishment is; that of the company only at its head office

    @classmethod
    def read(cls, data: Mapping[str, Any], *, today: date) -> Company:
        """Read the facts in an Insee establishment (the answer's `data`)."""
        unit = data["unite_legale"]
        head_office = data.get("siege_social")
        activity = _text(_NAF, data, "activite_principale_naf_rev2", "code") or _text(
            _NAF, data, "activite_principale", "code"
        )
        municipality = _text(_MUNICIPALITY, data.get("adresse"), "code_commune")
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
            overseas=municipality.startswith(OVERSEAS) if municipality else None,
        )

    @classmethod
    def unread(cls, number: str) -> Company:
        """Know a company by its number alone."""
        if is_rna(number):
            return cls(siren="", rna=number)
        return cls(siren=siren_of(number), siret=number if len(number) == 14 else None)

    @property
    def number(self) -> str:
        """The most precise number that is known of it."""
        return self.siret or self.siren or self.rna or ""

    @property
    def unit(self) -> str:
        """The number of the whole company: its SIREN, or the RNA number of an association that has none."""
        return self.siren or self.rna or ""


_NAF = re.compile(r"\d{2}[0-9.A-Z]*")
_LEGAL_FORM = re.compile(r"\d{4}")
_MUNICIPALITY = re.compile(r"[0-9][0-9AB][0-9]{3}")
OVERSEAS = ("97", "98")  # departments and collectivities, by the Insee's codes of municipalities
_RNA = re.compile(r"W[0-9A-Z]{3}\d{6}")


def _text(pattern: re.Pattern[str], part: object, *keys: str) -> str | None:
    """Read a text of the expected form; a mask or another type is unknown."""
    for key in keys:
        part = part.get(key) if isinstance(part, Mapping) else None
    return part if isinstance(part, str) and pattern.fullmatch(part) else None


def closed_on(data: Mapping[str, Any], today: date) -> bool:
    """Tell whether an establishment is closed that day. A closing date, which can lie in the future, wins over the state."""
    closing = paris_date(data.get("date_fermeture"))
    return closing <= today if closing else data.get("etat_administratif") == "F"


def is_registered(extract: Mapping[str, Any], today: date) -> bool | None:
    """Tell whether an extract of the trade register is of a company that is registered that day; None when it does not say.

    A registration to come says nothing of today. A strike-off that cannot be read says nothing, nor does one that is
    older than the registration: it may have been of a registration before.
    """
    struck_off, registered = (
        extract.get(key) if isinstance(extract.get(key), str) else None
        for key in ("date_radiation", "date_immatriculation")
    )
    end, start = register_date(struck_off), register_date(registered)
    if start and start > today:
        return None
    if not extract.get("date_radiation"):
        return True
    if end is None or (start and start > end):
        return None
    return end > today


Condition = Callable[[Company], bool | None]


def anyone(_: Company) -> bool:
    return True


def registers_at_rcs(company: Company) -> bool | None:
    """Insee legal forms beginning with 1, 3, 4, 5 or 6 register there."""
    if company.rna and not company.siren:
        return False  # an association that Sirene does not know
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


def may_have_share_capital(company: Company) -> bool | None:
    """Whoever registers at the RCS may have one, but a sole trader (Insee legal forms beginning with 1)."""
    registers = registers_at_rcs(company)
    return False if company.legal_form and company.legal_form.startswith("1") else registers


def may_have_vat_number(company: Company) -> bool | None:
    """The DGFIP attributes none to a company whose head office is overseas, nor does a ceased company have one."""
    if company.ceased or (company.overseas and company.head_office):
        return False
    return is_alive(company)


def is_covered_on_the_mainland(company: Company) -> bool | None:
    return None if company.overseas is None else not company.overseas


def may_contribute_to_probtp(company: Company) -> bool | None:
    """ProBTP covers neither overseas nor associations."""
    if company.overseas or is_association(company):
        return False
    return None if company.overseas is None or company.legal_form is None else True


def activity_in(*codes: str) -> Condition:
    """Build the guess « its declared activity begins with one of these NAF codes »."""
    prefixes = tuple(code.replace(".", "") for code in codes)

    def condition(company: Company) -> bool | None:
        return company.activity.replace(".", "").startswith(prefixes) if company.activity else None

    return condition


# Guesses: a declared activity tells what to ask first, never what does not concern a company.
FARMING = activity_in("01", "02", "03", "81.30")  # landscapers are compulsorily with the MSA
BUILDING = activity_in("41", "42", "43")
QUALIFIED_WORKS = activity_in("16.23", "25.12", "41", "42", "43", "81.30")  # joiners and metal workers too
ENERGY_WORKS = activity_in("16.23", "25.12", "41", "42", "43", "71")
ELECTRICAL_WORKS = activity_in("33.20", "42.22", "43.2")
TRAINING = activity_in("85")

# The companies for which alone a field can exist, as a form names them.
PERIMETERS: Mapping[str, Condition] = MappingProxyType({
    "associations": is_association,
    "share_capital": may_have_share_capital,
    "trade_register": registers_at_rcs,
    "vat": may_have_vat_number,
})  # fmt: skip

SPOKEN: Mapping[str, str] = MappingProxyType({
    "Ademe": "L'Ademe",
    "Banque de France": "La Banque de France",
    "Carif-Oref": "Le réseau des Carif-Oref",
    "CIBTP": "La CIBTP",
    "CNETP": "La CNETP",
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


class Role(StrEnum):
    """The role of a company in a tender, by the codes of the ESPD."""

    SOLE_TENDERER = "sole-tenderer"
    GROUP_LEAD = "group-lead"
    GROUP_MEMBER = "group-mem"
    RELIED_ON = "oeron"
    SUBCONTRACTOR = "subcont"

    @property
    def label(self) -> str:
        """The role in French, as a document names it."""
        return ROLE_LABELS[self]


ROLE_LABELS = {
    Role.SOLE_TENDERER: "Candidat individuel",
    Role.GROUP_LEAD: "Mandataire du groupement",
    Role.GROUP_MEMBER: "Membre du groupement",
    Role.RELIED_ON: "Opérateur sur lequel le candidat s'appuie",
    Role.SUBCONTRACTOR: "Sous-traitant",
}
