"""The description of a route, written beside it: `@describe(...)` under `@blueprint.get(...)`.

What depends on the forms of the service is a function of `Facts`, called when the document is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import Schema

from prefill.forms.model import Form
from prefill.problems import Problem, every_problem
from prefill.web.openapi.texts import Text, text
from prefill.web.rendering.schemas import ProblemSchema

View = TypeVar("View", bound=Callable[..., Any])

DESCRIPTION = "openapi"  # the attribute of a view function that holds its operations by method, None for its only one
FILE: Mapping[str, Any] = {"type": "string", "format": "binary"}
RESPONSE_HEADERS = {
    "X-Request-ID": {
        "description": text("Nomme la requête dans le journal.", "Names the request in the log."),
        "schema": {"type": "string"},
    }
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the document shows of this service: the candidates' forms, and a real answer as an example."""

    forms: Mapping[str, Form]
    example: Mapping[str, Any]


def describe(
    name: str,
    summary: Text,
    response: Text,
    schema: type[Schema] | Mapping[str, Any] | None = None,
    parameters: Sequence[Mapping[str, Any]] = (),
    *,
    method: str | None = None,
    media: str | Sequence[str] = "application/json",
    problems: Iterable[str] = (),
    example: Callable[[Facts], Any] | None = None,
    events: Text | None = None,
    body: Mapping[str, Any] | None = None,
    security: Sequence[Mapping[str, Any]] | None = None,
    other_responses: Mapping[str, Any] | None = None,
) -> Callable[[View], View]:
    """Describe the operation of a view function.

    Args:
        method: which method of the route is described, when there are several.
        response: what a 200 is; its `schema` is any object when none is given, in one or several `media` types.
        problems: the codes of the refusals that are this route's own.
        events: what the event stream carries, for a route that has one.
        body: the request's body, by media type.
        security: the security schemes, any one of which is enough; an empty one makes them optional.
    """
    content: dict[str, Any] = {"schema": schema or {"type": "object"}}
    if example:
        content["example"] = example
    contents: dict[str, Any] = dict.fromkeys([media] if isinstance(media, str) else media, content)
    if events:
        contents["text/event-stream"] = {"schema": {"type": "string", "description": events}}
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        **({"requestBody": {"required": True, "content": dict(body)}} if body else {}),
        "responses": {
            "200": {"description": response, "content": contents, "headers": RESPONSE_HEADERS},
            **_refusals(frozenset(problems)),
            **(other_responses or {}),
            "default": _refusal([Problem]),
        },
        **({"security": list(security)} if security is not None else {}),
    }

    def mark(view: View) -> View:
        view.__dict__.setdefault(DESCRIPTION, {})[method] = operation
        return view

    return mark


def _refusals(codes: frozenset[str]) -> dict[str, Any]:
    """The responses of some problems, by status. Raise `ValueError` of a code that no problem has."""
    by_status: dict[str, list[type[Problem]]] = {}
    for problem in every_problem():
        if problem.code in codes:
            by_status.setdefault(str(problem.status), []).append(problem)
    unknown = codes.difference(problem.code for problem in every_problem())
    if unknown:
        raise ValueError(f"no problem has the codes {sorted(unknown)}")
    return {status: _refusal(problems) for status, problems in by_status.items()}


def _refusal(problems: Sequence[type[Problem]]) -> dict[str, Any]:
    examples = {
        problem.code: {
            "summary": problem.title,
            "value": {"code": problem.code, "title": problem.title["fr"], "status": problem.status},
        }
        for problem in problems
    }
    fr, en = ("; ".join(problem.title[language] for problem in problems) + "." for language in ("fr", "en"))
    return {
        "description": text(fr, en),
        "content": {"application/problem+json": {"schema": ProblemSchema, "examples": examples}},
    }
