"""Several companies of one tender over HTTP."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.settings import Settings

LEAD, MEMBER, BRANCH, DOWN, UNKNOWN = (
    "00000100800010", "00000300400017", "00000200600021", "00001400100010", "00001600600017",
)  # fmt: skip
ORIGIN = "https://marches.exemple.fr"


def company(siret: str, role: str | None = None) -> dict[str, str]:
    return {"siret": siret} | ({"role": role} if role else {})


def ask(client: FlaskClient, *companies: dict[str, str], schema: str = "dc1", **more: object):
    return client.post("/v1/prefill/batch", json={"schema": schema, "companies": companies, **more})


def test_the_dc1_of_a_group_of_three_is_filled_though_one_members_register_is_down(client):
    answer = ask(client, company(LEAD, "group-lead"), company(MEMBER, "group-mem"), company(DOWN, "group-mem"))
    lead, member, down = (row["prefill"] for row in answer.json["companies"])

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["schema"] == {"id": "dc1", "version": "1", "title": "DC1 - Lettre de candidature"}
    assert answer.json["complete"] is False
    assert [row["role"] for row in answer.json["companies"]] == ["group-lead", "group-mem", "group-mem"]
    rennes = {
        "streetName": "14 bis RUE DES TROIS MIRABELLES", "postalZone": "35000", "cityName": "RENNES", "countryCode": "FRA",
    }  # fmt: skip
    assert lead["data"] == {
        "economicOperator": {
            "tradeName": "LES FENETRES DU VAL", "name": "MENUISERIE DU VAL DORE", "siret": LEAD,
            "postalAddress": rennes, "headOfficeAddress": rennes,
        },
        "mandataire": {"name": "MENUISERIE DU VAL DORE", "siret": LEAD},
    }  # fmt: skip
    tours = {"streetName": "5 PLACE DE LA RESSOURCE", "postalZone": "37000", "cityName": "TOURS", "countryCode": "FRA"}
    assert member["data"] == {
        "economicOperator": {
            "name": "LES ATELIERS DU TILLEUL", "siret": MEMBER, "postalAddress": tours, "headOfficeAddress": tours,
        }
    }  # fmt: skip
    assert member["complete"] is True
    assert "/mandataire/name" not in member["missing"]
    assert down["data"] == {}
    assert down["missing"]["/economicOperator/name"]["reason"] == "unavailable"
    assert down["missing"]["/share/services"]["reason"] == "declared"


def test_the_dc4_has_its_holder_and_its_subcontractor_each_in_its_part(client):
    answer = ask(client, company(BRANCH, "sole-tenderer"), company(LEAD, "subcont"), schema="dc4")
    holder, subcontractor = (row["prefill"] for row in answer.json["companies"])

    assert holder["data"]["holder"]["name"] == "TRAVERSE INGENIERIE"
    assert holder["data"]["holder"]["legalForm"] == "SA à conseil d'administration (s.a.i.)"
    assert holder["data"].keys() == {"holder"}
    assert subcontractor["data"].keys() == {"subcontractor"}
    assert subcontractor["data"]["subcontractor"]["registrationNumber"] == "000 001 008 R.C.S. Rennes"
    assert "extraits_rcs_infogreffe" not in holder["sources"]


def test_a_company_that_cannot_be_asked_for_has_its_problem_and_the_others_their_prefill(client):
    answer = ask(client, company("123", "group-lead"), company(UNKNOWN, "group-mem"), company(MEMBER, "group-mem"))
    rows = answer.json["companies"]

    assert [row.get("problem", {}).get("code") for row in rows] == ["siret_malformed", "company_unknown", None]
    assert rows[2]["prefill"]["data"]["economicOperator"]["siret"] == MEMBER
    assert answer.json["complete"] is False


def test_a_single_company_needs_no_role(client):
    assert ask(client, company(LEAD)).json["companies"][0]["role"] == "sole-tenderer"


def test_the_fields_may_be_narrowed_for_all(client):
    answer = ask(client, company(LEAD, "group-lead"), company(MEMBER, "group-mem"), fields=["/mandataire", "siret"])
    lead, member = (row["prefill"]["data"] for row in answer.json["companies"])

    assert lead == {
        "economicOperator": {"siret": LEAD},
        "mandataire": {"name": "MENUISERIE DU VAL DORE", "siret": LEAD},
    }
    assert member == {"economicOperator": {"siret": MEMBER}}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (None, "companies"),
        ([], "companies"),
        ({}, "companies"),
        ({"companies": []}, "companies"),
        ({"companies": [{}]}, "companies[0].siret"),
        ({"companies": ["1"]}, "companies[0]"),
        ({"companies": [company(LEAD)] * 21}, "20 entreprises"),
        ({"companies": [company(LEAD, "boss")]}, "companies[0].role"),
        ({"companies": [company(LEAD, "group-lead"), company(MEMBER)]}, "companies[1].role"),
        ({"companies": [company(LEAD, "group-lead"), company(MEMBER, "group-lead")]}, "un seul mandataire"),
        ({"companies": [company(LEAD, "sole-tenderer"), company(MEMBER, "group-mem")]}, "un seul mandataire"),
        ({"companies": [company(LEAD, "group-lead"), company("000 001 008 00010", "group-mem")]}, "deux fois"),
        ({"companies": [company(LEAD)], "fields": "siret"}, "fields"),
    ],
)
def test_a_body_that_cannot_be_used_is_told_by_its_place(client, body, told):
    answer = client.post("/v1/prefill/batch", json=body)

    assert (answer.status_code, answer.json["code"]) == (400, "parameter_invalid")
    assert told in answer.json["detail"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"schema": "dc3"}, "schema_unknown"),
        ({"fields": ["nom"]}, "field_unknown"),
        ({"with": ["x"]}, "source_unknown"),
    ],
)
def test_what_the_form_does_not_have_is_told(client, more, code):
    assert client.post("/v1/prefill/batch", json={"companies": [company(LEAD)], **more}).json["code"] == code


def test_a_body_larger_than_the_limit_is_refused(client):
    answer = client.post("/v1/prefill/batch", data=b" " * 300_000, content_type="application/json")

    assert answer.status_code in (400, 413)


def test_each_company_counts_for_the_rate_limit():
    client = create_app(Settings(rate_limit=5)).test_client()
    three = [company(LEAD, "group-lead"), company(MEMBER, "group-mem"), company(BRANCH, "group-mem")]

    assert ask(client, *three).status_code == 200
    refused = ask(
        client, company("00001000900017", "group-lead"), company(DOWN, "subcont"), company("00002400000010", "subcont")
    )
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1


def test_a_page_of_an_allowed_origin_may_post_and_no_other():
    client = create_app(Settings(allowed_origins=(ORIGIN,))).test_client()
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    preflight = client.options("/v1/prefill/batch", headers=headers).headers
    body = {"schema": "dc1", "companies": [company(LEAD)]}

    assert "POST" in preflight["Access-Control-Allow-Methods"]
    assert "Content-Type" in preflight["Access-Control-Allow-Headers"]
    assert client.post("/v1/prefill/batch", json=body, headers={"Origin": ORIGIN}).status_code == 200
    refused = client.post("/v1/prefill/batch", json=body, headers={"Origin": "https://autre.exemple"})
    assert (refused.status_code, refused.json["code"]) == (403, "cross_site_request")


def test_a_candidates_batch_opens_no_form_for_agents(client):
    assert ask(client, company(LEAD), schema="dossier").json["code"] == "schema_unknown"
