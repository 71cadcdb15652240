"""The XML of a Response: what stands where, and that nothing breaks it."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefill.domain.dates import PARIS
from prefill.espd.draft import draft_response
from prefill.espd.elements import decimal
from prefill.espd.model import Declared
from prefill.espd.reading.reader import read
from prefill.espd.versions import VERSIONS
from prefill.espd.writer import Identity, write_profile
from tests.espd.test_draft import REGISTERED, SOLE_TRADER, with_

IDENTITY = Identity("1", "5f0f3d2e-0000-4000-8000-000000000001", datetime(2026, 11, 25, 10, 0, tzinfo=PARIS))
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"


def written(data=REGISTERED, **declared) -> ET.Element:
    return ET.fromstring(write_profile(draft_response(data, Declared(**declared)), IDENTITY))


def test_the_document_says_its_version_its_number_and_its_time():
    root = written()

    assert root.findtext(f"{CBC}UBLVersionID") == "2.3"
    assert root.findtext(f"{CBC}ProfileExecutionID") == "ESPD-EDMv4.1.0"
    assert root.findtext(f"{CBC}ID") == "1"
    assert root.findtext(f"{CBC}IssueDate") == "2026-11-25"
    assert root.findtext(f"{CBC}IssueTime") == "10:00:00+01:00"


def test_a_profile_says_that_it_is_no_tender():
    root = written()

    assert root.findtext(f"{CBC}ContractFolderID") == "SANS-CONSULTATION"
    assert "sans consultation" in root.findtext(f"{CAC}ProcurementProject/{CBC}Description")


def test_a_procedure_a_buyer_and_a_lot_stand_where_they_are_given():
    root = written(procedure="2026-TRX-014", buyer="Ville de Lyon", lot="LOT-0002")

    assert root.findtext(f"{CBC}ContractFolderID") == "2026-TRX-014"
    assert root.findtext(f"{CAC}ContractingParty//{CBC}Name") == "Ville de Lyon"
    assert root.findtext(f"{CAC}ProcurementProjectLot/{CBC}ID") == "LOT-0002"


def test_the_mention_of_a_sole_trader_follows_the_name_in_use_and_not_the_registered_one():
    root = written(SOLE_TRADER)

    assert root.findtext(f"{CAC}EconomicOperatorParty//{CAC}PartyName/{CBC}Name") == "LEMARQUERON SOLENE EI"
    assert root.findtext(f".//{CBC}RegistrationName") == "LEMARQUERON SOLENE"
    typed = written(SOLE_TRADER, name="Entrepreneur individuel Solène Lemarqueron")
    assert typed.findtext(f"{CAC}EconomicOperatorParty//{CAC}PartyName/{CBC}Name").endswith("Lemarqueron")


def test_the_answers_point_at_the_questions_of_the_standard():
    answers = {
        answer.findtext(f"{CBC}ValidatedCriterionPropertyID"): "".join(answer.find(f"{CAC}ResponseValue").itertext())
        for answer in written().iterfind(f"{CAC}TenderingCriterionResponse")
    }

    assert answers == {
        "C26_SC_trade-regist/RG1/RSG1/QSG2/Q1": "true",
        "C26_SC_trade-regist/RG1/RSG1/QSG2/QSG1/Q1": "000 001 008 R.C.S. Clermont-Ferrand",
        "C29_SC_gen-year-to/RG1/RSG1/QSG3/Q1": "1998-03-12",
    }


def test_every_code_names_its_list_and_version():
    lists = {codes.id: codes.version for codes in VERSIONS["4.1.0"].lists.values()}
    root = written(size="small", residence={0: "FRA"})

    for element in root.iter():
        if "listID" in element.attrib:
            assert element.get("listVersionID") == lists[element.get("listID")]


def test_every_identifier_names_its_agency():
    for element in written().iter():
        if element.tag in (f"{CBC}ID", f"{CBC}UUID", f"{CBC}CompanyID", f"{CBC}ContractFolderID"):
            assert (element.get("schemeAgencyID") or "").strip()


@pytest.mark.parametrize("data", [REGISTERED, with_("/partIV/A/tradeRegister", None)])
def test_only_criteria_that_are_answered_are_written(data):
    root = written(data)
    asked = {criterion.findtext(f"{CBC}CriterionTypeCode") for criterion in root.iterfind(f"{CAC}TenderingCriterion")}
    subjects = {answer.criterion for answer in draft_response(data, Declared()).answers}
    answered = {VERSIONS["4.1.0"].criteria[subject].code for subject in subjects}

    assert asked == answered


def test_what_is_written_reads_back_the_same():
    summary = read(write_profile(draft_response(REGISTERED, Declared()), IDENTITY))

    assert (summary.kind, summary.version, summary.procedure) == ("response", "4.1.0", "SANS-CONSULTATION")
    assert summary.operator == {
        "name": "MENUISERIE DU VAL DORE",
        "size": "sme",
        "cityName": "AMBERT",
        "countryCode": "FRA",
        "companyID": "000001008",
        "VAT": "FR79000001008",
        "SIRET": "00000100800010",
        "BRIS": "FR6303.000001008",
    }
    assert [(criterion.code, criterion.answers) for criterion in summary.criteria] == [
        ("trade-regist", ("true", "000 001 008 R.C.S. Clermont-Ferrand")),
        ("gen-year-to", ("1998-03-12",)),
    ]


@given(st.text(min_size=1, max_size=300))
def test_any_name_is_written_so_that_a_parser_accepts_it(name):
    data = with_("/partII/A/economicOperator/name", name)
    draft = draft_response(data, Declared())

    if not draft.remaining:
        root = ET.fromstring(write_profile(draft, IDENTITY))
        assert root.findtext(f"{CAC}EconomicOperatorParty//{CAC}PartyName/{CBC}Name")


@pytest.mark.parametrize("name", ["", " ", "\x00", "\x0b\ud800"])
def test_a_name_of_which_nothing_is_left_remains_to_be_given(name):
    remaining = draft_response(with_("/partII/A/economicOperator/name", name), Declared()).remaining

    assert [note.pointer for note in remaining] == ["/partII/A/economicOperator/name"]


def test_no_element_is_empty():
    root = written(size="small", residence={0: "FRA"}, currency="EUR")

    assert [element.tag for element in root.iter() if len(element) == 0 and not (element.text or "").strip()] == [
        f"{CAC}Party"
    ]


@given(st.floats(min_value=0.01, max_value=1e12))
def test_an_amount_is_a_plain_decimal(amount):
    assert "e" not in decimal(amount)
    assert float(decimal(amount)) == amount
