"""The HTTP routes as a form, a browser and a monitoring tool see them."""

from __future__ import annotations

import json
import re
import weakref

import jsonschema
import pytest
from flask import Request
from openapi_spec_validator import validate

from prefill.app import create_app
from prefill.problems import every_problem
from prefill.settings import Settings
from tests.support.released import all_released

ORDINARY = "00000100800010"
SECONDARY = "00000200600021"
UNDISCLOSED = "00001500800014"
UNKNOWN = "00001600600017"
ALL_DOWN = "00001400100010"
RCS_DOWN = "00001300300017"
FORMS_ORIGIN = "https://marches.exemple.fr"


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(log="json"))


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def guarded():
    """A service that only one other origin may call."""
    return create_app(Settings(log="json", allowed_origins=(FORMS_ORIGIN,))).test_client()


@pytest.mark.parametrize(
    "written", [ORDINARY, "000 001 008 00010", "000.001.008.00010", "000\u00a0001\u00a0008\u202f00010"]
)
def test_a_siret_is_read_as_people_write_it(client, written):
    answer = client.get(f"/v1/prefill/{written}")

    assert answer.status_code == 200
    assert answer.json["siret"] == ORDINARY


def test_a_siren_means_its_head_office(client):
    answer = client.get("/v1/prefill/000 001 008").json

    assert answer["siret"] == ORDINARY
    assert [notice["code"] for notice in answer["notices"]] == ["head_office_used"]
    assert answer["notices"][0]["siret"] == ORDINARY


def test_every_field_of_the_form_is_either_filled_or_explained(client):
    answer = client.get(f"/v1/prefill/{RCS_DOWN}").json
    form = client.get("/v1/schemas/dume").json

    filled = {one.get("field", pointer) for pointer, one in answer["provenance"].items()}
    assert filled.isdisjoint(answer["missing"])
    told = filled | set(answer["missing"])
    assert {field["path"] for field in form["fields"] if not field.get("optional")} <= told
    assert told <= {field["path"] for field in form["fields"]}


def test_every_pointer_leads_to_a_value(client):
    answer = client.get(f"/v1/prefill/{SECONDARY}").json

    for pointer in [
        *answer["provenance"],
        *(answer["aliases"][name] for name in ("name", "siret", "vat", "streetName")),
    ]:
        assert _at(answer["data"], pointer) not in (None, "", [], {})


def test_the_data_obey_the_json_schema_of_the_form(client):
    schema = client.get("/v1/schemas/dume/schema.json")

    assert schema.mimetype == "application/schema+json"
    for number in (ORDINARY, SECONDARY, RCS_DOWN, ALL_DOWN):
        data = client.get(f"/v1/prefill/{number}?with=conventions_collectives,actes_inpi").json["data"]
        jsonschema.validate(data, schema.json, cls=jsonschema.Draft202012Validator)


def test_a_dead_register_costs_its_fields_and_says_when_to_come_back(client):
    answer = client.get(f"/v1/prefill/{RCS_DOWN}").json
    gap = answer["missing"]["/partIV/A/tradeRegister/registrationNumber"]

    assert answer["complete"] is False
    assert gap["reason"] == "unavailable"
    assert gap["message"] == "Infogreffe ne répond pas : à saisir."
    assert gap["retryAfter"] > 0
    assert answer["data"]["partII"]["A"]["economicOperator"]["name"] == "PLOMBERIE LATOUR-MEUNIER"


def test_a_whole_outage_is_still_an_answer(client):
    answer = client.get(f"/v1/prefill/{ALL_DOWN}")

    assert answer.status_code == 200
    assert answer.json["data"] == {}
    assert answer.json["missing"]["/partII/A/economicOperator/name"]["reason"] == "unavailable"


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        ("123", 400, "siret_malformed"),
        ("00000100800011", 400, "siret_checksum"),
        ("00000100900010", 400, "siret_checksum"),
        (UNKNOWN, 404, "company_unknown"),
        ("13002526500013", 404, "company_not_invented"),
        ("130025265", 404, "company_not_invented"),
        (UNDISCLOSED, 451, "company_undisclosed"),
        (ORDINARY + "?schema=dumme", 404, "schema_unknown"),
        (ORDINARY + "?with=convention_collective", 400, "source_unknown"),
        (ORDINARY + "?with=exercices", 403, "source_refused"),
        (ORDINARY + "?with=bilans_inpi", 403, "source_refused"),
    ],
)
def test_each_refusal_is_a_problem_of_its_own(client, number, status, code):
    answer = client.get(f"/v1/prefill/{number}")

    assert answer.status_code == answer.json["status"] == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == code
    assert answer.json["type"] == f"/docs#{code}"
    assert answer.json["detail"].endswith((".", "?"))


