"""Forms as documents to complete and sign: Word, OpenDocument, PDF."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, g
from werkzeug.wrappers import Response as AnyResponse

from prefill.documents.builder import Company, build
from prefill.documents.typed import read_values
from prefill.documents.writers import FORMATS, write
from prefill.domain.identifiers import spaced
from prefill.domain.permissions import Audience
from prefill.forms.model import Form
from prefill.prefilling.service import Prefill
from prefill.problems import Problem
from prefill.web.context import app_context
from prefill.web.responses import log_tender
from prefill.web.tender import Tender, TenderCompany, prefill_tender, read_company, read_tender

COMPLETED = "-document"  # the form `dume-document` holds all that the paper asks besides `dume`
KIND = f"<any({', '.join(FORMATS)}):kind>"

blueprint = Blueprint("documents", __name__)


@blueprint.route(f"/v1/documents/<name>/<path:number>.{KIND}", methods=["GET", "POST"])
def of_company(name: str, number: str, kind: str) -> AnyResponse:
    tender = read_company(name, number)
    outcomes = _fill(tender)
    if isinstance(outcomes[0], Problem):
        raise outcomes[0]
    return _document(tender, outcomes, kind)


@blueprint.post(f"/v1/documents/<name>.{KIND}")
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
    found = app_context().form_registry.forms.get(form.id + COMPLETED)
    return found if found and found.audience is Audience.CANDIDATE else form


def _company(company: TenderCompany, outcome: Prefill | Problem) -> Company:
    if isinstance(outcome, Problem):
        return Company(company.role, company.siret, typed=company.values, warnings=(outcome.detail("fr"),))
    number = outcome.company.siret or outcome.company.siren
    warnings = tuple(notice.message("fr") for notice in outcome.notices)
    return Company(company.role, spaced(number), outcome.filled, company.values, warnings)
