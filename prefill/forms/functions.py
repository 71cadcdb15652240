"""The functions that forms may use beside JMESPath's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from jmespath import functions

from prefill.domain.answer_shapes.links import is_lasting_link
from prefill.domain.catalogue import officers
from prefill.domain.company import is_registered
from prefill.domain.countries import FRANCE, alpha3
from prefill.domain.dates import known_day, paris_date
from prefill.domain.disclosure import MASK, is_mask, masked
from prefill.domain.identifiers import spaced

_SMALL_WORDS = frozenset("de du des la le les en sur sous et aux au d l lès lez".split())
_FRENCH_MONEY = {"EUROS": "EUR", "EURO": "EUR", "FRANCS": "FRF", "FRANC": "FRF"}


class Unreadable(Exception):
    """The register's value has not the type that the expression or the field needs.

    `expected` and `got` name types, never a value; empty where an expression failed inside.
    """

    def __init__(self, message: str = "", *, expected: str = "", got: str = "") -> None:
        super().__init__(message)
        self.expected = expected
        self.got = got


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
    return iso_day(known_day(day))


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
    """Give the ISO alpha-3 code of an Insee address; France when it has a municipality and no foreign country.

    Monaco has a French postal code and no country: the code of its municipality is that of a country.

    >>> country({"code_commune": "99138", "code_postal": "98000"}), country({"code_commune": "97411"}), country({})
    ('MCO', 'FRA', None)
    """
    if address is None:
        return None
    cog, name, municipality, town = (_written(address.get(key)) for key in COUNTRY)
    if cog or name:
        return alpha3(cog)
    if municipality.startswith(ABROAD):
        return alpha3(municipality)
    return FRANCE if municipality or town else None


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
    place = place_name(registry)
    return f"{spaced(siren)} R.C.S. {place}" if siren and place else None


def plain(text: str) -> str:
    """Fold case and accents, to compare words written by hand."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()


def read_amount(written: str | float | None) -> float | None:
    """Read a number that may come as a text.

    >>> read_amount("900001,5"), read_amount(12), read_amount("douze")
    (900001.5, 12, None)
    """
    if not isinstance(written, str):
        return written
    text = re.sub(r"\s", "", written).replace(",", ".")
    return float(text) if re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text) else None


def total_staff(rows: list[Any]) -> float | None:
    """Add up the staff of each scheme; null where a scheme has several figures and nothing tells the latest.

    >>> old = {"regime": "regime_agricole", "value": 12, "date_derniere_mise_a_jour": "2023-02-09"}
    >>> total_staff([{"regime": "regime_general", "value": 13}, old, {**old, "value": 2, "date_derniere_mise_a_jour": "2023-05-09"}])
    15
    >>> total_staff([old, {**old, "value": 2}])
    """
    schemes: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if isinstance(row, Mapping):
            schemes.setdefault(str(row.get("regime")), []).append(row)
    figures = [_latest_figures(same) for same in schemes.values()]
    if any(len(latest) > 1 for latest in figures):
        return None
    known = [figure for latest in figures for figure in latest if figure is not None]
    return sum(known) if known else None


def _latest_figures(rows: list[Mapping[str, Any]]) -> list[float | None]:
    """The different figures of the latest day."""
    last = max(read_iso_date(_written(row.get("date_derniere_mise_a_jour"))) or "" for row in rows)
    latest = [row for row in rows if (read_iso_date(_written(row.get("date_derniere_mise_a_jour"))) or "") == last]
    figures = list(dict.fromkeys(row.get("value") for row in latest))
    if any(isinstance(figure, bool) or not isinstance(figure, int | float | None) for figure in figures):
        raise Unreadable(expected="number", got="another")
    return figures


def department(code: str | None) -> str | None:
    """Find the department of an Insee code of a municipality, or of a postal code.

    >>> department("35238"), department("2A004"), department("97411"), department("20200"), department("3")
    ('35', '2A', '974', '2B', None)
    """
    if code is None or not re.fullmatch(r"\d[\dAB]\d{3}", code):
        return None
    if code.startswith("20"):  # a postal code of Corsica
        return "2A" if code[2] in "01" else "2B"
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def substring(text: str | None, start: float | None, length: float | None) -> str | None:
    """Cut a text; ranks begin at 0 and are not negative.

    >>> substring("00000100800010", 0, 9), substring("AB", 5, 1)
    ('000001008', None)
    """
    if text is None or start is None or length is None:
        return None
    if min(start, length) < 0 or start != int(start) or length != int(length):
        raise Unreadable(expected="a rank and a length that are not negative", got="number")
    return text[int(start) : int(start) + int(length)] or None


def currency(capital: Mapping[str, Any] | None) -> str | None:
    """Read the currency that a register gives; in production the RCS gives none, and none is assumed.

    >>> currency({"devise": "EUROS", "code_devise": ""}), currency({"devise": "", "code_devise": ""})
    ('EUR', None)
    """
    if capital is None:
        return None
    code, word = (_written(capital.get(key)) for key in MONEY)
    return code if re.fullmatch(r"[A-Z]{3}", code) else _FRENCH_MONEY.get(word.upper())


