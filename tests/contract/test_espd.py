"""ESPD documents against the standard's own schemas, rules and examples."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefill.app import create_app
from prefill.domain.countries import COUNTRIES
from prefill.domain.dates import PARIS
from prefill.espd.certificates import name_of
from prefill.espd.draft import draft_response
from prefill.espd.elements import CAC, CBC
from prefill.espd.model import Declared, Draft
from prefill.espd.reading.reader import read
from prefill.espd.reading.request import read_request
from prefill.espd.reading.restored import restore
from prefill.espd.values import clean
from prefill.espd.versions import CURRENCIES, LATEST, VERSIONS, Group
from prefill.espd.writer import Identity, complete_request, write_profile
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from tests.contract.reference import CASES, PRODUCTION_SHAPES, SHARED, require_reference
from tests.contract.reference import read as read_cases
from tests.espd.round_trip import OPERATOR, assert_writes_again, confirmed_in, everything, mapped
from tests.espd.round_trip import put as put_at
from tests.espd.test_draft import PROFESSIONAL, REGISTERED, with_
from tests.support.sandbox import run_sandbox
from tests.support.simulator import PATHS, close_service, open_service_on

require_reference()

IDENTITY = Identity("1", "5f0f3d2e-0000-4000-8000-000000000001", datetime(2026, 11, 25, 10, 0, tzinfo=PARIS))


CERTIFIERS = "certificats_qualibat,certificats_opqibi,certificats_qualifelec,certificats_rge_ademe"


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
    answers = (
        (company.siret, client.get(f"/v1/prefill/{company.siret}?with={CERTIFIERS}").json) for company in COMPANIES
    )
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


NEEDED = {
    "/partII/A/economicOperator/name": "/partII/A/economicOperator/name",
    "/partII/A/economicOperator/companyCategory": "/partII/A/economicOperator/companyCategory",
    "/partII/A/economicOperator/postalAddress/countryCode": "/partII/A/economicOperator/postalAddress/countryCode",
}
DECLARED = {"name": "Nom saisi", "companyCategory": "small", "countryCode": "FRA", "setUpDate": "2020-01-31"}
MEMBERS = {"name": "name", "companyCategory": "size", "countryCode": "countryCode", "setUpDate": "setUpDate"}


@pytest.fixture(scope="module")
def public() -> Iterator[FlaskClient]:
    """The service on the public cases, and on those in production's own shapes."""
    with run_sandbox("--budget-scale", "1000", "--cases", str(CASES)) as sandbox:
        sandbox.add(*read_cases(PRODUCTION_SHAPES))
        service = open_service_on(sandbox)
        yield service
        close_service(service)


def numbers() -> list[str]:
    cases = [*read_cases(CASES), *read_cases(PRODUCTION_SHAPES)]
    found = [one["params"]["siret"] for one in cases if one["path"] == PATHS["etablissements"] and one["status"] == 200]
    return sorted(set(found))


@pytest.mark.parametrize("number", numbers())
def test_each_public_case_is_valid_or_lists_what_remains_and_is_valid_once_it_is_given(validator, public, number):
    data = public.get(f"/v1/prefill/{number}").json["data"]
    answer = public.get(f"/v1/prefill/{number}?format=espd")
    lacking = {pointer for pointer in NEEDED if value_at(data, pointer) is None}

    if answer.status_code == 200:
        assert lacking == set()
        assert_valid(validator, answer.data)
        return
    assert (answer.status_code, answer.json["code"]) == (422, "espd_incomplete")
    remaining = {note["pointer"] for note in answer.json["missing"]}
    assert remaining & set(NEEDED) == lacking
    last = [pointer.rsplit("/", 1)[-1] for pointer in remaining]
    declared = {MEMBERS[name]: DECLARED[name] for name in last}
    completed = public.post(f"/v1/prefill/{number}/espd", json={"declared": declared})
    assert completed.status_code == 200
    assert_valid(validator, completed.data)


def value_at(data: Any, pointer: str) -> Any:
    for key in pointer.split("/")[1:]:
        data = data.get(key) if isinstance(data, dict) else None
    return data


CERTIFIED = {
    "qualityAssurance": [
        {"name": "Qualibat 4312", "code": "4312", "issuer": "Qualibat", "validUntil": "2027-01-01", "uri": "https://www.qualibat.com/x"},
        {"name": "OPQIBI 0101", "issuer": "OPQIBI"},
    ],
    "environmentalManagement": [{"name": "RGE <&>", "uri": "https://france-renov.gouv.fr/a?b=1&c=2"}],
}  # fmt: skip


def test_confirmed_certificates_are_evidences_of_a_valid_profile_and_of_the_official_request(validator, example):
    data = FULL
    request = read_request(example)
    profile = write_profile(
        draft_response(data, Declared(certificates=confirmed_in(data), professional_register=True)), IDENTITY
    )
    completed = draft_response(
        data, Declared(lot=request.lot(None), certificates=confirmed_in(data), professional_register=True)
    )

    assert_valid(validator, profile)
    assert len(ET.fromstring(profile).findall(f"{{{CAC}}}Evidence")) == 2
    assert_valid(validator, complete_request(request, completed, IDENTITY))


def test_a_certificate_without_address_is_an_answer_of_a_valid_profile(validator):
    confirmed = frozenset({name_of(CERTIFIED["qualityAssurance"][1])})

    assert_valid(validator, write_profile(draft_response(FULL, Declared(certificates=confirmed)), IDENTITY))


