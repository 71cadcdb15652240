"""The notation of answer shapes: one key a line, indented under the object or the list that holds it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from prefill.domain.answer_shapes.model import Kind, Shape

LINE = re.compile(r"(?P<indent> *)(?P<key>\w+) (?P<kind>[a-z_]+)(?P<null>\??)(?: +(?P<meaning>.+))?")
ROWS = "rows"  # a list of objects
TEXTS = "texts"  # a list of texts


def answer(notation: str, shapes: Mapping[str, Shape] = MappingProxyType({}), *, rows: bool = False) -> Shape:
    """Read the shape of an answer: `key kind meaning`, with `kind?` for what may be null.

    A kind is one of `Kind`, `rows`, `texts`, or the name of one of the `shapes`. `rows` tells that the whole answer is a list.

    >>> shape = answer("a text? Premier\\nb rows\\n  c date")
    >>> [(path, one.kind.value) for path, one in shape.paths()]
    [('a', 'text'), ('b', 'list'), ('b[].c', 'date')]
    """
    lines = [line for line in textwrap.dedent(notation).splitlines() if line.strip()]
    members = _members(lines, shapes)
    whole = Shape(Kind.OBJECT, members=members)
    return Shape(Kind.LIST, item=whole) if rows else whole


def _members(lines: list[str], shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    members: dict[str, Shape] = {}
    while lines:
        head, below = _block(lines)
        match = LINE.fullmatch(head)
        if match is None:
            raise ValueError(f"not a key of an answer: {head!r}")
        members[match["key"]] = _shape(match, below, shapes)
    return members


def _block(lines: list[str]) -> tuple[str, list[str]]:
    """Take the first line and those that are indented under it."""
    head = lines.pop(0)
    margin = len(head) - len(head.lstrip())
    below: list[str] = []
    while lines and len(lines[0]) - len(lines[0].lstrip()) > margin:
        below.append(lines.pop(0))
    return head, below


def _shape(match: re.Match[str], below: list[str], shapes: Mapping[str, Shape]) -> Shape:
    kind, nullable, meaning = match["kind"], bool(match["null"]), match["meaning"] or ""
    if kind in shapes:
        return replace(shapes[kind], nullable=nullable, meaning=meaning)
    members = _members(below, shapes)
    if kind == ROWS:
        return Shape(Kind.LIST, nullable, meaning, item=Shape(Kind.OBJECT, nullable=True, members=members))
    if kind == TEXTS:
        return Shape(Kind.LIST, nullable, meaning, item=Shape(Kind.TEXT))
    return Shape(Kind(kind), nullable, meaning, members)
