"""JMESPath compiled once into closures, in which a mask is never seen through.

The library parses and holds the functions; its interpreter walks the tree at each evaluation, which costs ten times as
much. Whatever is read, tested or compared of a mask is a mask. A row of which it is unknown whether it matches a filter
is replaced by a mask: neither shown nor dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from jmespath import functions
from jmespath.visitor import TreeInterpreter, _Expression

from prefill.domain.disclosure import MASK, is_mask, masked

Closure = Callable[[Any], Any]
Node = Mapping[str, Any]

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = TreeInterpreter.COMPARATOR_FUNC
_EQUALITY = ("eq", "ne")


def read_path(keys: tuple[str, ...], value: Any) -> Any:
    """Read a plain path, as most expressions are."""
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif not is_mask(value):
            return None
        else:
            return MASK
    return value


class ClosureCompiler:
    """Compiles the nodes of a parsed expression; `functions` are those that it may call."""

    def __init__(self, functions: functions.Functions) -> None:
        self._functions = functions

    def compile(self, node: Node) -> Closure:
        """Return what evaluates a node on a value."""
        make: Callable[[Node], Closure] = getattr(self, f"_{node['type']}")
        return make(node)

    def _children(self, node: Node) -> list[Closure]:
        return [self.compile(child) for child in node["children"]]

    def _field(self, node: Node) -> Closure:
        key = node["value"]

        def read(value: Any) -> Any:
            if isinstance(value, dict):
                return value.get(key)
            return MASK if is_mask(value) else None

        return read

    def _current(self, _: Node) -> Closure:
        return _same

    _identity = _current

    def _literal(self, node: Node) -> Closure:
        constant = node["value"]
        return lambda _: constant

    def _subexpression(self, node: Node) -> Closure:
        first, *rest = self._children(node)
        if len(rest) == 1:
            second = rest[0]
            return lambda value: second(first(value))

        def follow(value: Any) -> Any:
            value = first(value)
            for step in rest:
                value = step(value)
            return value

        return follow

    _index_expression = _pipe = _subexpression

    def _index(self, node: Node) -> Closure:
        place = node["value"]

        def read(value: Any) -> Any:
            if not isinstance(value, list):
                return MASK if is_mask(value) else None
            try:
                return value[place]
            except IndexError:
                return None

        return read

    def _slice(self, node: Node) -> Closure:
        part = slice(*node["children"])

        def read(value: Any) -> Any:
            if isinstance(value, list):
                return value[part]
            return MASK if is_mask(value) else None

        return read

    def _key_val_pair(self, node: Node) -> Closure:
        return self.compile(node["children"][0])

    def _multi_select_list(self, node: Node) -> Closure:
        parts = self._children(node)
        return _of_something(lambda value: [part(value) for part in parts])

    def _multi_select_dict(self, node: Node) -> Closure:
        parts = [(child["value"], self.compile(child)) for child in node["children"]]
        return _of_something(lambda value: {name: part(value) for name, part in parts})

    def _or_expression(self, node: Node) -> Closure:
        first, second = self._children(node)

        def either(value: Any) -> Any:
            found = first(value)
            return second(value) if _is_false(found) else found

        return either

    def _and_expression(self, node: Node) -> Closure:
        first, second = self._children(node)

        def both(value: Any) -> Any:
            found = first(value)
            return found if is_mask(found) or _is_false(found) else second(value)

        return both

    def _not_expression(self, node: Node) -> Closure:
        [inner] = self._children(node)

        def negate(value: Any) -> Any:
            found = inner(value)
            if is_mask(found):
                return MASK
            return False if _is_number(found) and found == 0 else not found

        return negate

    def _comparator(self, node: Node) -> Closure:
        left, right = self._children(node)
        compare, ordering = _COMPARE[node["value"]], node["value"] not in _EQUALITY

        def test(value: Any) -> Any:
            one, other = left(value), right(value)
            if masked(one) or masked(other):
                return MASK
            if ordering and not (_is_ordered(one) and _is_ordered(other)):
                return None
            return compare(one, other)

        return test

    def _function_expression(self, node: Node) -> Closure:
        arguments, name, call = self._children(node), node["value"], self._functions.call_function
        return lambda value: call(name, [argument(value) for argument in arguments])

    def _expref(self, node: Node) -> Closure:
        reference = _reference(self.compile(node["children"][0]))
        return lambda _: reference

    def _flatten(self, node: Node) -> Closure:
        return _after(self.compile(node["children"][0]), lambda rows: _flat(rows) if isinstance(rows, list) else None)

    def _projection(self, node: Node) -> Closure:
        base, each = self._children(node)
        return _after(base, lambda rows: _each(each, rows) if isinstance(rows, list) else None)

    def _value_projection(self, node: Node) -> Closure:
        base, each = self._children(node)
        return _after(base, lambda rows: _each(each, rows.values()) if isinstance(rows, dict) else None)

    def _filter_projection(self, node: Node) -> Closure:
        base, each, condition = self._children(node)

        def matching(rows: Any) -> Any:
            if not isinstance(rows, list):
                return None
            shown = [MASK if is_mask(condition(row)) else row for row in rows]
            return _each(each, (row for row in shown if not _is_false(condition(row))))

        return _after(base, matching)


# What a reference asks to evaluate itself on an element.
_VISITOR = SimpleNamespace(visit=lambda closure, value: closure(value))


def _same(value: Any) -> Any:
    return value


def _of_something(build: Closure) -> Closure:
    """Build from a value that is there and is no mask."""
    return lambda value: None if value is None else MASK if is_mask(value) else build(value)


def _after(base: Closure, then: Closure) -> Closure:
    """Go on from what the first part gives, unless that is a mask."""

    def follow(value: Any) -> Any:
        found = base(value)
        return MASK if is_mask(found) else then(found)

    return follow


def _each(each: Closure, rows: Iterable[Any]) -> list[Any]:
    return [found for row in rows if (found := each(row)) is not None]


def _flat(rows: list[Any]) -> list[Any]:
    merged: list[Any] = []
    for row in rows:
        merged.extend(row) if isinstance(row, list) else merged.append(row)
    return merged


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_ordered(value: Any) -> bool:
    return isinstance(value, str) or _is_number(value)


def _is_false(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})


def _reference(closure: Closure) -> Any:
    """What a function takes for `&expression`: an object that it visits with each element."""
    return _Expression(closure, _VISITOR)  # type: ignore[arg-type] # functions only hand it back to `visit`
