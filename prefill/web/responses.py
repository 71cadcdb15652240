"""JSON answers, entity tags and event streams."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from prefill import telemetry
from prefill.prefilling.service import Event, Finished, Prefill
from prefill.problems import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
)
from prefill.web import sse
from prefill.web.params import language
from prefill.web.rendering.json_writer import etag, to_json
from prefill.web.rendering.problems import render_problem


def log_summary(done: Prefill) -> dict[str, Any]:
    """What the log may hold of a prefill: no value of it. What does not have its field's type is an event of its own."""
    telemetry.count("forms", form=done.request.form.id, complete=str(done.filled.complete).lower())
    for one in done.filled.mismatches:
        telemetry.warning(
            "form.type_mismatch",
            form=done.request.form.id,
            field=one.field,
            source=one.source,
            expected=one.expected,
            got=one.got,
        )
    ordered = sorted(done.answers.values(), key=lambda answer: answer.ok)
    answers = {answer.source: answer for answer in ordered}.values()
    return {
        "form": done.request.form.id,
        "complete": done.filled.complete,
        "sources": {answer.source: answer.status.value for answer in answers},
        "cached": sum(answer.cached for answer in answers),
        "stale": sum(answer.stale for answer in answers),
    }


def log_tender(form: str, outcomes: Sequence[Prefill | Problem]) -> dict[str, object]:
    """What the log may hold of a tender: how many companies, and how it went."""
    summaries = [log_summary(outcome) for outcome in outcomes if isinstance(outcome, Prefill)]
    return {
        "form": form,
        "companies": len(outcomes),
        "refused": len(outcomes) - len(summaries),
        "complete": all(summary["complete"] for summary in summaries),
        "cached": sum(summary["cached"] for summary in summaries),
    }


def json_response(payload: Mapping[str, Any], *, status: int = 200, media: str = "application/json") -> AnyResponse:
    return Response(to_json(payload), status=status, mimetype=media)


def cacheable_json(payload: Mapping[str, Any], *, media: str = "application/json") -> AnyResponse:
    """Answer with an entity tag, or 304 to a page that already holds this response."""
    body = to_json(payload)
    return tagged_json(body, etag(body), media).make_conditional(request)


def tagged_json(body: str, tag: str, media: str = "application/json") -> AnyResponse:
    response = Response(body, mimetype=media)
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def streamed(events: Generator[Event, None, None], render: Callable[..., Iterator[str]]) -> AnyResponse:
    """Answer with the events that `render` writes; a failure that comes too late for a status is an event too."""
    lang, request_id, route = language(), g.get("request_id"), route_name()
    g.log_fields = log_fields = {"outcome": "left"}

    def explain(fault: Exception) -> dict[str, Any]:
        problem = problem_of(fault)
        log_fields["outcome"] = problem.code
        if problem.code == Problem.code:
            telemetry.error("request.failed", route=route, kind=type(fault).__name__)
        return render_problem(problem, lang, request_id)

    texts = render(_log_outcome(events, log_fields), lang, explain)
    return Response(texts, mimetype=sse.MEDIA, headers=sse.HEADERS)


def _log_outcome(events: Generator[Event, None, None], log_fields: dict[str, Any]) -> Generator[Event, None, None]:
    """Record how a stream ends: its client may leave before."""
    with closing(events):
        for event in events:
            if isinstance(event, Finished):
                log_fields.update(log_summary(event.prefill), outcome="200")
            yield event


def route_name() -> str:
    """Return the URL rule as the documentation writes it, without its converters."""
    return re.sub(r"<[^:>]+:", "<", request.url_rule.rule) if request.url_rule else "(unknown)"


def problem_of(fault: Exception) -> Problem:
    if isinstance(fault, Problem):
        return fault
    if isinstance(fault, WerkzeugMethodNotAllowed):
        return MethodNotAllowed(method=request.method, allowed=", ".join(sorted(fault.valid_methods or ())))
    if isinstance(fault, HTTPException) and fault.code == 404:
        return NotFound()
    if isinstance(fault, HTTPException) and fault.code and 400 <= fault.code < 500:
        return BadRequest(why=fault.name)
    return Problem()
