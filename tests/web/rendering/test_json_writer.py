"""The JSON of a prefill, and its name."""

import json

from prefill.web.rendering.json_writer import etag, prefill_to_json, to_json

PAYLOAD = {
    "siret": "00000100800010",
    "data": {"name": "DORÉ"},
    "sources": {"etablissements": {"status": "ok", "seconds": 0.1}},
}


def test_a_prefill_is_written_whole_with_its_accents():
    body, _ = prefill_to_json(PAYLOAD)

    assert json.loads(body) == PAYLOAD
    assert "DORÉ" in body
    assert " " not in to_json(PAYLOAD)


def test_half_a_character_is_written_as_a_sign_that_a_response_can_hold():
    assert to_json({"name": "A\ud83dB", "\udfff": "É"}).encode() == '{"name":"A?B","?":"É"}'.encode()


def test_its_name_does_not_change_with_how_long_a_source_took():
    slower = {**PAYLOAD, "sources": {"etablissements": {"status": "ok", "seconds": 2.5}}}

    assert prefill_to_json(slower)[1] == prefill_to_json(PAYLOAD)[1]


def test_its_name_changes_with_what_it_says():
    other = {**PAYLOAD, "data": {"name": "DORE"}}
    failed = {**PAYLOAD, "sources": {"etablissements": {"status": "late"}}}

    assert len({prefill_to_json(payload)[1] for payload in (PAYLOAD, other, failed)}) == 3
    assert etag("a") != etag("b")