def test_the_profile_with_all_that_can_be_declared_is_valid(validator):
    draft = draft_response(
        REGISTERED,
        Declared(
            role="group-lead",
            group="Groupement du Val",
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


@pytest.mark.parametrize("siret", [company.siret for company in COMPANIES])
def test_what_is_known_of_each_company_of_the_sandbox_comes_back_from_the_xml(filled, siret):
    data = clean(filled.get(siret, {})) or {}
    draft = drafted(data, **vars_of(everything(data)))

    if not draft.remaining:
        document = write_profile(draft, IDENTITY)
        restored = restore(document)
        assert restored.data == with_declared(mapped(data), draft.declared)
        assert_writes_again(restored, document, IDENTITY)


def vars_of(declared: Declared) -> dict[str, Any]:
    names = ("size", "currency", "residence", "professional_register", "certificates")
    return {name: getattr(declared, name) for name in names}


def with_declared(data: dict[str, Any], declared: Declared) -> dict[str, Any]:
    """What the candidate typed for want of a register is in the document too."""
    put_at(data, f"{OPERATOR}/name", declared.name)
    put_at(data, f"{OPERATOR}/postalAddress/countryCode", declared.country)
    put_at(data, "/partIV/B/setUpDate", declared.set_up_date)
    return data


@pytest.mark.parametrize("siret", [company.siret for company in COMPANIES[:10]])
def test_the_official_request_completed_is_valid_and_gives_back_what_is_known(validator, filled, example, siret):
    request = read_request(example)
    data = clean(filled[siret]) or {}
    draft = drafted(data, **vars_of(everything(data)), lot=request.lot(None))
    document = complete_request(request, draft, IDENTITY)

    assert_valid(validator, document)
    assert restore(document).data == with_declared(mapped(data), draft.declared)


@pytest.fixture(scope="module")
def sandbox_agent() -> FlaskClient:
    client = create_app(Settings()).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {SANDBOX_AGENT_KEY}"
    return client


@pytest.mark.parametrize("siret", [company.siret for company in COMPANIES])
def test_the_document_of_an_agent_is_valid(validator, sandbox_agent, siret):
    query = {"object": "2026-TRX-014", "size": "small"}
    answer = sandbox_agent.get(f"/v1/dossiers/{siret}/espd", query_string=query)

    if answer.status_code == 200:
        assert_valid(validator, answer.data)
    else:
        assert answer.json["code"] in ("espd_incomplete", "company_unknown", "company_undisclosed")


def test_the_official_request_completed_by_an_agent_is_valid(validator, sandbox_agent, example):
    query = {"object": "2026-TRX-014", "size": "small"}
    document = sandbox_agent.post(f"/v1/dossiers/{COMPANIES[0].siret}/espd", query_string=query, data=example).data

    assert_valid(validator, document)
    assert {criterion.code for criterion in read(document).criteria if criterion.answers} == {
        "trade-regist", "gen-year-to", "year-manpower",
    }  # fmt: skip


def test_the_official_request_completed_keeps_its_criteria_and_reads_back(filled, example):
    request = read_request(example)
    draft = drafted(filled[COMPANIES[0].siret], lot=request.lot(None))
    summary = read(complete_request(request, draft, IDENTITY))

    assert len(summary.criteria) == len(read(example).criteria)
    assert {criterion.code for criterion in summary.criteria if criterion.answers} == {"trade-regist", "gen-year-to"}


AWKWARD = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["", " ", "[ND]", "\x00", "\ud83d\ude00", "a\u202eb", "\u0085", "]]>", "<![CDATA[", "&#x0;", "A" * 5000]
    ),
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.lists(st.text(max_size=5), max_size=2),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
)


def pointers_of(tree: Any, place: str = "") -> list[str]:
    """Every place of the data, inner ones included."""
    if isinstance(tree, list):
        return [pointer for index, row in enumerate(tree) for pointer in pointers_of(row, f"{place}/{index}")]
    if isinstance(tree, dict):
        return [place, *(pointer for key, member in tree.items() for pointer in pointers_of(member, f"{place}/{key}"))]
    return [place]


FULL = with_("/partIV/D", CERTIFIED)
put_at(FULL, "/partIV/A/professionalRegister", PROFESSIONAL)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(pointers_of(FULL)[1:]), AWKWARD, min_size=1, max_size=6))
def test_no_payload_makes_an_invalid_document(validator, changes):
    data = deepcopy(FULL)
    for pointer, value in changes.items():
        put(data, pointer.split("/")[1:], value)
    draft = draft_response(
        data,
        Declared(
            size="small", residence={0: "FRA", 1: "BEL"}, certificates=confirmed_in(data), professional_register=True
        ),
    )

    if not draft.remaining:
        assert_valid(validator, write_profile(draft, IDENTITY))


def put(data: Any, keys: list[str], value: Any) -> None:
    """Replace one place, where the way to it still exists."""
    with suppress(LookupError, ValueError, TypeError):
        for key in keys[:-1]:
            data = data[int(key) if isinstance(data, list) else key]
        data[int(keys[-1]) if isinstance(data, list) else keys[-1]] = value


def test_our_lists_of_codes_are_in_the_standards(shared: Path):
    lists = shared / "dume" / "espd-edm-4.1.0" / "codelists"
    codes = {name: (lists / f"{name}.gc").read_text(encoding="utf-8") for name in ("Currency", "Country")}

    assert [code for code in CURRENCIES if f"<SimpleValue>{code}<" not in codes["Currency"]] == []
    assert [code for code in COUNTRIES if f"<SimpleValue>{code}<" not in codes["Country"]] == []


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
