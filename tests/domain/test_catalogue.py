"""The catalogue: when a source can apply, and what every row must say."""

from __future__ import annotations

import math
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE, OPEN_DIRECTORY, SOURCES
from prefill.domain.company import (
    BUILDING,
    ENERGY_WORKS,
    FARMING,
    QUALIFIED_WORKS,
    Company,
    anyone,
    closed_on,
    is_alive,
    is_association,
    is_closed,
    is_covered_on_the_mainland,
    is_not_head_office,
    is_unread,
    may_contribute_to_probtp,
    may_have_vat_number,
    registers_at_rcs,
)
from prefill.domain.dates import paris_date
from prefill.domain.sources import RATE_GROUPS, Identifier
from prefill.forms.expressions import compile_expression

ASKED = [source for source in SOURCES if source.usable]
TODAY = date(2026, 11, 23)


def company(**facts):
    return Company("552049447", "55204944776279", **facts)


def name_of(source):
    return source.name


@pytest.mark.parametrize(
    ("condition", "facts", "applies"),
    [
        (anyone, {}, True),
        (registers_at_rcs, {"legal_form": "1000"}, True),  # sole trader
        (registers_at_rcs, {"legal_form": "3110"}, True),
        (registers_at_rcs, {"legal_form": "4110"}, True),
        (registers_at_rcs, {"legal_form": "5710"}, True),
        (registers_at_rcs, {"legal_form": "6540"}, True),
        (registers_at_rcs, {"legal_form": "2110"}, False),
        (registers_at_rcs, {"legal_form": "7210"}, False),  # municipality
        (registers_at_rcs, {"legal_form": "8110"}, False),
        (registers_at_rcs, {"legal_form": "9220"}, False),
        (registers_at_rcs, {}, None),
        (is_association, {"legal_form": "9220"}, True),
        (is_association, {"legal_form": "9110"}, False),
        (is_association, {"legal_form": "5710"}, False),
        (is_association, {"legal_form": "5710", "rna": "W751000000"}, True),
        (is_association, {"rna": "W751000000"}, True),
        (is_association, {"rna": ""}, None),
        (is_association, {}, None),
        (is_not_head_office, {"head_office": True}, False),
        (is_not_head_office, {"head_office": False}, True),
        (is_not_head_office, {}, None),
        (is_closed, {"closed": True}, True),
        (is_closed, {"closed": False}, False),
        (is_closed, {}, False),
        (is_alive, {"ceased": False}, True),
        (is_alive, {"ceased": True}, False),
        (is_alive, {}, None),
        (is_unread, {}, True),
        (is_unread, {"legal_form": "5710"}, False),
        (FARMING, {"activity": "01.11Z"}, True),
        (FARMING, {"activity": "10.11Z"}, False),
        (FARMING, {}, None),
        (BUILDING, {"activity": "43.21A"}, True),
        (BUILDING, {"activity": "4321A"}, True),
        (BUILDING, {"activity": "71.12B"}, False),
        (FARMING, {"activity": "81.30Z"}, True),  # landscapers are compulsorily with the MSA
        (QUALIFIED_WORKS, {"activity": "16.23Z"}, True),  # joiners hold Qualibat too
        (QUALIFIED_WORKS, {"activity": "2512Z"}, True),
        (QUALIFIED_WORKS, {"activity": "62.02A"}, False),
        (ENERGY_WORKS, {"activity": "25.12Z"}, True),
        (may_have_vat_number, {"ceased": False}, True),
        (may_have_vat_number, {"ceased": True}, False),
        (may_have_vat_number, {"ceased": False, "overseas": True, "head_office": True}, False),
        (may_have_vat_number, {"ceased": False, "overseas": True, "head_office": False}, True),
        (may_have_vat_number, {}, None),
        (is_covered_on_the_mainland, {"overseas": True}, False),
        (is_covered_on_the_mainland, {"overseas": False}, True),
        (is_covered_on_the_mainland, {}, None),
        (may_contribute_to_probtp, {"legal_form": "9220", "overseas": False}, False),
        (may_contribute_to_probtp, {"legal_form": "5710", "overseas": True}, False),
        (may_contribute_to_probtp, {"legal_form": "5710", "overseas": False}, True),
        (may_contribute_to_probtp, {"legal_form": "5710"}, None),
        (ENERGY_WORKS, {"activity": "71.12B"}, True),
        (ENERGY_WORKS, {"activity": "41.20A"}, True),
        (ENERGY_WORKS, {"activity": "62.02A"}, False),
    ],
)
def test_a_condition_says_yes_no_or_unknown(condition, facts, applies):
    assert condition(company(**facts)) is applies


