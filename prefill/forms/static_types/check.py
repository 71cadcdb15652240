"""Whether what an expression gives can be the value of a field of some type, and what to write when it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prefill.domain.answer_shapes.model import Kind, Shape
from prefill.domain.catalogue import CATALOGUE
from prefill.forms.expressions import Expression
from prefill.forms.functions import COUNTRY, MONEY, PERSON, STREET
from prefill.forms.model import Field, Type
from prefill.forms.static_types.inference import FRENCH, TypeInference, Types

FITTING: Mapping[Type, frozenset[Kind]] = {
    Type.STRING: frozenset({Kind.TEXT, Kind.DATE}),
    Type.DATE: frozenset({Kind.DATE}),
    Type.INTEGER: frozenset({Kind.INTEGER}),
    Type.NUMBER: frozenset({Kind.INTEGER, Kind.NUMBER}),
    Type.BOOLEAN: frozenset({Kind.BOOLEAN}),
    Type.LIST: frozenset({Kind.LIST}),
}
PLAIN = frozenset({Kind.TEXT, Kind.DATE, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN})
SHOWN = 6  # keys of an object that a message lists
# Functions that make a text of an object, by the keys that they read in it.
OF_OBJECTS = {"street": STREET, "person_name": PERSON, "currency": MONEY, "country": COUNTRY}


def check_types(expression: Expression, kind: Type, current: Types, also: frozenset[Kind] = frozenset()) -> list[str]:
    """Say in French what can never be a value of this type, evaluated on a value of the `current` types.

    `also` are kinds that something makes fit: a table of choices reads any plain value.
    """
    inference = TypeInference(expression.text)
    types = inference.types(expression.parsed.parsed, current)
    if inference.mistakes:
        return inference.mistakes
    if not types or any(shape.kind in FITTING[kind] | also or shape.kind is Kind.ANY for shape in types):
        return []
    return [_misfit(expression.text, kind, types[0])]


def misfits(field: Field) -> Iterator[tuple[tuple[str, ...], str]]:
    """Say where in a field, and why, an expression can never give a value of the type that is wanted."""
    rows: list[Types] = []
    for rank, origin in enumerate(field.origins):
        read = (CATALOGUE[origin.source].answer,)
        rows.append(types_of_rows(origin.expression, read))
        for mistake in check_types(origin.expression, field.type, read, PLAIN if field.choices else frozenset()):
            yield ("from", str(rank), origin.source), mistake
    for item in field.items:
        mistakes = [mistake for types in rows for mistake in check_types(item.expression, item.type, types)]
        for mistake in dict.fromkeys(mistakes):
            yield ("items", item.name, "from"), mistake


def types_of_rows(expression: Expression, current: Types) -> Types:
    """Give the types of the rows of a list."""
    types = TypeInference().types(expression.parsed.parsed, current)
    items = [shape.item for shape in types if shape.kind is Kind.LIST]
    return tuple(item for item in items if item) if all(items) else ()


def _misfit(text: str, kind: Type, shape: Shape) -> str:
    remedy = _REMEDIES.get((kind, shape.kind), _other_type)(text, shape)
    return f"« type: {kind} » ne peut pas tenir {FRENCH[shape.kind]} : {remedy}"


def _other_type(text: str, shape: Shape) -> str:
    """Suggest the type of what is read, or one of the keys of an object."""
    fitting = next((kind for kind, kinds in FITTING.items() if shape.kind in kinds), None)
    if fitting:
        return f"écrivez « type: {fitting} »"
    if shape.kind is Kind.TIMESTAMP:
        return f"écrivez « type: date » et paris_date({text})"
    function = next((name for name, keys in OF_OBJECTS.items() if set(keys) <= shape.members.keys()), None)
    keys = ", ".join([*list(shape.members)[:SHOWN], *(["…"] if len(shape.members) > SHOWN else [])])
    return f"lisez une de ses clés ({keys})" + (f", ou écrivez {function}({text})" if function else "")


def _call(function: str) -> Callable[[str, Shape], str]:
    return lambda text, shape: f"écrivez {function}({text})"


def _if(function: str, what: str) -> Callable[[str, Shape], str]:
    return lambda text, shape: f"écrivez « type: string », ou {function}({text}) si ce texte est {what}"


def _first(text: str, shape: Shape) -> str:
    if shape.item and shape.item.kind in FITTING[Type.STRING]:
        return f"écrivez join_parts({text}, ', ')"
    return f"écrivez « type: list » et items, ou lisez une seule ligne ({text}[0]. …)"


_REMEDIES: Mapping[tuple[Type, Kind], Callable[[str, Shape], str]] = {
    (Type.DATE, Kind.TIMESTAMP): _call("paris_date"),
    (Type.DATE, Kind.TEXT): _if("iso_date", "une date"),
    (Type.NUMBER, Kind.TEXT): _if("amount", "un nombre"),
    (Type.INTEGER, Kind.TEXT): _if("to_number", "un nombre"),
    (Type.STRING, Kind.NUMBER): _call("to_string"),
    (Type.STRING, Kind.INTEGER): _call("to_string"),
    (Type.STRING, Kind.LIST): _first,
    **{(kind, Kind.LIST): _first for kind in (Type.DATE, Type.INTEGER, Type.NUMBER, Type.BOOLEAN)},
}
