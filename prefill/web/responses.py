"""JSON answers, entity tags and event streams."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
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
from prefill.web.rendering.json_writer import etag, write
from prefill.web.rendering.problems import render_problem


def summary(done: Prefill) -> dict[str, Any]:
    """What the log may say of a prefill: no value of it."""
    telemetry.count("forms", form=done.request.form.id, complete=str(done.filled.complete).lower())
    answers = {answer.source: answer for answer in done.answers.values()}.values()
    return {
        "form": done.request.form.id,
        "complete": done.filled.complete,
        "sources": {answer.source: answer.status.value for answer in answers},
        "cached": sum(answer.cached for answer in answers),
        "stale": sum(answer.stale for answer in answers),
    }


def json_answer(payload: Mapping[str, Any], *, status: int = 200, media: str = "application/json") -> AnyResponse:
    return Response(write(payload), status=status, mimetype=media)


def _answer(payload: Mapping[str, Any], *, media: str = "application/json") -> AnyResponse:
    """Answer with a validator: a page that already holds it is told so in a few bytes."""
    body = write(payload)
    return _tagged(body, etag(body), media).make_conditional(request)


def _tagged(body: str, tag: str, media: str = "application/json") -> AnyResponse:
    response = Response(body, mimetype=media)
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def streamed(events: Generator[Event, None, None], write: Callable[..., Iterator[str]]) -> AnyResponse:
    """Answer with events as `write` words them, a fault that comes too late for a status included."""
    words, request_id, route = language(), g.get("request_id"), _route()
    g.told = fate = {"outcome": "left"}

    def explain(fault: Exception) -> dict[str, Any]:
        problem = problem_of(fault)
        fate["outcome"] = problem.code
        if problem.code == Problem.code:
            telemetry.error("request.failed", route=route, kind=type(fault).__name__)
        return render_problem(problem, words, request_id)

    texts = write(follow(events, fate), words, explain)
    return Response(texts, mimetype=sse.MEDIA, headers=sse.HEADERS)


def follow(events: Generator[Event, None, None], fate: dict[str, Any]) -> Generator[Event, None, None]:
    """Note how a stream ends: its client may leave before."""
    with closing(events):
        for event in events:
            if isinstance(event, Finished):
                fate.update(summary(event.prefill), outcome="200")
            yield event


def _route() -> str:
    """Name the route as the documentation does, without what converts its parts."""
    return re.sub(r"<\w+:", "<", request.url_rule.rule) if request.url_rule else "(unknown)"


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
