"""The parameters of calls to Recherche d'entreprises."""

import pytest

from prefill.company_search.upstream.parameters import ALL_LISTED, POSTAL_CODE, by_number, by_text


def test_a_text_asks_for_the_most_and_nothing_that_is_not_used():
    asked = by_text("menuiserie dore")

    assert asked["q"] == "menuiserie dore"
    assert asked["per_page"] == "25"
    assert asked["minimal"] == "true"
    assert "code_postal" not in asked
    assert by_text("a", "35000", listed=ALL_LISTED)["limite_matching_etablissements"] == "100"


def test_a_number_asks_for_its_head_office_and_its_vat_number():
    assert {"siege", "tva"} <= set(by_number("000001008")["include"].split(","))


@pytest.mark.parametrize(
    ("text", "is_code"), [("35000", True), ("97400", True), ("00100", False), ("99000", False), ("3500", False)]
)
def test_a_postal_code_is_one_of_a_department(text, is_code):
    assert bool(POSTAL_CODE.fullmatch(text)) is is_code
