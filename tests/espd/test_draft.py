"""The draft of an ESPD Response: what is carried, what remains, what is left out."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest

from prefill.espd.draft import draft_response
from prefill.espd.model import CriterionAnswer, Declared, Identifier, Representative
from prefill.espd.versions import Ask, Subject
from prefill.forms.filling import Provenance

REGISTERED = {
    "partII": {
        "A": {
            "economicOperator": {
                "name": "MENUISERIE DU VAL DORE",
                "identifiers": [
                    {"scheme": "NATIONAL", "schemeName": "SIRET", "value": "00000100800010"},
                    {"scheme": "VAT", "schemeName": "TVA", "value": "FR79000001008"},
                    {"scheme": "BRIS", "schemeName": "EUID", "value": "FR6303.000001008"},
                ],
                "legalEntity": {
                    "companyID": "000001008",
                    "legalFormCode": "5710",
                    "shareCapital": {"amount": 50000.0},
                    "registrationScheme": {"id": "6303", "name": "Clermont-Ferrand"},
                },
                "postalAddress": {"cityName": "AMBERT", "countryCode": "FRA"},
                "companyCategory": "PME",
            }
        },
        "B": {
            "representatives": [
                {"firstName": "ALIX", "familyName": "CHARTIER", "role": "Président"},
                {"registrationName": "HOLDING DU VAL", "companyID": "000001016", "role": "Directeur général"},
            ]
        },
    },
    "partIV": {
        "A": {"tradeRegister": {"registered": True, "registrationNumber": "000 001 008 R.C.S. Clermont-Ferrand"}},
        "B": {"setUpDate": "1998-03-12"},
    },
}


def with_(pointer: str, value: Any) -> dict[str, Any]:
    """Copy the data with one member replaced; None removes it."""

    def copied(tree: Any, keys: list[str]) -> Any:
        if not keys:
            return value
        members = {**tree, keys[0]: copied(tree.get(keys[0], {}), keys[1:])}
        return {key: member for key, member in members.items() if member is not None}

    return copied(deepcopy(REGISTERED), pointer.split("/")[1:])


SOLE_TRADER = {
    "partII": {
        "A": {
            "economicOperator": {
                "name": "LEMARQUERON SOLENE",
                "nameMention": "EI",
                "identifiers": [{"scheme": "NATIONAL", "schemeName": "SIRET", "value": "00000500900014"}],
                "legalEntity": {"registrationName": "LEMARQUERON SOLENE", "legalFormCode": "1000"},
                "postalAddress": {"countryCode": "FRA"},
                "companyCategory": "PME",
            }
        }
    },
    "partIV": {"B": {"setUpDate": "2011-02-01"}},
}


def pointers(notes: Any) -> list[str]:
    return [note.pointer for note in notes]


def test_a_registered_company_has_its_identifiers_the_vat_number_first_and_its_european_one():
    assert draft_response(REGISTERED, Declared()).identifiers == (
        Identifier("VAT", "FR79000001008"),
        Identifier("NATIONAL", "00000100800010", "SIRET"),
        Identifier("BRIS", "FR6303.000001008"),
    )


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/partIV/A/tradeRegister/registered", False),
        ("/partII/A/economicOperator/legalEntity/legalFormCode", "1000"),
        ("/partII/A/economicOperator/legalEntity/legalFormCode", "3120"),
        ("/partII/A/economicOperator/legalEntity/registrationScheme/id", "63"),
        ("/partII/A/economicOperator/legalEntity/companyID", None),
    ],
    ids=["struck off", "natural person", "foreign law", "unknown greffe", "no SIREN"],
)
def test_no_european_identifier_is_computed_in_doubt(pointer, value):
    data = deepcopy(with_(pointer, value))
    data["partII"]["A"]["economicOperator"]["identifiers"].pop()
    identifiers = draft_response(data, Declared()).identifiers

    assert "BRIS" not in {identifier.scheme for identifier in identifiers}


def test_a_company_of_which_only_the_siren_is_known_is_identified_by_it():
    data = with_("/partII/A/economicOperator/identifiers", None)

    assert draft_response(data, Declared()).identifiers[0] == Identifier("NATIONAL", "000001008", "SIREN")


@pytest.mark.parametrize(("category", "size"), [("PME", "sme"), ("ETI", "large"), ("GE", "large")])
def test_the_size_follows_the_category_and_is_to_be_confirmed(category, size):
    draft = draft_response(with_("/partII/A/economicOperator/companyCategory", category), Declared())

    assert draft.size == size
    assert "/partII/A/economicOperator/companyCategory" in pointers(draft.to_confirm)


def test_a_declared_size_wins_over_the_category_and_needs_no_confirmation():
    draft = draft_response(REGISTERED, Declared(size="small"))

    assert draft.size == "small"
    assert "/partII/A/economicOperator/companyCategory" not in pointers(draft.to_confirm)


@pytest.mark.parametrize(
    ("pointer", "remaining"),
    [
        ("/partII/A/economicOperator/companyCategory", "/partII/A/economicOperator/companyCategory"),
        ("/partII/A/economicOperator/name", "/partII/A/economicOperator/name"),
        (
            "/partII/A/economicOperator/postalAddress/countryCode",
            "/partII/A/economicOperator/postalAddress/countryCode",
        ),
        ("/partIV", "/partIV/B/setUpDate"),
    ],
)
def test_what_the_standard_requires_and_no_register_gave_remains(pointer, remaining):
    assert pointers(draft_response(with_(pointer, None), Declared()).remaining) == [remaining]


def test_what_the_caller_declares_no_longer_remains():
    declared = Declared(size="micro", name="Chez nous", country="BEL", set_up_date="2020-01-31")
    draft = draft_response(
        {"partII": {"A": {"economicOperator": {"legalEntity": {"companyID": "000001008"}}}}}, declared
    )

    assert draft.remaining == ()
    assert draft.operator["name"] == "Chez nous"
    assert draft.operator["postalAddress"] == {"countryCode": "BEL"}
    assert draft.answers == (CriterionAnswer(Subject.SET_UP, Ask.DATE, "2020-01-31"),)


def test_a_capital_without_currency_is_left_out_and_never_in_euros():
    draft = draft_response(REGISTERED, Declared())

    assert "shareCapital" not in draft.operator["legalEntity"]
    assert "/partII/A/economicOperator/legalEntity/shareCapital/currencyID" in pointers(draft.left_out)


def test_a_capital_is_carried_with_the_currency_declared():
    draft = draft_response(REGISTERED, Declared(currency="EUR"))

    assert draft.operator["legalEntity"]["shareCapital"] == {"amount": 50000.0, "currencyID": "EUR"}


def test_representatives_wait_for_their_country_and_legal_persons_are_left_out():
    draft = draft_response(REGISTERED, Declared())

    assert draft.representatives == ()
    assert pointers(draft.left_out)[:2] == [
        "/partII/B/representatives/0/residenceCountry",
        "/partII/B/representatives/1",
    ]


def test_a_representative_whose_country_is_declared_is_carried():
    draft = draft_response(REGISTERED, Declared(residence={0: "FRA", 1: "FRA"}))

    assert draft.representatives == (Representative("ALIX", "CHARTIER", "Président", "FRA"),)


def test_a_registered_company_answers_yes_with_its_number():
    assert draft_response(REGISTERED, Declared()).answers[:2] == (
        CriterionAnswer(Subject.TRADE_REGISTER, Ask.ANSWER, "true"),
        CriterionAnswer(Subject.TRADE_REGISTER, Ask.NUMBER, "000 001 008 R.C.S. Clermont-Ferrand"),
    )


def test_a_struck_off_company_answers_no_with_the_date():
    data = with_("/partIV/A/tradeRegister", {"registered": False, "strikeOffDate": "2024-05-31"})

    assert draft_response(data, Declared()).answers[:2] == (
        CriterionAnswer(Subject.TRADE_REGISTER, Ask.ANSWER, "false"),
        CriterionAnswer(
            Subject.TRADE_REGISTER, Ask.REASON, "Radié du registre du commerce et des sociétés le 2024-05-31."
        ),
    )


@pytest.mark.parametrize("register", [None, {"registered": True}, {"registered": False}])
def test_a_register_that_says_only_half_gets_no_answer(register):
    data = with_("/partIV/A/tradeRegister", register)

    assert [answer.criterion for answer in draft_response(data, Declared()).answers] == [Subject.SET_UP]


def test_the_number_that_was_typed_identifies_a_company_of_which_no_register_says_anything():
    assert draft_response({}, Declared(number="00000100800010")).identifiers == (
        Identifier("NATIONAL", "00000100800010", "SIRET"),
    )
    assert draft_response({}, Declared(number="000001008")).identifiers[0].name == "SIREN"
    assert draft_response(REGISTERED, Declared(number="99999999999999")).identifiers[0].value == "FR79000001008"


CERTIFICATES = {
    "qualityAssurance": [
        {"name": "Qualibat 4312", "code": "4312", "issuer": "Qualibat", "uri": "https://www.qualibat.com/x"},
        {"name": "OPQIBI 0101", "uri": "http://www.opqibi.com/x"},
    ]
}


def test_a_certificate_is_no_answer_until_the_candidate_confirms_it():
    draft = draft_response(with_("/partIV/D", CERTIFICATES), Declared())

    assert not any(answer.criterion is Subject.QUALITY for answer in draft.answers)
    assert draft.evidences == ()
    assert pointers(draft.left_out)[-2:] == ["/partIV/D/qualityAssurance/0", "/partIV/D/qualityAssurance/1"]


def test_a_confirmed_certificate_is_an_answer_with_its_evidence():
    confirmed = frozenset({"Qualibat 4312"})
    draft = draft_response(with_("/partIV/D", CERTIFICATES), Declared(certificates=confirmed))

    assert [answer.value for answer in draft.answers if answer.criterion is Subject.QUALITY] == [
        "true", "true", "quality",
    ]  # fmt: skip
    [evidence] = draft.evidences
    assert (evidence.number, evidence.uri, evidence.issuer) == ("4312", "https://www.qualibat.com/x", "Qualibat")


def test_a_certificate_without_a_safe_address_is_an_answer_without_evidence():
    draft = draft_response(with_("/partIV/D", CERTIFICATES), Declared(certificates=frozenset({"OPQIBI 0101"})))

    assert [answer.value for answer in draft.answers if answer.criterion is Subject.QUALITY] == ["true"]
    assert draft.evidences == ()


def test_a_confirmed_certificate_is_the_same_when_another_body_does_not_answer():
    """Those of Qualibat are missing that day: what was confirmed moves up, and nothing else is taken for it."""
    confirmed = Declared(certificates=frozenset({"Qualibat 4312"}))
    draft = draft_response(with_("/partIV/D", {"qualityAssurance": CERTIFICATES["qualityAssurance"][1:]}), confirmed)

    assert not any(answer.criterion is Subject.QUALITY for answer in draft.answers)
    assert [(note.pointer, note.certificate) for note in draft.left_out][-2:] == [
        ("/partIV/D/qualityAssurance/0", "OPQIBI 0101"), ("/partIV/D", "Qualibat 4312"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/partII/A/economicOperator/postalAddress/countryCode", "FR"),
        ("/partIV/B/setUpDate", "1998-03"),
        ("/partII/A/economicOperator/legalEntity/shareCapital", {"amount": "mille", "currencyID": "EUR"}),
        ("/partII/A/economicOperator/legalEntity/shareCapital", {"amount": 10, "currencyID": "XYZ"}),
        ("/partII/A/economicOperator/identifiers", "FR"),
        ("/partII/B/representatives", {"firstName": "ALIX"}),
    ],
)
def test_a_value_that_the_standards_lists_do_not_know_is_no_value(pointer, value):
    draft = draft_response(with_(pointer, value), Declared(set_up_date=None))

    assert "shareCapital" not in draft.operator["legalEntity"]
    assert draft.operator.get("postalAddress", {}).get("countryCode") in (None, "FRA")
    assert all(answer.value != "1998-03" for answer in draft.answers)


PROFESSIONAL = {"registerName": "Registre des associations", "court": "Colmar", "registrationNumber": "volume 4"}


def test_a_professional_register_is_an_answer_once_the_candidate_confirms_it():
    data = with_("/partIV/A/professionalRegister", PROFESSIONAL)
    draft, confirmed = draft_response(data, Declared()), draft_response(data, Declared(professional_register=True))

    assert "/partIV/A/professionalRegister" in pointers(draft.left_out)
    assert not any(answer.criterion is Subject.PROFESSIONAL_REGISTER for answer in draft.answers)
    assert [answer.value for answer in confirmed.answers if answer.criterion is Subject.PROFESSIONAL_REGISTER] == [
        "true", "Registre des associations · Colmar · volume 4",
    ]  # fmt: skip


INSEE = "Insee (etablissements), interrogé le 2026-11-30, état du 2026-11-02 : "


def test_a_document_says_which_register_gave_what_and_what_the_candidate_declared():
    asked = datetime(2026, 11, 30, 9, tzinfo=UTC)
    fields = ("name", "nameMention", "tradeName", "companyCategory", "legalEntity/shareCapital/amount")
    provenance = {
        f"/partII/A/economicOperator/{field}": Provenance(
            field, "etablissements", "Insee", asked, as_of=date(2026, 11, 2)
        )
        for field in fields
    }

    assert draft_response(REGISTERED, Declared(), provenance).sources == (
        f"{INSEE}/partII/A/economicOperator/name, /partII/A/economicOperator/companyCategory",
    )
    mention = "/partII/A/economicOperator/nameMention"
    assert [
        mention in draft_response(data, Declared(), provenance).sources[0] for data in (SOLE_TRADER, REGISTERED)
    ] == [True, False]
    assert draft_response(REGISTERED, Declared(size="small", currency="EUR"), provenance).sources[-1] == (
        "Déclaré par le candidat : /partII/A/economicOperator/companyCategory, "
        "/partII/A/economicOperator/legalEntity/shareCapital/currencyID"
    )
