"""Signing in on the agents' pages in a real Chromium, against an identity provider on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from prefill.app import create_app
from prefill.settings import Settings
from tests.scenarios.test_browser import serving
from tests.support.browser import CHROMIUM, open_page
from tests.support.factories import lines_of, secret, write_keys, write_tenants
from tests.support.identity_provider import CLIENT_SECRET, IdentityProvider, sign_in_table
from tests.support.sandbox import run_sandbox

IN_ORDER, BEHIND = "00000200600021", "00002200400014"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("signin")


@pytest.fixture(scope="module")
def service(identity_provider: IdentityProvider, folder: Path) -> Iterator[str]:
    file = write_tenants(folder, str(write_keys(folder)))
    (folder / "client.secret").write_text(CLIENT_SECRET)
    file.write_text(file.read_text() + sign_in_table("lyon", identity_provider.url))
    with run_sandbox("--budget-scale", "1000") as sandbox:
        settings = Settings(
            url=sandbox.url, tenants=str(file), log="json", audit=str(folder / "trace.log"), rate_limit=0, search_rate=0
        )
        application = create_app(settings)
        with serving(application) as url:
            yield url
        application.extensions["prefill"].close()


@pytest.fixture
def page(browser, service, provider) -> Iterator[Page]:
    with open_page(browser, locale="en-GB") as page:
        yield page


def sign_in(page: Page) -> None:
    page.get_by_role("link", name="Se connecter avec ProConnect").click()
    expect(page.locator("#signed-as")).to_have_text("Odile Martin · Lyon")


def test_a_link_to_a_candidate_works_after_sign_in_and_its_number_goes_nowhere_else(page, service, provider, folder):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{service}/dossier?siret={BEHIND}&object=2026-TRX-014")
    expect(page.locator("#siret")).to_have_value(BEHIND)
    assert page.url == f"{service}/dossier"
    asked.clear()
    sign_in(page)
    expect(page.locator("#siret")).to_have_value(BEHIND)
    expect(page.locator("#object")).to_have_value("2026-TRX-014")
    assert not [url for url in asked if BEHIND in url]
    page.click("#go")

    expect(page.locator("#todo-list").get_by_role("link", name="Attestation fiscale")).to_be_visible()
    assert {line["agent"] for line in lines_of(folder / "trace.log")} == {"oidc:odile"}
    page.click("#signout")
    expect(page.get_by_role("link", name="Se connecter avec ProConnect")).to_be_visible()
    expect(page.locator("#dossier")).to_be_hidden()
    expect(page.locator("#siret")).to_have_value("")
    assert "/session/end" in provider.asked


def test_a_session_that_ends_loses_no_candidate(page, service):
    page.goto(f"{service}/dossiers")
    sign_in(page)
    page.fill("#sirets", BEHIND)
    page.fill("#object", "2026-TRX-014")
    page.click("#go")
    expect(page.get_by_role("status")).to_have_text(re.compile("^1 candidat sur 1"))
    page.context.clear_cookies()
    page.fill("#sirets", f"{BEHIND}\n{IN_ORDER}")
    page.click("#go")
    expect(page.get_by_role("link", name="Se connecter avec ProConnect")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_text(re.compile("^Votre session est terminée"))
    sign_in(page)

    expect(page.get_by_role("status")).to_have_text(re.compile("^2 candidats sur 2"))
    expect(page.locator(f"[data-siret='{BEHIND}']")).to_contain_text("ROUTES ET TALUS DU MAINE")


def test_an_agent_of_no_buyer_is_told_so(page, service, provider):
    provider.siret = "13002526500013"
    page.goto(f"{service}/dossier")
    page.get_by_role("link", name="Se connecter avec ProConnect").click()

    expect(page.get_by_role("alert")).to_contain_text("votre établissement ou votre adresse n’a pas accès")
    assert page.url == f"{service}/dossier"


@pytest.mark.parametrize("path", ["/dossier", "/dossiers"])
def test_a_wrong_key_is_refused_at_once_and_breaks_no_rule_of_accessibility(page, service, path):
    page.goto(f"{service}{path}")
    expect(page.get_by_role("link", name="Se connecter avec ProConnect")).to_be_visible()
    page.fill("#key", secret("nobody"))
    page.click("#signin button[type=submit]")

    expect(page.get_by_role("alert")).to_contain_text("Cette clé n’est pas reconnue")
    expect(page.locator("#signed")).to_be_hidden()
    assert Axe().run(page).response["violations"] == []
    page.fill("#key", secret("right"))
    page.click("#signin button[type=submit]")
    expect(page.locator("#signed-as")).to_have_text("clé reconnue · Lyon")
    expect(page.get_by_role("alert")).to_be_hidden()
