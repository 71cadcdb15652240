"""Turnover and staff, which registers tell the buyer's agents alone: proposals for part IV, and what they leave out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from prefill.espd.carried import STAFF, TURNOVER
from prefill.espd.elements import decimal
from prefill.espd.model import CriterionAnswer, Note
from prefill.espd.values import at, is_date, mapping, rows
from prefill.espd.versions import Ask, Subject

LARGEST_AMOUNT = 10.0**15  # euros
LARGEST_STAFF = 10.0**7
YEAR = re.compile("[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the figures of the registers give; the standard's question takes one year each."""

    answers: tuple[CriterionAnswer, ...] = ()
    left_out: tuple[Note, ...] = ()
    to_confirm: tuple[Note, ...] = ()


def figures_of(data: Mapping[str, Any]) -> Figures:
    """Answer with the last year that is known: nothing is known on the candidates' side."""
    turnover, staff = _turnover(data), _staff(data)
    return Figures((*turnover.answers, *staff.answers), turnover.left_out, (*turnover.to_confirm, *staff.to_confirm))


def _turnover(data: Mapping[str, Any]) -> Figures:
    known = [row for row in rows(at(data, TURNOVER)) if is_date(row.get("endDate")) and _amount(row.get("amount"))]
    if not known:
        return Figures()
    last, *earlier = sorted(known, key=lambda row: str(row["endDate"]), reverse=True)
    answers = (
        CriterionAnswer(Subject.SET_UP, Ask.PERIOD, last["endDate"]),
        CriterionAnswer(Subject.SET_UP, Ask.AMOUNT, decimal(last["amount"])),
    )
    confirm = Note(
        TURNOVER, f"Chiffre d'affaires de l'exercice clos le {_day(last['endDate'])} : proposition à confirmer."
    )
    return Figures(answers, tuple(_earlier(earlier)), (confirm,))


def _earlier(turnover: list[Mapping[str, Any]]) -> Iterator[Note]:
    for row in turnover:
        told = f"Chiffre d'affaires de l'exercice clos le {_day(row['endDate'])} : {_written(row['amount'])} euros, à reporter."
        yield Note(TURNOVER, told)


def _staff(data: Mapping[str, Any]) -> Figures:
    known = mapping(at(data, STAFF))
    year, average = str(known.get("year") or ""), known.get("average")
    if average is None or not YEAR.fullmatch(year) or not _amount(average, LARGEST_STAFF, least=0):
        return Figures()
    whole = math.floor(average + 0.5)
    answers = (CriterionAnswer(Subject.STAFF, Ask.YEAR, year), CriterionAnswer(Subject.STAFF, Ask.QUANTITY, str(whole)))
    exact = "" if whole == average else f", arrondi de {_written(average)}"
    told = f"Effectif moyen de {year} : {whole}{exact} : proposition à confirmer."
    return Figures(answers, to_confirm=(Note(f"{STAFF}/average", told),))


def _day(text: str) -> str:
    return date.fromisoformat(text).strftime("%d/%m/%Y")


def _written(number: float) -> str:
    """Write a number as French people read it: thousands apart, a comma.

    >>> _written(2614500.5)
    '2\u202f614\u202f500,5'
    """
    whole, _, part = decimal(number).partition(".")
    grouped = f"{int(whole):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return f"{grouped},{part}" if part else grouped


def _amount(value: Any, most: float = LARGEST_AMOUNT, *, least: float = 0.01) -> bool:
    """Tell whether a value is a number of that size, and no boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value < most
