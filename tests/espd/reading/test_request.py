"""A buyer's Request: its lots, its questions, and the Response that answers them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from prefill.espd.draft import draft_response
from prefill.espd.elements import CAC, CBC, REQUEST
from prefill.espd.model import Declared
from prefill.espd.reading.request import read_request
from prefill.espd.writer import complete_request, write_profile
from prefill.problems import EspdLotUnknown, EspdNotARequest, EspdUnreadable, EspdVersionUnsupported
from tests.espd.test_draft import REGISTERED
from tests.espd.test_writer import IDENTITY

TURNOVER = "499efc97-2ac1-4af2-9e84-323c2ca67747"
OTHER = "b61bbeb7-690e-4a40-bc68-d6d4ecfaa3d4"


def property_of(number: str, kind: str, data: str) -> str:
    return (
        f"<cac:TenderingCriterionProperty><cbc:ID>{number}</cbc:ID><cbc:TypeCode>{kind}</cbc:TypeCode>"
        f"<cbc:ValueDataTypeCode>{data}</cbc:ValueDataTypeCode></cac:TenderingCriterionProperty>"
    )


def criterion(number: str, group: str, *properties: str, lots: tuple[str, ...] = ()) -> str:
    references = "".join(
        f"<cac:ProcurementProjectLotReference><cbc:ID>{lot}</cbc:ID></cac:ProcurementProjectLotReference>"
        for lot in lots
    )
    return (
        f"<cac:TenderingCriterion><cbc:ID>{number}</cbc:ID><cbc:Name>Nom</cbc:Name>{references}"
        f"<cac:TenderingCriterionPropertyGroup><cbc:ID>{group}</cbc:ID>{''.join(properties)}"
        "</cac:TenderingCriterionPropertyGroup></cac:TenderingCriterion>"
    )


SET_UP = "C29_SC_gen-year-to/RG1/RSG1/QSG3"


def request(*criteria: str, lots: tuple[str, ...] = ("LOT-0000",), version: str = "4.1.0") -> bytes:
    places = "".join(f"<cac:ProcurementProjectLot><cbc:ID>{lot}</cbc:ID></cac:ProcurementProjectLot>" for lot in lots)
    return (
        f'<QualificationApplicationRequest xmlns="{REQUEST}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">'
        f"<cbc:UBLVersionID>2.3</cbc:UBLVersionID><cbc:ProfileExecutionID>ESPD-EDMv{version}</cbc:ProfileExecutionID>"
        '<cbc:ID schemeAgencyID="ville">REQ-1</cbc:ID><cbc:UUID schemeAgencyID="ville">u-1</cbc:UUID>'
        '<cbc:ContractFolderID schemeAgencyID="ville">2026-TRX-014</cbc:ContractFolderID>'
        "<cbc:IssueDate>2026-10-01</cbc:IssueDate><cac:ContractingParty><cac:Party/></cac:ContractingParty>"
        f"<cac:ProcurementProject><cbc:Description>Réfection</cbc:Description></cac:ProcurementProject>{places}"
        f"{''.join(criteria)}</QualificationApplicationRequest>"
    ).encode()


def completed(document: bytes, lot: str | None = None) -> ET.Element:
    asked = read_request(document)
    draft = draft_response(REGISTERED, Declared(lot=asked.lot(lot)))
    return ET.fromstring(complete_request(asked, draft, IDENTITY))


def answers(root: ET.Element) -> dict[str | None, str]:
    return {
        answer.findtext(f"{{{CBC}}}ValidatedCriterionPropertyID"): "".join(
            answer.find(f"{{{CAC}}}ResponseValue").itertext()
        )
        for answer in root.iterfind(f"{{{CAC}}}TenderingCriterionResponse")
    }


def test_a_question_is_found_by_its_group_rank_and_type_whatever_its_identifier():
    asked = criterion(TURNOVER, SET_UP, property_of("cap", "CAPTION", "NONE"), property_of("q-77", "QUESTION", "DATE"))

    assert answers(completed(request(asked))) == {"q-77": "1998-03-12"}


@pytest.mark.parametrize(
    "asked",
    [
        criterion(OTHER, SET_UP, property_of("q", "QUESTION", "DATE")),
        criterion(TURNOVER, "another group", property_of("q", "QUESTION", "DATE")),
        criterion(TURNOVER, SET_UP, property_of("q", "QUESTION", "INDICATOR")),
    ],
    ids=["other criterion", "other group", "other type"],
)
def test_a_question_that_is_not_ours_gets_no_answer(asked):
    assert answers(completed(request(asked))) == {}


def test_what_the_buyer_wrote_is_copied_unchanged():
    asked = criterion(TURNOVER, SET_UP, property_of("q-77", "QUESTION", "DATE"))
    root = completed(request(asked))
    original = ET.fromstring(request(asked))

    for name in ("TenderingCriterion", "ProcurementProject", "ContractingParty"):
        assert ET.tostring(root.find(f"{{{CAC}}}{name}")) == ET.tostring(original.find(f"{{{CAC}}}{name}"))
    assert root.findtext(f"{{{CBC}}}ContractFolderID") == "2026-TRX-014"


def test_the_response_names_the_request_it_answers():
    reference = completed(request()).find(f"{{{CAC}}}AdditionalDocumentReference")

    assert reference.findtext(f"{{{CBC}}}ID") == "REQ-1"
    assert reference.findtext(f"{{{CBC}}}UUID") == "u-1"
    assert reference.findtext(f"{{{CBC}}}DocumentTypeCode") == "ESPD_REQUEST"


def test_one_response_is_about_one_lot():
    first = criterion(TURNOVER, SET_UP, property_of("q-1", "QUESTION", "DATE"), lots=("LOT-0001", "LOT-0002"))
    second = criterion(OTHER, "g", property_of("q-2", "QUESTION", "DATE"), lots=("LOT-0002",))
    root = completed(request(first, second, lots=("LOT-0001", "LOT-0002")), "LOT-0001")

    [kept] = root.findall(f"{{{CAC}}}TenderingCriterion")
    assert [place.findtext(f"{{{CBC}}}ID") for place in kept.iterfind(f"{{{CAC}}}ProcurementProjectLotReference")] == [
        "LOT-0001"
    ]
    assert [lot.findtext(f"{{{CBC}}}ID") for lot in root.iterfind(f"{{{CAC}}}ProcurementProjectLot")] == ["LOT-0001"]


@pytest.mark.parametrize("lot", [None, "LOT-0009"])
def test_a_lot_must_be_chosen_among_several(lot):
    asked = read_request(request(lots=("LOT-0001", "LOT-0002")))

    with pytest.raises(EspdLotUnknown, match="LOT-0001, LOT-0002"):
        asked.lot(lot)


@pytest.mark.parametrize("version", ["3.0.0", "4.0.0", "5.0.0"])
def test_another_version_is_named_and_not_completed(version):
    with pytest.raises(EspdVersionUnsupported, match=version):
        read_request(request(version=version))


QUESTION = property_of("q-1", "QUESTION", "DATE")


@pytest.mark.parametrize(
    "broken",
    [
        criterion(TURNOVER, SET_UP, QUESTION, QUESTION),
        criterion(TURNOVER, SET_UP, QUESTION) + criterion(OTHER, "g", QUESTION),
        criterion(TURNOVER, SET_UP, property_of("", "QUESTION", "DATE")),
        criterion(TURNOVER, "", QUESTION),
        criterion("", SET_UP, QUESTION),
    ],
    ids=["repeated", "repeated elsewhere", "question", "group", "criterion"],
)
def test_a_request_whose_questions_cannot_be_named_is_refused(broken):
    with pytest.raises(EspdUnreadable, match="identifiants"):
        read_request(request(broken))


OLD_CRITERIA = criterion(TURNOVER, "f3cd5e0b", property_of("a", "QUESTION", "AMOUNT")) + criterion(OTHER, "7c637c0c")


@pytest.mark.parametrize(("ubl", "profile", "version"), [("2.2", "", "2.1"), ("2.3", "ESPD-EDMv3.0.1", "3.0.1")])
def test_of_an_older_version_the_criteria_that_registers_answer_are_said(ubl, profile, version):
    document = (
        request(OLD_CRITERIA)
        .replace(b"<cbc:UBLVersionID>2.3<", f"<cbc:UBLVersionID>{ubl}<".encode())
        .replace(b"ESPD-EDMv4.1.0", profile.encode())
    )

    with pytest.raises(EspdVersionUnsupported, match=f"{version}.*1 de ses 2 critères") as refused:
        read_request(document)

    assert refused.value.extensions()["criteria"] == [
        {"id": TURNOVER, "name": "Nom", "pointers": ["/partIV/B/setUpDate", "/partIV/B/generalYearlyTurnover"]}
    ]


def test_a_response_cannot_be_completed():
    with pytest.raises(EspdNotARequest):
        read_request(write_profile(draft_response(REGISTERED, Declared()), IDENTITY))
