"""The notice over HTTP: the shape that the script reads, languages, tenants, entity tags."""

from __future__ import annotations

import pytest

from prefill.app import create_app
from prefill.settings import Settings

PAGE = "https://marches.lyon.example"
TENANTS = """
[tenants.lyon]
name = "Ville de Lyon"
recipient = "21690123100011"
token_env = "LYON_TOKEN"
origins = ["https://marches.lyon.example"]

[tenants.lyon.notice]
contact = "marches@lyon.example"
consent = true

[tenants.nice]
name = "Ville de Nice"
recipient = "21060088800015"
token_env = "NICE_TOKEN"
"""


@pytest.fixture(scope="module")
def sandbox():
    return create_app(Settings(log="json")).test_client()


@pytest.fixture
def several(tmp_path, monkeypatch):
    file = tmp_path / "tenants.toml"
    file.write_text(TENANTS, encoding="utf-8")
    monkeypatch.setenv("LYON_TOKEN", "jeton-de-lyon")
    monkeypatch.setenv("NICE_TOKEN", "jeton-de-nice")
    settings = Settings(log="json", tenants=str(file), metrics_token="operator")
    return create_app(settings).test_client()


def test_it_has_the_members_that_the_script_reads(sandbox):
    answer = sandbox.get("/v1/notice?schema=dume").json

    assert all(isinstance(paragraph, str) for paragraph in answer["text"])
    assert (type(answer["version"]), type(answer["title"]), answer["consent"]) == (str, str, False)


def test_it_is_french_unless_english_is_asked_for(sandbox):
    assert sandbox.get("/v1/notice").json["title"] == "Vos données et ce préremplissage"
    assert sandbox.get("/v1/notice", headers={"Accept-Language": "en"}).json["title"] == "Your data and this prefill"


def test_its_entity_tag_saves_the_body(sandbox):
    first = sandbox.get("/v1/notice")
    again = sandbox.get("/v1/notice", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")


def test_a_form_that_does_not_exist_for_candidates_has_none(sandbox):
    assert sandbox.get("/v1/notice?schema=dossier").json["code"] == "schema_unknown"


def test_each_buyer_has_its_own(several):
    lyon = several.get("/v1/notice?tenant=lyon").json
    nice = several.get("/v1/notice", headers={"X-Prefill-Tenant": "nice"}).json

    assert lyon["controller"] == {
        "name": "Ville de Lyon",
        "recipient": "21690123100011",
        "contact": "marches@lyon.example",
    }
    assert nice["controller"] == {"name": "Ville de Nice", "recipient": "21060088800015"}
    assert (lyon["consent"], nice["consent"]) == (True, False)
    assert lyon["version"] != nice["version"]


def test_a_page_of_a_buyer_gets_its_buyers_and_may_read_it(several):
    answer = several.get("/v1/notice", headers={"Origin": PAGE})

    assert answer.json["controller"]["name"] == "Ville de Lyon"
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


def test_without_a_buyer_there_is_none(several):
    assert several.get("/v1/notice").json["code"] == "tenant_unknown"


def test_the_operator_is_told_what_is_not_filled_in_and_the_service_is_ready_all_the_same(several):
    answer = several.get("/readyz", headers={"Authorization": "Bearer operator"})
    told = [check["message"] for check in answer.json["checks"] if check["name"] == "notice"]

    assert answer.status_code == 200
    assert "renseignez dpo, privacy_url, retention_months dans [tenants.lyon.notice]" in told[0]
    assert "renseignez contact, dpo, privacy_url, retention_months dans [tenants.nice.notice]" in told[1]
