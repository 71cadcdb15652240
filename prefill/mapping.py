"""Fill a compiled form from answers: each value signed with its source, each gap with its reason.

Masked, missing and unknown are three things. For each field the origins are tried in order and the
first that has something to say signs; a withheld value stops the search, so that no second register
tells what the first may not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from prefill.access import Audience, masked, may_ask
from prefill.errors import Language
from prefill.expressions import Expression, Unreadable, is_mask, is_nothing, read_iso_date
from prefill.sources import CATALOGUE, Answer, Cause, Source, Status


class Type(StrEnum):
    STRING = "string"
    DATE = "date"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"


class Reason(StrEnum):
    """Why a field has no value, the most telling first."""

    WITHHELD = "withheld"
    LATE = "late"
    UNAVAILABLE = "unavailable"
    NOT_ENTITLED = "not_entitled"
    ABSENT = "absent"
    NOT_REQUESTED = "not_requested"
    NOT_APPLICABLE = "not_applicable"
    RESERVED = "reserved"


REASONS: Mapping[Status, Reason] = {
    Status.ABSENT: Reason.ABSENT,
    Status.WITHHELD: Reason.WITHHELD,
    Status.NOT_ENTITLED: Reason.NOT_ENTITLED,
    Status.MISCONFIGURED: Reason.UNAVAILABLE,
    Status.UNAVAILABLE: Reason.UNAVAILABLE,
    Status.LATE: Reason.LATE,
    Status.NOT_APPLICABLE: Reason.NOT_APPLICABLE,
    Status.NOT_REQUESTED: Reason.NOT_REQUESTED,
}
# What failed or is withheld outweighs what the registers simply do not hold: there the first origin, which is
# the field's own register, speaks.
_WEIGHT = {
    Reason.WITHHELD: 0,
    Reason.LATE: 1,
    Reason.UNAVAILABLE: 2,
    Reason.NOT_ENTITLED: 3,
    Reason.ABSENT: 4,
    Reason.NOT_REQUESTED: 4,
    Reason.NOT_APPLICABLE: 4,
    Reason.RESERVED: 5,
}

SENTENCES: Mapping[Reason, Mapping[Language, str]] = {
    Reason.WITHHELD: {
        "fr": "Information non diffusée publiquement : à saisir.",
        "en": "Not publicly disclosed: please fill in.",
    },
    Reason.LATE: {
        "fr": "{spoken} tarde à répondre : à saisir, ou à redemander dans quelques secondes.",
        "en": "{producer} is slow to answer: fill in, or ask again in a few seconds.",
    },
    Reason.UNAVAILABLE: {
        "fr": "{spoken} ne répond pas : à saisir.",
        "en": "{producer} does not answer: please fill in.",
    },
    Reason.NOT_ENTITLED: {
        "fr": "Ce service n'a pas accès à cette information ({producer}) : à saisir.",
        "en": "This service has no access to this information ({producer}): please fill in.",
    },
    Reason.ABSENT: {
        "fr": "{spoken} n'a pas cette information : à saisir s'il y a lieu.",
        "en": "{producer} does not hold this information: fill in if relevant.",
    },
    Reason.NOT_REQUESTED: {
        "fr": "Fourni à la demande (with={source}).",
        "en": "Given on demand (with={source}).",
    },
    Reason.NOT_APPLICABLE: {
        "fr": "Sans objet pour cette entreprise.",
        "en": "Does not apply to this company.",
    },
    Reason.RESERVED: {
        "fr": "L'acheteur obtient cette information directement : rien à fournir.",
        "en": "The buyer obtains this directly: nothing to supply.",
    },
}
# Two ways to be unavailable that a candidate can tell from a silence.
CAUSES: Mapping[Cause, Mapping[Language, str]] = {
    Cause.THROTTLED: {
        "fr": "Trop de demandes en ce moment auprès d'API Entreprise : à saisir, ou à redemander plus tard.",
        "en": "Too many requests to API Entreprise at the moment: fill in, or ask again later.",
    },
    Cause.UNREADABLE: {
        "fr": "{spoken} a répondu sous une forme que ce service ne sait pas lire : à saisir.",
        "en": "{producer} answered in a form that this service cannot read: please fill in.",
    },
}

# Beyond it a program that reads JSON numbers as JavaScript does would see another number.
LARGEST_NUMBER = 2**53
# What neither JSON in UTF-8 nor XML can hold.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

# -- a form, compiled -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value may come from: a source, and what to read in its answer."""

    source: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Item:
    """One key of the objects of a list; a row without any identifying key is dropped."""

    name: str
    label: str
    expression: Expression
    type: Type = Type.STRING
    identifying: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One place of the output. `path` is a JSON pointer under `data`.

    A path ending in `[name]` is a named entry of a list: an object made of `constants` and the value.
    """

    path: str
    label: str
    origins: tuple[Origin, ...] = ()
    type: Type = Type.STRING
    items: tuple[Item, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    alias: str | None = None
    on_demand: bool = False
    confirm: bool = False
    reserved: str | None = None
    entry: str | None = field(init=False)
    place: tuple[str, ...] = field(init=False)  # the keys that lead to the value, or to the list that an entry is in

    def __post_init__(self) -> None:
        entry = self.path[len(list_of(self.path)) + 1 : -1] if self.path.endswith("]") else None
        object.__setattr__(self, "entry", entry)
        object.__setattr__(self, "place", pointer_keys(list_of(self.path)))

    def means(self, name: str) -> bool:
        """Tell whether a name means this field: its alias, its path, or a JSON pointer above it or inside its list."""
        if name in (self.alias, self.path):
            return True
        own, asked = list_of(self.path) + "/", name + "/"
        many = self.type is Type.LIST or self.entry is not None
        return own.startswith(asked) or (many and asked.startswith(own))


@dataclass(frozen=True, slots=True)
class Form:
    """A form schema, compiled. `file` is where it was read."""

    id: str
    title: str
    version: str
    audience: Audience
    fields: tuple[Field, ...] = field(hash=False)
    description: str = ""
    file: str = ""
    _by_default: tuple[str, ...] = field(init=False, repr=False)
    _on_demand: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        every = dict.fromkeys(origin.source for part in self.fields for origin in part.origins)
        by_default = self._sources(frozenset())
        object.__setattr__(self, "_by_default", by_default)
        object.__setattr__(self, "_on_demand", tuple(name for name in every if name not in by_default))

    def sources(self, extra: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Name the sources to ask, in the form's order: the default ones, and those asked for besides."""
        return self._sources(extra) if extra else self._by_default

    def on_demand(self) -> tuple[str, ...]:
        """Name the sources that this form asks only when told to."""
        return self._on_demand

    def _sources(self, extra: frozenset[str]) -> tuple[str, ...]:
        wanted = [
            origin.source for field in self.fields for origin in field.origins if active(field, origin.source, extra)
        ]
        return tuple(dict.fromkeys(wanted))

    def only(self, names: frozenset[str]) -> Form:
        """Keep the fields that the names mean, in the form's order. Raise `KeyError` of a name that means none."""
        return _narrowed(self, names)


