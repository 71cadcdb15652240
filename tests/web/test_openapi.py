"""The OpenAPI document describes every route of the application, and no other."""

from __future__ import annotations

import re

import pytest

from prefill.app import create_app
from prefill.settings import Settings

PAGES = {"/", "/docs", "/dossier", "/dossiers", "/static/{filename}"}  # HTML for people


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(log="json"))


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/openapi.json").json


def nameless(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def test_every_route_is_described_and_no_other(app, document):
    routes = {re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()} - PAGES

    described, served = ({nameless(path) for path in paths} for paths in (document["paths"], routes))
    assert served == described


def test_a_prefill_is_described_with_all_that_it_reads(document):
    described = document["paths"]["/v1/prefill/{siret}"]["get"]
    names = {parameter["name"] for parameter in described["parameters"]}

    assert names >= {"siret", "schema", "fields", "with", "tenant", "X-Prefill-Tenant", "X-Request-ID", "Last-Event-ID"}
    assert set(described["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert "X-Request-ID" in described["responses"]["200"]["headers"]


def test_the_operators_routes_say_which_token_they_take(document):
    assert document["paths"]["/metrics"]["get"]["security"] == [{}, {"operatorToken": []}]
    assert "operatorToken" in document["components"]["securitySchemes"]