@pytest.mark.parametrize(
    ("of", "kind", "applies"),
    [
        ("extraits_rcs_infogreffe", {"legal_form": "5710"}, True),
        ("extraits_rcs_infogreffe", {"legal_form": "7210"}, False),
        ("associations", {"legal_form": "5710"}, False),
        ("siege_social", {"head_office": True}, False),
        ("successions", {"closed": False}, False),
        ("numero_tva", {"ceased": True}, False),
        ("etablissements", {}, True),
    ],
)
def test_a_source_is_asked_only_where_it_can_answer(of, kind, applies):
    assert CATALOGUE[of].applies(company(**kind)) is applies


@pytest.mark.parametrize(
    ("timestamp", "day"),
    [
        (-473389200, date(1955, 1, 1)),
        (1719784800, date(2024, 7, 1)),
        (1719784800.5, date(2024, 7, 1)),
        (0, date(1970, 1, 1)),
        (-2208989361, None),
        (True, None),
        ("1719784800", None),
        (None, None),
        (math.nan, None),
        (-math.inf, None),
        (10**30, None),
        ([], None),
    ],
)
def test_a_timestamp_is_a_day_in_paris_or_unknown(timestamp, day):
    assert paris_date(timestamp) == day


@given(st.integers() | st.floats() | st.text() | st.none() | st.lists(st.integers()))
def test_no_timestamp_bursts(timestamp):
    assert paris_date(timestamp) is None or isinstance(paris_date(timestamp), date)


TOMORROW, YESTERDAY = 1795474800, 1795302000  # midnights in Paris, 24 and 22 November 2026


@pytest.mark.parametrize(
    ("data", "closed"),
    [
        ({"etat_administratif": "F", "date_fermeture": YESTERDAY}, True),
        ({"etat_administratif": "F", "date_fermeture": TOMORROW}, False),
        ({"etat_administratif": "F", "date_fermeture": None}, True),
        ({"etat_administratif": "A", "date_fermeture": YESTERDAY}, True),
        ({"etat_administratif": "A", "date_fermeture": None}, False),
        ({}, False),
    ],
)
def test_an_establishment_closes_on_its_day(data, closed):
    assert closed_on(data, TODAY) is closed


def test_a_company_is_read_from_its_establishment():
    read = Company.read({
        "siret": "55204944776279",
        "siege_social": False,
        "etat_administratif": "F",
        "date_fermeture": YESTERDAY,
        "activite_principale": {"code": "16.23Y"},
        "activite_principale_naf_rev2": {"code": "16.23Z"},
        "unite_legale": {
            "forme_juridique": {"code": "5710"},
            "rna": None,
            "etat_administratif": "C",
            "status_diffusion": "partiellement_diffusible",
        },
    }, today=TODAY)  # fmt: skip

    assert read == Company(
        "552049447", "55204944776279", head_office=False, legal_form="5710", rna=None, activity="16.23Z",
        closed=True, ceased=True, partial=True,
    )  # fmt: skip


@pytest.mark.parametrize("status", ["partiellement_diffusible", "non_diffusible", "", None, "?"])
def test_a_status_that_cannot_be_read_counts_as_partial(status):
    assert Company.read({"siret": "55204944776279", "unite_legale": {"status_diffusion": status}}, today=TODAY).partial


def test_little_is_known_of_a_company_that_was_not_read():
    assert Company.unread("55204944776279") == Company("552049447", "55204944776279")
    assert Company.unread("552049447") == Company("552049447")


