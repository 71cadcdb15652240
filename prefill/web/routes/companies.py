"""Companies by name or number, and the establishments of one."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, g, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.company_search.establishments import list_establishments
from prefill.company_search.service import DEFAULT_LIMIT, MAX_LIMIT, CompanySearch, Suggestions
from prefill.domain.identifiers import parse, siren_of
from prefill.problems import NotFound, ParameterInvalid, TooManyRequests
from prefill.web.context import app_context, current_requester, may_wait
from prefill.web.openapi.operations import describe
from prefill.web.openapi.parameters import ACCEPT_LANGUAGE, REQUEST_ID, TENANT, parameter
from prefill.web.openapi.texts import text
from prefill.web.params import BUSY_SECONDS, current_candidate, refuse_unless_may_wait
from prefill.web.protection.paced_search import PacedLookups
from prefill.web.rendering.companies import (
    CompanyEstablishmentsSchema,
    FoundCompaniesSchema,
    render_establishments,
    render_suggestions,
)
from prefill.web.responses import json_response

MAX_PLACE = 100  # characters of a place that are read

SHARED = (*TENANT, ACCEPT_LANGUAGE, REQUEST_ID)
PROBLEMS = ("cross_site_request", "tenant_unknown", "too_many_requests", "not_found")

blueprint = Blueprint("companies", __name__)


@blueprint.get("/v1/companies")
@describe(
    "searchCompanies",
    text("Trouver des entreprises par nom ou par numéro", "Find companies by name or number"),
    text("Les candidates.", "The candidates."),
    FoundCompaniesSchema,
    (
        parameter(
            "q",
            "query",
            text(
                "Un nom, avec une commune ou un code postal s'il le faut ; ou un SIREN, un SIRET, un numéro de TVA ou de RNA.",
                "A name, with a town or a postal code if need be; or a SIREN, SIRET, VAT or RNA number.",
            ),
            "menuiserie rennes",
        ),
        parameter(
            "limit",
            "query",
            text("Combien d'entreprises au plus.", "How many companies at most."),
            type="integer",
            minimum=1,
            maximum=MAX_LIMIT,
            default=DEFAULT_LIMIT,
        ),
        *SHARED,
    ),
    problems=("parameter_invalid", *PROBLEMS),
)
def companies() -> AnyResponse:
    search, limit = _search(), _read_limit()
    text = request.args.get("q", "")
    found = search.recall(text)
    _check_rate_limit(cached=found is not None)
    if found is None:
        found = _find(search, text)
    shown = found.first(limit)
    g.log_fields = {"found": len(shown.companies), "partial": shown.partial}
    return _respond(render_suggestions(shown))


@blueprint.get("/v1/companies/<number>/establishments")
@describe(
    "listEstablishments",
    text("Lister les établissements d'une entreprise", "List a company's establishments"),
    text("Les établissements.", "The establishments."),
    CompanyEstablishmentsSchema,
    (
        parameter("number", "path", text("Le SIREN de l'entreprise.", "SIREN of the company."), "000001008"),
        parameter(
            "q",
            "query",
            text("Une commune, un code postal ou une voie.", "A town, a postal code or a street."),
            "rennes",
        ),
        *SHARED,
    ),
    problems=("siret_malformed", "siret_checksum", "company_unknown", *PROBLEMS),
)
def establishments(number: str) -> AnyResponse:
    search, siren = _search(), siren_of(parse(number))
    _check_rate_limit(cached=False)
    refuse_unless_may_wait()
    listed = list_establishments(search.lookups, siren, request.args.get("q", "")[:MAX_PLACE])
    g.log_fields = {"found": len(listed.establishments), "partial": listed.partial}
    return _respond(render_establishments(listed))


def _find(search: CompanySearch, text: str) -> Suggestions:
    """Ask the upstream, unless as many requests wait as may: then answer with what is known."""
    if not may_wait(agent=False):
        return search.best_known(text, retry_after=BUSY_SECONDS)
    return search.find(text, visitor=app_context().search_limiter.name(request.remote_addr or ""))


def _search() -> CompanySearch:
    """The search as this visitor may see it, for a page of the buyer's. Raise `NotFound` where there is none.

    The sandbox has no bidder to protect: there answers come at once.
    """
    current_candidate()
    context = app_context()
    search = context.company_search
    if search is None:
        raise NotFound
    if context.settings.sandbox:
        return search
    visitor = current_requester().address or context.rate_limiter.name(request.remote_addr or "")
    return search.seen_through(PacedLookups(search.client, context.visits, visitor))


def _read_limit() -> int:
    text = request.args.get("limit", str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise ParameterInvalid(
            name="limit",
            why=f"attend un nombre de 1 à {MAX_LIMIT}.",
            why_en=f"expects a number from 1 to {MAX_LIMIT}.",
        )
    return int(text)


def _check_rate_limit(*, cached: bool) -> None:
    wait = app_context().search_limiter.check(current_requester(), cached=cached)
    if wait:
        raise TooManyRequests(retry_after=wait, retryAfter=wait)


def _respond(body: dict[str, Any]) -> AnyResponse:
    """Answer; no cache may keep what was typed."""
    response = json_response(body)
    response.headers["Cache-Control"] = "no-store"
    if "retryAfter" in body:
        response.headers["Retry-After"] = str(body["retryAfter"])
    return response
