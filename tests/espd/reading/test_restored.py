"""JSON, XML, JSON again: what a document carries comes back as it was put."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefill.espd.certificates import name_of
from prefill.espd.draft import draft_response
from prefill.espd.elements import text_of
from prefill.espd.model import Declared
from prefill.espd.reading.restored import restore
from prefill.espd.writer import write_profile
from tests.espd.reading.test_request import OTHER, TURNOVER, criterion, property_of, request
from tests.espd.round_trip import OPERATOR, assert_writes_again, everything, mapped, put
from tests.espd.test_draft import PROFESSIONAL, REGISTERED, SOLE_TRADER, with_
from tests.espd.test_writer import IDENTITY

TRADE_REGISTER = "87b3fa26-3549-4f92-b8e0-3fd8f04bf5c7"
CERTIFICATE = {
    "name": "Qualibat 4312", "code": "4312", "issuer": "Qualibat", "validUntil": "2027-01-01", "uri": "https://q.fr/x",
}  # fmt: skip
TEXTS = st.text(min_size=1, max_size=60).map(text_of).filter(bool)
DAYS = st.dates(date(1900, 1, 1)).map(date.isoformat)
COUNTRIES = st.sampled_from(["FRA", "BEL", "USA"])


EUID = {"scheme": "BRIS", "schemeName": "EUID", "value": "FR3501.000001008"}


@st.composite
def payloads(draw: Any) -> dict[str, Any]:
    """Data as a filled DUME may hold it: every mapped place, each perhaps missing, with any text."""
    data: dict[str, Any] = {}
    texts = {
        *(f"{OPERATOR}/legalEntity/{name}" for name in ("registrationName", "companyID", "legalFormCode", "legalForm")),
        *(f"{OPERATOR}/legalEntity/registrationScheme/{name}" for name in ("id", "name")),
        *(
            f"{OPERATOR}/{place}/{name}"
            for place in ("postalAddress", "headOfficeAddress")
            for name in ("streetName", "additionalStreetName", "cityName", "postalZone")
        ),
    }
    for pointer in sorted(texts):
        put(data, pointer, draw(st.none() | TEXTS))
    put(data, f"{OPERATOR}/name", draw(TEXTS))
    put(data, f"{OPERATOR}/postalAddress/countryCode", draw(COUNTRIES))
    put(data, f"{OPERATOR}/headOfficeAddress/countryCode", draw(st.none() | COUNTRIES))
    put(data, f"{OPERATOR}/legalEntity/registrationDate", draw(st.none() | DAYS))
    amount = draw(st.none() | st.floats(0.01, 1e12))
    put(data, f"{OPERATOR}/legalEntity/shareCapital", amount and {"amount": amount})
    siret = {"scheme": "NATIONAL", "schemeName": "SIRET", "value": draw(TEXTS)}
    vat = {"scheme": "VAT", "schemeName": "TVA", "value": draw(TEXTS)}
    put(data, f"{OPERATOR}/identifiers", [siret, *draw(st.sampled_from([[], [vat], [vat, EUID]]))])
    people = st.fixed_dictionaries({"firstName": TEXTS, "familyName": TEXTS}, optional={"role": TEXTS})
    put(data, "/partII/B/representatives", draw(st.lists(people, max_size=3)))
    registers = (
        {"registered": True, "registrationNumber": draw(TEXTS)},
        {"registered": False, "strikeOffDate": draw(DAYS)},
        {"registered": False, "strikeOffDate": draw(DAYS), "registrationNumber": draw(TEXTS)},
    )
    put(data, "/partIV/A/tradeRegister", draw(st.sampled_from([None, *registers])))
    put(
        data,
        "/partIV/A/professionalRegister",
        draw(st.sampled_from([None, PROFESSIONAL, {"registrationNumber": "W1"}])),
    )
    put(data, "/partIV/B/setUpDate", draw(DAYS))
    rows = st.fixed_dictionaries(
        {"name": TEXTS, "uri": TEXTS.map("https://x.fr/{}".format)}, optional={"issuer": TEXTS, "validUntil": DAYS}
    )
    put(data, "/partIV/D/qualityAssurance", draw(st.lists(rows, max_size=2)))
    return data


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(payloads())
def test_what_is_put_comes_back_and_writes_the_same_document_again(data):
    document = write_profile(draft_response(data, everything(data)), IDENTITY)
    restored = restore(document)

    assert restored.data == mapped(data)
    assert_writes_again(restored, document, IDENTITY)


def test_what_the_author_declared_comes_back():
    declared = Declared(
        role="group-lead", lot="LOT-0002", procedure="2026-TRX-014", buyer="Ville de Lyon", group="Groupement du Val",
        size="medium", residence={0: "BEL"}, professional_register=True,
        certificates=frozenset({name_of(CERTIFICATE)}),
    )  # fmt: skip
    data = with_("/partIV/D/qualityAssurance", [CERTIFICATE])
    put(data, "/partIV/A/professionalRegister", PROFESSIONAL)

    assert restore(write_profile(draft_response(data, declared), IDENTITY)).declared == declared


def test_the_mention_of_a_sole_trader_is_parted_from_the_name_and_a_companys_name_is_not():
    document = write_profile(draft_response(SOLE_TRADER, Declared()), IDENTITY)
    operator = restore(document).data["partII"]["A"]["economicOperator"]
    company = restore(document.replace(b">1000<", b">5710<").replace(b">LEMARQUERON SOLENE<", b">X<")).data

    assert (operator["name"], operator["nameMention"]) == ("LEMARQUERON SOLENE", "EI")
    assert company["partII"]["A"]["economicOperator"]["name"] == "LEMARQUERON SOLENE EI"


def test_a_struck_off_company_comes_back_with_the_day():
    data = with_("/partIV/A/tradeRegister", {"registered": False, "strikeOffDate": "2024-05-31"})
    restored = restore(write_profile(draft_response(data, Declared()), IDENTITY))

    assert restored.data["partIV"]["A"]["tradeRegister"] == {"registered": False, "strikeOffDate": "2024-05-31"}


def answered(*answers: tuple[str, str, str]) -> bytes:
    """A document of an older version: answers as (question, element, value)."""
    given = "".join(
        f"<cac:TenderingCriterionResponse><cbc:ValidatedCriterionPropertyID>{question}</cbc:ValidatedCriterionPropertyID>"
        f"<cac:ResponseValue><cbc:{element}>{value}</cbc:{element}></cac:ResponseValue></cac:TenderingCriterionResponse>"
        for question, element, value in answers
    )
    asked = (
        criterion(TRADE_REGISTER, "g-1", property_of("q-1", "QUESTION", "INDICATOR"))
        + criterion(TURNOVER, "g-2", property_of("q-2", "QUESTION", "DATE"), property_of("q-3", "QUESTION", "DATE"))
        + criterion(OTHER, "g-3", property_of("q-4", "QUESTION", "INDICATOR"))
    )
    return request(asked, given, version="3.0.0").replace(b"ApplicationRequest", b"ApplicationResponse")


def test_of_an_older_version_an_answer_is_found_by_criterion_and_type_where_there_is_but_one():
    one = restore(answered(("q-1", "ResponseIndicator", "true"), ("q-2", "ResponseDate", "1998-03-12")))
    two = restore(answered(("q-2", "ResponseDate", "1998-03-12"), ("q-3", "ResponseDate", "2001-01-01")))

    assert one.data == {"partIV": {"A": {"tradeRegister": {"registered": True}}, "B": {"setUpDate": "1998-03-12"}}}
    assert two.data == {}


def test_nothing_private_of_a_representative_is_read():
    document = write_profile(draft_response(REGISTERED, Declared(residence={0: "FRA"})), IDENTITY)
    person = b"<cac:Person><cbc:BirthDate>1965-03-01</cbc:BirthDate><cbc:BirthplaceName>Ambert</cbc:BirthplaceName>"

    assert b"1965" not in repr(restore(document.replace(b"<cac:Person>", person))).encode()
