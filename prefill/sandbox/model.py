"""What the sandbox knows of a company: replies by source, dates relative to today."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from prefill.domain.dates import PARIS
from prefill.domain.identifiers import siren_of

URL = "https://sandbox.invalid"
ND = "[ND]"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What one endpoint answers: a body, or the last three digits of its provider's error.

    `delay` is how many seconds the provider takes, `retry_in` how many it asks to wait.
    """

    body: Json = field(default_factory=dict)
    fault: str = ""
    retry_in: int | None = None
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class SandboxCompany:
    """A company, what it shows, and its answers by source name; a source it lacks answers 404."""

    siret: str
    name: str
    shows: str
    shows_en: str
    answers: Mapping[str, Reply] = field(default_factory=dict)
    rna: str | None = None

    @property
    def siren(self) -> str:
        return siren_of(self.siret)


@dataclass(frozen=True, slots=True)
class DateDependent:
    """A value that is known on the day the answer is sent."""

    on: Callable[[date], object]


def ok(data: Json, *, links: Json | None = None, meta: Json | None = None) -> Reply:
    return Reply({"data": data, "links": links or {}, "meta": meta or {}})


def row(data: Json, **meta: str) -> Json:
    return {"data": data, "links": {}, "meta": meta}


def listed(*rows: Json, meta: Json | None = None) -> Reply:
    return Reply({"data": list(rows), "links": {}, "meta": meta or {}})


def midnight(day: str | date) -> int:
    """Write a day as the Insee does: the timestamp of midnight in Paris.

    >>> midnight("1955-01-01")
    -473389200
    """
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return int(datetime.combine(day, time.min, PARIS).timestamp())


def in_days(days: int) -> DateDependent:
    return DateDependent(lambda today: (today + timedelta(days)).isoformat())


MONTHS = "JANVIER FEVRIER MARS AVRIL MAI JUIN JUILLET AOUT SEPTEMBRE OCTOBRE NOVEMBRE DECEMBRE".split()


def today_in_words() -> DateDependent:
    """Write the day as registrars do: 30 MAI 2017."""
    return DateDependent(lambda today: f"{today.day} {MONTHS[today.month - 1]} {today.year}")


def midnight_in_days(days: int) -> DateDependent:
    return DateDependent(lambda today: midnight(today + timedelta(days)))


def year_end(years_ago: int) -> DateDependent:
    return DateDependent(lambda today: f"{today.year - years_ago}-12-31")


def end_of_month(months: int, *, days: int = 0) -> DateDependent:
    """Give the last day of the month, so many months after a day counted from today."""

    def on(today: date) -> str:
        start = today + timedelta(days)
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        return date(year, month + 1, monthrange(year, month + 1)[1]).isoformat()

    return DateDependent(on)
