"""What is known of a company, and which sources can apply to it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from prefill.domain import company as conditions
from prefill.domain.company import Company, activity_in
from prefill.sandbox.model import midnight

TODAY = date(2026, 11, 30)
SAS = Company(
    "000001008", "00000100800010", head_office=True, legal_form="5710", activity="43.32A", ceased=False, overseas=False
)
ASSOCIATION = replace(SAS, legal_form="9220")
TRADER = replace(SAS, legal_form="1000")
UNREAD = Company.unread("00000100800010")
DATA = {
    "siret": "00000100800010",
    "siege_social": True,
    "etat_administratif": "A",
    "activite_principale": {"code": "43.32A"},
    "adresse": {"code_commune": "35238"},
    "unite_legale": {"forme_juridique": {"code": "5710"}, "etat_administratif": "A", "status_diffusion": "diffusible"},
}


def test_an_establishment_says_what_its_company_is():
    assert Company.read(DATA, today=TODAY) == replace(SAS, closed=False, partial=False)


@pytest.mark.parametrize("masked", ["[ND]", None, 5710, {"a": 1}])
def test_what_is_masked_or_of_another_type_is_unknown(masked):
    unit = {**DATA["unite_legale"], "forme_juridique": {"code": masked}}
    read = Company.read(
        {**DATA, "unite_legale": unit, "siege_social": masked, "adresse": {"code_commune": masked}}, today=TODAY
    )

    assert (read.legal_form, read.head_office, read.overseas) == (None, None, None)


def test_a_closing_date_to_come_wins_over_the_state():
    tomorrow = midnight(TODAY + timedelta(1))

    assert not conditions.closed_on({"date_fermeture": tomorrow, "etat_administratif": "F"}, TODAY)
    assert conditions.closed_on({"date_fermeture": midnight(TODAY)}, TODAY)
    assert conditions.closed_on({"etat_administratif": "F"}, TODAY)


@pytest.mark.parametrize(
    ("struck_off", "registered"),
    [
        (None, True), ("", True), ("2026-11-30", False), ("2026-12-01", True), ("30 NOVEMBRE 2026", False),
        ("2005-07-19", None), ("RADIEE", None), ("1900-01-01", None), (1705273200, None), ("[ND]", None),
    ],
)  # fmt: skip
def test_an_extract_says_whether_the_company_is_registered_where_its_dates_do(struck_off, registered):
    extract = {"date_immatriculation": "2005-07-20", "date_radiation": struck_off}

    assert conditions.is_registered(extract, TODAY) is registered
    assert conditions.is_registered({**extract, "date_immatriculation": "2026-12-01"}, TODAY) is None


@pytest.mark.parametrize(
    ("number", "known"),
    [("000001008", "000001008"), ("00000100800010", "00000100800010"), ("W751004076", "W751004076")],
)
def test_a_company_that_was_not_read_is_known_by_its_number(number, known):
    assert Company.unread(number).number == known


@pytest.mark.parametrize(
    ("condition", "sas", "association", "trader", "unread"),
    [
        (conditions.registers_at_rcs, True, False, True, None),
        (conditions.is_association, False, True, False, None),
        (conditions.may_have_share_capital, True, False, False, None),
        (conditions.may_have_vat_number, True, True, True, None),
        (conditions.may_contribute_to_probtp, True, False, True, None),
        (conditions.is_covered_on_the_mainland, True, True, True, None),
        (conditions.is_unread, False, False, False, True),
        (conditions.is_not_head_office, False, False, False, None),
    ],
)
def test_a_condition_is_unknown_where_the_fact_is(condition, sas, association, trader, unread):
    assert [condition(company) for company in (SAS, ASSOCIATION, TRADER, UNREAD)] == [sas, association, trader, unread]


def test_overseas_and_ceased_companies_have_no_vat_number():
    assert conditions.may_have_vat_number(replace(SAS, overseas=True)) is False
    assert conditions.may_have_vat_number(replace(SAS, ceased=True)) is False
    assert conditions.may_have_vat_number(replace(SAS, overseas=True, head_office=False)) is True


def test_an_association_that_sirene_does_not_know_is_one_and_is_not_at_the_trade_register():
    unknown = Company.unread("W751004076")

    assert conditions.is_association(unknown)
    assert conditions.registers_at_rcs(unknown) is False


def test_a_declared_activity_is_compared_with_or_without_its_dot():
    joiners = activity_in("43.32")

    assert joiners(SAS)
    assert joiners(replace(SAS, activity="4332A"))
    assert not joiners(replace(SAS, activity="43.2"))
    assert joiners(UNREAD) is None
