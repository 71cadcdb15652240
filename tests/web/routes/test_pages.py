"""The script as it is served: addresses, caching, integrity, and what its manual says of it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import pytest

from prefill.app import create_app
from prefill.settings import Settings
from prefill.web.widget_releases import examples, releases

DOCS = Path(__file__).resolve().parents[3] / "docs"
MANUAL = DOCS / "integrate.md"
SOURCE = Path(__file__).resolve().parents[3] / "prefill" / "web" / "static" / "prefill.js"


@pytest.fixture(scope="module")
def client():
    return create_app(Settings(log="json", allowed_origins=("https://marches.exemple.fr",))).test_client()


@pytest.fixture
def facts(client):
    return client.get("/v1/prefill.js.json").json


def test_the_served_script_is_its_source(client, facts):
    for path in ("/v1/prefill.js", facts["path"]):
        assert client.get(path).data == SOURCE.read_bytes()


def test_the_integrity_is_that_of_the_script(facts):
    digest = base64.b64encode(hashlib.sha384(SOURCE.read_bytes()).digest()).decode()

    assert facts["integrity"] == f"sha384-{digest}"
    assert facts["path"] in (
        f"/v1/prefill@{facts['version']}.js",
        f"/v1/prefill-{hashlib.sha384(SOURCE.read_bytes()).hexdigest()[:12]}.js",
    )


@pytest.mark.parametrize(
    "path", [MANUAL, *sorted((SOURCE.parent / "examples").glob("*.html"))], ids=lambda path: path.name
)
def test_the_manual_and_its_examples_name_this_release(facts, path):
    text = path.read_text(encoding="utf-8")
    if "/v1/prefill.mjs" in text and path != MANUAL:
        return  # it follows the service

    assert facts["path"] in text
    assert set(re.findall(r"sha384-[\w+/=]+", text)) == {facts["integrity"]}


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_the_pages_link_to_forms_to_copy_that_name_this_service(client, page):
    linked = re.findall(r'href="(/docs/examples/[^"]+)"', client.get(page).text)

    assert {link.rpartition("/")[2] for link in linked} == set(examples())
    for link in linked:
        answer = client.get(link)
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        assert "http://localhost/v1/" in answer.text
        assert "prefill.exemple.fr" not in answer.text
    assert client.get("/docs/examples/releases.json").status_code == 404


def test_a_versioned_address_is_kept_for_ever_and_the_other_a_moment(client, facts):
    assert "immutable" in client.get(facts["path"]).headers["Cache-Control"]
    assert "max-age=300" in client.get("/v1/prefill.js").headers["Cache-Control"]


def test_an_unknown_version_is_not_another_one(client):
    answer = client.get("/v1/prefill-000000000000.js")

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_every_release_kept_is_served_at_its_address(client):
    for name, file in releases().items():
        assert client.get(f"/v1/{name}").data == file.body


@pytest.mark.parametrize("path", ["/v1/prefill.js", "/v1/prefill.css"])
def test_any_page_may_load_the_script_and_its_style(client, path):
    for headers in ({}, {"Origin": "https://ailleurs.exemple.fr"}):
        assert client.get(path, headers=headers).headers["Access-Control-Allow-Origin"] == "*"


def test_a_client_that_can_unpack_gets_it_packed(client, facts):
    answer = client.get(facts["path"], headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert gzip.decompress(answer.data) == SOURCE.read_bytes()
    assert len(answer.data) == facts["gzipBytes"]


def test_an_unchanged_script_costs_a_304(client):
    first = client.get("/v1/prefill.js", headers={"Accept-Encoding": "gzip"})
    second = client.get("/v1/prefill.js", headers={"If-None-Match": first.headers["ETag"]})

    assert second.status_code == 304


def test_the_manual_names_every_attribute_event_and_function():
    text, code = MANUAL.read_text(encoding="utf-8"), SOURCE.read_text(encoding="utf-8")
    attributes = set(re.findall(r"data-prefill-[a-z]+", code)) | {
        "data-prefill-with",
        "data-prefill-fields",
        "data-prefill-url",
        "data-prefill-tenant",
    }

    for name in sorted(attributes | {f"prefill:{event}" for event in ("start", "field", "done", "error", "undo")}):
        assert f"`{name}`" in text, name
    for name in ("Prefill.attach", "Prefill.fetch", "Prefill.scan"):
        assert name in text


def test_the_script_keeps_nothing_and_writes_no_markup():
    code = SOURCE.read_text(encoding="utf-8")

    for forbidden in ("cookie", "Storage", "innerHTML", "eval(", ".style", "document.write"):
        assert forbidden not in code.replace("no cookie", "")


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_page_is_served_with_its_policy(sandbox):
    real = {"token": "secret-token", "recipient": "13002526500013", "url": "http://127.0.0.1:9"}
    client = create_app(Settings(log="json", **({} if sandbox else real))).test_client()
    page = client.get("/")

    assert page.mimetype == "text/html"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script>", page.text)
    assert not re.search(r'<[^>]*(src|href)="https?:', page.text)
    assert ("MENUISERIE DU VAL DORE" in page.text) is sandbox
    assert 'href="/docs"' in page.text
