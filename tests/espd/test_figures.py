"""Turnover and staff in the agents' ESPD: the last year that is known, to confirm, and nothing where it is not known."""

from __future__ import annotations

import pytest

from prefill.espd.carried import STAFF, TURNOVER
from prefill.espd.draft import draft_response
from prefill.espd.figures import figures_of
from prefill.espd.model import Declared
from prefill.espd.reading.restored import restore
from prefill.espd.values import at
from prefill.espd.versions import Ask, Subject
from prefill.espd.writer import write_profile
from tests.espd.round_trip import put
from tests.espd.test_draft import with_
from tests.espd.test_writer import IDENTITY

YEARS = [{"endDate": "2023-12-31", "amount": 900001.5}, {"endDate": "2024-12-31", "amount": 1250000.0}]


def test_the_last_year_answers_and_the_others_are_left_to_report():
    figures = figures_of(with_(TURNOVER, YEARS))

    assert [(answer.asked, answer.value) for answer in figures.answers] == [
        (Ask.PERIOD, "2024-12-31"), (Ask.AMOUNT, "1250000"),
    ]  # fmt: skip
    assert [note.message for note in figures.left_out] == [
        "Chiffre d'affaires de l'exercice clos le 31/12/2023 : 900\u202f001,5 euros, à reporter."
    ]
    assert figures.to_confirm[0].pointer == TURNOVER


@pytest.mark.parametrize(
    ("average", "value", "told"), [(27.64, "28", "28, arrondi de 27,64"), (12, "12", "2024 : 12 :"), (0, "0", "0 :")]
)
def test_the_staff_is_a_whole_number_and_its_rounding_is_told(average, value, told):
    figures = figures_of(with_(STAFF, {"year": "2024", "average": average}))

    assert [(answer.criterion, answer.value) for answer in figures.answers] == [
        (Subject.STAFF, "2024"), (Subject.STAFF, value),
    ]  # fmt: skip
    assert told in figures.to_confirm[0].message


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        (TURNOVER, [{"endDate": "2024-13-01", "amount": 10}]),
        (TURNOVER, [{"endDate": "2024-12-31", "amount": "10"}]),
        (TURNOVER, [{"endDate": "2024-12-31", "amount": 0}]),
        (TURNOVER, [{"endDate": "2024-12-31", "amount": 1e18}]),
        (STAFF, {"year": "2024"}),
        (STAFF, {"year": "24", "average": 3}),
        (STAFF, {"year": "2024", "average": True}),
        (STAFF, {"year": "2024", "average": float("nan")}),
        (STAFF, "12"),
    ],
)
def test_what_is_no_figure_answers_nothing(pointer, value):
    assert figures_of(with_(pointer, value)).answers == ()


def test_they_come_back_from_the_document():
    data = with_(TURNOVER, YEARS)
    put(data, STAFF, {"year": "2024", "average": 28})
    restored = restore(write_profile(draft_response(data, Declared(size="small")), IDENTITY)).data

    assert at(restored, TURNOVER) == YEARS[1:]
    assert at(restored, STAFF) == {"year": "2024", "average": 28}
