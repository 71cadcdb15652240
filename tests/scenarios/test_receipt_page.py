"""A form that came back, verified on the agents' pages in a real Chromium: what each value is, and what proves nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from prefill.app import create_app
from prefill.settings import Settings
from tests.scenarios.test_browser import serving
from tests.support.browser import CHROMIUM, open_page

JOINERY, OTHER = "00000100800010", "00002200400014"
NAME, TRADE_NAME = "/partII/A/economicOperator/name", "/partII/A/economicOperator/tradeName"
PROCEDURE = "2026-TRX-014"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with serving(create_app(Settings(log="json"))) as url:
        yield url


@pytest.fixture(scope="module")
def prefilled(service) -> dict[str, Any]:
    return requests.get(f"{service}/v1/prefill/{JOINERY}?receipt={PROCEDURE}", timeout=20).json()


@pytest.fixture
def page(browser, service) -> Iterator[Page]:
    with open_page(browser, locale="en-GB") as page:
        yield page


def verify(page: Page, service: str, form: object, *, path: str = "/dossier") -> None:
    page.goto(f"{service}{path}")
    page.get_by_role("heading", name="Vérifier un formulaire reçu").click()
    page.fill("#receipt-values", json.dumps(form))
    page.get_by_role("button", name="Vérifier", exact=True).click()


def changed(prefilled: dict[str, Any]) -> dict[str, Any]:
    """The form as the candidate sends it: one value changed, one left out, one of its own."""
    data = json.loads(json.dumps(prefilled["data"]))
    operator = data["partII"]["A"]["economicOperator"]
    operator["name"] = "<img src=x onerror=alert(1)>"
    del operator["tradeName"]
    operator["contact"] = {"telephone": "0100000000"}
    return {"receipt": prefilled["receipt"], "siret": JOINERY, "procedure": PROCEDURE, "data": data}


def row(page: Page, pointer: str):
    return page.locator("#receipt-rows tr").filter(has=page.get_by_text(pointer, exact=True))


@pytest.mark.parametrize("path", ["/dossier", "/dossiers"])
def test_each_value_of_a_form_is_told_for_what_it_is(page, service, prefilled, path):
    verify(page, service, changed(prefilled), path=path)

    expect(page.locator("#receipt-status")).to_have_text("1 valeur n’est plus celle du registre.")
    expect(row(page, NAME).locator(".badge")).to_have_text("✕modifié")
    expect(row(page, NAME)).to_contain_text("Nom ou dénomination sociale")
    expect(row(page, NAME)).to_contain_text("<img src=x onerror=alert(1)>")
    expect(row(page, TRADE_NAME).locator(".badge")).to_have_text("–absent du formulaire")
    expect(row(page, "/partII/A/economicOperator/contact/telephone").locator(".badge")).to_have_text("•saisi")
    expect(row(page, "/partII/A/economicOperator/legalEntity/companyID").locator(".badge")).to_have_text("✓vérifié")
    expect(page.locator("#receipt-rows tr").first).to_have_attribute("data-state", "modified")
    expect(page.locator("#receipt-about")).to_contain_text("Bac à sable")


def test_the_receipt_may_be_apart_and_the_form_in_a_file(page, service, prefilled, tmp_path: Path):
    values = dict.fromkeys(prefilled["provenance"], "x") | {
        NAME: prefilled["data"]["partII"]["A"]["economicOperator"]["name"]
    }
    (tmp_path / "form.json").write_text(json.dumps(values))
    page.goto(f"{service}/dossier")
    page.get_by_role("heading", name="Vérifier un formulaire reçu").click()
    page.set_input_files("#receipt-file", tmp_path / "form.json")
    expect(page.locator("#receipt-values")).to_have_value(json.dumps(values))
    page.fill("#receipt-text", prefilled["receipt"])
    page.fill("#receipt-siret", JOINERY)
    page.get_by_role("button", name="Vérifier", exact=True).click()

    expect(row(page, NAME).locator(".badge")).to_have_text("✓vérifié")
    expect(page.locator("#receipt-about")).to_contain_text("non comparée")
    expect(page.locator("#receipt-counts")).to_contain_text(f"{len(values) - 1} modifié")


def test_what_proves_nothing_is_said_and_shows_no_table(page, service, prefilled):
    page.goto(f"{service}/dossier")
    page.get_by_role("heading", name="Vérifier un formulaire reçu").click()
    whole = changed(prefilled)
    for form, message in (
        ({**whole, "siret": OTHER}, "celui d'une autre entreprise"),
        ({**whole, "procedure": "2026-AUTRE"}, "pour une autre procédure"),
        ({**whole, "receipt": "abc"}, "pas un reçu"),
        ({**whole, "receipt": ""}, "Il n’y a pas de reçu"),
        ({**whole, "siret": "123"}, "14 chiffres"),
        ([1], "attend un objet JSON"),
        ("text", "attend un objet JSON"),
    ):
        page.fill("#receipt-values", json.dumps(form))
        page.get_by_role("button", name="Vérifier", exact=True).click()
        expect(page.locator("#receipt-problem")).to_contain_text(message)
        expect(page.locator("#receipt-result")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_verification_breaks_no_rule_of_accessibility_and_is_no_wider_than_the_page(
    page, service, prefilled, width
):
    page.set_viewport_size({"width": width, "height": 900})
    verify(page, service, changed(prefilled))
    expect(page.locator("#receipt-result")).to_be_visible()

    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
