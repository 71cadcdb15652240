"""The DUME that an agent takes away as ESPD XML: the identity that any candidate gets, with the turnover and the staff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from prefill.domain.permissions import Audience, Scope
from prefill.espd.carried import STAFF, TURNOVER
from prefill.espd.draft import draft_response
from prefill.espd.model import Draft
from prefill.forms.model import Field, Form
from prefill.web.agents.recording import complete_dossier
from prefill.web.agents.request import FORM, read_agent_request
from prefill.web.context import current_forms
from prefill.web.rendering.espd import read_declared

DUME = "dume"
# The places of the figures: where the dossier has them, where the DUME does.
FIGURES = {
    "/proofs/exercices/turnover": TURNOVER,
    "/proofs/effectifs_annuels/year": f"{STAFF}/year",
    "/proofs/effectifs_annuels/average": f"{STAFF}/average",
}


def agent_dume(forms: Mapping[str, Form]) -> Form:
    """The DUME as agents are answered: what is asked by default, and what it reserves to the buyer from the dossier's form."""
    fields = (*_open_fields(forms[DUME]), *_figures(forms[FORM]))
    return replace(forms[DUME], audience=Audience.AGENT, fields=fields)


def _open_fields(form: Form) -> Iterator[Field]:
    return (field for field in form.fields if not (field.reserved or field.on_demand))


def _figures(form: Form) -> Iterator[Field]:
    return (replace(field, path=FIGURES[field.path]) for field in form.fields if field.path in FIGURES)


def draft_for_agent(number: str, values: Mapping[str, Any]) -> Draft:
    """Draft the ESPD of a company for the agent who asks; the access is recorded as that to a dossier."""
    declared = read_declared(values)
    forms = current_forms().forms
    figures = frozenset(origin.source for field in _figures(forms[FORM]) for origin in field.origins)
    asked = read_agent_request(number, Scope.DOSSIER, form=agent_dume(forms))
    filled = complete_dossier(replace(asked, extra=figures)).filled
    return draft_response(filled.data, replace(declared, number=asked.number), filled.provenance)
