"""Days as registers write them, read in Paris."""

from datetime import date

import pytest

from prefill.domain.dates import french_date, paris_date, register_date


@pytest.mark.parametrize("unreadable", [None, "1700000000", True, float("inf"), float("nan"), 10**20])
def test_what_is_no_timestamp_is_no_day(unreadable):
    assert paris_date(unreadable) is None


def test_midnight_in_paris_is_that_day_whatever_the_season():
    assert paris_date(1704063600) == date(2024, 1, 1)
    assert paris_date(1719784800) == date(2024, 7, 1)


def test_the_first_of_january_1900_is_an_unknown_day_however_it_is_written():
    assert paris_date(-2208989361) is None
    assert register_date("1900-01-01") is None
    assert register_date("0001-01-01") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1er janvier 2024", date(2024, 1, 1)),
        ("3  DECEMBRE  1999", date(1999, 12, 3)),
        ("3 brumaire 1999", None),
        ("2024", None),
    ],
)
def test_a_day_in_french_words(text, day):
    assert french_date(text) == day
    assert register_date(text) == day


def test_an_instant_of_another_zone_is_its_day_in_paris():
    assert register_date("2024-06-30T23:00:00+00:00") == date(2024, 7, 1)
    assert register_date("2024-06-30T23:00:00") == date(2024, 6, 30)
