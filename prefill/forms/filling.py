"""Fill a compiled form from answers: each value with its source, each missing one with its reason.

Masked, missing and unknown are three things. For each field the origins are tried in order and the
first that holds a value provides it; a withheld value stops the search, so that no second register
discloses what the first may not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from prefill.domain.answers import Answer, Cause, StandIn, Status
from prefill.domain.catalogue import CATALOGUE, OPEN_DIRECTORY
from prefill.domain.catalogue.corrections import correction
from prefill.domain.catalogue.open_directory import ESTABLISHMENT_KEYS
from prefill.domain.company import PERIMETERS, Company
from prefill.domain.disclosure import is_mask, masked
from prefill.domain.permissions import Audience, can_query
from prefill.domain.sources import Fix, Source
from prefill.forms.expressions import Expression, compile_expression
from prefill.forms.functions import ACTIVITIES, DAY, REGISTRATION, Unreadable, is_nothing, read_iso_date
from prefill.forms.model import Field, Form, ListItem, Type, ValueSource, active, list_of, value_at
from prefill.forms.reasons import REASONS, WEIGHT, Missing, Reason

INSEE = "Insee"
# Beyond it a program that reads JSON numbers as JavaScript does would see another number.
MAX_NUMBER = 2**53
JSON_TYPES: Mapping[type | tuple[type, ...], str] = {
    bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object",
}  # fmt: skip
# What neither JSON in UTF-8 nor XML can hold.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who says so, and since when we know.

    Attributes:
        field: the form's path.
        source: the row of the catalogue that gave the value.
        producer: the institution behind it.
        retrieved_at: when the register was asked.
        confirm: whether the candidate should look at it twice.
        stale: whether it is an earlier answer of a source that fails today.
        fallback: whether it comes from the open directory because the Insee does not answer.
        as_of: the day on which the register itself last changed, by its own account.
        fix: where the company can have the register corrected.
    """

    field: str
    source: str
    producer: str
    retrieved_at: datetime | None
    confirm: bool = False
    stale: bool = False
    fallback: bool = False
    as_of: date | None = None
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class TypeMismatch:
    """A value that the field's type cannot hold, for the operator: which field, and the types; not the value."""

    field: str
    source: str
    expected: str
    got: str


@dataclass(slots=True)
class FilledForm:
    """A form filled as far as the answers go; keys of `provenance` and `missing` are JSON pointers.

    The rows of a named entry have a pointer each.
    """

    data: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Provenance] = field(default_factory=dict)
    missing: dict[str, Missing] = field(default_factory=dict)
    mismatches: list[TypeMismatch] = field(default_factory=list)

    def values(self) -> dict[str, tuple[Any, Provenance]]:
        """Give the value of each field that has one, by the form's path, and who says so; of a named list, its rows."""
        found: dict[str, tuple[Any, Provenance]] = {}
        for pointer, one in self.provenance.items():
            value = value_at(self.data, pointer)
            if one.field.endswith("]") and isinstance(value, dict):
                rows = found.setdefault(one.field, ([], one))[0]
                rows.append(value)
            else:
                found[one.field] = (value, one)
        return found

    @property
    def complete(self) -> bool:
        """Tell whether no source failed: asking again would bring nothing more, nor anything newer."""
        failed = any(missing.reason in (Reason.UNAVAILABLE, Reason.LATE) for missing in self.missing.values())
        return not failed and not any(one.stale or one.fallback for one in self.provenance.values())


def fill(
    form: Form,
    answers: Mapping[str, Answer],
    *,
    audience: Audience,
    extra: frozenset[str] = frozenset(),
    company: Company | None = None,
    today: date | None = None,
) -> FilledForm:
    """Fill the form; a source with no answer yet counts as late.

    `company` decides which fields cannot exist for it; without it, all may. `today` decides which nomenclature is in force.
    """
    filled = FilledForm()
    visible = VisibleAnswers(answers, audience, extra, today)
    for part in form.fields:
        outcome = _resolve(part, visible, filled.mismatches)
        if isinstance(outcome, Missing):
            gap = _of_company(part, outcome, company)
            if not (part.optional and gap.reason in NO_GAP):
                filled.missing[part.path] = gap
            continue
        value, answer, origin = outcome
        row = CATALOGUE[answer.source]
        signed = Provenance(
            part.path, row.name, row.producer, answer.retrieved_at, confirm=part.confirm or _is_coarse(answer, origin),
            stale=answer.stale, fallback=bool(answer.stand_in and answer.stand_in.replaced),
            as_of=visible.as_of(answer), fix=visible.correction(row, origin),
        )  # fmt: skip
        filled.provenance.update(dict.fromkeys(_put(filled.data, part, value), signed))
    return filled


# Keys whose meaning depends on the day: which nomenclature is in force, whether a strike-off is to come.
DATED = frozenset({ACTIVITIES[0], REGISTRATION[0]})


