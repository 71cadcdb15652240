"""Problems as RFC 9457 JSON."""

from __future__ import annotations

from typing import Any

from prefill.problems import Language, Problem
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import ProblemSchema


def render_problem(problem: Problem, language: Language, request_id: str | None = None) -> dict[str, Any]:
    """Write a refusal as RFC 9457 asks."""
    return dump(ProblemSchema, {
        **problem.extensions(),
        "type": f"/docs#{problem.code}",
        "title": problem.title[language],
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail(language),
        "requestId": request_id,
    })  # fmt: skip
