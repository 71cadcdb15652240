"""The paths that a JMESPath expression reads in an answer; lists are transparent, `*` is any key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prefill.forms.expressions import Expression
from prefill.forms.functions import OurFunctions

Path = tuple[str, ...]
Paths = frozenset[Path]

ROOT: Paths = frozenset({()})
NOWHERE: Paths = frozenset()
# Functions whose result is their argument, or a part of it.
PASSING = frozenset({"max_by", "min_by", "not_null", "reverse", "sort", "sort_by", "to_array"})
SEQUENCES = frozenset({"index_expression", "pipe", "projection", "subexpression"})
ALTERNATIVES = frozenset({"and_expression", "multi_select_list", "or_expression"})
UNCHANGED = frozenset({"current", "identity", "index", "slice"})
VALUES = frozenset({"comparator", "key_val_pair", "multi_select_dict", "not_expression"})


def paths_read(expression: Expression, start: Paths = ROOT) -> tuple[Paths, Paths]:
    """Give the paths that an expression reads from where it starts, and where its result stands.

    >>> from prefill.forms.expressions import compile_expression
    >>> read, result = paths_read(compile_expression("a.list[?kind == 'x'].name"))
    >>> sorted(read), sorted(result)
    ([('a',), ('a', 'list'), ('a', 'list', 'kind'), ('a', 'list', 'name')], [('a', 'list', 'name')])
    """
    walk = _Walk()
    result = walk.visit(expression.parsed.parsed, start)
    return frozenset(walk.read), result


class _Walk:
    """One walk over a syntax tree; `read` are the paths met so far."""

    def __init__(self) -> None:
        self.read: set[Path] = set()

    def visit(self, node: Mapping[str, Any], start: Paths) -> Paths:
        """Walk a node from where it starts; give where its result stands."""
        kind, children = node["type"], node["children"]
        if kind in UNCHANGED:
            return start
        if kind == "field":
            return self._step(start, node["value"])
        if kind == "flatten" or kind == "expref":
            return self.visit(children[0], start)
        if kind in SEQUENCES:
            return self._sequence(children, start)
        if kind == "value_projection":
            return self.visit(children[1], self._step(self.visit(children[0], start), "*"))
        if kind == "filter_projection":
            rows = self.visit(children[0], start)
            self.visit(children[2], rows)
            return self.visit(children[1], rows)
        if kind == "function_expression":
            return self._call(node["value"], children, start)
        results = self._each(children, start)
        return results if kind in ALTERNATIVES else NOWHERE

    def _step(self, start: Paths, key: str) -> Paths:
        reached = frozenset((*path, key) for path in start)
        self.read |= reached
        return reached

    def _sequence(self, children: Iterable[Mapping[str, Any]], start: Paths) -> Paths:
        for child in children:
            start = self.visit(child, start)
        return start

    def _each(self, children: Iterable[Mapping[str, Any]], start: Paths) -> Paths:
        return frozenset(path for child in children for path in self.visit(child, start))

    def _call(self, name: str, arguments: list[Mapping[str, Any]], start: Paths) -> Paths:
        function: Callable[..., Any] = OurFunctions.FUNCTION_TABLE[name]["function"]
        given = self._each((argument for argument in arguments if argument["type"] != "expref"), start)
        applied = self._each((argument for argument in arguments if argument["type"] == "expref"), given)
        for key in getattr(function, "reads", ()):
            self._step(given, key)
        if name == "map":
            return applied
        return given if name in PASSING else NOWHERE