def names_nothing(label: str) -> bool:
    """Recognise the label that says only that a code is not in the nomenclature, or that nobody filled it in.

    >>> names_nothing("ancienne révision NAF (NAFRev1) non supportée"), names_nothing("Conseil informatique")
    (True, False)
    """
    words = plain(label)
    return (
        words.strip() in SAYS_NOTHING
        or "non reference" in words
        or ("revision naf" in words and "non support" in words)
    )


SAYS_NOTHING = frozenset({"non renseigne", "inconnu"})
PROVISIONAL_ACTIVITY = "00.00Z"
NAF_2025_IN_FORCE = "2027-01-01"


def activities(establishment: Mapping[str, Any] | None) -> list[dict[str, str | None]]:
    """List the activity in each nomenclature, the one in force first; what is no activity is left out.

    >>> both = {"activite_principale": {"code": "62.10Y", "nomenclature": "NAF2025", "libelle": "Programmation"},
    ...         "activite_principale_naf_rev2": {"code": "62.01Z", "nomenclature": "NAFRev2", "libelle": "Programmation"}}
    >>> [part["code"] for part in activities({**both, "_jour": "2026-12-31"})]
    ['62.01Z', '62.10Y']
    >>> [part["code"] for part in activities({**both, "_jour": "2027-01-01"})]
    ['62.10Y', '62.01Z']
    """
    parts = [_activity((establishment or {}).get(key)) for key in ACTIVITIES]
    known = {part["nomenclature"]: part for part in parts if part}
    in_force = "NAF2025" if str((establishment or {}).get(DAY) or "") >= NAF_2025_IN_FORCE else "NAFRev2"
    return sorted(known.values(), key=lambda part: part["nomenclature"] != in_force)


def _activity(part: Mapping[str, Any] | None) -> dict[str, str | None] | None:
    """Read an activity; a code without nomenclature, a provisional one or one that its nomenclature lacks is none."""
    if part is None:
        return None
    code, nomenclature, label = (_written(part.get(key)) for key in ("code", "nomenclature", "libelle"))
    if not code or not nomenclature or code == PROVISIONAL_ACTIVITY or "non reference" in plain(label):
        return None
    return {"code": code, "nomenclature": nomenclature, "libelle": None if names_nothing(label) else label or None}


def shown_names(names: str) -> str | None:
    """Keep of signs joined by commas those that are names.

    >>> shown_names("ALTEA, ALTEA PRO, SUPPRESSION DU NOM COMMERCIAL"), shown_names("Suppression de l'enseigne")
    ('ALTEA, ALTEA PRO', None)
    """
    return ", ".join(name for part in names.split(",") if (name := part.strip()) and not removes_name(name)) or None


def removes_name(name: str) -> bool:
    """Recognise the entry that a register writes in place of the trade name it deletes."""
    words = plain(name)
    return "suppression d" in words and ("nom commercial" in words or "enseigne" in words)


