"""Dates of validity of a proof, and its state on a given day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from prefill.dossier.model import Detail
from prefill.dossier.states import State
from prefill.forms.functions import read_iso_date

DATED = frozenset({State.DELIVERED, State.AVAILABLE, State.VALID, State.CLOSED, State.UP_TO_DATE})


def state_on(state: State, details: tuple[Detail, ...], until: date | None, today: date) -> State:
    """Compare what the register states with the day: a closure announced for later leaves the company open."""
    if state not in DATED:
        return state
    closed_on = _closed_on(details)
    if closed_on:
        state = State.CLOSED if closed_on <= today else State.AVAILABLE
    if state is State.CLOSED:
        return state
    if (until and until < today) or _all_archived(details):
        return State.EXPIRED
    return State.VALID if until and state is State.AVAILABLE else state


def _closed_on(details: tuple[Detail, ...]) -> date | None:
    days = (read_iso_date(str(detail.value)) for detail in details if detail.name == "closedOn")
    return min((date.fromisoformat(day) for day in days if day), default=None)


def next_deadline(details: tuple[Detail, ...], today: date) -> date | None:
    """Return the first validity still to end, else the last one that ended.

    Where the proof's own validity has ended, none of what goes with it (qualifications on probation) prolongs it.
    """
    values = {detail.name: detail.value for detail in details}
    own = read_iso_date(str(values.get("validUntil")))
    if own and date.fromisoformat(own) < today:
        return date.fromisoformat(own)
    deadlines = sorted(_deadlines(values))
    return next((day for day in deadlines if day >= today), deadlines[-1] if deadlines else None)


def _deadlines(values: Mapping[str, Any]) -> Iterator[date]:
    """Yield every end of validity in a proof's details, at any depth; an archived certificate has none."""
    if _is_archived(values):
        return
    for key, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                yield from _deadlines(item)
            elif key.lower().endswith("validuntil") and isinstance(item, str) and read_iso_date(item):
                yield date.fromisoformat(item)


def _all_archived(details: tuple[Detail, ...]) -> bool:
    """Whether the register lists certificates and all are archived."""
    rows = [row for detail in details if isinstance(detail.value, list) for row in detail.value]
    return bool(rows) and all(isinstance(row, Mapping) and _is_archived(row) for row in rows)


def _is_archived(row: Mapping[str, Any]) -> bool:
    return row.get("archived") is True


def with_validity(detail: Detail, today: date) -> Detail:
    """Add to each row of a list whether it is valid that day."""
    if not isinstance(detail.value, list):
        return detail
    return replace(detail, value=[_row(row, today) for row in detail.value])


def _row(row: Any, today: date) -> Any:
    if not isinstance(row, Mapping) or not read_iso_date(str(row.get("validUntil"))):
        return row
    return {**row, "valid": not _is_archived(row) and date.fromisoformat(row["validUntil"]) >= today}
