"""The documents of a company, one by one or in an archive, for an agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.audit.trail import Outcome
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.sources import DOWNLOADS
from prefill.dossier.archive import Part, stream_archive
from prefill.dossier.builder import documents_of
from prefill.dossier.documents import File, fetch, is_allowed, unavailable
from prefill.dossier.model import Document
from prefill.forms.model import Form
from prefill.prefilling.service import Prefill, Request
from prefill.problems import DocumentUnknown, Problem
from prefill.web.agents.recording import asked_sources, planned, query_recorded, record
from prefill.web.context import app_context, current_services, may_wait
from prefill.web.params import BUSY_SECONDS, language
from prefill.web.rendering.agents.dossier import DossierView, build_prefill_dossier, render_dossier

DOWNLOAD_RESERVE = 10  # downloads of the minute that an archive leaves to single documents
WITHOUT_DOCUMENT = (Status.ABSENT, Status.WITHHELD, Status.NOT_APPLICABLE, Status.NOT_REQUESTED)


def current_day() -> date:
    return app_context().now().date()


def current_view() -> DossierView:
    base, hosts = current_services().upstream.connection.url, app_context().settings.document_hosts
    return DossierView(current_day(), lambda url: is_allowed(url, base, hosts))


def fetch_document(asked: Request, source: str, n: int) -> File:
    """Download one document; the outcome is written before it is served."""
    refuse_unless_may_wait()
    form = _form_of(asked.form, source)
    done = query_recorded(
        replace(asked, form=form, extra=frozenset({source}), every=True, on_request=frozenset()), (source,)
    )
    hosts = app_context().settings.document_hosts
    try:
        named = _document(done.answers[source], n)
        file = fetch(current_services().upstream, named, done.company.unit, current_day(), hosts)
    except Problem:
        record(asked, (source,), Outcome.REFUSED)
        raise
    record(asked, (source,), Outcome.COMPLETE)
    return file


def refuse_unless_may_wait() -> None:
    """Documents take time: raise `DocumentUnavailable` while as many requests wait as this process has threads for."""
    if not may_wait(agent=True):
        raise unavailable(BUSY_SECONDS)


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


def _document(answer: Answer, n: int) -> Document:
    if not answer.ok and answer.status not in WITHOUT_DOCUMENT:
        raise unavailable(answer.retry_after)
    for document in documents_of(CATALOGUE[answer.source], answer):
        if document.n == n:
            return document
    raise DocumentUnknown


def serve_archive(asked: Request, first: int) -> AnyResponse:
    """Stream an archive of as many documents as the downloads of this minute allow, from the `first`.

    The record is written before the first byte. What is left out is in the manifest, and `Link: rel="next"` is the
    address of the archive that goes on from there.
    """
    refuse_unless_may_wait()
    done = query_recorded(asked, planned(asked))
    documents = build_prefill_dossier(done, current_view()).documents
    following = documents[first - 1 :]
    packed = following[: downloads_left()]
    if following and not packed:
        record(asked, asked_sources(done), Outcome.REFUSED)
        raise unavailable(seconds_of_minute_left())
    record(asked, asked_sources(done), Outcome.OPENED)
    left = following[len(packed) :]
    next_page = _next_archive(first + len(packed)) if left else None
    contents = {"documents": len(documents), "first": first, "next": next_page}
    body = stream_archive(archive_part(done, packed, left, contents), language())
    response = Response(body, mimetype="application/zip")
    rank = f"-{first}" if first > 1 else ""
    name = f"dossier_{done.company.unit}_{current_day().isoformat()}{rank}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Prefill-Documents"] = str(len(packed))
    response.headers["X-Prefill-Documents-Left"] = str(len(left))
    if next_page:
        response.headers["Link"] = f'<{next_page}>; rel="next"'
    return response


def archive_part(
    done: Prefill, packed: Sequence[Document], left: Sequence[Document], contents: Mapping[str, Any], folder: str = ""
) -> Part:
    """Make what an archive holds of a company: the documents and a summary; the manifest names those that are `left` too."""
    context, upstream, day = app_context(), current_services().upstream, current_day()
    unit = done.company.unit
    rendered = render_dossier(done, current_view(), language())
    sandbox = context.settings.sandbox
    summary = render_template(
        "dossier_summary.html", dossier=rendered, at=context.now(), documents=packed, left=left, sandbox=sandbox
    )
    facts = {
        "siret": rendered.get("siret"),
        "siren": rendered.get("siren"),
        "rna": rendered.get("rna"),
        "object": done.request.object,
        "at": context.now().isoformat("T", "seconds"),
        **({"sandbox": True} if sandbox else {}),
        **contents,
    }
    hosts = context.settings.document_hosts
    return Part(packed, left, lambda document: fetch(upstream, document, unit, day, hosts), summary, facts, folder)


def seconds_of_minute_left() -> float:
    return 60.0 - app_context().now().second


def downloads_left() -> int:
    """How many documents an archive may download this minute."""
    left, limit = (
        current_services().upstream.quota.remaining().get(DOWNLOADS.name, (DOWNLOADS.per_minute, DOWNLOADS.per_minute))
    )
    return max(0, left - min(DOWNLOAD_RESERVE, limit // 5))


def _next_archive(rank: int) -> str:
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'from': str(rank)})}"


def serve_file(file: File) -> AnyResponse:
    response = Response(file.body, mimetype=file.media)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response
