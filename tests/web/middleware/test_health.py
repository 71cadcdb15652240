"""`/healthz` is answered before the application, as the application answers it."""

from __future__ import annotations

import pytest

from prefill.app import build_context
from prefill.assembly import read_forms
from prefill.settings import Settings
from prefill.web.app import create_web

COMMON = (
    "Content-Type",
    "Content-Length",
    "X-Prefill-Sandbox",
    "X-Content-Type-Options",
    "Content-Security-Policy",
    "Referrer-Policy",
    "Vary",
)


@pytest.fixture
def client():
    settings = Settings(log="json")
    return create_web(build_context(settings, read_forms(settings))).test_client()


def test_it_is_answered_as_the_application_answers(client):
    first, again = (client.get("/healthz") for _ in range(2))
    of_application = client.get("/healthz", headers={"Origin": "https://a.example"})

    assert first.json == again.json == of_application.json
    assert [first.headers[name] for name in COMMON] == [of_application.headers[name] for name in COMMON]
    assert [first.headers[name] for name in COMMON] == [again.headers[name] for name in COMMON]


def test_each_answer_has_its_own_id_or_the_one_it_was_given(client):
    ids = [client.get("/healthz").headers["X-Request-ID"] for _ in range(3)]
    given = client.get("/healthz", headers={"X-Request-ID": "abc-123"})

    assert len(set(ids)) == 3
    assert given.headers.getlist("X-Request-ID") == ["abc-123"]


def test_what_the_first_client_sends_is_not_kept_for_others(client):
    client.get("/healthz", headers={"X-Request-ID": "mine", "Accept-Encoding": "br", "X-Forwarded-For": "192.0.2.1"})

    assert "mine" not in str(client.get("/healthz").headers)
    assert "Content-Encoding" not in client.get("/healthz").headers


def test_the_application_does_not_see_what_is_answered_before_it(client):
    client.get("/healthz")
    client.application.view_functions["operations.healthz"] = lambda: "another answer"

    assert client.get("/healthz").json["status"] == "alive"
    assert client.head("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405
