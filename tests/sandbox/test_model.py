"""What the invented companies are made of."""

from datetime import date

import pytest

from prefill.sandbox.model import end_of_month, in_days, listed, midnight_in_days, ok, row, year_end

TODAY = date(2026, 11, 30)


def test_an_answer_has_data_links_and_meta_as_the_upstream_s():
    assert ok({"a": 1}).body == {"data": {"a": 1}, "links": {}, "meta": {}}
    assert listed(row({"a": 1}, day="x")).body["data"] == [{"data": {"a": 1}, "links": {}, "meta": {"day": "x"}}]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (in_days(-1), "2026-11-29"),
        (midnight_in_days(1), 1796079600),
        (year_end(1), "2025-12-31"),
        (end_of_month(0), "2026-11-30"),
        (end_of_month(3), "2027-02-28"),
        (end_of_month(0, days=1), "2026-12-31"),
    ],
)
def test_a_value_that_depends_on_the_day_is_written_on_that_day(value, written):
    assert value.on(TODAY) == written
