"""Dates of validity of a proof, and its state today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from prefill.dossier.model import Detail, State
from prefill.forms.functions import read_iso_date
from prefill.forms.model import pointer_keys


def _state_today(state: State, details: tuple[Detail, ...], until: date | None, today: date) -> State:
    """Weigh what the register says against the day: a closing announced for later leaves the company open."""
    if state not in (State.UP_TO_DATE, State.AVAILABLE, State.CLOSED):
        return state
    closed_on = _closed_on(details)
    if closed_on:
        state = State.CLOSED if closed_on <= today else State.AVAILABLE
    if state is State.CLOSED:
        return state
    if until and until < today:
        return State.EXPIRED
    return State.VALID if until and state is State.AVAILABLE else state


def _closed_on(details: tuple[Detail, ...]) -> date | None:
    read = (read_iso_date(str(one.value)) for one in details if one.name == "closedOn")
    return min((date.fromisoformat(day) for day in read if day), default=None)


def _next_deadline(details: tuple[Detail, ...], today: date) -> date | None:
    """Give the first validity still to end, else the last one that ended."""
    deadlines = sorted(_deadlines({one.name: one.value for one in details}))
    return next((day for day in deadlines if day >= today), deadlines[-1] if deadlines else None)


def _deadlines(values: Mapping[str, Any]) -> Iterator[date]:
    """Find every end of validity in a proof's details, at whatever depth."""
    for key, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield from _deadlines(one)
            elif key.lower().endswith("validuntil") and isinstance(one, str) and read_iso_date(one):
                yield date.fromisoformat(one)


def _with_validity(detail: Detail, today: date) -> Detail:
    """Say beside each row of a list whether it is valid today."""
    if not isinstance(detail.value, list):
        return detail
    return replace(detail, value=[_row(one, today) for one in detail.value])


def _row(one: Any, today: date) -> Any:
    if not isinstance(one, Mapping) or not read_iso_date(str(one.get("validUntil"))):
        return one
    return {**one, "valid": date.fromisoformat(one["validUntil"]) >= today}


def _at(data: Any, pointer: str) -> Any:
    """Follow a JSON pointer that `fill` wrote."""
    for key in pointer_keys(pointer):
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data
