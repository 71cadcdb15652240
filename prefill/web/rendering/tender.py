"""The prefills of several companies as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from prefill.domain.company import Role
from prefill.prefilling.service import Prefill
from prefill.problems import Language, Problem
from prefill.web.openapi.texts import described
from prefill.web.rendering.prefill import render_prefill
from prefill.web.rendering.problems import render_problem
from prefill.web.rendering.schemas import FormHeader, PrefillSchema, ProblemSchema, ResponseSchema
from prefill.web.tender import Tender, TenderCompany


class BatchCompanySchema(ResponseSchema):
    """One company: its prefill, or the problem that a request for it alone would have met."""

    siret = fields.String(required=True, metadata=described("Comme il a été envoyé.", "As it was sent."))
    role = fields.Enum(Role, by_value=True, required=True)
    prefill = fields.Nested(PrefillSchema)
    problem = fields.Nested(ProblemSchema)


class BatchSchema(ResponseSchema):
    schema = fields.Nested(FormHeader, required=True)
    complete = fields.Boolean(
        required=True,
        metadata=described(
            "Faux quand une source a failli pour une entreprise, ou que l'une a un problème.",
            "False when a source failed for one company, or one has a problem.",
        ),
    )
    companies = fields.List(
        fields.Nested(BatchCompanySchema), required=True, metadata=described("Dans l'ordre de la requête.", "As sent.")
    )


def render_batch(tender: Tender, outcomes: Sequence[Prefill | Problem], language: Language) -> dict[str, Any]:
    form = tender.form
    return {
        "schema": {"id": form.id, "version": form.version, "title": form.title},
        "complete": all(isinstance(outcome, Prefill) and outcome.filled.complete for outcome in outcomes),
        "companies": [
            _company(company, outcome, language) for company, outcome in zip(tender.companies, outcomes, strict=True)
        ],
    }


def _company(company: TenderCompany, outcome: Prefill | Problem, language: Language) -> dict[str, Any]:
    head = {"siret": company.siret, "role": company.role.value}
    if isinstance(outcome, Problem):
        return {**head, "problem": render_problem(outcome, language)}
    return {**head, "prefill": render_prefill(outcome, language)}