class VisibleAnswers:
    """What each source said, as far as it may be shown and was asked for: looked at once a fill."""

    def __init__(
        self, answers: Mapping[str, Answer], audience: Audience, extra: frozenset[str], today: date | None = None
    ) -> None:
        self._answers = answers
        self.today = today
        self._data: dict[int, Any] = {}
        self._audience = audience
        self._extra = extra
        self._known: dict[tuple[str, bool], Answer] = {}
        self._as_of: dict[int, date | None] = {}
        self._legal_form = _legal_form(answers.get("etablissements"))

    def of(self, part: Field, source: str) -> Answer:
        key = (source, part.on_demand)
        answer = self._known.get(key)
        if answer is None:
            answer = self._known[key] = self._visible(part, CATALOGUE[source])
        return answer

    def data(self, answer: Answer) -> Any:
        """What an expression reads: the answer's data, and the day beside what depends on it."""
        if self.today is None or not isinstance(answer.data, dict) or DATED.isdisjoint(answer.data):
            return answer.data
        if id(answer) not in self._data:  # one source may have given several answers: a stand-in for two others
            self._data[id(answer)] = {**answer.data, DAY: self.today.isoformat()}
        return self._data[id(answer)]

    def as_of(self, answer: Answer) -> date | None:
        """The register's own date, read once for all the values of an answer."""
        if id(answer) not in self._as_of:
            self._as_of[id(answer)] = CATALOGUE[answer.source].register_date(answer.data, answer.meta)
        return self._as_of[id(answer)]

    def correction(self, row: Source, origin: ValueSource) -> Fix | None:
        return _correction(row, origin.expression, self._legal_form)

    def is_superseded(self, part: Field, origin: ValueSource) -> bool:
        """Whether the Insee has answered what an origin of the open directory would complete.

        The two are never mixed inside one address, and what the Insee does not say or withholds stays so.
        """
        establishment = self._answers.get("etablissements")
        if origin.source != OPEN_DIRECTORY.name or establishment is None or not establishment.ok:
            return False
        completes = any(CATALOGUE[other.source].producer == INSEE for other in part.origins)
        return establishment.stand_in is None and (completes or describes_establishment(origin.expression))

    def _visible(self, part: Field, row: Source) -> Answer:
        if not can_query(self._audience, row):
            return Answer(row.name, Status.NOT_ENTITLED)
        answer = self._answers.get(row.name)
        if active(part, row.name, self._extra):
            return answer or Answer(row.name, Status.LATE)
        if answer and answer.status is Status.NOT_APPLICABLE:
            return answer
        return Answer(row.name, Status.NOT_REQUESTED)


@lru_cache(maxsize=4096)
def _correction(row: Source, expression: Expression, legal_form: str | None) -> Fix | None:
    return correction(row, expression.reads(), legal_form)


def _legal_form(establishment: Answer | None) -> str | None:
    """The Insee's code of the company's legal form."""
    code = _LEGAL_FORM(establishment.data) if establishment and establishment.ok else None
    return code if isinstance(code, str) else None


_LEGAL_FORM = compile_expression("unite_legale.forme_juridique.code")


def _resolve(
    part: Field, visible: VisibleAnswers, mismatches: list[TypeMismatch]
) -> tuple[Any, Answer, ValueSource] | Missing:
    if part.declared:
        return Missing(Reason.DECLARED)
    if part.reserved:
        return Missing(Reason.RESERVED, part.reserved, CATALOGUE[part.reserved].producer)
    missing: list[Missing] = []
    for origin in part.origins:
        answer = visible.of(part, origin.source)
        superseded = visible.is_superseded(part, origin)
        outcome = Reason.ABSENT if superseded else _read(part, origin, answer, visible)
        if isinstance(outcome, TypeMismatch):
            mismatches.append(outcome)
            missing.append(Missing(Reason.UNAVAILABLE))
            continue
        if not isinstance(outcome, Reason):
            return outcome, answer, origin
        if outcome is Reason.ABSENT and answer.stand_in and origin.expression.names() & answer.stand_in.lacking:
            missing.append(_not_in_stand_in(CATALOGUE[origin.source], answer.stand_in))
            continue
        row = CATALOGUE[answer.source if answer.source == OPEN_DIRECTORY.name else origin.source]
        fix = visible.correction(row, origin) if outcome is Reason.ABSENT else None
        unknown = answer.status is Status.ABSENT
        missing.append(Missing(outcome, row.name, row.producer, answer.cause, answer.retry_after, unknown, fix))
        if outcome is Reason.WITHHELD:
            break
    return min(missing, key=lambda reason: WEIGHT[reason.reason])


def _is_coarse(answer: Answer, origin: ValueSource) -> bool:
    """Whether a stand-in says this less precisely than the register would."""
    return bool(answer.stand_in and origin.expression.names() & answer.stand_in.coarse)


def _not_in_stand_in(row: Source, stand_in: StandIn) -> Missing:
    """Say why a value is missing that only the register itself gives."""
    if stand_in.replaced is None:
        return Missing(Reason.NOT_ENTITLED, row.name, row.producer, Cause.NO_TOKEN)
    failed = stand_in.replaced
    return Missing(Reason.UNAVAILABLE, row.name, row.producer, failed.cause, failed.retry_after)


