"""JMESPath with our few functions: what a form's origins are written in.

What is read, tested, compared or computed from a masked value is masked too, so that no expression can
dress up or see through one. A null argument gives null; one of another type than the register promises
raises `Unreadable`.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import jmespath
from jmespath import ast, exceptions, functions, visitor
from jmespath.parser import ParsedResult

from prefill.access import MASK, masked
from prefill.countries import FRANCE, alpha3
from prefill.identifiers import spaced
from prefill.sources import UNKNOWN_DAY, paris_date

_SMALL_WORDS = frozenset("de du des la le les en sur sous et aux au d l lès lez".split())
_FRENCH_MONEY = {"EUROS": "EUR", "EURO": "EUR", "FRANCS": "FRF", "FRANC": "FRF"}

_READING = frozenset({"field", "current", "identity", "index", "value_projection"})

# Whatever an expression can meet in an answer that is not what it expects: `Unreadable`.
_SURPRISES = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError)


class Unreadable(Exception):
    """The register's value has not the type that the expression needs."""


class BadExpression(Exception):
    """The expression cannot be compiled; the message says where and why, `name` a function nobody knows."""

    def __init__(self, message: str, *, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled JMESPath expression."""

    text: str
    parsed: ParsedResult = field(compare=False, repr=False)
    keys: tuple[str, ...] | None = field(init=False, compare=False, repr=False)  # of a plain path, as most are

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", _keys_of(self.parsed.parsed))

    def __call__(self, data: object) -> Any:
        """Evaluate; a missing key gives None. Raise `Unreadable` for a value of another type."""
        if self.keys is not None:
            return _follow(self.keys, data)
        try:
            return _INTERPRETER.visit(self.parsed.parsed, data)
        except _SURPRISES as error:
            raise Unreadable(self.text) from error

    def names(self) -> frozenset[str]:
        """List the keys that the expression reads, for a « did you mean »."""
        return self._values_of("field")

    def makes(self) -> frozenset[str]:
        """List the keys of the objects that the expression builds itself: `{year: annee}` makes `year`."""
        return self._values_of("key_val_pair")

    def invents(self) -> bool:
        """Tell whether the result can be a value written in the expression: no register said so."""
        return _invents(self.parsed.parsed)

    def _values_of(self, kind: str) -> frozenset[str]:
        return frozenset(node["value"] for node in _nodes(self.parsed.parsed) if node["type"] == kind)


# -- compiling --------------------------------------------------------------------------------------


def compile_expression(text: str) -> Expression:
    """Compile an expression, its functions checked. Raise `BadExpression`."""
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
        raise BadExpression("l'expression est vide")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PendingDeprecationWarning)
            return jmespath.compile(text)
    except PendingDeprecationWarning as error:
        raise BadExpression(f"un texte s'écrit 'entre apostrophes', pas `ainsi` : « {text} »") from error
    except exceptions.ParseError as error:
        place = f"vers le caractère {(error.lex_position or 0) + 1}"
        raise BadExpression(f"l'expression ne se lit pas, {place} : « {text} »") from error
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


# -- evaluating: a mask is never seen through -------------------------------------------------------


def is_mask(value: object) -> bool:
    return isinstance(value, str) and masked(value)


def _follow(keys: tuple[str, ...], value: Any) -> Any:
    """Read a plain path as the interpreter does, in a tenth of the time."""
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif not is_mask(value):
            return None
        else:
            return MASK
    return value


class _Interpreter(visitor.TreeInterpreter):
    """JMESPath, except that whatever is read, tested or compared of a mask is a mask."""

    def visit_field(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_field(node, value)

    def visit_index(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_index(node, value)

    def visit_slice(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_slice(node, value)

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_multi_select_list(node, value)

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        return MASK if is_mask(value) else super().visit_multi_select_dict(node, value)

    def visit_flatten(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_flatten, node, value)

    def visit_projection(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_projection, node, value)

    def visit_value_projection(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_value_projection, node, value)

    def visit_and_expression(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_and_expression, node, value)

    def visit_not_expression(self, node: Any, value: Any) -> Any:
        return self._after(super().visit_not_expression, node, value)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        sides = [self.visit(child, value) for child in node["children"]]
        if masked(sides):
            return MASK
        return super().visit_comparator(_given(node, sides), value)

    def visit_filter_projection(self, node: Any, value: Any) -> Any:
        """A row that cannot be told to match is replaced by a mask: neither shown nor forgotten."""
        base, _, condition = node["children"]
        rows = self.visit(base, value)
        if isinstance(rows, list):
            rows = [MASK if is_mask(self.visit(condition, row)) else row for row in rows]
        return self._after(super().visit_filter_projection, node, value, ast.literal(rows))

    def _after(self, visit: Callable[[Any, Any], Any], node: Any, value: Any, first: Any = None) -> Any:
        """Evaluate the first child alone: a mask there is the result."""
        base = self.visit(first or node["children"][0], value)
        if is_mask(base):
            return MASK
        return visit(_given(node, [base]), value)


def _given(node: Any, values: list[Any]) -> Any:
    """Put values that are known in place of a node's first children."""
    return {**node, "children": [*map(ast.literal, values), *node["children"][len(values) :]]}


# -- our functions: plain Python first, then their JMESPath names -----------------------------------


def iso_day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def read_iso_date(text: str | None) -> str | None:
    """Keep a full, existing date; a month alone or 1900-01-01 is not one.

    >>> read_iso_date("1985-07-01"), read_iso_date("1965-03"), read_iso_date("1900-01-01")
    ('1985-07-01', None, None)
    """
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return None if day == UNKNOWN_DAY else day.isoformat()


def join_parts(parts: list[Any], separator: str = " ") -> str | None:
    """Join what is not empty.

    >>> join_parts(["98", None, "RUE", ""])
    '98 RUE'
    """
    texts = [_written(part) for part in parts]
    return separator.join(text for text in texts if text) or None


def _written(part: object) -> str:
    """Write one part of a text: a text itself, or a whole number."""
    if is_nothing(part):
        return ""
    if isinstance(part, bool) or not isinstance(part, str | int):
        raise Unreadable
    return str(part).strip()


def is_nothing(value: object) -> bool:
    """Recognise what JMESPath holds for false, and what `a && b` gives when there is no a. Zero is something."""
    return value is None or value is False or (isinstance(value, str | list | dict) and not value)


def street(address: Mapping[str, Any] | None) -> str | None:
    """Build the street line from its parts: the postal line drops some repetition letters."""
    if address is None:
        return None
    return join_parts([address.get(key) for key in STREET])


def person_name(person: Mapping[str, Any] | None) -> str | None:
    """Name a natural person: the usual name, else the birth name, then the usual first name."""
    if person is None:
        return None
    usual, birth, first = (_written(person.get(key)) for key in PERSON)
    family = usual or birth
    return join_parts([family, first]) if family else None


def country(address: Mapping[str, Any] | None) -> str | None:
    """Give the ISO alpha-3 code of an Insee address; France when no foreign country is named."""
    if address is None:
        return None
    cog, name = (_written(address.get(key)) for key in COUNTRY)
    return alpha3(cog) if cog or name else FRANCE


def place_name(text: str | None) -> str | None:
    """Write a town as French does: small words small, the others capitalised.

    >>> place_name("SAINT-DENIS DE LA REUNION")
    'Saint-Denis de la Reunion'
    """
    words = re.split(r"([\s\-']+)", (text or "").strip().lower())
    return (
        "".join(word if place and word in _SMALL_WORDS else word.capitalize() for place, word in enumerate(words))
        or None
    )


def registration_number(siren: str | None, registry: str | None) -> str | None:
    """Write the number as the register of commerce does.

    >>> registration_number("552049447", "PARIS")
    '552 049 447 R.C.S. Paris'
    """
    if not siren or not registry:
        return None
    return f"{spaced(siren)} R.C.S. {place_name(registry)}"


def plain(text: str) -> str:
    """Fold case and accents, to compare words written by hand."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()


def is_auditor(role: str | None) -> bool:
    return re.search(r"commissaires?\s+aux\s+comptes", plain(role or "")) is not None


def read_amount(written: str | float | None) -> float | None:
    """Read a number that may come as a text.

    >>> read_amount("900001,5"), read_amount(12), read_amount("douze")
    (900001.5, 12, None)
    """
    if not isinstance(written, str):
        return written
    text = re.sub(r"\s", "", written).replace(",", ".")
    return float(text) if re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text) else None


def currency(capital: Mapping[str, Any] | None) -> str | None:
    if capital is None:
        return None
    code, word = (_written(capital.get(key)) for key in MONEY)
    return code or _FRENCH_MONEY.get(word.upper())


def names_nothing(label: str) -> bool:
    """Recognise the label that says only that a code is not in the nomenclature.

    >>> names_nothing("ancienne révision NAF (NAFRev1) non supportée"), names_nothing("Conseil informatique")
    (True, False)
    """
    words = plain(label)
    return "non reference" in words or ("revision naf" in words and "non support" in words)


def removes_name(name: str) -> bool:
    """Recognise the entry that a register writes in place of the trade name it deletes."""
    words = plain(name)
    return "suppression d" in words and ("nom commercial" in words or "enseigne" in words)


# The keys that each function on an object reads, in this order: a mask elsewhere does not concern it.
STREET = ("numero_voie", "indice_repetition_voie", "type_voie", "libelle_voie")
PERSON = ("nom_usage", "nom_naissance", "prenom_usuel")
COUNTRY = ("code_pays_etranger", "libelle_pays_etranger")
MONEY = ("code_devise", "devise")


def _takes(*types: str, reads: tuple[str, ...] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a JMESPath function's arguments, and the keys it reads in an object.

    Each argument may be null; `a|b` is one type or the other.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        function.reads = reads  # type: ignore[attr-defined]
        signature: list[Any] = [{"types": [*kind.split("|"), "null"]} for kind in types]
        return functions.signature(*signature)(function)

    return declare


# These hand over what they are given, its masks included.
_CARRIERS = frozenset({"map", "not_null", "reverse", "to_array", "values"})
# These choose by a key: only that key must be known.
_CHOOSERS = frozenset({"max_by", "min_by", "sort_by"})
# These have something to say of null; of any other function it gives null.
_OF_NULL = frozenset({"not_null", "to_array", "type"})


class OurFunctions(functions.Functions):
    """The functions a form may use beside JMESPath's own; their docstrings are their documentation."""

    def call_function(self, function_name: str, resolved_args: Any) -> Any:
        function = self.FUNCTION_TABLE[function_name]["function"]
        if _hides(function_name, function, resolved_args):
            return MASK
        ours = hasattr(function, "reads")
        if not ours and function_name not in _OF_NULL and any(argument is None for argument in resolved_args):
            return None
        return super().call_function(function_name, resolved_args)

    @_takes("number")
    def _func_paris_date(self, timestamp: float | None) -> str | None:
        """Date ISO d'un horodatage Unix de minuit à Paris ; 1900-01-01 (inconnue) donne null."""
        return iso_day(paris_date(timestamp))

    @_takes("string")
    def _func_iso_date(self, text: str | None) -> str | None:
        """Date ISO complète et existante, sinon null (un mois seul, 1900-01-01)."""
        return read_iso_date(text)

    @_takes("object", reads=STREET)
    def _func_street(self, address: dict[str, Any] | None) -> str | None:
        """Ligne de voie : numéro, indice de répétition, type et libellé non vides."""
        return street(address)

    @_takes("array", "string")
    def _func_join_parts(self, parts: list[Any] | None, separator: str | None) -> str | None:
        """Éléments non vides d'une liste, joints par un séparateur."""
        return join_parts(parts or [], separator or " ")

    @_takes("object", reads=PERSON)
    def _func_person_name(self, person: dict[str, Any] | None) -> str | None:
        """Nom d'usage, sinon de naissance, puis prénom usuel."""
        return person_name(person)

    @_takes("object", reads=COUNTRY)
    def _func_country(self, address: dict[str, Any] | None) -> str | None:
        """Code pays ISO 3166-1 alpha-3 d'une adresse Insee (FRA quand aucun pays étranger n'est nommé)."""
        return country(address)

    @_takes("string")
    def _func_label(self, text: str | None) -> str | None:
        """Libellé, sauf s'il dit seulement que le code n'est pas référencé."""
        return None if text is None or names_nothing(text) else text

    @_takes("string")
    def _func_trade_name(self, text: str | None) -> str | None:
        """Nom commercial ou enseigne, sauf la mention de leur suppression."""
        return None if text is None or removes_name(text) else text

    @_takes("string")
    def _func_place_name(self, text: str | None) -> str | None:
        """Nom de lieu en minuscules à initiales capitales."""
        return place_name(text)

    @_takes("string", "string")
    def _func_registration_number(self, siren: str | None, registry: str | None) -> str | None:
        """Numéro d'immatriculation dans sa forme usuelle : « 552 049 447 R.C.S. Paris »."""
        return registration_number(siren, registry)

    @_takes("string")
    def _func_is_auditor(self, role: str | None) -> bool:
        """Vrai pour un commissaire aux comptes, titulaire ou suppléant."""
        return is_auditor(role)

    @_takes("object", reads=MONEY)
    def _func_currency(self, capital: dict[str, Any] | None) -> str | None:
        """Code ISO 4217 de la devise d'un capital du RCS."""
        return currency(capital)

    @_takes("string")
    def _func_year(self, text: str | None) -> int | None:
        """Année d'un texte de quatre chiffres."""
        return int(text) if text and re.fullmatch(r"[12]\d{3}", text) else None

    @_takes("string", "object")
    def _func_pick(self, word: str | None, words: dict[str, Any] | None) -> Any:
        """Traduction d'un mot par une table : pick(status, {up_to_date: 'à jour'}) ; null si le mot n'y est pas."""
        return (words or {}).get(word or "")

    @_takes("string|number")
    def _func_amount(self, written: str | float | None) -> float | None:
        """Nombre écrit comme nombre ou comme texte (« 900001,50 »), sinon null."""
        return read_amount(written)


def _hides(name: str, function: Callable[..., Any], arguments: list[Any]) -> bool:
    """Tell whether a call would make something else of a mask, instead of handing it over."""
    if name in _CARRIERS:
        return any(map(is_mask, arguments))
    if name in _CHOOSERS and isinstance(arguments[0], list):
        rows, key = arguments
        return any(masked(key.visit(key.expression, row)) for row in rows)
    reads = getattr(function, "reads", ())
    return any(masked(_part_read(argument, reads)) for argument in arguments)


def _part_read(argument: Any, keys: tuple[str, ...]) -> Any:
    return [argument.get(key) for key in keys] if keys and isinstance(argument, dict) else argument


_INTERPRETER = _Interpreter(jmespath.Options(custom_functions=OurFunctions()))