@lru_cache(maxsize=256)  # a page names the same fields each time
def _narrowed(form: Form, names: frozenset[str]) -> Form:
    kept: set[str] = set()
    for name in sorted(names):
        meant = [part.path for part in form.fields if part.means(name)]
        if not meant:
            raise KeyError(name)
        kept.update(meant)
    return replace(form, fields=tuple(part for part in form.fields if part.path in kept))


def active(field: Field, source: str, extra: frozenset[str]) -> bool:
    """Tell whether a field's origin is asked: always, or only when the caller names the source."""
    return source in extra or not (field.on_demand or CATALOGUE[source].on_demand)


def list_of(path: str) -> str:
    """Leave out the name of an entry: `/a/list[one]` is in `/a/list`."""
    return path.partition("[")[0]


def pointer_keys(pointer: str) -> tuple[str, ...]:
    """Split a JSON pointer (RFC 6901).

    >>> pointer_keys("/partII/A/a~1b")
    ('partII', 'A', 'a/b')
    """
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


# -- what filling gives -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who says so, and since when we know. `field` is the form's path, `confirm` asks for a second look."""

    field: str
    source: str
    producer: str
    retrieved_at: datetime | None
    confirm: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a field has no value. `retry_after` is in seconds."""

    reason: Reason
    source: str | None = None
    producer: str | None = None
    cause: Cause | None = None
    retry_after: float | None = None

    def message(self, language: Language) -> str:
        """Say why, and what the candidate can do, in one sentence."""
        return _sentence(self.reason, self.cause, self.source, self.producer, language)


@lru_cache(maxsize=4096)  # more than there are
def _sentence(reason: Reason, cause: Cause | None, source: str | None, producer: str | None, language: Language) -> str:
    sentence = SENTENCES[reason]
    if reason is Reason.UNAVAILABLE and cause is not None:
        sentence = CAUSES.get(cause, sentence)
    row = CATALOGUE.get(source or "")
    return sentence[language].format(spoken=row.spoken if row else "", producer=producer, source=source)


@dataclass(slots=True)
class Filled:
    """A form filled as far as the answers go; keys of `provenance` and `missing` are JSON pointers."""

    data: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Provenance] = field(default_factory=dict)
    missing: dict[str, Missing] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Tell whether no source failed: asking again would bring nothing more, nor anything newer."""
        failed = any(gap.reason in (Reason.UNAVAILABLE, Reason.LATE) for gap in self.missing.values())
        return not failed and not any(one.stale for one in self.provenance.values())


def fill(
    form: Form, answers: Mapping[str, Answer], *, audience: Audience, extra: frozenset[str] = frozenset()
) -> Filled:
    """Fill the form; a source with no answer yet counts as late."""
    filled = Filled()
    told = _Told(answers, audience, extra)
    for part in form.fields:
        outcome = _resolve(part, told)
        if isinstance(outcome, Missing):
            filled.missing[part.path] = outcome
            continue
        value, answer = outcome
        pointer = _put(filled.data, part, value)
        row = CATALOGUE[answer.source]
        filled.provenance[pointer] = Provenance(
            part.path, answer.source, row.producer, answer.retrieved_at, confirm=part.confirm, stale=answer.stale
        )
    return filled


