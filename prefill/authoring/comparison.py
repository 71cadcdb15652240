"""Compare a filled form with what a test case expects of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prefill.authoring.cases import Case, Expectation
from prefill.authoring.trial import Outcome
from prefill.forms.filling import FilledForm
from prefill.forms.model import Field, Form
from prefill.forms.reasons import Reason

ANY = "…"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected: its place, what was expected and what there is, in French."""

    place: str
    expected: str
    obtained: str


def compare(form: Form, case: Case, outcome: Outcome) -> tuple[Difference, ...]:
    """List how an outcome differs from what the case expects; nothing when it is as expected."""
    return tuple(_differences(form.for_role(case.role), case.expected, outcome))


def _differences(form: Form, expected: Expectation, outcome: Outcome) -> Iterator[Difference]:
    if outcome.problem is not None or expected.problem is not None:
        obtained = outcome.problem.code if outcome.problem else "un formulaire rempli"
        wanted = expected.problem or "un formulaire rempli"
        if obtained != wanted:
            yield Difference("problem", wanted, obtained)
        return
    if outcome.prefill is None:
        return
    yield from _fields(form, expected, outcome.prefill.filled)
    if expected.notices is not None:
        codes = sorted(notice.code for notice in outcome.prefill.notices)
        if codes != sorted(expected.notices):
            yield Difference("notices", _written(sorted(expected.notices)), _written(codes))
    if expected.calls is not None and expected.calls != outcome.calls:
        yield Difference("calls", str(expected.calls), str(outcome.calls))


def _fields(form: Form, expected: Expectation, filled: FilledForm) -> Iterator[Difference]:
    values = by_path(form, expected.values)
    reasons = by_path(form, expected.missing)
    for part in form.fields:
        shown = show_field(part, filled)
        if part.path in values and not (shown.filled and matches(values[part.path], shown.value)):
            yield Difference(part.path, _written(values[part.path]), str(shown))
        elif part.path in reasons and shown.reason != reasons[part.path]:
            yield Difference(part.path, f"vide ({reasons[part.path]})", str(shown))
        elif expected.exact and shown.filled and part.path not in values:
            yield Difference(part.path, "vide (exact: true)", str(shown))


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a filled form: its value and the source that gave it, or the reason why it has none."""

    value: Any = None
    source: str = ""
    reason: str = ""

    @property
    def filled(self) -> bool:
        return not self.reason

    def __str__(self) -> str:
        return f"vide ({self.reason})" if self.reason else f"{_written(self.value)} ({self.source})"


def show_field(part: Field, filled: FilledForm) -> Shown:
    gap = filled.missing.get(part.path)
    if gap is not None:
        return Shown(reason=gap.reason)
    signed = filled.values()
    if part.path not in signed:  # an optional field that is empty
        return Shown(reason=Reason.ABSENT)
    value, provenance = signed[part.path]
    return Shown(value, provenance.source)


def by_path(form: Form, named: Mapping[str, Any]) -> dict[str, Any]:
    """Read the names of fields, aliases or paths, as paths."""
    paths = {part.alias: part.path for part in form.fields if part.alias}
    return {paths.get(name, name): value for name, value in named.items()}


def matches(expected: Any, value: Any) -> bool:
    """Tell whether a value is the expected one; numbers are written as texts in a case.

    >>> matches("20", 20), matches("…", "x"), matches([{"a": "1"}, "…"], [{"a": 1, "b": 2}, {}, {}])
    (True, True, True)
    """
    if expected == ANY:
        return True
    if isinstance(value, list):
        return isinstance(expected, list) and _rows_match(expected, value)
    if isinstance(value, dict):
        return isinstance(expected, Mapping) and all(
            name in value and matches(part, value[name]) for name, part in expected.items()
        )
    if isinstance(value, bool) or isinstance(expected, bool):
        return expected is value
    if isinstance(value, int | float):
        return _number(expected) == value
    return bool(expected == value)


def _rows_match(expected: list[Any], rows: list[Any]) -> bool:
    more = bool(expected) and expected[-1] == ANY
    wanted = expected[:-1] if more else expected
    if len(rows) < len(wanted) or (len(rows) > len(wanted) and not more):
        return False
    return all(map(matches, wanted, rows))


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _written(value: Any) -> str:
    """Write a value on one line, or a list a row a line."""
    if isinstance(value, list):
        return "\n".join(map(_written, value)) if value else "(aucun)"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_written(part)}" for name, part in value.items())
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
