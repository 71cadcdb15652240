"""JMESPath with our few functions: what a form's origins are written in.

A masked argument gives a masked result, so that no function can dress up a withheld value; an argument
of another type than the register promises raises `Unreadable`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from typing import Any

import jmespath
from jmespath import exceptions, functions
from jmespath.parser import ParsedResult

from prefill.access import MASK, masked
from prefill.countries import FRANCE, alpha3
from prefill.identifiers import spaced
from prefill.sources import UNKNOWN_DAY, paris_date

_SMALL_WORDS = frozenset("de du des la le les en sur sous et aux au d l lès lez".split())
_FRENCH_MONEY = {"EUROS": "EUR", "EURO": "EUR", "FRANCS": "FRF", "FRANC": "FRF"}
_SENTINEL_LABEL = re.compile(r"non r[ée]f[ée]renc[ée]|r[ée]vision NAF .*non support[ée]e", re.IGNORECASE)
_SENTINEL_NAME = re.compile(r"suppression d[ue] .*nom commercial", re.IGNORECASE)


class Unreadable(Exception):
    """The register's value has not the type that the expression needs."""


class BadExpression(Exception):
    """The expression cannot be compiled; the message says where and why."""

    def __init__(self, message: str, *, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled JMESPath expression."""

    text: str
    parsed: ParsedResult = field(compare=False, repr=False)

    def __call__(self, data: object) -> Any:
        """Evaluate; a missing key gives None. Raise `Unreadable` for a value of another type."""
        try:
            return self.parsed.search(data, options=_OPTIONS)
        except (exceptions.JMESPathError, TypeError, ValueError, AttributeError, KeyError) as error:
            raise Unreadable(self.text) from error

    def names(self) -> frozenset[str]:
        """List the keys that the expression reads, for a « did you mean »."""
        return frozenset(node["value"] for node in _nodes(self.parsed.parsed) if node["type"] == "field")


def compile_expression(text: str) -> Expression:
    """Compile an expression, its functions checked. Raise `BadExpression`."""
    try:
        parsed = jmespath.compile(text)
    except exceptions.EmptyExpressionError as error:
        raise BadExpression("l'expression est vide") from error
    except exceptions.ParseError as error:
        place = getattr(error, "lex_position", None)
        raise BadExpression(f"l'expression ne se lit pas, vers le caractère {(place or 0) + 1} : « {text} »") from error
    for node in _nodes(parsed.parsed):
        if node["type"] == "function_expression":
            _check_call(node["value"], len(node["children"]))
    return Expression(text, parsed)


def _check_call(name: str, arguments: int) -> None:
    known = functions.Functions.FUNCTION_TABLE | OurFunctions.FUNCTION_TABLE
    if name not in known:
        raise BadExpression(f"la fonction « {name} » n'existe pas", name=name)
    signature = known[name]["signature"]
    variadic = bool(signature) and signature[-1].get("variadic")
    if arguments != len(signature) and not (variadic and arguments >= len(signature)):
        raise BadExpression(f"la fonction « {name} » prend {len(signature)} argument(s), pas {arguments}")


def function_names() -> frozenset[str]:
    return frozenset(OurFunctions.FUNCTION_TABLE)


def _nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.get("children", ()):
            yield from _nodes(child)


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
    texts = [str(part).strip() for part in parts if part is not None and not isinstance(part, dict | list | bool)]
    return separator.join(text for text in texts if text) or None


def street(address: Mapping[str, Any] | None) -> str | None:
    """Build the street line from its parts: the postal line drops some repetition letters."""
    if address is None:
        return None
    keys = ("numero_voie", "indice_repetition_voie", "type_voie", "libelle_voie")
    return join_parts([address.get(key) for key in keys])


def person_name(person: Mapping[str, Any] | None) -> str | None:
    """Name a natural person: the usual name, else the birth name, then the usual first name."""
    if person is None:
        return None
    family = person.get("nom_usage") or person.get("nom_naissance")
    return join_parts([family, person.get("prenom_usuel")]) if family else None


def country(address: Mapping[str, Any] | None) -> str | None:
    """Give the ISO alpha-3 code of an Insee address; France when no foreign country is named."""
    if address is None:
        return None
    cog = address.get("code_pays_etranger")
    if not cog and not address.get("libelle_pays_etranger"):
        return FRANCE
    return alpha3(cog)


def place_name(text: str | None) -> str | None:
    """Write a town as French does: small words small, the others capitalised.

    >>> place_name("SAINT-DENIS DE LA REUNION")
    'Saint-Denis de la Reunion'
    """
    words = re.split(r"([\s\-']+)", (text or "").strip().lower())
    return "".join(word if place and word in _SMALL_WORDS else word.capitalize() for place, word in enumerate(words)) or None


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
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode().casefold()


def is_auditor(role: str | None) -> bool:
    return "commissaire aux comptes" in plain(role or "")


def currency(capital: Mapping[str, Any] | None) -> str | None:
    if capital is None:
        return None
    return capital.get("code_devise") or _FRENCH_MONEY.get(str(capital.get("devise") or "").upper())


def _masks(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(self: object, *arguments: Any) -> Any:
        if any(masked(argument) for argument in arguments):
            return MASK
        return function(self, *arguments)

    return wrapper


def _takes(*types: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a JMESPath function's arguments; each may be null, `a|b` is one type or the other."""
    signature: list[Any] = [{"types": [*kind.split("|"), "null"]} for kind in types]

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        return functions.signature(*signature)(_masks(function))

    return declare


class OurFunctions(functions.Functions):
    """The functions a form may use beside JMESPath's own; their docstrings are their documentation."""

    @_takes("number")
    def _func_paris_date(self, timestamp: float | None) -> str | None:
        """Date ISO d'un horodatage Unix de minuit à Paris ; 1900-01-01 (inconnue) donne null."""
        if timestamp is not None and not math.isfinite(timestamp):
            return None
        return iso_day(paris_date(timestamp))

    @_takes("string")
    def _func_iso_date(self, text: str | None) -> str | None:
        """Date ISO complète et existante, sinon null (un mois seul, 1900-01-01)."""
        return read_iso_date(text)

    @_takes("object")
    def _func_street(self, address: dict[str, Any] | None) -> str | None:
        """Ligne de voie : numéro, indice de répétition, type et libellé non vides."""
        return street(address)

    @_takes("array", "string")
    def _func_join_parts(self, parts: list[Any] | None, separator: str | None) -> str | None:
        """Éléments non vides d'une liste, joints par un séparateur."""
        return join_parts(parts or [], separator or " ")

    @_takes("object")
    def _func_person_name(self, person: dict[str, Any] | None) -> str | None:
        """Nom d'usage, sinon de naissance, puis prénom usuel."""
        return person_name(person)

    @_takes("object")
    def _func_country(self, address: dict[str, Any] | None) -> str | None:
        """Code pays ISO 3166-1 alpha-3 d'une adresse Insee (FRA quand aucun pays étranger n'est nommé)."""
        return country(address)

    @_takes("string")
    def _func_label(self, text: str | None) -> str | None:
        """Libellé, sauf s'il dit seulement que le code n'est pas référencé."""
        return None if text is None or _SENTINEL_LABEL.search(text) else text

    @_takes("string")
    def _func_trade_name(self, text: str | None) -> str | None:
        """Nom commercial, sauf la mention « SUPPRESSION DU NOM COMMERCIAL »."""
        return None if text is None or _SENTINEL_NAME.search(text) else text

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

    @_takes("object")
    def _func_currency(self, capital: dict[str, Any] | None) -> str | None:
        """Code ISO 4217 de la devise d'un capital du RCS."""
        return currency(capital)

    @_takes("string")
    def _func_year(self, text: str | None) -> int | None:
        """Année d'un texte de quatre chiffres."""
        return int(text) if text and re.fullmatch(r"[12]\d{3}", text) else None


_OPTIONS = jmespath.Options(custom_functions=OurFunctions())
