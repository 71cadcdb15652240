"""The prefills of several companies as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from prefill.documents.writers import FORMATS
from prefill.domain.roles import Role
from prefill.prefilling.service import Prefill
from prefill.problems import Language, Problem
from prefill.web.openapi import ACCEPT_LANGUAGE, REQUEST_ID, TENANT, operation, parameter
from prefill.web.rendering.prefill import render_prefill
from prefill.web.rendering.problems import render_problem
from prefill.web.rendering.schemas import FormHeader, PrefillSchema, ProblemSchema, ResponseSchema
from prefill.web.tender import Tender, TenderCompany, TenderSchema, TypedDocumentSchema

DOCUMENT_PROBLEMS = (
    "siret_malformed", "siret_checksum", "company_unknown", "company_undisclosed", "schema_unknown", "field_unknown",
    "parameter_invalid", "tenant_unknown", "cross_site_request", "too_many_requests",
)  # fmt: skip


class BatchCompanySchema(ResponseSchema):
    """One company: its prefill, or the problem that a request for it alone would have met."""

    siret = fields.String(required=True, metadata={"description": "As it was sent."})
    role = fields.Enum(Role, by_value=True, required=True)
    prefill = fields.Nested(PrefillSchema)
    problem = fields.Nested(ProblemSchema)


class BatchSchema(ResponseSchema):
    schema = fields.Nested(FormHeader, required=True)
    complete = fields.Boolean(
        required=True, metadata={"description": "False when a source failed for one company, or one has a problem."}
    )
    companies = fields.List(fields.Nested(BatchCompanySchema), required=True, metadata={"description": "As sent."})


def operations() -> dict[str, Any]:
    """Describe the batch and the documents for the OpenAPI document."""
    described = operation(
        "prefillBatch",
        "Fill a form for several companies of one tender",
        BatchSchema,
        "Each company's prefill or problem.",
        [*TENANT, ACCEPT_LANGUAGE, REQUEST_ID],
        body={"application/json": {"schema": TenderSchema}},
        problems=(
            "parameter_invalid", "schema_unknown", "field_unknown", "source_unknown", "source_refused", "tenant_unknown",
            "cross_site_request", "too_many_requests",
        ),
    )  # fmt: skip
    return {"/v1/prefill/batch": {"post": described}, **_documents()}


def _documents() -> dict[str, Any]:
    form = parameter("form", "path", "The form's id.", "dc1")
    siret = parameter("siret", "path", "SIRET or SIREN.", "55204944776279")
    kind = parameter("kind", "path", "The format.", "pdf", enum=list(FORMATS))
    role = parameter("role", "query", "Role of the company.", "", enum=[one.value for one in Role])
    common = [*TENANT, ACCEPT_LANGUAGE, REQUEST_ID]

    def document(
        name: str, summary: str, parameters: list[dict[str, Any]], body: type[Schema] | None
    ) -> dict[str, Any]:
        described = operation(
            name, summary, None, "A document to complete and sign.", [*parameters, *common],
            problems=DOCUMENT_PROBLEMS, media=FORMATS["pdf"].media,
            body={"application/json": {"schema": body}} if body else None,
        )  # fmt: skip
        files = {one.media: {"schema": {"type": "string", "format": "binary"}} for one in FORMATS.values()}
        described["responses"]["200"]["content"] = files
        return described

    return {
        "/v1/documents/{form}/{siret}.{kind}": {
            "get": document("formDocument", "Write a form as a document", [form, siret, kind, role], None),
            "post": document(
                "formDocumentTyped",
                "Write a form as a document, with what was typed",
                [form, siret, kind],
                TypedDocumentSchema,
            ),
        },
        "/v1/documents/{form}.{kind}": {
            "post": document(
                "formDocumentOfTender", "Write the document of several companies", [form, kind], TenderSchema
            ),
        },
    }


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
