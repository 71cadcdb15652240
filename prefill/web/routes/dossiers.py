"""Routes for agents: the dossier of a company, each of its documents, and the archive of all of them.

Nothing protected is served before its audit record is written; while none can be written, nothing is served.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import partial

from flask import Blueprint, Response, g, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.audit.trail import AccessRecord, Outcome
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.permissions import Caller, Scope, require_scope
from prefill.dossier.archive import stream_archive
from prefill.dossier.builder import documents_of
from prefill.dossier.documents import File, fetch, unavailable
from prefill.dossier.model import Document
from prefill.forms.model import Form
from prefill.prefilling.service import Prefill, Request
from prefill.problems import DocumentUnknown, ParameterInvalid, Problem, Unauthorized
from prefill.web import sse
from prefill.web.context import AGENTS_BLUEPRINT, app_context, current_caller, current_services
from prefill.web.params import language, read_number
from prefill.web.rendering.dossier import build_prefill_dossier, render_dossier
from prefill.web.responses import json_response, log_summary, streamed

FORM = "dossier"
MAX_PROCEDURE = 49  # characters, by API Entreprise's rule
FLAGS = {"": False, "0": False, "1": True}
WITHOUT_DOCUMENT = (Status.ABSENT, Status.WITHHELD, Status.NOT_APPLICABLE, Status.NOT_REQUESTED)

blueprint = Blueprint(AGENTS_BLUEPRINT, __name__)


@blueprint.get("/v1/dossiers/<number>")
def dossier(number: str) -> AnyResponse:
    asked = _read_request(number, Scope.DOSSIER)
    if request.accept_mimetypes.best_match(["application/json", sse.MEDIA]) == sse.MEDIA:
        return _stream(asked)
    done = _complete_dossier(asked)
    return json_response(render_dossier(done, _today(), language()))


@blueprint.get("/v1/dossiers/<number>/documents/<source>")
def document(number: str, source: str) -> AnyResponse:
    return _serve(_fetch(_read_request(number, Scope.DOCUMENTS), source, 1))


@blueprint.get("/v1/dossiers/<number>/documents/<source>/<int:n>")
def document_n(number: str, source: str, n: int) -> AnyResponse:
    return _serve(_fetch(_read_request(number, Scope.DOCUMENTS), source, n))


@blueprint.get("/v1/dossiers/<number>/documents.zip")
def documents(number: str) -> AnyResponse:
    return _pack(_read_request(number, Scope.DOSSIER, Scope.DOCUMENTS))


@blueprint.after_request
def _forbid_caching(response: Response) -> Response:
    """Forbid caching of what only this agent may see."""
    response.headers["Cache-Control"] = "no-store, no-transform"
    return response


def _read_request(number: str, *scopes: Scope) -> Request:
    """Authenticate the agent, check its scopes, then parse the request."""
    agent = _agent(scopes)
    form = app_context().form_registry.forms[FORM]
    procedure, every = _procedure(), _flag("all")
    asked = Request(read_number(number), form, agent, frozenset(form.on_demand()), procedure, every)
    g.company = app_context().rate_limiter.name(asked.number)
    return asked


def _agent(scopes: Iterable[Scope]) -> Caller:
    """Return the authenticated agent; without credentials nothing is revealed, not even which buyers exist."""
    if "Authorization" not in request.headers:
        raise Unauthorized
    agent = current_caller()
    for scope in scopes:
        require_scope(agent, scope)
    return agent


def _procedure() -> str:
    """Parse the procedure (parameter `object`), sent to the registers and written in the audit trail."""
    text = request.args.get("object", "").strip()
    if not text:
        raise _invalid(
            "object", "indiquez la procédure (par exemple 2026-TRX-014).", "say which procedure (2026-TRX-014)."
        )
    if len(text) > MAX_PROCEDURE or not text.isprintable():
        raise _invalid(
            "object",
            "il doit faire moins de 50 caractères, sans caractère de contrôle.",
            "it must have less than 50 characters and no control character.",
        )
    return text


def _flag(name: str) -> bool:
    text = request.args.get(name, "")
    if text not in FLAGS:
        raise _invalid(name, "il attend 0 ou 1.", "it takes 0 or 1.")
    return FLAGS[text]


def _invalid(name: str, why: str, why_en: str) -> ParameterInvalid:
    return ParameterInvalid(name=name, why=why, why_en=why_en)


def _today() -> date:
    return app_context().now().date()


def _complete_dossier(asked: Request) -> Prefill:
    """Query the registers, and write the audit record before anything is served."""
    done = _ask(asked)
    _trace(asked, _asked_sources(done), Outcome.COMPLETE if done.filled.complete else Outcome.PARTIAL)
    return done


def _ask(asked: Request) -> Prefill:
    try:
        done = current_services().service.prefill(asked)
    except Problem:
        _trace(asked, _planned(asked), Outcome.REFUSED)
        raise
    g.log_fields = log_summary(done)
    return done


def _stream(asked: Request) -> AnyResponse:
    """Stream the dossier as registers answer; the record is written first, before the outcome is known."""
    _trace(asked, _planned(asked), Outcome.OPENED)
    events = current_services().service.stream(asked, tick=sse.HEARTBEAT_SECONDS)
    return streamed(events, partial(sse.render_dossier_events, today=_today()))


def _planned(asked: Request) -> tuple[str, ...]:
    return asked.form.sources(asked.extra)


def _asked_sources(done: Prefill) -> tuple[str, ...]:
    """Return the sources that were queried."""
    return tuple(sorted({one.source for one in done.answers.values() if one.status is not Status.NOT_APPLICABLE}))


def _trace(asked: Request, sources: tuple[str, ...], outcome: Outcome) -> None:
    """Write the audit record. Raises `AuditUnavailable` when it cannot be written: nothing is served then."""
    agent = asked.caller
    app_context().audit_trail.write(
        AccessRecord(
            at=app_context().now(),
            tenant=agent.tenant,
            agent=agent.agent or "",
            siret=asked.number,
            sources=sources,
            procedure=asked.object or "",
            outcome=outcome,
            request_id=g.request_id,
        )
    )


def _fetch(asked: Request, source: str, n: int) -> File:
    """Download one document, and write the audit record before it is served."""
    form = _form_of(asked.form, source)
    done = _ask(replace(asked, form=form, extra=frozenset({source}), every=True))
    try:
        named = _named(done.answers[source], n)
        file = fetch(current_services().upstream, named, done.company.siren, _today())
    except Problem:
        _trace(asked, (source,), Outcome.REFUSED)
        raise
    _trace(asked, (source,), Outcome.COMPLETE)
    return file


def _form_of(form: Form, source: str) -> Form:
    """Restrict the form to one source: the others are not queried for a document of this one."""
    row = CATALOGUE.get(source)
    if row is None or row.documents is None:
        raise DocumentUnknown
    parts_of = (
        replace(part, origins=tuple(origin for origin in part.origins if origin.source == source))
        for part in form.fields
    )
    kept = tuple(part for part in parts_of if part.origins)
    if not kept:
        raise DocumentUnknown
    return replace(form, fields=kept)


def _named(answer: Answer, n: int) -> Document:
    if not answer.ok and answer.status not in WITHOUT_DOCUMENT:
        raise unavailable(answer.retry_after)
    for one in documents_of(CATALOGUE[answer.source], answer):
        if one.n == n:
            return one
    raise DocumentUnknown


def _serve(file: File) -> AnyResponse:
    response = Response(file.body, mimetype=file.media)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def _pack(asked: Request) -> AnyResponse:
    """Stream the archive of every document; the record is written before the first byte, for all that may follow."""
    done = _ask(asked)
    _trace(asked, _asked_sources(done), Outcome.OPENED)
    told, today, siren = render_dossier(done, _today(), language()), _today(), done.company.siren
    wanted = build_prefill_dossier(done, today).documents
    page = render_template("dossier_summary.html", dossier=told, at=app_context().now(), documents=wanted)
    facts = {
        "siret": told.get("siret"),
        "siren": siren,
        "object": asked.object,
        "at": app_context().now().isoformat("T", "seconds"),
    }
    here = current_services().upstream
    body = stream_archive(
        wanted, lambda one: fetch(here, one, siren, today), summary=page, facts=facts, language=language()
    )  # fmt: skip
    response = Response(body, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="dossier_{siren}_{today.isoformat()}.zip"'
    response.headers["X-Prefill-Documents"] = str(len(wanted))
    return response
