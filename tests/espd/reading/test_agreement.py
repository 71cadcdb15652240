"""An ESPD that somebody sends, beside what the registers say today."""

from __future__ import annotations

from datetime import datetime

import pytest

from prefill.domain.dates import PARIS
from prefill.espd.draft import draft_response
from prefill.espd.model import Declared
from prefill.espd.reading.agreement import Verdict, compare, number_of
from prefill.espd.reading.restored import restore
from prefill.espd.writer import Identity, write_profile
from tests.espd.test_draft import REGISTERED, with_

IDENTITY = Identity("1", "5f0f3d2e-0000-4000-8000-000000000001", datetime(2026, 11, 25, 10, 0, tzinfo=PARIS))
WRITTEN = restore(write_profile(draft_response(REGISTERED, Declared(residence={0: "FRA"})), IDENTITY)).data
NAME = "Nom ou dénomination sociale"


def verdicts(data) -> dict[str, Verdict]:
    return {line.subject: line.verdict for line in compare(WRITTEN, data)}


def test_a_document_written_today_agrees_with_the_registers():
    lines = compare(WRITTEN, REGISTERED)

    assert {line.verdict for line in lines} == {Verdict.SAME}
    assert {line.subject for line in lines} >= {
        NAME,
        "SIRET",
        "TVA",
        "SIREN",
        "Inscription au registre du commerce",
        "Date de création",
        "Représentant",
    }


@pytest.mark.parametrize(
    ("pointer", "value", "subject"),
    [
        ("/partII/A/economicOperator/name", "AUTRE NOM", NAME),
        ("/partIV/A/tradeRegister/registrationNumber", "1", "Numéro au registre du commerce"),
        ("/partIV/B/setUpDate", "2001-01-01", "Date de création"),
        ("/partII/B/representatives", [{"firstName": "LOU", "familyName": "AUTRE"}], "Représentant"),
    ],
)
def test_what_changed_since_is_told_and_nothing_else(pointer, value, subject):
    told = verdicts(with_(pointer, value))

    assert [name for name, verdict in told.items() if verdict is not Verdict.SAME] == [subject]
    assert told[subject] is Verdict.DIFFERENT


def test_spaces_and_capitals_are_no_difference():
    assert verdicts(with_("/partII/A/economicOperator/name", "menuiserie  du val dore"))[NAME] is Verdict.SAME


def test_what_no_register_says_is_no_difference():
    assert verdicts(with_("/partII/A/economicOperator/name", None))[NAME] is Verdict.UNKNOWN
    assert {verdict for name, verdict in verdicts({}).items() if name == NAME} == {Verdict.UNKNOWN}


def test_the_number_is_the_siret_before_the_siren():
    assert number_of(WRITTEN) == "00000100800010"
    assert (
        number_of({"partII": {"A": {"economicOperator": {"legalEntity": {"companyID": "000001008"}}}}}) == "000001008"
    )
    assert number_of({}) is None
