"""The table of the use case: its twenty-two rows, and every other row of the catalogue."""

from __future__ import annotations

import re

import pytest

from prefill.assembly import read_forms
from prefill.cli.use_case import use_case_tables
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.catalogue.use_case import USE_CASE
from prefill.domain.permissions import Audience
from prefill.settings import Settings

FORMS = tuple(read_forms(Settings()).forms.values())
LISTED, BESIDE = use_case_tables(FORMS)


def rows(table: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]
    return {re.findall(r"`(\w+)`", row[0])[0]: row for row in cells}


def test_the_list_has_twenty_two_rows_in_its_order():
    assert len(USE_CASE) == 22
    assert list(rows(LISTED)) == list(USE_CASE)


def test_every_row_of_the_catalogue_is_in_one_of_the_tables_but_the_protected_twins():
    twins = {source.name for source in SOURCES if source.twin_of}

    assert set(rows(LISTED)) | set(rows(BESIDE)) == {source.name for source in SOURCES} - twins
    assert not set(rows(LISTED)) & set(rows(BESIDE))


@pytest.mark.parametrize("name", [source.name for source in SOURCES if source.usable and not source.twin_of])
def test_a_row_says_which_candidates_forms_read_it(name):
    read = (rows(LISTED) | rows(BESIDE))[name][2]
    for form in FORMS:
        if form.audience is Audience.CANDIDATE and name in {*form.sources(), *form.on_demand()}:
            assert re.search(rf"\b{form.id}\b", read)
    if not CATALOGUE[name].open:
        assert read == ""


def test_a_proof_that_only_companies_in_order_get_says_what_its_absence_means():
    assert "neither a breach nor that there is none" in rows(LISTED)["attestations_fiscales_dgfip"][5]
    assert "ask the candidate" in rows(LISTED)["attestations_sociales_acoss"][5]


def test_what_is_not_asked_or_withdrawn_says_so():
    assert rows(LISTED)["liasses_fiscales_dgfip"][1] == "not asked"
    assert rows(LISTED)["attestations_agefiph"][1] == "withdrawn; `effectifs_boeth`, `attestations_sociales_acoss`"
    assert rows(BESIDE)["effectifs_oeth"][3] == "under `attestations_agefiph`"
