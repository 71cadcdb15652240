"""ESPD documents against the standard's own schemas, rules and examples."""

from __future__ import annotations

import importlib.util
import sys
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefill.app import create_app
from prefill.domain.dates import PARIS
from prefill.espd.draft import Declared, Draft, draft_response
from prefill.espd.elements import CAC, CBC
from prefill.espd.reader import read
from prefill.espd.request import read_request
from prefill.espd.versions import LATEST, VERSIONS, Group
from prefill.espd.writer import Identity, complete_request, write_profile
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings
from tests.contract.reference import SHARED, require_reference
from tests.espd.test_draft import REGISTERED, with_

require_reference()

IDENTITY = Identity("1", "5f0f3d2e-0000-4000-8000-000000000001", datetime(2026, 11, 25, 10, 0, tzinfo=PARIS))


@pytest.fixture(scope="module")
def shared() -> Path:
    return SHARED


@pytest.fixture(scope="module")
def validator(shared: Path) -> ModuleType:
    """The validator of the reference material: XML Schemas, then the standard's rules."""
    path = shared / "tools" / "espd_validate.py"
    spec = importlib.util.spec_from_file_location("espd_validate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["espd_validate"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def example(shared: Path) -> bytes:
    return (shared / "dume" / "espd-edm-4.1.0" / "examples" / "ESPD-Request.xml").read_bytes()


@pytest.fixture(scope="module")
def filled() -> dict[str, dict[str, Any]]:
    """What the service answers of each company of the sandbox."""
    client = create_app(Settings()).test_client()
    answers = ((company.siret, client.get(f"/v1/prefill/{company.siret}").json) for company in COMPANIES)
    return {siret: answer["data"] for siret, answer in answers if "data" in answer}


def drafted(data: dict[str, Any], **declared: Any) -> Draft:
    """Draft with whatever the candidate would still have to type."""
    typed: dict[str, Any] = {"size": "small", "name": "Nom saisi", "country": "FRA", "set_up_date": "2020-01-31"}
    first = draft_response(data, Declared(**declared))
    missing = {note.pointer.rsplit("/", 1)[-1] for note in first.remaining}
    names = {"companyCategory": "size", "name": "name", "countryCode": "country", "setUpDate": "set_up_date"}
    given_values = {names[last]: typed[names[last]] for last in missing if last in names}
    return draft_response(data, Declared(**{**declared, **given_values}))


def assert_valid(validator: ModuleType, xml: bytes) -> None:
    findings = validator.validate(xml)

    assert validator.is_valid(findings), "\n".join(map(str, findings))


@pytest.mark.parametrize("siret", [company.siret for company in COMPANIES])
def test_the_profile_of_each_company_of_the_sandbox_is_valid(validator, filled, siret):
    draft = drafted(filled.get(siret, {}))

    if draft.remaining:
        assert [note.pointer for note in draft.remaining] == ["/partII/A/economicOperator/identifiers"]
    else:
        assert_valid(validator, write_profile(draft, IDENTITY))


def test_the_profile_with_all_that_can_be_declared_is_valid(validator):
    draft = draft_response(
        REGISTERED,
        Declared(
            role="group-lead",
            procedure="2026-TRX-014",
            buyer="Ville de Lyon",
            size="medium",
            currency="EUR",
            residence={0: "FRA"},
        ),
    )

    assert_valid(validator, write_profile(draft, IDENTITY))


def test_a_struck_off_company_is_valid(validator):
    data = with_("/partIV/A/tradeRegister", {"registered": False, "strikeOffDate": "2024-05-31"})

    assert_valid(validator, write_profile(draft_response(data, Declared()), IDENTITY))


@pytest.mark.parametrize("siret", [company.siret for company in COMPANIES[:10]])
def test_the_official_request_completed_is_valid(validator, filled, example, siret):
    request = read_request(example)
    draft = drafted(filled[siret], lot=request.lot(None))

    assert_valid(validator, complete_request(request, draft, IDENTITY))


def test_the_official_request_completed_keeps_its_criteria_and_reads_back(filled, example):
    request = read_request(example)
    draft = drafted(filled[COMPANIES[0].siret], lot=request.lot(None))
    summary = read(complete_request(request, draft, IDENTITY))

    assert len(summary.criteria) == len(read(example).criteria)
    assert {criterion.code for criterion in summary.criteria if criterion.answers} == {"trade-regist", "gen-year-to"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=400), street=st.text(max_size=100), number=st.text(max_size=50))
def test_no_text_makes_an_invalid_document(validator, name, street, number):
    data = deepcopy(with_("/partII/A/economicOperator/name", name))  # `with_` copies no more than it replaces
    data["partII"]["A"]["economicOperator"]["postalAddress"]["streetName"] = street
    data["partIV"]["A"]["tradeRegister"]["registrationNumber"] = number
    draft = draft_response(data, Declared())

    if not draft.remaining:
        assert_valid(validator, write_profile(draft, IDENTITY))


def test_our_table_of_criteria_is_the_standards(shared: Path):
    root = ET.fromstring((shared / "dume" / "espd-edm-4.1.0" / "ESPD-criterion.xml").read_bytes())
    official = {
        criterion.findtext(f"{{{CBC}}}ID"): criterion for criterion in root.iter(f"{{{CAC}}}TenderingCriterion")
    }

    for criterion in VERSIONS[LATEST].criteria.values():
        [group] = official[criterion.id].findall(f"{{{CAC}}}TenderingCriterionPropertyGroup")
        assert shape_of(criterion.group) == official_shape(group)


def shape_of(group: Group) -> tuple[Any, ...]:
    properties = tuple((found.id, found.type, found.data) for found in group.properties)
    return group.id, group.when, properties, tuple(map(shape_of, group.groups))


def official_shape(group: ET.Element) -> tuple[Any, ...]:
    properties = tuple(
        tuple(found.findtext(f"{{{CBC}}}{name}") for name in ("ID", "TypeCode", "ValueDataTypeCode"))
        for found in group.findall(f"{{{CAC}}}TenderingCriterionProperty")
    )
    inner = group.findall(f"{{{CAC}}}SubsidiaryTenderingCriterionPropertyGroup")
    when = group.findtext(f"{{{CBC}}}PropertyGroupTypeCode")
    return group.findtext(f"{{{CBC}}}ID"), when, properties, tuple(map(official_shape, inner))