# The keys that each function on an object reads, in this order: a mask elsewhere does not concern it.
STREET = ("numero_voie", "indice_repetition_voie", "type_voie", "libelle_voie")
PERSON = ("nom_usage", "nom_naissance", "prenom_usuel")
COUNTRY = ("code_pays_etranger", "libelle_pays_etranger", "code_commune", "libelle_commune")
ABROAD = "99"  # how the Insee's codes of countries begin, among those of municipalities
MONEY = ("code_devise", "devise")
ACTIVITIES = ("activite_principale", "activite_principale_naf_rev2")
REGISTRATION = ("date_radiation", "date_immatriculation")
DAY = "_jour"  # the day on which a form is filled, beside the answer: no register sends such a key
FUNCTION_READS: Mapping[str, tuple[str, ...]] = {"activity": ACTIVITIES, "other_activity": ACTIVITIES}


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
# These read rows one by one, and hand over what is masked in one of them.
_ROW_READERS = frozenset({"representatives", "supervisors"})
_HANDED_OVER = _CARRIERS | _ROW_READERS
# The keys that a function adds to the rows.
ADDED_KEYS: Mapping[str, frozenset[str]] = {"representatives": frozenset({"represente_par"})}
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
        """Code pays ISO 3166-1 alpha-3 d'une adresse Insee (FRA d'une commune sans pays étranger)."""
        return country(address)

    @_takes("object", reads=ACTIVITIES)
    def _func_activity(self, establishment: dict[str, Any] | None) -> dict[str, str | None] | None:
        """Activité principale {code, nomenclature, libelle} dans la nomenclature en vigueur, sinon dans l'autre."""
        return next(iter(activities(establishment)), None)

    @_takes("object", reads=ACTIVITIES)
    def _func_other_activity(self, establishment: dict[str, Any] | None) -> dict[str, str | None] | None:
        """La même dans l'autre nomenclature."""
        return next(iter(activities(establishment)[1:]), None)

    @_takes("string")
    def _func_label(self, text: str | None) -> str | None:
        """Libellé, sauf s'il dit seulement que le code n'est pas référencé, ou pas renseigné."""
        return None if text is None or names_nothing(text) else text

    @_takes("string")
    def _func_trade_name(self, text: str | None) -> str | None:
        """Nom commercial ou enseigne, sauf la mention de leur suppression."""
        return None if text is None else shown_names(text)

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
        """Vrai pour un commissaire aux comptes ou un contrôleur, de quelque façon qu'il soit écrit."""
        return officers.duty(role) is officers.Duty.AUDITS

    @_takes("array")
    def _func_representatives(self, people: list[Any] | None) -> list[Any]:
        """Mandataires qui représentent l'entreprise, d'abord qui peut l'engager, chacun une fois ; represente_par s'ajoute."""
        return officers.representatives(people or [])

    @_takes("string")
    def _func_role_in_words(self, role: str | None) -> str | None:
        """Fonction d'un dirigeant ; un code que le registre n'a pas traduit est dit tel."""
        return f"fonction non traduite par le registre (code {role})" if role and role.isdecimal() else role

    @_takes("object", reads=REGISTRATION)
    def _func_is_registered(self, extract: dict[str, Any] | None) -> bool | None:
        """Vrai si un extrait RCS est d'une entreprise inscrite ce jour, faux si elle est radiée, null s'il ne le dit pas."""
        day = date.fromisoformat((extract or {}).get(DAY) or date.max.isoformat())
        return None if extract is None else is_registered(extract, day)

    @_takes("string", "string")
    def _func_euid(self, registry: str | None, siren: str | None) -> str | None:
        """Identifiant européen d'une société inscrite au RCS : FR, code du greffe, SIREN."""
        return f"FR{registry}.{siren}" if siren and re.fullmatch(r"[0-9]{4}", registry or "") else None

    @_takes("array")
    def _func_supervisors(self, people: list[Any] | None) -> list[Any]:
        """Membres du conseil de surveillance et censeurs, chacun une fois."""
        return officers.supervisors(people or [])

    @_takes("object", reads=MONEY)
    def _func_currency(self, capital: dict[str, Any] | None) -> str | None:
        """Code ISO 4217 de la devise d'un capital du RCS ; null quand l'extrait n'en donne pas, ce qui est l'usage."""
        return currency(capital)

    @_takes("number")
    def _func_nonzero(self, number: float | None) -> float | None:
        """Nombre, sauf zéro, pour un registre qui écrit zéro quand il n'a rien."""
        return number or None

    @_takes("array")
    def _func_total_staff(self, rows: list[Any] | None) -> float | None:
        """Effectif de tous les régimes, au dernier chiffre de chacun ; null si rien ne départage deux chiffres."""
        return total_staff(rows or [])

    @_takes("string")
    def _func_year(self, text: str | None) -> int | None:
        """Année d'un texte de quatre chiffres."""
        return int(text) if text and re.fullmatch(r"[12]\d{3}", text) else None

    @_takes("string")
    def _func_department(self, code: str | None) -> str | None:
        """Département d'un code Insee de commune, ou d'un code postal : 35, 2A, 974."""
        return department(code)

    @_takes("string")
    def _func_upper(self, text: str | None) -> str | None:
        """Texte en majuscules."""
        return text and text.upper()

    @_takes("string")
    def _func_lower(self, text: str | None) -> str | None:
        """Texte en minuscules."""
        return text and text.lower()

    @_takes("string", "number", "number")
    def _func_substring(self, text: str | None, start: float | None, length: float | None) -> str | None:
        """Morceau d'un texte, depuis un rang compté de 0 : substring(siret, `0`, `9`)."""
        return substring(text, start, length)

    @_takes("array", "object")
    def _func_with_keys(self, rows: list[Any] | None, keys: dict[str, Any] | None) -> list[Any] | None:
        """Lignes d'une liste, chacune complétée des clés d'un objet : with_keys(lignes, {fin: date_fin})."""
        return None if rows is None else [{**row, **(keys or {})} for row in rows if isinstance(row, dict)]

    @_takes("string")
    def _func_web_address(self, text: str | None) -> str | None:
        """Adresse https publique et durable, sinon null : jamais celle d'un fichier d'API Entreprise, qui expire."""
        return text if text and is_lasting_link(text) else None

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
    if name in _HANDED_OVER:
        return any(map(is_mask, arguments))
    if name in _CHOOSERS and isinstance(arguments[0], list):
        rows, key = arguments
        return any(masked(key.visit(key.expression, row)) for row in rows)
    reads = getattr(function, "reads", ())
    return any(masked(_part_read(argument, reads)) for argument in arguments)


def _part_read(argument: Any, keys: tuple[str, ...]) -> Any:
    return [argument.get(key) for key in keys] if keys and isinstance(argument, dict) else argument
