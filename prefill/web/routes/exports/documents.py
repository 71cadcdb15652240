"""Forms as documents to complete and sign: Word, OpenDocument, PDF."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, g
from werkzeug.wrappers import Response as AnyResponse

from prefill.documents.builder import Company, build
from prefill.documents.typed import read_values
from prefill.documents.writers import FORMATS, write
from prefill.domain.company import Role
from prefill.domain.identifiers import spaced
from prefill.domain.permissions import Audience
from prefill.forms.model import Form
from prefill.prefilling.service import Prefill
from prefill.problems import Problem
from prefill.web.context import app_context, current_forms
from prefill.web.openapi.operations import FILE, describe
from prefill.web.openapi.parameters import ACCEPT_LANGUAGE, NUMBER, REQUEST_ID, TENANT, form_names, parameter
from prefill.web.openapi.texts import text
from prefill.web.responses import log_tender
from prefill.web.tender import (
    Tender,
    TenderCompany,
    TenderSchema,
    TypedDocumentSchema,
    prefill_tender,
    read_company,
    read_tender,
)

COMPLETED = "-document"  # the form `dume-document` holds all that the paper asks besides `dume`
KIND = f"<any({', '.join(FORMATS)}):kind>"

FORM = parameter("name", "path", text("L'identifiant du formulaire.", "The form's id."), "dc1", enum=form_names)
KINDS = parameter("kind", "path", text("Le format.", "The format."), "pdf", enum=list(FORMATS))
ROLE = parameter(
    "role", "query", text("Le rôle de l'entreprise.", "Role of the company."), enum=[role.value for role in Role]
)
SHARED = (*TENANT, ACCEPT_LANGUAGE, REQUEST_ID)
DOCUMENT = text("Un document à compléter et à signer.", "A document to complete and sign.")
MEDIA = [kind.media for kind in FORMATS.values()]
PROBLEMS = (
    "siret_malformed", "siret_checksum", "company_unknown", "company_undisclosed", "schema_unknown", "field_unknown",
    "parameter_invalid", "tenant_unknown", "cross_site_request", "too_many_requests", "format_unavailable",
)  # fmt: skip

blueprint = Blueprint("documents", __name__)


@blueprint.route(f"/v1/documents/<name>/<path:number>.{KIND}", methods=["GET", "POST"])
@describe(
    "formDocument",
    text("Écrire un formulaire en document", "Write a form as a document"),
    DOCUMENT,
    FILE,
    (FORM, NUMBER, KINDS, ROLE, *SHARED),
    method="get",
    media=MEDIA,
    problems=PROBLEMS,
)
@describe(
    "formDocumentTyped",
    text(
        "Écrire un formulaire en document, avec ce qui a été saisi", "Write a form as a document, with what was typed"
    ),
    DOCUMENT,
    FILE,
    (FORM, NUMBER, KINDS, *SHARED),
    method="post",
    media=MEDIA,
    body={"application/json": {"schema": TypedDocumentSchema}},
    problems=PROBLEMS,
)
def of_company(name: str, number: str, kind: str) -> AnyResponse:
    tender = read_company(name, number)
    outcomes = _fill(tender)
    if isinstance(outcomes[0], Problem):
        raise outcomes[0]
    return _document(tender, outcomes, kind)


@blueprint.post(f"/v1/documents/<name>.{KIND}")
@describe(
    "formDocumentOfTender",
    text("Écrire le document de plusieurs entreprises", "Write the document of several companies"),
    DOCUMENT,
    FILE,
    (FORM, KINDS, *SHARED),
    media=MEDIA,
    body={"application/json": {"schema": TenderSchema}},
    problems=PROBLEMS,
)
def of_tender(name: str, kind: str) -> AnyResponse:
    tender = read_tender(name)
    return _document(tender, _fill(tender), kind)


def _fill(tender: Tender) -> list[Prefill | Problem]:
    for company in tender.companies:  # before any call
        read_values(_completed(tender.form).for_role(company.role), company.values)
    outcomes = prefill_tender(tender, costly=True)
    g.log_fields = log_tender(tender.form.id, outcomes)
    return outcomes


def _document(tender: Tender, outcomes: Sequence[Prefill | Problem], kind: str) -> AnyResponse:
    context, form = app_context(), _completed(tender.form)
    companies = [_company(company, outcome) for company, outcome in zip(tender.companies, outcomes, strict=True)]
    document = build(form, companies, day=context.now().date(), sandbox=context.settings.sandbox)
    written = write(document, tender.form.id, kind, context.templates)
    response = Response(written, content_type=FORMATS[kind].media)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="{tender.form.id}.{kind}"'
    return response


def _completed(form: Form) -> Form:
    """The form that holds the questions of the paper which no register answers, where there is one."""
    found = current_forms().forms.get(form.id + COMPLETED)
    return found if found and found.audience is Audience.CANDIDATE else form


def _company(company: TenderCompany, outcome: Prefill | Problem) -> Company:
    if isinstance(outcome, Problem):
        return Company(company.role, company.siret, typed=company.values, warnings=(outcome.detail("fr"),))
    number = outcome.company.number
    warnings = tuple(notice.message("fr") for notice in outcome.notices)
    return Company(company.role, spaced(number), outcome.filled, company.values, warnings)
