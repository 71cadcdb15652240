"""A version of the standard is a table: another one is written, completed and read without a line of code."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from xml.etree import ElementTree as ET

import pytest

from prefill.espd.draft import draft_response
from prefill.espd.elements import CAC, CBC
from prefill.espd.model import Declared
from prefill.espd.reading.reader import read
from prefill.espd.reading.request import read_request
from prefill.espd.reading.restored import restore
from prefill.espd.versions import LATEST, VERSIONS, CodeList, Criterion, Group, Property, Subject, Version
from prefill.espd.writer import complete_request, write_profile
from tests.espd.reading.test_request import criterion, property_of, request
from tests.espd.test_draft import REGISTERED
from tests.espd.test_writer import IDENTITY

# What the alphas of 5.0.0 announce: UBL 2.4, exclusion grounds and selection criteria in lists of their own with new codes,
# which the identifiers of groups carry; here with other list versions and another code for the size too.
CODES = {
    "trade-regist": "slc-suit-reg-trade",
    "prof-regist": "slc-suit-reg-prof",
    "gen-year-to": "slc-stand-to-gen",
    "year-manpower": "slc-abil-staff-year",
    "qu-certif-indep": "slc-other-quality",
    "envir-certif-indep": "slc-other-environment",
}


def renamed(text: str) -> str:
    for old, new in CODES.items():
        text = text.replace(old, new)
    return text


def group_of(found: Group) -> Group:
    properties = tuple(Property(renamed(one.id), one.type, one.data, one.text) for one in found.properties)
    return Group(renamed(found.id), found.when, properties, tuple(map(group_of, found.groups)))


def criterion_of(found: Criterion) -> Criterion:
    places = {asked: renamed(place) for asked, place in found.places.items()}
    return replace(found, code=CODES[found.code], group=group_of(found.group), places=places)


CURRENT = VERSIONS[LATEST]
NEXT: Version = replace(
    CURRENT,
    id="5.0.0",
    ubl="2.4",
    profile="ESPD-EDMv5.0.0",
    lists={role: CodeList(codes.id, "20270101-0", codes.agency) for role, codes in CURRENT.lists.items()}
    | {"criterion": CodeList("http://publications.europa.eu/resource/authority/selection-criterion", "20270101-0")},
    criteria={subject: criterion_of(found) for subject, found in CURRENT.criteria.items()},
    size_of_category={"PME": "micro"},
)
TABLES = MappingProxyType({**VERSIONS, NEXT.id: NEXT})


def test_a_profile_is_written_with_the_codes_of_its_version_and_reads_back():
    document = write_profile(draft_response(REGISTERED, Declared(), version=NEXT), IDENTITY, NEXT)
    root = ET.fromstring(document)

    assert read(document).version == "5.0.0"
    assert root.findtext(f"{{{CBC}}}UBLVersionID") == "2.4"
    assert {code.text for code in root.iter(f"{{{CBC}}}CriterionTypeCode")} == {
        "slc-suit-reg-trade",
        "slc-stand-to-gen",
    }
    assert {code.get("listVersionID") for code in root.iter() if code.get("listID")} == {"20270101-0"}
    assert not any(old in document.decode() for old in CODES)
    assert restore(document, TABLES).declared.size == "micro"
    assert restore(document, TABLES).data["partIV"] == REGISTERED["partIV"]


def test_a_request_of_that_version_is_completed():
    asked = criterion(
        NEXT.criteria[Subject.SET_UP].id, "C29_SC_slc-stand-to-gen/RG1/RSG1/QSG3", property_of("q", "QUESTION", "DATE")
    )
    found = read_request(request(asked, version="5.0.0"), TABLES)
    draft = draft_response(REGISTERED, Declared(lot=found.lot(None)), version=found.version)
    root = ET.fromstring(complete_request(found, draft, IDENTITY))

    assert root.findtext(f"{{{CBC}}}ProfileExecutionID") == "ESPD-EDMv5.0.0"
    assert root.findtext(f"{{{CAC}}}TenderingCriterionResponse/{{{CBC}}}ValidatedCriterionPropertyID") == "q"


@pytest.mark.parametrize("version", TABLES.values(), ids=TABLES)
def test_each_thing_asked_is_a_question_of_its_criterion(version):
    for found in version.criteria.values():
        for asked in found.places:
            assert found.question(asked).type == "QUESTION"
