"""The notice in a real Chromium: shown before the first call, and consent awaited where the operator wants it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from prefill.app import create_app
from prefill.settings import Settings
from tests.scenarios.test_browser import serving
from tests.support.browser import CHROMIUM

ORDINARY = "00000100800010"
REAL = "55204944776279"  # a company that exists: no invented one has its number

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


@pytest.fixture
def page(browser) -> Iterator[Page]:
    context = browser.new_context(locale="fr-FR", reduced_motion="reduce")
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.calls = []
    page.on("request", lambda request: page.calls.append(re.sub(r".*/v1/", "", request.url).partition("?")[0]))
    yield page
    context.close()


def test_the_notice_is_shown_and_asked_for_before_the_first_call(page):
    with serving(create_app(Settings(log="json", controller="Ville de Lyon"))) as service:
        page.goto(service)
        page.fill("#siret", ORDINARY)

        notice = page.get_by_role("note").filter(has_text="Vos données et ce préremplissage")
        expect(notice).to_contain_text("pour le compte de Ville de Lyon, responsable du traitement")
        expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
        assert page.calls.index("notice") < page.calls.index(f"prefill/{ORDINARY}")


def test_no_register_is_queried_before_consent_where_it_is_wanted(page):
    with serving(create_app(Settings(log="json", consent=True))) as service:
        page.goto(service)
        page.fill("#siret", ORDINARY)
        expect(page.locator("#form")).to_have_attribute("data-prefill-state", "blocked")
        assert f"prefill/{ORDINARY}" not in page.calls

        page.get_by_role("button", name="J’accepte").click()
        expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")


def test_the_sandbox_says_of_a_real_company_that_it_is_not_an_invented_one(page):
    with serving(create_app(Settings(log="json"))) as service:
        page.goto(service)
        page.fill("#siret", REAL)

        expect(page.locator("#form")).to_have_attribute("data-prefill-state", "error")
        said = page.locator("#form [role=status]")
        expect(said).to_contain_text("Bac à sable : ce numéro")
        expect(said).to_contain_text("n'est pas une des entreprises inventées")
        expect(page.locator("#name")).to_have_value("")
        assert '"code": "company_not_invented"' in page.locator("#json").text_content()
