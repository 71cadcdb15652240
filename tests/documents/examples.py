"""A form and the companies of a tender, as documents are built from them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from prefill.documents.builder import Company
from prefill.domain.company import Role
from prefill.domain.permissions import Audience
from prefill.forms.filling import FilledForm, Provenance
from prefill.forms.model import Field, Form, ListItem, Type
from prefill.forms.reasons import Missing, Reason

DAY = date(2026, 11, 30)
ASKED = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)  # the 30th in Paris
GROUP = frozenset({Role.SOLE_TENDERER, Role.GROUP_LEAD})
MEMBERS = GROUP | {Role.GROUP_MEMBER}
FORM = Form(
    "fiche", "Fiche de candidature", "1", Audience.CANDIDATE,
    (
        Field("/buyer/name", "Acheteur", declared=True, roles=GROUP),
        Field("/company/name", "Nom", roles=MEMBERS),
        Field("/company/since", "Création", type=Type.DATE, roles=MEMBERS),
        Field("/company/ids[vat]", "Numéro de TVA", constants={"scheme": "VAT"}, roles=MEMBERS),
        Field("/company/people", "Dirigeants", type=Type.LIST, confirm=True, roles=MEMBERS, items=(
            ListItem("name", "Nom", None), ListItem("role", "Fonction", None),  # type: ignore[arg-type]
        )),
        Field("/company/sme", "PME", type=Type.BOOLEAN, declared=True, roles=MEMBERS),
        Field("/company/amount", "Montant (L. 2141-1)", type=Type.NUMBER, declared=True, roles=MEMBERS),
        Field("/subcontractor/name", "Nom du sous-traitant", roles=frozenset({Role.SUBCONTRACTOR})),
    ),
    description="Une phrase.",
    sections={"/buyer": "A - Acheteur", "/company": "B - Entreprise", "/subcontractor": "C - Sous-traitant"},
)  # fmt: skip


def signed(**changes: Any) -> Provenance:
    return Provenance(
        **{"field": "", "source": "etablissements", "producer": "Insee", "retrieved_at": ASKED, **changes}
    )


def filled(name: str = "ATELIER & FILS <SARL>") -> FilledForm:
    return FilledForm(
        data={
            "company": {
                "name": name,
                "since": "1998-03-12",
                "ids": [{"scheme": "VAT", "value": "FR00"}],
                "people": [{"name": "DURAND", "role": "Présidente"}, {"name": "PETIT"}],
            }
        },
        provenance={
            "/company/name": signed(field="/company/name"),
            "/company/since": signed(field="/company/since", stale=True),
            "/company/ids/0/value": signed(field="/company/ids[vat]", producer="DGFIP", as_of=date(2026, 11, 2)),
            "/company/people": signed(field="/company/people", producer="Infogreffe", confirm=True),
        },
        missing={
            "/company/sme": Missing(Reason.DECLARED),
            "/subcontractor/name": Missing(Reason.UNAVAILABLE, "etablissements", "Insee"),
        },
    )


def company(role: Role = Role.SOLE_TENDERER, number: str = "000 001 008 00010", **changes: Any) -> Company:
    return Company(**{"role": role, "number": number, "filled": filled(), **changes})
