"""Prefill requests that no page of a tenant sends are refused before any call."""

from __future__ import annotations

import pytest

from prefill.app import create_app
from prefill.settings import Settings
from tests.telemetry.test_metrics import BEARER, METRICS_TOKEN, parse

PATH = "/v1/prefill/00000100800010"
ALLOWED = "https://marches.exemple.fr"


@pytest.fixture(scope="module")
def client():
    settings = Settings(
        log="json", token="eyJ.x.y", recipient="21750001600019", url="http://127.0.0.1:9", allowed_origins=(ALLOWED,),
        metrics_token=METRICS_TOKEN,
    )  # fmt: skip
    return create_app(settings).test_client()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://ailleurs.exemple.fr"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"},
        {"Origin": "https://ailleurs.exemple.fr", "Accept": "text/event-stream"},
    ],
)
def test_what_a_foreign_page_sends_is_refused_and_makes_no_call(client, headers):
    before = parse(client.get("/metrics", headers=BEARER).text)
    answer = client.get(PATH, headers=headers)
    after = parse(client.get("/metrics", headers=BEARER).text)

    assert answer.status_code == 403
    assert answer.json["code"] == "cross_site_request"
    assert after.of("prefill_upstream_calls_total") == before.of("prefill_upstream_calls_total")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": ALLOWED, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Origin": "http://localhost", "Sec-Fetch-Mode": "same-origin"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
def test_pages_that_are_allowed_and_programs_are_answered(client, headers):
    assert client.get(PATH, headers=headers).status_code == 200


def test_the_state_of_the_service_is_for_anybody_and_its_details_for_the_operator(client):
    anybody, wrong, operator = (
        client.get("/readyz", headers=headers) for headers in ({}, {"Authorization": "Bearer wrong"}, BEARER)
    )

    assert set(anybody.json) == set(wrong.json) == {"ready", "sandbox"}
    assert operator.json["checks"]


def test_whoever_asks_for_the_state_of_the_service_makes_no_audit_trail_be_tried(tmp_path):
    """A line tried in a database that stalls takes seconds of a thread: enough questions took them all."""
    trace = tmp_path / "trace.log"
    client = create_app(Settings(log="json", audit=str(trace), metrics_token=METRICS_TOKEN)).test_client()
    assert client.get("/readyz").status_code == 200
    assert not trace.exists()

    assert "audit" in [check["name"] for check in client.get("/readyz", headers=BEARER).json["checks"]]
    assert trace.exists()
