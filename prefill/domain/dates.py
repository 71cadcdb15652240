"""Dates as the registers write them: Unix timestamps of midnight in Paris."""

from __future__ import annotations

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
    return None if day == UNKNOWN_DAY else day


UNKNOWN_DAY = date(1900, 1, 1)
