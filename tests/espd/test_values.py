"""What of the registers' data an ESPD document can hold."""

import pytest

from prefill.espd.values import at, clean, is_code, is_date, mapping, rows, sound_operator


@pytest.mark.parametrize("text", ["2026-11-30", "2024-02-29"])
def test_a_date_is_a_day_of_the_calendar(text):
    assert is_date(text)


@pytest.mark.parametrize("other", ["2025-02-29", "20261130", "2026-11", "30/11/2026", "", None, 1.5])
def test_what_is_no_day_is_no_date(other):
    assert not is_date(other)


def test_a_code_is_one_of_its_list_and_nothing_unhashable_breaks_it():
    assert is_code("FRA", {"FRA"})
    assert not is_code("XXX", {"FRA"})
    assert not is_code(["FRA"], {"FRA"})


def test_a_country_or_a_day_outside_the_standard_is_left_out_of_the_operator():
    operator = {
        "name": "A",
        "postalAddress": {"countryCode": "XXX", "cityName": "RENNES"},
        "headOfficeAddress": {"countryCode": "XXX"},
        "legalEntity": {"registrationDate": "hier", "form": "SAS"},
    }

    assert sound_operator(operator) == {
        "name": "A",
        "postalAddress": {"cityName": "RENNES"},
        "legalEntity": {"form": "SAS"},
    }
    assert sound_operator(None) == {}


def test_rows_that_are_empty_keep_their_place_beside_others():
    assert clean([{}, {"a": 1}]) == [{}, {"a": 1}]
    assert clean([{}, {"a": ""}]) is None


def test_what_is_not_of_the_kind_expected_is_empty():
    assert mapping("a") == {}
    assert rows("a") == []
    assert rows([1, {"a": 1}]) == [{}, {"a": 1}]
    assert at({"a": {"b": 1}}, "/a/b") == 1
    assert at({"a": 1}, "/a/b") is None