class _Told:
    """What each source said, as far as it may be shown and was asked for: looked at once a fill."""

    def __init__(self, answers: Mapping[str, Answer], audience: Audience, extra: frozenset[str]) -> None:
        self._answers = answers
        self._audience = audience
        self._extra = extra
        self._known: dict[tuple[str, bool], Answer] = {}

    def by(self, part: Field, source: str) -> Answer:
        key = (source, part.on_demand)
        answer = self._known.get(key)
        if answer is None:
            answer = self._known[key] = self._look(part, CATALOGUE[source])
        return answer

    def _look(self, part: Field, row: Source) -> Answer:
        if not may_ask(self._audience, row):
            return Answer(row.name, Status.NOT_ENTITLED)
        answer = self._answers.get(row.name)
        if active(part, row.name, self._extra):
            return answer or Answer(row.name, Status.LATE)
        if answer and answer.status is Status.NOT_APPLICABLE:
            return answer
        return Answer(row.name, Status.NOT_REQUESTED)


def _resolve(part: Field, told: _Told) -> tuple[Any, Answer] | Missing:
    if part.reserved:
        return Missing(Reason.RESERVED, part.reserved, CATALOGUE[part.reserved].producer)
    gaps: list[Missing] = []
    for origin in part.origins:
        answer = told.by(part, origin.source)
        outcome = _read(part, origin, answer)
        if not isinstance(outcome, Reason):
            return outcome, answer
        row = CATALOGUE[origin.source]
        cause = Cause.UNREADABLE if answer.ok and outcome is Reason.UNAVAILABLE else answer.cause
        gaps.append(Missing(outcome, row.name, row.producer, cause, answer.retry_after))
        if outcome is Reason.WITHHELD:
            break
    return min(gaps, key=lambda gap: _WEIGHT[gap.reason])


def _read(part: Field, origin: Origin, answer: Answer) -> Any:
    """Read one origin: the value, or the reason it gives none."""
    if not answer.ok:
        return REASONS[answer.status]
    try:
        found = origin.expression(answer.data)
        if part.type is Type.LIST:
            return _read_rows(part.items, found)
        return _checked(part.type, found)
    except Unreadable:
        return Reason.UNAVAILABLE


def _read_rows(items: tuple[Item, ...], found: Any) -> list[dict[str, Any]] | Reason:
    if is_nothing(found):
        return Reason.ABSENT
    if is_mask(found):
        return Reason.WITHHELD
    if not isinstance(found, list):
        raise Unreadable
    read = [_read_row(items, one) for one in found]
    rows = [row for row in read if isinstance(row, dict)]
    return rows or _most_telling(row for row in read if isinstance(row, Reason))


def _read_row(items: tuple[Item, ...], one: Any) -> dict[str, Any] | Reason:
    """Read one object of a list, or say why nothing identifies it."""
    if is_mask(one):
        return Reason.WITHHELD
    values = {item.name: _checked(item.type, item.expression(one)) for item in items}
    known = {name: value for name, value in values.items() if not isinstance(value, Reason)}
    telling = [item.name for item in items if item.identifying] or list(values)
    if known.keys() & set(telling):
        return known
    return _most_telling(values[name] for name in telling)


def _most_telling(reasons: Iterable[Reason]) -> Reason:
    return min(reasons, key=_WEIGHT.__getitem__)


def _checked(kind: Type, value: Any) -> Any:
    """Keep a value of the field's type; nothing and a mask are reasons, another type is `Unreadable`."""
    if masked(value):
        return Reason.WITHHELD
    if is_nothing(value) and not (value is False and kind is Type.BOOLEAN):
        return Reason.ABSENT
    return _CHECKS[kind](value)


def _text(value: Any) -> Any:
    if not isinstance(value, str) or _UNWRITABLE.search(value):
        raise Unreadable
    return " ".join(value.split()) or Reason.ABSENT


def _date(value: Any) -> Any:
    if not isinstance(value, str):
        raise Unreadable
    return read_iso_date(value) or Reason.ABSENT


def _integer(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_NUMBER:
        raise Unreadable
    return value


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise Unreadable
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST_NUMBER:
        raise Unreadable
    return int(value) if int(value) == value else value


def _boolean(value: Any) -> Any:
    if not isinstance(value, bool):
        raise Unreadable
    return value


_CHECKS = {
    Type.STRING: _text,
    Type.DATE: _date,
    Type.INTEGER: _integer,
    Type.NUMBER: _number,
    Type.BOOLEAN: _boolean,
}


def _put(data: dict[str, Any], part: Field, value: Any) -> str:
    """Place the value and give the JSON pointer where it now stands."""
    *parents, last = part.place
    for key in parents:
        data = data.setdefault(key, {})
    if part.entry is None:
        data[last] = value
        return part.path
    entries = data.setdefault(last, [])
    entries.append({**part.constants, "value": value})
    return f"{list_of(part.path)}/{len(entries) - 1}/value"
