"""The page of a whole procedure in a real Chromium: the most urgent first, nothing lost over a reload."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from prefill.app import create_app
from prefill.settings import Settings
from tests.scenarios.test_browser import serving
from tests.support.browser import CHROMIUM
from tests.support.factories import lines_of

IN_ORDER, BEHIND, REVIEWED, DOWN = "00000200600021", "00002200400014", "00002300200017", "00001300300017"
MANY = "\n".join(f"{number:014}" for number in range(51))

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def trace(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("trace") / "trace.log"


@pytest.fixture(scope="module")
def service(trace) -> Iterator[str]:
    with serving(create_app(Settings(log="json", audit=str(trace)))) as url:
        yield url


@pytest.fixture
def page(browser, service) -> Iterator[Page]:
    context = browser.new_context(
        locale="en-GB", reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{service}/dossiers")
    yield page
    context.close()
    assert faults == []


def consult(page: Page, *numbers: str, procedure: str = "2026-TRX-014") -> None:
    page.click("#use-sandbox")
    page.fill("#sirets", "\n".join(numbers))
    page.fill("#object", procedure)
    page.click("#go")


def all_answered(page: Page, count: int) -> None:
    expect(page.get_by_role("status")).to_have_text(re.compile(f"^{count} candidats? sur {count}"), timeout=60_000)


def test_the_most_urgent_comes_first_and_what_to_do_is_said(page, trace):
    consult(page, IN_ORDER, REVIEWED, BEHIND)
    all_answered(page, 3)
    rows = page.locator("#rows tr")

    assert [row.get_attribute("data-siret") for row in rows.all()] == [BEHIND, REVIEWED, IN_ORDER]
    expect(rows.nth(0)).to_contain_text("Attestation fiscale : non délivrée : à demander au candidat")
    expect(rows.nth(0)).to_contain_text("Cotisations de retraite : non à jour selon ProBTP")
    expect(rows.nth(1)).to_contain_text("Revenir dans 2 jours.")
    expect(rows.nth(2)).to_contain_text("Tous les registres ont répondu")
    expect(page.locator("body")).not_to_contain_text("Dossier complet")
    assert {line["siret"] for line in lines_of(trace)} >= {IN_ORDER, REVIEWED, BEHIND}


@pytest.mark.parametrize("width", [390, 1280])
def test_no_rule_of_accessibility_is_broken(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    consult(page, BEHIND, DOWN)
    all_answered(page, 2)

    assert Axe().run(page).response["violations"] == []
    assert page.locator("html").evaluate("html => html.scrollWidth <= innerWidth")
    assert page.locator("#results .scroll").evaluate("table => table.scrollWidth <= table.clientWidth")
    expect(page.get_by_role("row").filter(has_text="ROUTES ET TALUS").get_by_role("cell")).to_have_count(
        5 if width > 800 else 3
    )


def test_the_printed_table_has_its_date(page):
    consult(page, IN_ORDER)
    all_answered(page, 1)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")

    expect(page.locator("#printed")).to_have_text(re.compile(r"^Établi le \d\d/\d\d/\d{4}"))
    expect(page.locator("#results .sandbox-mark")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_reload_loses_nothing_and_a_forgotten_key_leaves_nothing(page):
    consult(page, BEHIND, IN_ORDER)
    all_answered(page, 2)
    page.reload()

    expect(page.locator("#rows tr")).to_have_count(2)
    expect(page.locator("#rows tr").nth(0)).to_contain_text("ROUTES ET TALUS DU MAINE")
    page.click("#use-sandbox")
    page.click("#signout")
    expect(page.locator("#rows tr")).to_have_count(0)
    page.reload()
    expect(page.locator("#results")).to_be_hidden()


def test_what_was_waiting_goes_on_after_a_reload_and_the_key(page):
    held = [IN_ORDER]
    page.route(
        "**/v1/dossiers/**",
        lambda route: None if any(number in route.request.url for number in held) else route.continue_(),
    )
    consult(page, BEHIND, IN_ORDER)
    expect(page.locator(f"[data-siret='{BEHIND}']")).to_contain_text("À traiter")
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("Connectez-vous de nouveau, ou présentez votre clé")
    held.clear()
    page.click("#use-sandbox")

    all_answered(page, 2)
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize(
    ("numbers", "words"),
    [("", "Aucun numéro lisible"), ("pas un numéro", "Aucun numéro lisible"), (MANY, "51 candidats : 50 au plus")],
)
def test_a_list_that_cannot_be_used_is_told(page, numbers, words):
    consult(page, numbers)

    expect(page.get_by_role("alert")).to_contain_text(words)


def test_a_file_gives_its_numbers_each_once(page, tmp_path):
    file = tmp_path / "candidats.csv"
    file.write_text(
        f'Nom;SIRET\n"Routes";000 022 004 00014\nAutre;{IN_ORDER}\nEncore;{IN_ORDER}\nRNA;w423 000 001\n', "utf-8"
    )
    page.set_input_files("#file", file)

    expect(page.locator("#sirets")).to_have_value(f"{BEHIND}\n{IN_ORDER}\nW423000001")


def test_the_table_is_a_file_for_a_french_spreadsheet(page):
    consult(page, BEHIND)
    all_answered(page, 1)
    with page.expect_download() as download:
        page.click("#csv")
    text = download.value.path().read_bytes().decode("utf-8")

    assert text.startswith('\ufeff"Candidat";"SIRET"')
    assert '"ROUTES ET TALUS DU MAINE";"n° 00002200400014"' in text


def test_the_table_and_the_documents_of_all_are_one_click_each(page):
    consult(page, BEHIND, IN_ORDER)
    all_answered(page, 2)
    with page.expect_download() as table:
        page.click("#xlsx")
    with zipfile.ZipFile(table.value.path()) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
    with page.expect_download() as documents:
        page.click("#zip")
    with zipfile.ZipFile(documents.value.path()) as archive:
        manifest = json.loads(archive.read("manifeste.json"))

    assert re.fullmatch(r"candidats_[\d-]+\.xlsx", table.value.suggested_filename)
    assert "ROUTES ET TALUS DU MAINE" in texts
    assert {one["siret"] for one in manifest["candidates"]} == {BEHIND, IN_ORDER}
    expect(page.get_by_role("status")).to_contain_text("Reçu : candidats_")


def test_the_rows_and_the_exported_table_are_in_the_order_that_is_chosen(page):
    consult(page, IN_ORDER, REVIEWED, BEHIND)
    all_answered(page, 3)
    orders = {}
    for order in ("urgency", "end", "name", "given"):
        page.select_option("#order", order)
        orders[order] = [row.get_attribute("data-siret") for row in page.locator("#rows tr").all()]
    names = [text.partition("\n")[0] for text in page.locator("#rows th").all_inner_texts()]
    with page.expect_download() as download:
        page.click("#csv")
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()[1:]

    assert orders["given"] == [IN_ORDER, REVIEWED, BEHIND]
    assert orders["urgency"] == [BEHIND, REVIEWED, IN_ORDER]
    by_name = sorted(zip(names, orders["given"], strict=True))
    assert orders["name"] == [siret for _, siret in by_name]
    assert orders["end"] == [IN_ORDER, REVIEWED, BEHIND]  # the first alone has a proof that ends and did not yet
    assert [IN_ORDER in lines[0], REVIEWED in lines[1], BEHIND in lines[2]] == [True, True, True]


def test_the_filter_keeps_those_that_are_left_to_handle(page):
    consult(page, BEHIND, IN_ORDER)
    all_answered(page, 2)
    page.select_option("#filter", "todo")

    expect(page.locator("#rows tr")).to_have_count(1)


def test_the_message_asks_for_what_is_missing_and_judges_nothing(page):
    consult(page, BEHIND)
    all_answered(page, 1)
    page.get_by_role("button", name="Copier le message").click()
    expect(page.get_by_role("status")).to_contain_text("copié")
    message = page.evaluate("() => navigator.clipboard.readText()")

    assert "- Attestation fiscale (DGFIP)" in message
    assert "- Certifications RGE (Ademe), en cours de validité : celui que nous avons est échu" in message
    assert "Cela ne préjuge pas de votre situation" in message


def test_a_link_opens_the_candidate_and_its_number_is_sent_to_nobody(page):
    consult(page, BEHIND)
    all_answered(page, 1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    page.get_by_role("link", name="ROUTES ET TALUS DU MAINE").click()

    expect(page.locator("#siret")).to_have_value(BEHIND)
    expect(page.locator("#object")).to_have_value("2026-TRX-014")
    assert [url.partition("#")[0].endswith("/dossier") for url in asked] == [True]
    page.click("#use-sandbox")
    page.click("#go")
    expect(page.locator("#todo-list").get_by_role("link", name="Attestation fiscale")).to_be_visible()
    expect(page.locator("#articles-list")).to_contain_text("L2141-2 · Déclarations et paiements fiscaux et sociaux")
    expect(page.locator("#message-text")).to_have_value(re.compile("Attestation fiscale"))


def test_a_dead_service_is_told_in_the_row_and_asked_again(page):
    page.route("**/v1/dossiers/**", lambda route: route.abort())
    consult(page, BEHIND)
    expect(page.locator("#rows tr")).to_contain_text("Le service ne répond pas.")
    page.unroute_all(behavior="ignoreErrors")
    page.click("#again")

    expect(page.locator("#rows tr")).to_contain_text("ROUTES ET TALUS DU MAINE")
