"""What an answer of API Entreprise means."""

import json
from datetime import UTC, datetime

import pytest
import requests

from prefill.domain.answers import Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.registers.transport.decoding import (
    answer_of,
    first_error,
    is_about,
    meaning_of_refusal,
    read_payload,
    read_retry_after,
    upstream_code,
)
from prefill.registers.transport.http import FailedCall

VAT, DEEDS = CATALOGUE["numero_tva"], CATALOGUE["conventions_collectives"]
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def response(**headers):
    made = requests.Response()
    made.status_code = 429
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": null}', b'{"data": []}', b"[" * 100_000])
def test_a_body_of_another_shape_is_unreadable(body):
    with pytest.raises(FailedCall) as failure:
        read_payload(VAT, body)

    assert failure.value.cause is Cause.UNREADABLE


def test_a_list_gives_the_data_of_its_rows():
    assert DEEDS.rows
    assert read_payload(DEEDS, json.dumps({"data": [{"data": {"a": 1}}], "meta": {"b": 2}}).encode()) == (
        [{"a": 1}],
        {"b": 2},
    )
    with pytest.raises(FailedCall):
        read_payload(DEEDS, b'{"data": [{"data": 1}]}')


@pytest.mark.parametrize(
    ("http_status", "code", "meaning"),
    [
        (401, "00101", (Status.MISCONFIGURED, None)),
        (403, "00100", (Status.NOT_ENTITLED, None)),
        (403, "00107", (Status.MISCONFIGURED, None)),
        (403, "00213", (Status.MISCONFIGURED, None)),
        (404, "03003", (Status.ABSENT, None)),
        (404, "38422", (Status.ABSENT, None)),
        (404, "00003", (Status.ABSENT, None)),
        (404, "00404", (Status.UNAVAILABLE, Cause.REJECTED)),
        (404, None, (Status.UNAVAILABLE, Cause.UNREADABLE)),
        (409, "00015", (Status.UNAVAILABLE, Cause.CONFLICT)),
        (418, None, (Status.UNAVAILABLE, Cause.REJECTED)),
        (422, "00210", (Status.MISCONFIGURED, None)),
        (422, "00301", (Status.UNAVAILABLE, Cause.REJECTED)),
        (429, "00429", (Status.UNAVAILABLE, Cause.THROTTLED)),
        (451, None, (Status.WITHHELD, None)),
        (502, None, (Status.UNAVAILABLE, Cause.PROVIDER)),
    ],
)
def test_a_refusal_means_one_thing(http_status, code, meaning):
    assert meaning_of_refusal(VAT, http_status, code) == meaning


@pytest.mark.parametrize(
    ("headers", "error", "seconds"),
    [
        ({"Retry_After": "7"}, {}, 7.0),
        ({"Retry_After": "Mon, 30 Nov 2026 12:00:30 GMT"}, {}, 30.0),
        ({"Retry_After": "Mon, 30 Nov 2026 11:00:00 GMT"}, {}, 0.0),
        ({"Retry_After": "soon"}, {"meta": {"retry_in": 300}}, 300.0),
        ({}, {"meta": {"retry_in": True}}, None),
        ({}, {"meta": {"retry_in": -1}}, None),
        ({}, {}, None),
    ],
)
def test_when_to_come_back_is_read_from_the_header_else_from_the_error(headers, error, seconds):
    assert read_retry_after(response(**headers), error, NOW) == seconds


@pytest.mark.parametrize("body", [b"", b"{}", b'{"errors": []}', b'{"errors": ["text"]}', b"[" * 100_000])
def test_a_body_without_an_error_gives_an_empty_one(body):
    assert first_error(body) == {}


@pytest.mark.parametrize(
    ("code", "read"), [("00101", "00101"), (101, "101"), ("a sentence of theirs", None), (None, None)]
)
def test_a_code_goes_into_the_log_and_a_sentence_does_not(code, read):
    assert upstream_code({"code": code}) == read


def test_a_request_id_that_could_forge_a_log_line_is_left_out():
    assert answer_of(VAT, response(X_Request_ID="2b1f-0c9d"), Status.OK).request_id == "2b1f-0c9d"
    assert answer_of(VAT, response(X_Request_ID="a b"), Status.OK).request_id is None


def test_an_answer_about_another_company_is_noticed_unless_a_redirect_explains_it():
    other = {"siret": "00000200600021", "unite_legale": {"siren": "000002006"}}

    assert not is_about(VAT, other, {}, "00000100800010")
    assert is_about(VAT, other, {"redirect_from_siret": "00000100800010"}, "00000100800010")
    assert is_about(VAT, other, {}, "000002006")
    assert is_about(VAT, {"rna": "W123456789"}, {}, "W123456789")
    assert is_about(VAT, {"identite_entreprise": {}}, {}, "000002006")
    assert is_about(VAT, {"identite_entreprise": {"siren": ""}}, {}, "000002006")
    assert is_about(VAT, {"identite_entreprise": {"siren": "000002006"}}, {}, "000002006")
    assert not is_about(VAT, {"identite_entreprise": {"siren": "000001008"}}, {}, "000002006")
    assert not is_about(VAT, {"rna": "W987654321"}, {}, "W123456789")
    assert not is_about(VAT, {"rna": None, "siren": "000002006"}, {}, "W123456789")
    assert is_about(VAT, {"nom": "CHORALE"}, {}, "W123456789")