def describes_establishment(expression: Expression) -> bool:
    """Whether an expression on the open directory may read an address or a sign: it does unless its keys show it does not."""
    names = expression.names()
    if not names or names & ESTABLISHMENT_KEYS:
        return True
    return bool(names & {"etablissement", "siege"}) and expression.keys is None


LAST_DAY = date.max.isoformat()
# The reasons that are no gap where a field is optional.
NO_GAP = frozenset({Reason.ABSENT, Reason.NOT_APPLICABLE})


def _of_company(part: Field, gap: Missing, company: Company | None) -> Missing:
    """Say of a field without value that it cannot exist for such a company, where that is so."""
    if part.only_for is None or company is None or gap.reason is Reason.WITHHELD:
        return gap
    if PERIMETERS[part.only_for](company) is not False:
        return gap
    return Missing(Reason.NOT_APPLICABLE, gap.source, gap.producer)


def _read(part: Field, origin: ValueSource, answer: Answer, visible: VisibleAnswers) -> Any:
    """Read one origin: the value, the reason it gives none, or the mismatch of its type."""
    if not answer.ok:
        return REASONS[answer.status]
    try:
        value = origin.expression(visible.data(answer))
        if part.type is Type.LIST:
            return _read_rows(part.items, value, visible.today)
        return _checked(part.type, _chosen(part.choices, value) if part.choices else value)
    except Unreadable as fault:
        expected = fault.expected or f"the types of {origin.expression.text}"
        return TypeMismatch(part.path, origin.source, expected, fault.got or "another")


def _read_rows(items: tuple[ListItem, ...], value: Any, today: date | None) -> list[dict[str, Any]] | Reason:
    if is_nothing(value):
        return Reason.ABSENT
    if is_mask(value):
        return Reason.WITHHELD
    if not isinstance(value, list):
        raise Unreadable(expected=Type.LIST, got=type_name(value))
    read = [_read_row(items, one, today) for one in value]
    rows = [row for row in read if isinstance(row, dict)]
    return rows or _strongest(row for row in read if isinstance(row, Reason))


def _read_row(items: tuple[ListItem, ...], one: Any, today: date | None) -> dict[str, Any] | Reason:
    """Read one object of a list, or say why nothing identifies it."""
    if is_mask(one):
        return Reason.WITHHELD
    values = {item.name: _checked(item.type, item.expression(one)) for item in items}
    known = {name: value for name, value in values.items() if not isinstance(value, Reason)}
    if today and any(item.expires and known.get(item.name, LAST_DAY) < today.isoformat() for item in items):
        return Reason.ABSENT
    identifying = [item.name for item in items if item.identifying] or list(values)
    if known.keys() & set(identifying):
        return known
    return _strongest(values[name] for name in identifying)


def _strongest(reasons: Iterable[Reason]) -> Reason:
    return min(reasons, key=WEIGHT.__getitem__)


def _chosen(choices: Mapping[str, str], value: Any) -> Any:
    """Translate a plain value by a table: what it does not hold is nothing, and a mask stays one."""
    if masked(value) or isinstance(value, list | dict):
        return value
    return choices.get(str(value).lower() if isinstance(value, bool) else str(value))


def _checked(kind: Type, value: Any) -> Any:
    """Keep a value of the field's type; nothing and a mask are reasons, another type is `Unreadable`."""
    if masked(value):
        return Reason.WITHHELD
    if is_nothing(value) and not (value is False and kind is Type.BOOLEAN):
        return Reason.ABSENT
    try:
        return _CHECKS[kind](value)
    except Unreadable as fault:
        raise Unreadable(expected=kind, got=type_name(value)) from fault


def type_name(value: object) -> str:
    """Name the JSON type of a value."""
    return next((name for kind, name in JSON_TYPES.items() if isinstance(value, kind)), type(value).__name__)


def _text(value: Any) -> Any:
    if not isinstance(value, str) or _UNWRITABLE.search(value):
        raise Unreadable
    return " ".join(value.split()) or Reason.ABSENT


def _date(value: Any) -> Any:
    if not isinstance(value, str):
        raise Unreadable
    return read_iso_date(value) or Reason.ABSENT


def _integer(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_NUMBER:
        raise Unreadable
    return value


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise Unreadable
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MAX_NUMBER:
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


def _put(data: dict[str, Any], part: Field, value: Any) -> list[str]:
    """Place the value and give the JSON pointer where it now stands; of the rows of an entry, one each."""
    *parents, last = part.place
    for key in parents:
        data = data.setdefault(key, {})
    if part.entry is None:
        data[last] = value
        return [part.path]
    entries, place = data.setdefault(last, []), list_of(part.path)
    if part.type is Type.LIST:
        entries.extend({**row, **part.constants} for row in value)
        return [f"{place}/{rank}" for rank in range(len(entries) - len(value), len(entries))]
    entries.append({**part.constants, "value": value})
    return [f"{place}/{len(entries) - 1}/value"]
