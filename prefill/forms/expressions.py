"""JMESPath with our few functions: what a form's origins are written in.

What is read, tested, compared or computed from a masked value is masked too, so that no expression can
alter or reveal one. A null argument gives null; one of another type than the register promises
raises `Unreadable`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import jmespath
from jmespath import exceptions, functions
from jmespath.parser import ParsedResult

from prefill.forms.closures import ClosureCompiler, read_path
from prefill.forms.functions import ADDED_KEYS, FUNCTION_READS, OurFunctions, Unreadable, is_nothing

_READING = frozenset({"field", "current", "identity", "index", "value_projection"})

# Whatever an expression can meet in an answer that is not what it expects: `Unreadable`.
_SURPRISES = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError)


class BadExpression(Exception):
    """The expression cannot be compiled; the message says where and why, `name` a function nobody knows."""

    def __init__(self, message: str, *, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class Expression:
    """A compiled JMESPath expression."""

    text: str
    parsed: ParsedResult = field(compare=False, repr=False)

    @cached_property
    def keys(self) -> tuple[str, ...] | None:
        """The keys of a plain path, as most expressions are; None for any other."""
        return _keys_of(self.parsed.parsed)

    @cached_property
    def closure(self) -> Callable[[Any], Any]:
        return _COMPILER.compile(self.parsed.parsed)

    def __call__(self, data: object) -> Any:
        """Evaluate; a missing key gives None. Raise `Unreadable` for a value of another type."""
        if self.keys is not None:
            return read_path(self.keys, data)
        try:
            return self.closure(data)
        except _SURPRISES as error:
            raise _unreadable(self.text, error) from error

    def names(self) -> frozenset[str]:
        """List the keys that the expression reads, for a « did you mean »."""
        return self._values_of("field")

    def reads(self) -> frozenset[str]:
        """List the keys that the expression reads, those that its functions read of themselves included."""
        return self.names().union(*(FUNCTION_READS.get(name, ()) for name in self._values_of("function_expression")))

    def makes(self) -> frozenset[str]:
        """List the keys of the objects that the expression builds itself: `{year: annee}` makes `year`."""
        added = (ADDED_KEYS.get(name, frozenset()) for name in self._values_of("function_expression"))
        return self._values_of("key_val_pair").union(*added)

    def invents(self) -> bool:
        """Tell whether the result can be a value written in the expression: no register said so."""
        return _invents(self.parsed.parsed)

    def _values_of(self, kind: str) -> frozenset[str]:
        return frozenset(self._values.get(kind, ()))

    @cached_property
    def _values(self) -> Mapping[str, set[str]]:
        """The names that the nodes bear, by their kind."""
        values: dict[str, set[str]] = {}
        for node in _nodes(self.parsed.parsed):
            if isinstance(node.get("value"), str):
                values.setdefault(node["type"], set()).add(node["value"])
        return values


def _unreadable(text: str, error: Exception) -> Unreadable:
    """Keep of a failure the types that a function names; the value that it quotes goes no further."""
    if isinstance(error, exceptions.JMESPathTypeError):
        expected = " or ".join(kind for kind in error.expected_types if kind != "null")
        return Unreadable(text, expected=expected, got=error.actual_type)
    return Unreadable(text)


@lru_cache(1024)
def compile_expression(text: str) -> Expression:
    """Compile an expression, its functions checked; the forms repeat two in three. Raise `BadExpression`."""
    try:
        parsed = _parse(text)
        for node in _nodes(parsed.parsed):
            if node["type"] == "function_expression":
                _check_call(node["value"], node["children"])
    except RecursionError as error:
        raise BadExpression("l'expression est trop imbriquée") from error
    return Expression(text, parsed)


def _parse(text: str) -> ParsedResult:
    if not text.strip():
        raise BadExpression("l'expression est vide : écrivez ce qui se lit dans la réponse, comme siret")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PendingDeprecationWarning)
            return jmespath.compile(text)
    except PendingDeprecationWarning as error:
        raise BadExpression(f"un texte s'écrit 'entre apostrophes', pas `ainsi` : « {text} »") from error
    except exceptions.ParseError as error:
        place = f"vers le caractère {(error.lex_position or 0) + 1}"
        raise BadExpression(
            f"l'expression ne se lit pas, {place} : « {text} » ; « prefill ask SOURCE NUMÉRO --expr '…' » en essaie une"
        ) from error
    except (ValueError, LookupError) as error:  # an index of five thousand digits
        raise BadExpression(f"l'expression ne se lit pas : « {text[:200]} »") from error


def _check_call(name: str, arguments: list[dict[str, Any]]) -> None:
    if name not in OurFunctions.FUNCTION_TABLE:
        raise BadExpression(f"la fonction « {name} » n'existe pas", name=name)
    signature = OurFunctions.FUNCTION_TABLE[name]["signature"]
    at_least = "au moins " if signature[-1].get("variadic") else ""
    if len(arguments) < len(signature) or (len(arguments) > len(signature) and not at_least):
        wanted = f"{at_least}{len(signature)} argument{'s' if len(signature) > 1 else ''}"
        raise BadExpression(f"la fonction « {name} » prend {wanted}, pas {len(arguments)}")
    for place, (declared, given) in enumerate(zip(signature, arguments, strict=False), 1):
        if ("expref" in declared["types"]) != (given["type"] == "expref"):
            how = "s'écrit avec un & devant" if "expref" in declared["types"] else "s'écrit sans & devant"
            raise BadExpression(f"l'argument {place} de la fonction « {name} » {how}")


def function_names() -> frozenset[str]:
    """List every function that an expression may call, JMESPath's own included."""
    return frozenset(OurFunctions.FUNCTION_TABLE)


def our_functions() -> dict[str, str]:
    """Describe the functions that JMESPath lacks: what one writes, and what it gives (in French)."""
    names = sorted(OurFunctions.FUNCTION_TABLE.keys() - functions.Functions.FUNCTION_TABLE.keys())
    return {_usage(name): OurFunctions.FUNCTION_TABLE[name]["function"].__doc__ for name in names}


def _usage(name: str) -> str:
    code = OurFunctions.FUNCTION_TABLE[name]["function"].__code__
    return f"{name}({', '.join(code.co_varnames[1 : code.co_argcount])})"


def _invents(node: Any) -> bool:
    kind, children = node["type"], node["children"]
    if kind == "literal":
        return node["value"] is False or not is_nothing(node["value"])
    if kind == "or_expression" or (kind, node.get("value")) == ("function_expression", "not_null"):
        return any(map(_invents, children))
    if kind == "pipe":
        return _invents(children[-1])
    return not any(one["type"] in _READING for one in _nodes(node))


def _keys_of(node: Any) -> tuple[str, ...] | None:
    """List the keys of a path made of nothing else."""
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    parts = [_keys_of(child) for child in node["children"]]
    return None if None in parts else tuple(key for part in parts for key in part or ())


def _nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.get("children", ()):
            yield from _nodes(child)


_COMPILER = ClosureCompiler(OurFunctions())