def test_a_malformed_siret_says_how_many_digits_it_saw(client):
    detail = client.get("/v1/prefill/5520494477627").json["detail"]

    assert "14 chiffres" in detail
    assert "13" in detail


@pytest.mark.parametrize(("number", "group"), [("00000100900010", "siren"), ("00000100800011", "siret")])
def test_a_wrong_check_digit_says_which_group_fails(client, number, group):
    answer = client.get(f"/v1/prefill/{number}").json

    assert answer["group"] == group
    assert group.upper() in answer["detail"]


def test_an_unknown_form_is_guessed(client):
    answer = client.get(f"/v1/prefill/{ORDINARY}?schema=dumme").json

    assert answer["suggestion"] == "dume"
    assert "« dume »" in answer["detail"]


def test_english_is_spoken_on_request(client):
    answer = client.get("/v1/prefill/1", headers={"Accept-Language": "en-GB"}).json
    partial = client.get(f"/v1/prefill/{RCS_DOWN}", headers={"Accept-Language": "en"}).json

    assert answer["title"] == "Malformed SIRET"
    message = partial["missing"]["/partIV/A/tradeRegister/registrationNumber"]["message"]
    assert message == "Infogreffe does not answer: please fill in."


def test_an_unchanged_answer_costs_a_304(client):
    first = client.get(f"/v1/prefill/{ORDINARY}")
    second = client.get(f"/v1/prefill/{ORDINARY}", headers={"If-None-Match": first.headers["ETag"]})

    assert second.status_code == 304
    assert second.data == b""
    assert first.headers["Cache-Control"].startswith("private")


def test_on_demand_sources_are_asked_when_named(client):
    path = "/partII/A/economicOperator/collectiveAgreements"
    without = client.get(f"/v1/prefill/{ORDINARY}").json
    named = client.get(f"/v1/prefill/{ORDINARY}?with=conventions_collectives").json

    assert without["missing"][path]["reason"] == "not_requested"
    assert "conventions_collectives" not in without["sources"]
    assert _at(named["data"], path)


def test_the_sandbox_says_that_its_data_are_invented(client):
    assert client.get("/healthz").headers["X-Prefill-Sandbox"] == "invented-data"


def test_a_service_with_a_token_does_not_claim_to_be_a_sandbox():
    settings = Settings(token="secret-token", recipient="13002526500013", url="http://127.0.0.1:9", log="json")
    client = create_app(settings).test_client()

    assert "X-Prefill-Sandbox" not in client.get("/healthz").headers
    assert client.get("/readyz").json["ready"] is True


def test_an_expired_token_makes_the_service_not_ready_and_is_not_shown():
    token = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE1MDAwMDAwMDB9.c2lnbmF0dXJl"  # exp: 1500000000, 14/07/2017
    settings = Settings(
        token=token, recipient="13002526500013", url="http://127.0.0.1:9", log="json", metrics_token="op"
    )
    answer = create_app(settings).test_client().get("/readyz", headers={"Authorization": "Bearer op"})

    assert answer.status_code == 503
    assert "14/07/2017" in answer.text
    assert token not in answer.text


def test_openapi_is_valid_and_lists_every_problem(client):
    document = client.get("/openapi.json").json

    validate(document)
    codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]
    assert set(codes) == {problem.code for problem in every_problem()}


def test_openapi_shows_a_real_answer_as_its_example(client):
    document = client.get("/openapi.json").json
    operation = document["paths"]["/v1/prefill/{number}"]["get"]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]

    schema = {**document["components"]["schemas"]["Prefill"], "components": document["components"]}
    jsonschema.validate(example, schema)
    assert example["siret"] == ORDINARY