@pytest.mark.parametrize(
    ("source", "facts", "number"),
    [
        ("etablissements", {}, "55204944776279"),
        ("extraits_rcs_infogreffe", {}, "552049447"),
        ("associations", {"rna": "W751000000"}, "552049447"),
        ("documents_associations", {"rna": "W751000000"}, "W751000000"),
        ("documents_associations", {}, "55204944776279"),
    ],
)
def test_a_source_is_given_the_number_it_wants(source, facts, number):
    assert CATALOGUE[source].identify(company(**facts)) == number


def test_without_a_siret_an_establishment_source_has_nothing_to_ask():
    assert CATALOGUE["etablissements"].identify(Company("552049447")) is None
    assert CATALOGUE["documents_associations"].identify(Company("552049447")) is None
    assert CATALOGUE["documents_associations"].identify(Company("552049447", rna="W751000000")) == "W751000000"


@pytest.mark.parametrize("source", ASKED, ids=name_of)
def test_a_path_is_complete_once_it_has_its_number(source):
    path = source.path_for("552049447", 2026)

    assert path.startswith("/v")
    assert "{" not in path
    assert "552049447" in path


def test_names_are_unique():
    assert len(CATALOGUE) == len(SOURCES) + 1
    assert set(CATALOGUE) == {*(source.name for source in SOURCES), OPEN_DIRECTORY.name}


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_a_row_says_what_it_is(source):
    assert re.fullmatch(r"[a-z][a-z_]*[a-z]", source.name)
    assert source.title.strip()
    assert source.producer.strip()
    assert source.budget in RATE_GROUPS
    assert source.spoken[0].isupper()
    assert source.spoken.endswith(source.producer) or source.producer == "RNA"


@pytest.mark.parametrize("source", [one for one in SOURCES if not one.usable], ids=name_of)
def test_what_cannot_be_used_has_a_sentence(source):
    assert source.refusal.endswith(".")
    assert not source.refusal[0].isupper()


@pytest.mark.parametrize("source", ASKED, ids=name_of)
def test_what_can_be_used_has_no_refusal(source):
    assert source.refusal == ""
    assert source.path


@pytest.mark.parametrize("source", ASKED, ids=name_of)
def test_open_rows_need_only_the_open_data_scope(source):
    assert (source.scope in ("open_data", None)) == source.open


@pytest.mark.parametrize("source", [one for one in SOURCES if one.path], ids=name_of)
def test_the_braces_of_a_path_are_its_identifier_and_perhaps_a_year(source):
    braces = re.findall(r"{(\w+)}", source.path)

    assert braces[0] == source.identifier.value
    assert braces[1:] in ([], ["year"])
    assert source.identifier in Identifier


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_a_row_says_how_long_to_wait_and_to_remember(source):
    assert source.fresh > 0
    assert source.keep >= 0
    assert 0 < source.timeout <= 12


@pytest.mark.parametrize("source", [one for one in SOURCES if one.names_people], ids=name_of)
def test_a_register_that_names_people_drops_what_a_tender_has_no_use_for(source):
    assert source.personal


@pytest.mark.parametrize("source", [one for one in SOURCES if one.shape and one.keys], ids=name_of)
def test_the_keys_of_a_shape_are_known(source):
    assert source.shape.keys() <= source.keys


@pytest.mark.parametrize("source", [one for one in SOURCES if one.twin_of], ids=name_of)
def test_a_twin_is_the_protected_side_of_an_open_row(source):
    twin = CATALOGUE[source.twin_of]

    assert twin.open
    assert not source.open
    assert (twin.identifier, twin.producer, twin.rows) == (source.identifier, source.producer, source.rows)


@pytest.mark.parametrize("source", [one for one in SOURCES if one.documents], ids=name_of)
def test_the_addresses_of_documents_are_read_with_known_keys(source):
    expression = compile_expression(source.documents)

    assert expression.names() <= source.keys


def test_only_rows_asked_on_demand_or_protected_may_be_dear():
    dear = [one for one in ASKED if one.open and one.budget.per_minute < 100]

    assert all(one.on_demand for one in dear)


def test_only_an_answer_that_is_ok_is_ok():
    assert [status for status in Status if Answer("x", status).ok] == [Status.OK]
