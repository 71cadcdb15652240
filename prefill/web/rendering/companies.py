"""Companies found and their establishments as JSON; what the law withholds has no member."""

from __future__ import annotations

import math
from typing import Any

from marshmallow import fields

from prefill.company_search.establishments import Establishments
from prefill.company_search.service import DEFAULT_LIMIT, MAX_LIMIT, Suggestions
from prefill.company_search.suggestions import Why
from prefill.web.openapi import ACCEPT_LANGUAGE, REQUEST_ID, TENANT, operation, parameter
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import ResponseSchema

SOURCE = "API Recherche d'entreprises (DINUM), d'après Insee (Sirene) et INPI (RNE)"


class FoundEstablishmentSchema(ResponseSchema):
    siret = fields.String(required=True)
    city = fields.String()
    postalCode = fields.String(attribute="postal_code")
    headOffice = fields.Boolean(attribute="head_office", required=True)
    closed = fields.Boolean(required=True)
    street = fields.String()
    name = fields.String(metadata={"description": "Its sign or usual name."})


class FoundCompanySchema(ResponseSchema):
    siren = fields.String(required=True)
    name = fields.String(metadata={"description": "Absent where the law withholds it."})
    tradeName = fields.String(attribute="trade_name")
    city = fields.String(metadata={"description": "Of the head office, as `postalZone`."})
    postalZone = fields.String(attribute="postal_code")
    headOffice = fields.String(attribute="head_office", metadata={"description": "SIRET of the head office."})
    activity = fields.String(metadata={"description": "NAF code.", "example": "43.32A"})
    closed = fields.Boolean(required=True, metadata={"description": "The company has ceased."})
    rna = fields.String(metadata={"description": "Known where a number was typed."})
    openEstablishments = fields.Integer(attribute="open_establishments", required=True)
    establishments = fields.List(
        fields.Nested(FoundEstablishmentSchema), required=True, metadata={"description": "Those that matched, not all."}
    )
    why = fields.Enum(Why, by_value=True, required=True, metadata={"description": "What of the company matched."})


class FoundCompaniesSchema(ResponseSchema):
    companies = fields.List(fields.Nested(FoundCompanySchema), required=True)
    incompleteWord = fields.Boolean(
        attribute="incomplete_word",
        required=True,
        metadata={
            "description": "The last word finds nothing as it is: the index knows whole words only, so it is not « unknown »."
        },
    )
    partial_ = fields.Boolean(
        attribute="partial",
        data_key="partial",
        required=True,
        metadata={
            "description": "There are more, or may be: too many, or the upstream cannot be asked (`Retry-After`)."
        },
    )
    retryAfter = fields.Integer(metadata={"description": "Seconds, as `Retry-After`."})
    source = fields.Constant(SOURCE, metadata={"description": "To be shown, as the licence of the data asks."})


class CompanyEstablishmentsSchema(ResponseSchema):
    siren = fields.String(required=True)
    establishments = fields.List(
        fields.Nested(FoundEstablishmentSchema),
        required=True,
        metadata={"description": "Head office first, then those that are open."},
    )
    partial_ = fields.Boolean(
        attribute="partial",
        data_key="partial",
        required=True,
        metadata={"description": "There are others: narrow by `q`, or type the SIRET."},
    )
    total = fields.Integer(metadata={"description": "How many there are, closed ones included."})
    retryAfter = fields.Integer(metadata={"description": "Seconds, as `Retry-After`."})
    source = fields.Constant(SOURCE, metadata={"description": "To be shown, as the licence of the data asks."})


def operations() -> dict[str, Any]:
    """Describe the search for the OpenAPI document."""
    shared, problems = (
        [*TENANT, ACCEPT_LANGUAGE, REQUEST_ID],
        ("cross_site_request", "tenant_unknown", "too_many_requests"),
    )
    typed = parameter(
        "q", "query",
        "A name, with a town or a postal code if need be; or a SIREN, SIRET, VAT or RNA number.", "menuiserie rennes",
    )  # fmt: skip
    limit = {
        **parameter("limit", "query", "How many companies at most.", ""),
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    }
    siren = parameter("siren", "path", "SIREN of the company.", "000001008")
    place = parameter("q", "query", "A town, a postal code or a street.", "rennes")
    return {
        "/v1/companies": operation(
            "searchCompanies", "Find companies by name or number", FoundCompaniesSchema, "The candidates.",
            [typed, limit, *shared], problems=("parameter_invalid", "not_found", *problems),
        ),
        "/v1/companies/{siren}/establishments": operation(
            "listEstablishments", "List a company's establishments", CompanyEstablishmentsSchema, "The establishments.",
            [siren, place, *shared],
            problems=("siret_malformed", "siret_checksum", "company_unknown", "not_found", *problems),
        ),
    }  # fmt: skip


def render_suggestions(found: Suggestions) -> dict[str, Any]:
    return {**dump(FoundCompaniesSchema, found), **_retry_after(found.retry_after)}


def render_establishments(listed: Establishments) -> dict[str, Any]:
    return {**dump(CompanyEstablishmentsSchema, listed), **_retry_after(listed.retry_after)}


def _retry_after(seconds: float) -> dict[str, int]:
    return {"retryAfter": max(1, math.ceil(seconds))} if seconds else {}
