"""Routes for agents: the dossier of a company, each of its documents, and the archive of all of them.

Of every access the intent is written in the audit trail before any register is queried, and the outcome before anything
is served; while no record can be written, no register is queried and nothing is served.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, Response, g, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.audit.trail import AccessRecord, Outcome
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.permissions import Caller, Scope, require_scope
from prefill.domain.sources import DOWNLOADS
from prefill.dossier.archive import stream_archive
from prefill.dossier.builder import documents_of
from prefill.dossier.documents import File, fetch, is_allowed, unavailable
from prefill.dossier.model import Document
from prefill.dossier.themes import ON_REQUEST
from prefill.forms.model import Form
from prefill.prefilling.service import Event, Finished, Prefill, Request
from prefill.problems import DocumentUnknown, ParameterInvalid, Problem, Unauthorized
from prefill.web import sse
from prefill.web.context import AGENTS_BLUEPRINT, app_context, current_caller, current_services
from prefill.web.params import language, read_number
from prefill.web.rendering.dossier import DossierView, build_prefill_dossier, render_dossier
from prefill.web.responses import json_response, log_summary, streamed

FORM = "dossier"
MAX_PROCEDURE = 49  # characters, by API Entreprise's rule
MAX_RANK = 9999
DOWNLOAD_RESERVE = 10  # downloads of the minute that an archive leaves to single documents
FLAGS = {"": False, "0": False, "1": True}
WITHOUT_DOCUMENT = (Status.ABSENT, Status.WITHHELD, Status.NOT_APPLICABLE, Status.NOT_REQUESTED)

blueprint = Blueprint(AGENTS_BLUEPRINT, __name__)


@blueprint.get("/v1/dossiers/<number>")
def dossier(number: str) -> AnyResponse:
    asked = _read_request(number, Scope.DOSSIER)
    if request.accept_mimetypes.best_match(["application/json", sse.MEDIA]) == sse.MEDIA:
        return _stream(asked)
    return json_response(render_dossier(_complete_dossier(asked), _view(), language()))


@blueprint.get("/v1/dossiers/<number>/documents/<source>")
def document(number: str, source: str) -> AnyResponse:
    return _serve(_fetch(_read_request(number, Scope.DOCUMENTS), source, 1))


@blueprint.get("/v1/dossiers/<number>/documents/<source>/<int:n>")
def document_n(number: str, source: str, n: int) -> AnyResponse:
    return _serve(_fetch(_read_request(number, Scope.DOCUMENTS), source, n))


@blueprint.get("/v1/dossiers/<number>/documents.zip")
def documents(number: str) -> AnyResponse:
    return _archive(_read_request(number, Scope.DOSSIER, Scope.DOCUMENTS), _rank("from"))


@blueprint.after_request
def _forbid_caching(response: Response) -> Response:
    """Forbid caching of what only this agent may see."""
    response.headers["Cache-Control"] = "no-store, no-transform"
    return response


def _read_request(number: str, *scopes: Scope) -> Request:
    """Authenticate the agent, check its scopes, then parse the request."""
    agent = _agent(scopes)
    form = app_context().form_registry.forms[FORM]
    asked = Request(
        read_number(number),
        form,
        agent,
        frozenset(form.on_demand()),
        _procedure(),
        _flag("all"),
        on_request=ON_REQUEST,
        named=_sources("with", form),
    )
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


def _sources(name: str, form: Form) -> frozenset[str]:
    """Parse a list of sources of the form."""
    named = frozenset(text.strip() for text in request.args.get(name, "").split(",") if text.strip())
    known = form.sources(frozenset(form.on_demand()))
    unknown = sorted(named.difference(known))
    if unknown:
        raise _invalid(
            name,
            f"le dossier n'a pas de source « {unknown[0][:50]} » : elles sont {', '.join(sorted(known))}.",
            f"the dossier has no source “{unknown[0][:50]}”: they are {', '.join(sorted(known))}.",
        )
    return named


def _rank(name: str) -> int:
    text = request.args.get(name, "1")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_RANK):
        raise _invalid(name, "il attend le rang d'un document, à partir de 1.", "it takes a document's rank, from 1.")
    return int(text)


def _invalid(name: str, why: str, why_en: str) -> ParameterInvalid:
    return ParameterInvalid(name=name, why=why, why_en=why_en)


def _today() -> date:
    return app_context().now().date()


def _view() -> DossierView:
    base, hosts = current_services().upstream.connection.url, app_context().settings.document_hosts
    return DossierView(_today(), lambda url: is_allowed(url, base, hosts))


def _complete_dossier(asked: Request) -> Prefill:
    """Query the registers; the outcome is written before anything is served."""
    done = _query(asked, _planned(asked))
    _record(asked, _asked_sources(done), _outcome(done))
    return done


def _query(asked: Request, planned: tuple[str, ...]) -> Prefill:
    """Write the intent, then query the registers."""
    _record(asked, planned, Outcome.REQUESTED)
    try:
        done = current_services().service.prefill(asked)
    except Problem:
        _record(asked, planned, Outcome.REFUSED)
        raise
    g.log_fields = log_summary(done)
    return done


def _outcome(done: Prefill) -> Outcome:
    return Outcome.COMPLETE if done.filled.complete else Outcome.PARTIAL


def _stream(asked: Request) -> AnyResponse:
    """Stream the dossier as registers answer: the intent is written first, the outcome before the last event."""
    _record(asked, _planned(asked), Outcome.REQUESTED)
    try:
        events = current_services().service.stream(asked, tick=sse.HEARTBEAT_SECONDS)
        return streamed(_recorded(events, _recorder(asked)), partial(sse.render_dossier_events, view=_view()))
    except Problem:
        _record(asked, _planned(asked), Outcome.REFUSED)
        raise


def _recorded(
    events: Generator[Event, None, None], record: Callable[[tuple[str, ...], Outcome], None]
) -> Generator[Event, None, None]:
    """Write the outcome when the dossier is finished."""
    with closing(events):
        for event in events:
            if isinstance(event, Finished):
                record(_asked_sources(event.prefill), _outcome(event.prefill))
            yield event


def _planned(asked: Request) -> tuple[str, ...]:
    return asked.form.sources(asked.extra)


def _asked_sources(done: Prefill) -> tuple[str, ...]:
    """Return the sources that were queried."""
    without_call = (Status.NOT_APPLICABLE, Status.NOT_REQUESTED)
    return tuple(sorted({answer.source for answer in done.answers.values() if answer.status not in without_call}))


def _record(asked: Request, sources: tuple[str, ...], outcome: Outcome) -> None:
    """Write an audit record. Raises `AuditUnavailable` when it cannot be written: nothing is queried or served then."""
    _recorder(asked)(sources, outcome)


def _recorder(asked: Request) -> Callable[[tuple[str, ...], Outcome], None]:
    """Return what writes the records of this request, outside its context too: a stream goes on after it."""
    trail, now, agent, request_id = app_context().audit_trail, app_context().now, asked.caller, g.request_id

    def record(sources: tuple[str, ...], outcome: Outcome) -> None:
        trail.write(
            AccessRecord(
                at=now(),
                tenant=agent.tenant,
                agent=agent.agent or "",
                siret=asked.number,
                sources=sources,
                procedure=asked.object or "",
                outcome=outcome,
                request_id=request_id,
            )
        )

    return record


def _fetch(asked: Request, source: str, n: int) -> File:
    """Download one document; the outcome is written before it is served."""
    form = _form_of(asked.form, source)
    done = _query(replace(asked, form=form, extra=frozenset({source}), every=True, on_request=frozenset()), (source,))
    hosts = app_context().settings.document_hosts
    try:
        named = _named(done.answers[source], n)
        file = fetch(current_services().upstream, named, done.company.siren, _today(), hosts)
    except Problem:
        _record(asked, (source,), Outcome.REFUSED)
        raise
    _record(asked, (source,), Outcome.COMPLETE)
    return file


def _form_of(form: Form, source: str) -> Form:
    """Restrict the form to one source: the others are not queried for a document of this one."""
    row = CATALOGUE.get(source)
    if row is None or row.documents is None:
        raise DocumentUnknown
    restricted = (
        replace(part, origins=tuple(origin for origin in part.origins if origin.source == source))
        for part in form.fields
    )
    kept = tuple(part for part in restricted if part.origins)
    if not kept:
        raise DocumentUnknown
    return replace(form, fields=kept)


def _named(answer: Answer, n: int) -> Document:
    if not answer.ok and answer.status not in WITHOUT_DOCUMENT:
        raise unavailable(answer.retry_after)
    for document in documents_of(CATALOGUE[answer.source], answer):
        if document.n == n:
            return document
    raise DocumentUnknown


def _serve(file: File) -> AnyResponse:
    response = Response(file.body, mimetype=file.media)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def _archive(asked: Request, first: int) -> AnyResponse:
    """Stream an archive of as many documents as the downloads of this minute allow, from the `first`.

    The record is written before the first byte. What is left out is in the manifest, and `Link: rel="next"` is the
    address of the archive that goes on from there.
    """
    done = _query(asked, _planned(asked))
    view, siren, hosts = _view(), done.company.siren, app_context().settings.document_hosts
    upstream = current_services().upstream
    listed = build_prefill_dossier(done, view).documents
    following = listed[first - 1 :]
    packed = following[: _downloads_left()]
    if following and not packed:
        _record(asked, _asked_sources(done), Outcome.REFUSED)
        raise unavailable(60.0 - app_context().now().second)
    _record(asked, _asked_sources(done), Outcome.OPENED)
    left = following[len(packed) :]
    next_page = _next_archive(first + len(packed)) if left else None
    rendered = render_dossier(done, view, language())
    page = render_template(
        "dossier_summary.html", dossier=rendered, at=app_context().now(), documents=packed, left=left
    )
    facts = {
        "siret": rendered.get("siret"),
        "siren": siren,
        "object": asked.object,
        "at": app_context().now().isoformat("T", "seconds"),
        "documents": len(listed),
        "first": first,
        "next": next_page,
    }
    body = stream_archive(
        packed,
        lambda document: fetch(upstream, document, siren, view.today, hosts),
        summary=page,
        facts=facts,
        language=language(),
        left=left,
    )
    response = Response(body, mimetype="application/zip")
    part = f"-{first}" if first > 1 else ""
    response.headers["Content-Disposition"] = (
        f'attachment; filename="dossier_{siren}_{view.today.isoformat()}{part}.zip"'
    )
    response.headers["X-Prefill-Documents"] = str(len(packed))
    response.headers["X-Prefill-Documents-Left"] = str(len(left))
    if next_page:
        response.headers["Link"] = f'<{next_page}>; rel="next"'
    return response


def _downloads_left() -> int:
    """How many documents an archive may download this minute."""
    left, limit = (
        current_services().upstream.quota.remaining().get(DOWNLOADS.name, (DOWNLOADS.per_minute, DOWNLOADS.per_minute))
    )
    return max(0, left - min(DOWNLOAD_RESERVE, limit // 5))


def _next_archive(rank: int) -> str:
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'from': str(rank)})}"
