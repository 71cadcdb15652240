"""What a form may read of a source: its keys, each with its type, its meaning, who may see it and an invented example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from prefill.authoring.cases import DEFAULT_DAY
from prefill.domain.answer_shapes.model import Kind, Shape
from prefill.domain.disclosure import MASK, PARTIALLY_DISCLOSED, disclose
from prefill.domain.sources import Source
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.contract.cases import Case, cases_of
from prefill.sandbox.model import URL

HOLDERS = (Kind.OBJECT, Kind.LIST)


@dataclass(frozen=True, slots=True)
class SourceKey:
    """One key of an answer, as an expression writes it.

    Attributes:
        path: as in `adresse.code_postal` or `actes[].type`.
        shape: its type, nullability and meaning.
        masked: whether candidates see a mask where the company limits its disclosure.
        example: what the first company of the sandbox that has one holds; None when none has.
    """

    path: str
    shape: Shape
    masked: bool
    example: Any


def keys_of(source: Source) -> tuple[SourceKey, ...]:
    masked = frozenset(_masked_paths(source))
    answers = list(_sandbox_answers(source))
    return tuple(
        SourceKey(path, shape, path in masked, next(filter(_is_told, (read(answer, path) for answer in answers)), None))
        for path, shape in source.answer.paths()
    )


def _is_told(value: Any) -> bool:
    return value is not None and value not in ("", [], {}) and MASK not in (value,)


def read(answer: Any, path: str) -> Any:
    """Read the first value at a path.

    >>> read({"a": [{"b": None}, {"b": 2}]}, "a[].b")
    2
    """
    values = [answer]
    for step in path.replace("[]", ".[]").strip(".").split("."):
        if step == "[]":
            values = [row for value in values if isinstance(value, list) for row in value]
        else:
            values = [value.get(step) for value in values if isinstance(value, dict)]
    return next(filter(_is_told, values), None)


def _sandbox_answers(source: Source) -> Iterator[Any]:
    for case in _cases(source):
        data = json.loads(case.write(DEFAULT_DAY, URL))["data"]
        yield disclose(source, [row["data"] for row in data] if source.rows else data)


def _cases(source: Source) -> Iterator[Case]:
    for case in cases_of(company for company in COMPANIES):
        if case.path == source.path and case.reply and case.reply.body and not case.reply.fault:
            yield case


def _masked_paths(source: Source) -> Iterator[str]:
    """List what the law withholds from candidates of a company that limits its disclosure, a person or not."""
    if not source.open or "status_diffusion" not in source.shape:
        return
    for kind in ("personne_physique", "personne_morale"):
        shown = disclose(source, _sample(source.answer, kind))
        for path, shape in source.answer.paths():
            if shape.kind not in HOLDERS and read_masked(shown, path):
                yield path


def read_masked(answer: Any, path: str) -> bool:
    for step in path.split("."):
        answer = answer.get(step) if isinstance(answer, dict) else answer
    return bool(answer == MASK)


def _sample(shape: Shape, unit_type: str) -> Any:
    """Build an answer of that shape about a company that limits its disclosure."""
    if shape.kind is Kind.OBJECT:
        return {key: _leaf(key, member, unit_type) for key, member in shape.members.items()}
    return "x"


def _leaf(key: str, shape: Shape, unit_type: str) -> Any:
    fixed = {"status_diffusion": PARTIALLY_DISCLOSED, "type": unit_type}
    return fixed.get(key) if shape.kind is Kind.TEXT and key in fixed else _sample(shape, unit_type)
