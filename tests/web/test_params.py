"""A page may ask for its own fields alone: it costs the calls that they need, and hides no less than the whole form."""

from __future__ import annotations

import json

import pytest

from prefill.app import create_app
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY

ORDINARY = "00000100800010"
REPRESENTATIVES = "/partII/B/representatives"
IDENTIFIERS = "/partII/A/economicOperator/identifiers"
NAME = "/partII/A/economicOperator/name"


@pytest.fixture(scope="module")
def client():
    return create_app(Settings(log="json", rate_limit=0)).test_client()


def ask(client, number, *fields, **headers):
    return client.get(f"/v1/prefill/{number}", query_string={"fields": ",".join(fields)}, headers=headers)


def told(answer):
    """The form's paths that an answer speaks of."""
    return {one.get("field", pointer) for pointer, one in answer["provenance"].items()} | set(answer["missing"])


@pytest.mark.parametrize(
    ("fields", "paths", "sources"),
    [
        (("name",), {NAME}, {"etablissements", "associations"}),
        (("siret", "cityName"), {f"{IDENTIFIERS}[siret]", "/partII/A/economicOperator/postalAddress/cityName"}, {"etablissements"}),
        (("vat",), {f"{IDENTIFIERS}[vat]"}, {"etablissements", "numero_tva"}),
        ((f"{REPRESENTATIVES}/0/familyName",), {REPRESENTATIVES}, {"etablissements", "extraits_rcs_infogreffe"}),
        ((f"{IDENTIFIERS}[siret]",), {f"{IDENTIFIERS}[siret]"}, {"etablissements"}),
        (
            (f"{IDENTIFIERS}/1/value",),
            {f"{IDENTIFIERS}[{name}]" for name in ("siret", "vat", "rna", "euid")},
            {"etablissements", "numero_tva", "associations", "extraits_rcs_infogreffe"},
        ),
        (
            ("/partIV/B", "siret"),
            {"/partIV/B/setUpDate", "/partIV/B/generalYearlyTurnover", f"{IDENTIFIERS}[siret]"},
            {"etablissements"},
        ),
    ],
)  # fmt: skip
def test_the_answer_and_its_sources_are_those_of_the_fields(client, fields, paths, sources):
    answer = ask(client, ORDINARY, *fields).json

    assert told(answer) == paths
    assert set(answer["sources"]) <= sources
    assert {one["source"] for one in answer["provenance"].values()} <= sources


def test_a_company_at_its_head_office_costs_one_call_for_what_its_establishment_says(client):
    answer = ask(client, ORDINARY, "name", "siret", "streetName", "postalZone", "cityName", "activity").json
    asked = {name for name, one in answer["sources"].items() if one["status"] != "not_applicable"}

    assert asked == {"etablissements"}
    assert answer["data"]["partII"]["A"]["economicOperator"]["name"] == "MENUISERIE DU VAL DORE"


@pytest.mark.slow
def test_values_and_reasons_are_those_of_the_whole_form_whoever_is_asked_about(client):
    fields = ("name", "vat", "streetName", "setUpDate", REPRESENTATIVES)
    for company in COMPANIES:
        whole, few = client.get(f"/v1/prefill/{company.siret}").json, ask(client, company.siret, *fields).json
        if "data" not in whole:
            assert few["code"] == whole["code"]
            continue
        for pointer, one in few["provenance"].items():
            origin = one.get("field", pointer)
            assert one["source"] == next(
                other["source"] for at, other in whole["provenance"].items() if other.get("field", at) == origin
            ), (company.siret, origin)
        for path, gap in few["missing"].items():
            assert gap["reason"] == whole["missing"][path]["reason"], (company.siret, path)


def test_nothing_asked_is_the_whole_form(client):
    whole = client.get(f"/v1/prefill/{ORDINARY}").json

    assert told(ask(client, ORDINARY).json) == told(ask(client, ORDINARY, " ", "").json) == told(whole)


def test_aliases_are_those_of_the_fields_and_sources_on_demand_stay_so(client):
    answer = ask(client, ORDINARY, "name", "/partII/A/economicOperator/collectiveAgreements").json

    assert answer["aliases"] == {"name": NAME}
    assert answer["missing"]["/partII/A/economicOperator/collectiveAgreements"]["reason"] == "not_requested"


def test_a_stream_brings_them_alone(client):
    answer = ask(client, ORDINARY, "siret", "vat", Accept="text/event-stream")
    parts = [json.loads(line[6:]) for line in answer.get_data(as_text=True).splitlines() if line.startswith("data: ")]

    assert {path for part in parts for path in told(part)} == {f"{IDENTIFIERS}[siret]", f"{IDENTIFIERS}[vat]"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("nane", "name"),
        ("/partII/A/economicOperator/nom", None),
        (f"{NAME}/0", NAME),
        ("/", None),
        ("zzzzzz", None),
        (f"{IDENTIFIERS}[tva]", f"{IDENTIFIERS}[vat]"),
    ],
)
def test_a_name_that_the_form_does_not_have_is_refused_and_guessed(client, name, meant):
    refused = ask(client, ORDINARY, "siret", name)

    assert refused.status_code == 400
    assert refused.json["code"] == "field_unknown"
    assert name in refused.json["detail"]
    assert "/v1/schemas/dume" in refused.json["detail"]
    assert refused.json.get("suggestion") == meant or meant is None


def test_the_number_of_names_costs_little(client):
    refused = ask(client, ORDINARY, *(f"x{number}" for number in range(400)))

    assert refused.status_code == 400
    assert len(refused.json["detail"]) < 400
    assert len(refused.json["unknownFields"]) == 10


def test_wrong_names_are_told_together_each_with_what_was_meant(client):
    refused = ask(client, ORDINARY, "nane", "siret", "vatt", "zzzzzz")

    assert refused.json["unknownFields"] == [
        {"name": "nane", "suggestion": "name"},
        {"name": "vatt", "suggestion": "vat"},
        {"name": "zzzzzz", "suggestion": None},
    ]
    assert refused.json["suggestion"] == "name"


@pytest.mark.parametrize(
    "path",
    ["/v1/verify", "/v1/prefill/batch", "/v1/documents/dc1.docx", f"/v1/prefill/{ORDINARY}/espd", "/studio/dc1/trial"],
)
@pytest.mark.parametrize("body", ["[" * 50_000, '{"a":' * 8000, r'{"a": "\ud800"}', r'{"\udfff": "\ud83d\ude00"}'])
def test_a_body_nested_without_end_or_cut_in_a_character_is_no_fault_of_ours(client, path, body):
    assert 400 <= client.post(path, data=body, content_type="application/json").status_code < 500


@pytest.mark.parametrize(("cell", "status"), [(r"\ud83d", 400), (r"\ud83d\ude00", 200)])
def test_a_table_with_half_a_character_is_no_table(client, cell, status):
    body = f'{{"object": "2026-TRX-014", "rows": [["Candidat"], ["{cell}"]]}}'
    headers = {"Authorization": f"Bearer {SANDBOX_AGENT_KEY}"}
    answer = client.post("/v1/procedures/table.xlsx", data=body, content_type="application/json", headers=headers)

    assert answer.status_code == status
