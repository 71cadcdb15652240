"""What an expression gives, worked out from the shape of the answer that it reads, before any company is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prefill.domain.answer_shapes.model import Kind, Shape
from prefill.forms.functions import OurFunctions

Types = tuple[Shape, ...]  # the types that a value may have; none when that is not known
Node = Mapping[str, Any]

UNKNOWN: Types = ()
TEXT: Types = (Shape(Kind.TEXT),)
DATE: Types = (Shape(Kind.DATE),)
INTEGER: Types = (Shape(Kind.INTEGER),)
NUMBER: Types = (Shape(Kind.NUMBER),)
BOOLEAN: Types = (Shape(Kind.BOOLEAN),)
ANY_NUMBER: Types = (*INTEGER, *NUMBER)
ACTIVITY: Types = (Shape(Kind.OBJECT, members=dict.fromkeys(("code", "nomenclature", "libelle"), TEXT[0])),)
OFFICER_KEYS = ("type", "fonction", "nom", "prenom", "raison_sociale", "numero_identification", "represente_par")
OFFICERS: Types = (Shape(Kind.LIST, item=Shape(Kind.OBJECT, members=dict.fromkeys(OFFICER_KEYS, TEXT[0]))),)

FRENCH: Mapping[Kind, str] = {
    Kind.TEXT: "un texte",
    Kind.DATE: "une date",
    Kind.TIMESTAMP: "un horodatage",
    Kind.INTEGER: "un nombre entier",
    Kind.NUMBER: "un nombre",
    Kind.BOOLEAN: "un booléen",
    Kind.OBJECT: "un objet",
    Kind.LIST: "une liste",
    Kind.ANY: "une valeur",
}
# What a function gives, whatever it is given.
RESULTS: Mapping[str, Types] = {
    **dict.fromkeys(("street", "person_name", "country", "currency", "label", "trade_name", "place_name"), TEXT),
    **dict.fromkeys(
        (
            "join_parts",
            "registration_number",
            "join",
            "to_string",
            "type",
            "department",
            "upper",
            "lower",
            "substring",
            "web_address",
            "euid",
            "role_in_words",
        ),
        TEXT,
    ),
    **dict.fromkeys(("paris_date", "iso_date"), DATE),
    **dict.fromkeys(("year", "length", "ceil", "floor"), INTEGER),
    **dict.fromkeys(("amount", "total_staff", "sum", "avg", "abs", "to_number"), ANY_NUMBER),
    **dict.fromkeys(("representatives", "supervisors"), OFFICERS),
    **dict.fromkeys(("activity", "other_activity"), ACTIVITY),
    **dict.fromkeys(("is_auditor", "is_registered", "contains", "starts_with", "ends_with"), BOOLEAN),
}
# These give what they are given.
SAME = frozenset({"nonzero", "reverse", "sort", "sort_by"})
ITEM = frozenset({"max", "min", "max_by", "min_by"})
# What the signatures of JMESPath call our kinds.
ACCEPTED: Mapping[str, frozenset[Kind]] = {
    "string": frozenset({Kind.TEXT, Kind.DATE}),
    "number": frozenset({Kind.INTEGER, Kind.NUMBER, Kind.TIMESTAMP}),
    "boolean": frozenset({Kind.BOOLEAN}),
    "array": frozenset({Kind.LIST}),
    "object": frozenset({Kind.OBJECT}),
}
WANTED: Mapping[str, str] = {
    "string": "un texte",
    "number": "un nombre",
    "boolean": "un booléen",
    "array": "une liste",
    "object": "un objet",
}
FAMILIES: tuple[frozenset[Kind], ...] = tuple(ACCEPTED.values())


@dataclass(slots=True)
class TypeInference:
    """Works out the types of one expression; `mistakes` are sentences about what can never give anything."""

    text: str = ""
    mistakes: list[str] = field(default_factory=list)

    def types(self, node: Node, current: Types) -> Types:
        """Give the types of an expression evaluated on a value of these types."""
        visit = _VISITS.get(node["type"])
        return visit(self, node, current) if visit else UNKNOWN

    def field(self, node: Node, current: Types) -> Types:
        name, found = node["value"], []
        if current and all(shape.kind is not Kind.OBJECT for shape in current) and not _any(current):
            self._report_field(name, current[0])
        for shape in current:
            if shape.kind is not Kind.OBJECT or name not in shape.members:
                return UNKNOWN
            found.append(shape.members[name])
        return _unlike(found)

    def _report_field(self, name: str, shape: Shape) -> None:
        told = f"« {name} » est lu dans {FRENCH[shape.kind]}, qui n'a pas de clés"
        if shape.kind is Kind.LIST:
            told += f" : [].{name} lit chaque ligne, [0].{name} la première"
        self._report(told)

    def subexpression(self, node: Node, current: Types) -> Types:
        for child in node["children"]:
            current = self.types(child, current)
        return current

    def index(self, node: Node, current: Types) -> Types:
        self._want_list(current, f"[{node['value']}]")
        return _items(current)

    def slice(self, node: Node, current: Types) -> Types:
        self._want_list(current, "[…]")
        return current

    def flatten(self, node: Node, current: Types) -> Types:
        lists = self.types(node["children"][0], current)
        self._want_list(lists, "[]")
        items = _items(lists)
        inner = _unlike(one for shape in items for one in (_items((shape,)) if shape.kind is Kind.LIST else (shape,)))
        return _list_of(inner)

    def projection(self, node: Node, current: Types) -> Types:
        left, right = node["children"]
        return _list_of(self.types(right, _items(self.types(left, current))))

    def filter(self, node: Node, current: Types) -> Types:
        left, right, condition = node["children"]
        lists = self.types(left, current)
        self._want_list(lists, "[?…]")
        self.types(condition, _items(lists))
        return _list_of(self.types(right, _items(lists)))

    def parts(self, node: Node, current: Types) -> Types:
        return _list_of(_unlike(one for child in node["children"] for one in self.types(child, current)))

    def members(self, node: Node, current: Types) -> Types:
        members = {pair["value"]: self.types(pair["children"][0], current) for pair in node["children"]}
        known = {name: types[0] if len(types) == 1 else Shape(Kind.ANY) for name, types in members.items()}
        return (Shape(Kind.OBJECT, members=known),)

    def either(self, node: Node, current: Types) -> Types:
        return self._union(node["children"], current)

    def both(self, node: Node, current: Types) -> Types:
        left, right = node["children"]
        self.types(left, current)
        return self.types(right, current)

    def negation(self, node: Node, current: Types) -> Types:
        self.types(node["children"][0], current)
        return BOOLEAN

    def comparison(self, node: Node, current: Types) -> Types:
        for child in node["children"]:
            self._check_quotes(child, current)
        left, right = (self.types(child, current) for child in node["children"])
        if left and right and not any(_alike(one, other) for one in left for other in right):
            told = f"compare {FRENCH[left[0].kind]} et {FRENCH[right[0].kind]}, qui ne sont jamais égaux"
            self._report(f"{told} : un nombre s'écrit entre accents graves, comme `12`, un texte entre apostrophes")
        return BOOLEAN

    def _check_quotes(self, node: Node, current: Types) -> None:
        """Notice the text that somebody wrote between double quotes: there it is the name of a key."""
        name = node.get("value")
        if node["type"] != "field" or f'"{name}"' not in self.text:
            return
        if current and all(shape.kind is Kind.OBJECT and name not in shape.members for shape in current):
            self._report(
                f"« \"{name}\" », entre guillemets, est lu comme une clé de la réponse : le texte s'écrit '{name}'"
            )

    def literal(self, node: Node, current: Types) -> Types:
        return _types_of(node["value"])

    def identity(self, node: Node, current: Types) -> Types:
        return current

    def pipe(self, node: Node, current: Types) -> Types:
        left, right = node["children"]
        return self.types(right, self.types(left, current))

    def call(self, node: Node, current: Types) -> Types:
        name, arguments = node["value"], node["children"]
        given = [UNKNOWN if one["type"] == "expref" else self.types(one, current) for one in arguments]
        for rank, types in enumerate(given):
            self._check_argument(name, rank, types, arguments[rank])
        if name in RESULTS:
            return RESULTS[name]
        if name in SAME or name in ITEM:
            return given[0] if name in SAME else _items(given[0])
        if name == "not_null":
            return self._union(arguments, current)
        if name == "with_keys":
            return _with_keys(*given)
        if name == "pick":
            return _unlike(member for shape in given[1] for member in shape.members.values())
        return UNKNOWN

    def _check_argument(self, name: str, rank: int, types: Types, node: Node) -> None:
        signature = OurFunctions.FUNCTION_TABLE[name]["signature"]
        wanted = [
            kind.partition("-")[0] for kind in signature[min(rank, len(signature) - 1)]["types"] if kind != "null"
        ]
        accepted = frozenset[Kind]().union(*(ACCEPTED.get(kind, frozenset(Kind)) for kind in wanted))
        if not wanted or not types or _any(types) or any(shape.kind in accepted for shape in types):
            return
        told = " ou ".join(WANTED[kind] for kind in wanted)
        self._report(f"{name} attend {told}, et {_written(node)} est {FRENCH[types[0].kind]}")

    def _union(self, children: Iterable[Node], current: Types) -> Types:
        each = [self.types(child, current) for child in children]
        return _unlike(shape for types in each for shape in types) if all(each) else UNKNOWN

    def _want_list(self, types: Types, how: str) -> None:
        if types and not _any(types) and all(shape.kind is not Kind.LIST for shape in types):
            self._report(f"{how} lit une liste, et ceci est {FRENCH[types[0].kind]}")

    def _report(self, mistake: str) -> None:
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)


_VISITS: Mapping[str, Callable[[TypeInference, Node, Types], Types]] = {
    "field": TypeInference.field,
    "subexpression": TypeInference.subexpression,
    "index_expression": TypeInference.subexpression,
    "index": TypeInference.index,
    "slice": TypeInference.slice,
    "flatten": TypeInference.flatten,
    "projection": TypeInference.projection,
    "filter_projection": TypeInference.filter,
    "multi_select_list": TypeInference.parts,
    "multi_select_dict": TypeInference.members,
    "or_expression": TypeInference.either,
    "and_expression": TypeInference.both,
    "not_expression": TypeInference.negation,
    "comparator": TypeInference.comparison,
    "literal": TypeInference.literal,
    "identity": TypeInference.identity,
    "current": TypeInference.identity,
    "pipe": TypeInference.pipe,
    "function_expression": TypeInference.call,
}


def _types_of(value: object) -> Types:
    """Give the type of a JSON value; null may be of any."""
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    if isinstance(value, float):
        return NUMBER
    return TEXT if isinstance(value, str) else UNKNOWN


def _items(types: Types) -> Types:
    lists = [shape for shape in types if shape.kind is Kind.LIST]
    if not lists or any(shape.item is None for shape in lists):
        return UNKNOWN
    return _unlike(shape.item for shape in lists if shape.item)


def _list_of(types: Types) -> Types:
    return tuple(Shape(Kind.LIST, item=shape) for shape in types) or (Shape(Kind.LIST),)


def _unlike(shapes: Iterable[Shape]) -> Types:
    kept: list[Shape] = []
    for shape in shapes:
        if shape not in kept:
            kept.append(shape)
    return tuple(kept)


def _with_keys(lists: Types, objects: Types) -> Types:
    """Give the rows of a list with the members of an object besides."""
    if len(objects) != 1 or not _items(lists):
        return (Shape(Kind.LIST),)
    added = objects[0].members
    return _list_of(tuple(replace(row, members={**row.members, **added}) for row in _items(lists)))


def _any(types: Types) -> bool:
    return any(shape.kind is Kind.ANY for shape in types)


def _alike(one: Shape, other: Shape) -> bool:
    if Kind.ANY in (one.kind, other.kind):
        return True
    return one.kind is other.kind or any(one.kind in family and other.kind in family for family in FAMILIES)


def _written(node: Node) -> str:
    """Name a part of an expression, where it is a plain path."""
    names = [one["value"] for one in (node["children"] if node["type"] == "subexpression" else [node])
             if one["type"] == "field"]  # fmt: skip
    return f"« {'.'.join(names)} »" if names else "ce qui lui est donné"
