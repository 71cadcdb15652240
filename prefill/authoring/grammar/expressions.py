"""What an editor proposes for the expressions of each source: its keys, with their meaning, and the functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prefill.domain.answer_shapes.model import Kind, Shape
from prefill.domain.catalogue import SOURCES
from prefill.domain.sources import Source
from prefill.forms.expressions import our_functions
from prefill.forms.static_types.check import OF_OBJECTS
from prefill.forms.static_types.inference import FRENCH

Node = dict[str, Any]
# What is written to read a value of a kind.
READERS = {Kind.TIMESTAMP: "paris_date", Kind.DATE: "iso_date", Kind.ANY: "amount"}
EXPRESSION = "Expression JMESPath sur la réponse de la source."


def expression_definitions() -> dict[str, Node]:
    """Describe the expressions of each shape once, under the name of the first source that has it."""
    functions = [{"const": usage, "description": meaning} for usage, meaning in our_functions().items()]
    return {
        name: {
            "description": EXPRESSION,
            "anyOf": [*_proposals(shape), *functions, {"type": "string", "pattern": r"\S"}],
        }
        for name, shape in _shapes().items()
    }


def definition_of(source: Source) -> str:
    """Name the definition of a source's expressions."""
    return next(name for name, shape in _shapes().items() if shape is source.answer)


def _shapes() -> dict[str, Shape]:
    names: dict[int, str] = {}
    for source in SOURCES:
        if source.usable:
            names.setdefault(id(source.answer), f"{source.name}-expression")
    by_name = {names[id(source.answer)]: source.answer for source in SOURCES if source.usable}
    return dict(sorted(by_name.items()))


def _proposals(shape: Shape) -> Iterator[Node]:
    if shape.kind is Kind.LIST:
        yield {"const": "@", "description": "Toutes les lignes de la réponse"}
    for path, key in shape.paths():
        kind = FRENCH[key.kind] + (", ou null" if key.nullable else "")
        yield {"const": _readable(path, key), "description": f"{key.meaning} ({kind})"}


def _readable(path: str, key: Shape) -> str:
    """Write a key as a field can hold it: a date of a timestamp, the street of an address."""
    function = READERS.get(key.kind)
    if key.kind is Kind.OBJECT:
        function = next((name for name, keys in OF_OBJECTS.items() if set(keys) <= key.members.keys()), None)
    return f"{function}({path})" if function else path