@pytest.mark.parametrize("path", ["/nowhere", "/v1/", "/v1/prefill/", "/v1/schemas/dume/nothing"])
def test_an_unknown_address_is_a_problem_in_json(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_method_that_is_not_allowed_says_which_are(client):
    answer = client.post(f"/v1/prefill/{ORDINARY}")

    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_sources_show_the_catalogue_with_what_is_forbidden(client):
    rows = {row["name"]: row for row in client.get("/v1/sources").json["sources"]}

    assert rows["etablissements"]["access"] == "open"
    assert rows["exercices"]["access"] == "protected"
    assert rows["bilans_inpi"]["access"] == "forbidden"
    assert rows["attestations_agefiph"]["access"] == "withdrawn"
    assert "Urssaf" in rows["attestations_agefiph"]["explanation"]


def test_an_allowed_origin_may_read_the_answer(guarded):
    answer = guarded.get("/healthz", headers={"Origin": FORMS_ORIGIN})

    assert answer.headers["Access-Control-Allow-Origin"] == FORMS_ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin", ["https://autre.exemple", "https://marches.exemple.fr.autre.exemple", "null", FORMS_ORIGIN + ":444"]
)
def test_another_origin_may_not(guarded, origin):
    assert "Access-Control-Allow-Origin" not in guarded.get("/healthz", headers={"Origin": origin}).headers


def test_a_preflight_is_answered_and_remembered(guarded):
    headers = {"Origin": FORMS_ORIGIN, "Access-Control-Request-Method": "GET"}
    answer = guarded.options(f"/v1/prefill/{ORDINARY}", headers=headers)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Methods"] == "GET"
    assert int(answer.headers["Access-Control-Max-Age"]) >= 3600


def test_a_request_id_is_kept_or_made(client):
    given = client.get("/healthz", headers={"X-Request-ID": "abc-123"}).headers["X-Request-ID"]
    hostile = client.get("/healthz", headers={"X-Request-ID": "a b<script>"}).headers["X-Request-ID"]

    assert given == "abc-123"
    assert re.fullmatch(r"[0-9a-f]{16}", hostile)


@pytest.mark.parametrize("path", ["/healthz", "/docs", f"/v1/prefill/{ORDINARY}", "/nowhere"])
def test_security_headers_are_on_every_answer(client, path):
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]


def test_json_is_written_with_its_accents(client):
    assert "Document unique de marché européen" in client.get("/v1/schemas").text


def test_nobody_sees_a_form_for_agents(tmp_path):
    form = "title: Dossier\nversion: '1'\naudience: agent\nfields:\n  /a:\n    label: A\n    from:\n      - exercices: '[0].chiffre_affaires'\n"
    (tmp_path / "agents.yaml").write_text(form, encoding="utf-8")
    client = create_app(Settings(log="json", schemas=(str(tmp_path),))).test_client()

    assert [form["id"] for form in client.get("/v1/schemas").json["schemas"]] == [
        "dc1",
        "dc2",
        "dc4",
        "dume-document",
        "dume",
    ]
    assert client.get("/v1/schemas/agents").json["code"] == "schema_unknown"
    assert client.get(f"/v1/prefill/{ORDINARY}?schema=agents").json["code"] == "schema_unknown"


def test_a_bad_form_stops_the_start_with_its_sentences(tmp_path):
    (tmp_path / "bad.yaml").write_text(
        "title: X\nversion: '1'\nfields:\n  /a:\n    label: A\n    from:\n      - etablissement: siret\n"
    )

    with pytest.raises(SystemExit) as stop:
        create_app(Settings(log="json", schemas=(str(tmp_path),)))
    assert "bad.yaml:7" in str(stop.value)
    assert "« etablissements »" in str(stop.value)


def test_a_request_is_released_when_it_is_answered_and_needs_no_garbage_collector(open_service, no_collector):
    seen = []

    class Watched(Request):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            seen.append(weakref.ref(self))

    service = open_service(early_calls=True)
    service.application.request_class = Watched
    answers = [service.get(f"/v1/prefill/{number}").status_code for number in (ORDINARY, SECONDARY)]

    assert answers == [200, 200]
    assert len(seen) == 2
    assert all_released(seen)


def _at(data, pointer):
    for key in pointer.split("/")[1:]:
        data = data[int(key)] if isinstance(data, list) else data[key]
    return json.loads(json.dumps(data))
