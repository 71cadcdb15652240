"""The OpenAPI document describes every route of the application, and no other, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prefill.app import create_app
from prefill.settings import Settings
from prefill.web.openapi.document import openapi_path

PAGES = {
    "/docs/examples/{name}", "/", "/docs", "/dossier", "/dossiers", "/signin", "/signin/callback", "/signin/backchannel", "/signout",
    "/static/{filename}",
    "/studio", "/studio/{name}", "/studio/{name}/code/{kit}", "/studio/{name}/effort", "/studio/{name}/check", "/studio/{name}/trial",
}  # for people  # fmt: skip


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(log="json"))


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/openapi.json").json


@pytest.fixture(scope="module")
def french(app):
    return app.test_client().get("/openapi.json", headers={"Accept-Language": "fr"}).json


def sentences(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Each description and summary, with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("description", "summary") and isinstance(value, str):
                yield f"{place}/{key}", value
            elif key != "example":
                yield from sentences(value, f"{place}/{key}")
    elif isinstance(node, list):
        for rank, value in enumerate(node):
            yield from sentences(value, f"{place}/{rank}")


def test_every_route_is_described_and_no_other(app, document):
    routes = {openapi_path(rule.rule) for rule in app.url_map.iter_rules()} - PAGES

    assert set(document["paths"]) == routes


def test_every_method_of_a_route_is_described(app, document):
    served = {
        (openapi_path(rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if openapi_path(rule.rule) not in PAGES
    }

    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert described == {(path, method) for path, method in served if path != "/metrics"} | {("/metrics", "get")}


def test_each_description_is_written_in_both_languages(document, french):
    english, translated = dict(sentences(document)), dict(sentences(french))

    assert english.keys() == translated.keys()
    assert {place: words for place, words in english.items() if words == translated[place]} == {}


def test_a_prefill_is_described_with_all_that_it_reads(document):
    described = document["paths"]["/v1/prefill/{number}"]["get"]
    names = {parameter["name"] for parameter in described["parameters"]}

    assert names >= {
        "number",
        "schema",
        "fields",
        "with",
        "tenant",
        "X-Prefill-Tenant",
        "X-Request-ID",
        "Last-Event-ID",
    }
    assert set(described["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert "X-Request-ID" in described["responses"]["200"]["headers"]


def test_the_operators_routes_say_which_token_they_take(document):
    assert document["paths"]["/metrics"]["get"]["security"] == [{}, {"operatorToken": []}]
    assert "operatorToken" in document["components"]["securitySchemes"]


def test_what_depends_on_the_forms_is_read_from_them(app, document):
    [schema] = [
        parameter
        for parameter in document["paths"]["/v1/prefill/{number}"]["get"]["parameters"]
        if parameter["name"] == "schema"
    ]

    assert schema["schema"]["enum"] == sorted(
        form["id"] for form in app.test_client().get("/v1/schemas").json["schemas"]
    )


def test_the_documentation_page_shows_every_operation_in_french(app, french):
    page = app.test_client().get("/docs").get_data(as_text=True)

    for path, item in french["paths"].items():
        for operation in item.values():
            assert f'id="operation-{operation["operationId"]}"' in page, path
