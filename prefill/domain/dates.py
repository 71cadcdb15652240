"""Dates as the registers write them: timestamps of midnight in Paris, ISO days, days in French words."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def paris_date(timestamp: object) -> date | None:
    """Read an Insee timestamp: midnight in Paris. 1900-01-01 means unknown.

    >>> paris_date(-473389200)
    datetime.date(1955, 1, 1)
    """
    if not isinstance(timestamp, int | float) or isinstance(timestamp, bool):
        return None
    try:
        day = datetime.fromtimestamp(timestamp, PARIS).date()
    except (OverflowError, OSError, ValueError):
        return None
    return known_day(day)


UNKNOWN_DAY = date(1900, 1, 1)
FIRST_YEAR = 1000  # what the RNA does not know is of the year 1


def known_day(day: date) -> date | None:
    """Leave out the days by which registers write that they know none.

    >>> known_day(date(1, 1, 1)), known_day(date(1900, 1, 1)), known_day(date(1665, 10, 1))
    (None, None, datetime.date(1665, 10, 1))
    """
    return None if day == UNKNOWN_DAY or day.year < FIRST_YEAR else day


def is_same_paris_day(one: datetime, other: datetime) -> bool:
    """Whether two instants are on one day in Paris.

    >>> is_same_paris_day(datetime.fromisoformat("2026-11-24T22:59Z"), datetime.fromisoformat("2026-11-24T23:00Z"))
    False
    """
    return one.astimezone(PARIS).date() == other.astimezone(PARIS).date()


_MONTHS = "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
_FRENCH_DAY = re.compile(r"(\d{1,2})(?:er)? ([a-z]+) (\d{4})")


def french_date(text: str) -> date | None:
    """Read a day in French words.

    >>> french_date("30 MAI 2017"), french_date("1er août 2024"), french_date("31 FEVRIER 2024")
    (datetime.date(2017, 5, 30), datetime.date(2024, 8, 1), None)
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    match = _FRENCH_DAY.fullmatch(" ".join(plain.split()))
    if match is None or match[2] not in _MONTHS:
        return None
    try:
        return date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]))
    except ValueError:
        return None


def register_date(value: object) -> date | None:
    """Read the day of a register's own date, however that register writes it; an instant is a day in Paris.

    >>> register_date(1676329200), register_date("2026-11-24T23:10:00.000000+00:00"), register_date("2010-12-22")
    (datetime.date(2023, 2, 14), datetime.date(2026, 11, 25), datetime.date(2010, 12, 22))
    """
    if not isinstance(value, str):
        return paris_date(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return french_date(value)
    day = moment.astimezone(PARIS).date() if moment.tzinfo else moment.date()
    return known_day(day)
