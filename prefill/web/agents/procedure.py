"""What an agent takes away of a whole procedure: the documents of its candidates in one archive, its table as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from prefill.audit.trail import Outcome
from prefill.domain.permissions import Scope
from prefill.dossier.archive import Part, stream_procedure
from prefill.dossier.documents import unavailable
from prefill.prefilling.service import Prefill, Request
from prefill.problems import AuditUnavailable, ParameterInvalid, Problem
from prefill.web.agents.files import (
    archive_part,
    current_day,
    current_view,
    downloads_left,
    refuse_unless_may_wait,
    seconds_of_minute_left,
)
from prefill.web.agents.recording import asked_sources, planned, query_recorded, record
from prefill.web.agents.request import MAX_RANK, authenticated_agent, request_of_agent
from prefill.web.context import app_context
from prefill.web.params import language, read_json
from prefill.web.rendering.agents.dossier import build_prefill_dossier
from prefill.web.rendering.agents.spreadsheet import write_table

MAX_CANDIDATES = 50
MAX_BODY = 512 * 1024  # bytes
MAX_COLUMNS, MAX_CELL = 20, 10_000
PLAN_SECONDS = 15.0  # after which an archive is begun with the candidates whose registers have answered
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where an archive begins: a candidate, and a document of it; both by rank, from 1.

    >>> str(Cursor.read("3.12"))
    '3.12'
    """

    candidate: int = 1
    document: int = 1

    @classmethod
    def read(cls, text: str) -> Cursor:
        candidate, point, document = text.partition(".")
        ranks = (candidate, document)
        if not point or not all(rank.isascii() and rank.isdigit() and 1 <= int(rank[:6]) <= MAX_RANK for rank in ranks):
            raise _invalid("from", "il attend le texte que donne « next ».", "it takes the text that `next` gives.")
        return cls(int(candidate), int(document))

    def __str__(self) -> str:
        return f"{self.candidate}.{self.document}"


@dataclass(slots=True)
class Plan:
    """What one archive will hold; `next` is where the following one begins, None when there is none."""

    parts: list[Part]
    refused: list[dict[str, Any]]
    documents: int = 0
    next: Cursor | None = None


def serve_procedure_archive() -> AnyResponse:
    """Stream an archive of the candidates of a procedure, as far as the downloads of this minute allow.

    Each candidate's record is written before the first byte. `X-Prefill-Next` and the manifest's `next` are what to
    send as `from` for the archive that goes on from there.
    """
    body = _read_body()
    numbers, start = _numbers(body), Cursor.read(str(body.get("from", Cursor())))
    asked = [
        request_of_agent(number, body.get("object"), Scope.DOSSIER, Scope.DOCUMENTS)
        for number in numbers[start.candidate - 1 :]
    ]
    refuse_unless_may_wait()
    plan = _plan(asked, start)
    following = str(plan.next) if plan.next else None
    facts = {
        "object": body.get("object"),
        "at": app_context().now().isoformat("T", "seconds"),
        "from": str(start),
        "next": following,
        "refused": plan.refused,
        **({"sandbox": True} if app_context().settings.sandbox else {}),
    }
    response = Response(stream_procedure(plan.parts, facts, language()), mimetype="application/zip")
    rank = "" if start == Cursor() else f"-{start}"
    response.headers["Content-Disposition"] = f'attachment; filename="candidats_{current_day().isoformat()}{rank}.zip"'
    response.headers["X-Prefill-Documents"] = str(plan.documents)
    if following:
        response.headers["X-Prefill-Next"] = following
    return response


def _plan(asked: list[Request], start: Cursor) -> Plan:
    """Query the registers of one candidate after the other until the downloads or the time are spent.

    Raises `DocumentUnavailable` when there are documents and no download is left for any.
    """
    plan, left, clock = Plan([], []), downloads_left(), app_context().clock
    end = clock() + PLAN_SECONDS
    for place, request in enumerate(asked):
        cursor = Cursor(start.candidate + place, start.document if place == 0 else 1)
        if place and clock() > end:
            plan.next = cursor
            break
        try:
            done = query_recorded(request, planned(request))
        except AuditUnavailable:
            raise  # nothing is served while no record can be written
        except Problem as problem:
            plan.refused.append({"siret": request.number, "code": problem.code, "reason": problem.detail(language())})
            continue
        plan.next = _add(plan, done, cursor, left - plan.documents)
        if plan.next:
            break
    if plan.next == start and not plan.documents:
        raise unavailable(seconds_of_minute_left())
    return plan


def _add(plan: Plan, done: Prefill, cursor: Cursor, downloads: int) -> Cursor | None:
    """Add what may be downloaded of a candidate; return where the next archive begins when that is not all."""
    following = build_prefill_dossier(done, current_view()).documents[cursor.document - 1 :]
    packed = following[:downloads]
    if following and not packed:
        record(done.request, asked_sources(done), Outcome.REFUSED)
        return cursor
    record(done.request, asked_sources(done), Outcome.OPENED)
    left = following[len(packed) :]
    plan.parts.append(archive_part(done, packed, left, {}, f"{done.request.number}/"))
    plan.documents += len(packed)
    return Cursor(cursor.candidate, cursor.document + len(packed)) if left else None


def serve_table() -> AnyResponse:
    """Write the table that the page shows as a spreadsheet: texts alone, whatever they begin with."""
    authenticated_agent(Scope.DOSSIER)
    body = _read_body()
    rows = list(_rows(body))
    response = Response(write_table(rows, title=str(body.get("object", ""))[:50]), mimetype=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="candidats_{current_day().isoformat()}.xlsx"'
    return response


def _read_body() -> Mapping[str, Any]:
    authenticated_agent()
    body = read_json(MAX_BODY)
    return body if isinstance(body, dict) else {}


def _numbers(body: Mapping[str, Any]) -> list[str]:
    numbers = body.get("sirets")
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= MAX_CANDIDATES:
        raise _invalid("sirets", "attend une liste de 1 à 50 SIRET.", "expects a list of 1 to 50 SIRETs.")
    return list(dict.fromkeys(str(number) for number in numbers))


def _rows(body: Mapping[str, Any]) -> Iterator[list[str]]:
    rows = body.get("rows")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_CANDIDATES + 1:
        raise _invalid("rows", "attend une liste de 1 à 51 lignes.", "expects a list of 1 to 51 rows.")
    for row in rows:
        if not isinstance(row, list) or len(row) > MAX_COLUMNS or not all(isinstance(cell, str) for cell in row):
            raise _invalid(
                "rows", "une ligne est une liste de 20 textes au plus.", "a row is a list of 20 texts at most."
            )
        yield [cell[:MAX_CELL] for cell in row]


def _invalid(name: str, why: str, why_en: str) -> ParameterInvalid:
    return ParameterInvalid(name=name, why=why, why_en=why_en)
