"""The agents' page in a real Chromium: the key stays in memory, proofs are read at a glance, documents are one click away."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from prefill.app import create_app
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY
from tests.scenarios.test_browser import serving
from tests.support.browser import CHROMIUM, open_page
from tests.support.factories import lines_of

UP_TO_DATE, BEHIND, REVIEWED, DOWN = "00000100800010", "00002200400014", "00002300200017", "00001300300017"
UNKNOWN = "00001600600017"
STRUCK_OFF = "00001900000017"
ASSOCIATION = "00000300400017"

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
    with open_page(browser, locale="en-GB", accept_downloads=True) as page:
        page.goto(f"{service}/dossier")
        yield page


def consult(page: Page, number: str) -> None:
    """Sign in with the sandbox's key and ask for a company, as a person types it."""
    page.get_by_label("Clé d’agent").fill(SANDBOX_AGENT_KEY)
    page.get_by_role("button", name="Employer cette clé").click()
    page.get_by_label("SIRET, SIREN ou numéro RNA").fill(number)
    page.get_by_label("Procédure").fill("2026-TRX-014")
    page.get_by_role("button", name="Consulter le dossier").click()
    expect(page.locator("#overview")).to_be_visible()


def proof(page: Page, source: str):
    return page.locator(f'.proof[data-source="{source}"]')


def test_a_dossier_is_read_at_a_glance(page):
    consult(page, UP_TO_DATE)

    expect(page.get_by_role("heading", name="MENUISERIE DU VAL DORE")).to_be_visible()
    expect(proof(page, "attestations_sociales_acoss").locator(".badge")).to_have_text("✓délivrée")
    expect(proof(page, "exercices")).to_contain_text("2\u202f893\u202f120")
    expect(page.locator("#status")).to_have_text("Tous les registres ont répondu.")


@pytest.mark.parametrize(
    ("complete", "state", "said"),
    [
        ("true", "delivered", "Tous les registres ont répondu."),
        ("true", "not_entitled", "Tous les registres que le jeton de l’acheteur ouvre ont répondu ; fermés : 1."),
        ("false", "not_entitled", "Dossier partiel : un registre au moins n’a pas répondu."),
    ],
)
def test_a_register_that_is_not_open_to_the_buyer_did_not_answer(page, complete, state, said):
    dossier = f"{{complete: {complete}, themes: [{{proofs: [{{state: '{state}'}}]}}]}}"

    told = page.evaluate(f"import('/static/dossier/triage.js').then(triage => triage.whatAnswered({dossier}))")

    assert told.startswith(said)


@pytest.mark.parametrize(
    ("number", "source", "words"),
    [
        (BEHIND, "attestations_sociales_acoss", "✕délivrance refusée par l'Urssaf"),
        (BEHIND, "cotisation_retraite_probtp", "✕non à jour selon ProBTP"),
        (BEHIND, "certificats_qualibat", "✕échu"),
        (REVIEWED, "attestations_sociales_acoss", "!en cours d'analyse"),
        (DOWN, "attestations_sociales_acoss", "!indisponible"),
        (UP_TO_DATE, "certificats_cnetp", "?non délivrée : à demander au candidat"),
        (UP_TO_DATE, "bilans_inpi", "–jamais demandé"),
        (UP_TO_DATE, "extraits_courts_inpi", "–service retiré"),
    ],
)
def test_a_state_is_a_word_and_a_shape(page, number, source, words):
    consult(page, number)

    expect(proof(page, source).locator(".badge")).to_have_text(words)


def test_a_review_says_when_to_come_back(page):
    consult(page, REVIEWED)

    expect(proof(page, "attestations_sociales_acoss")).to_contain_text("Revenir dans 2 jours.")


def test_a_certificate_that_was_not_delivered_is_counted_first_and_never_folded(page):
    consult(page, UP_TO_DATE)

    expect(page.locator("#counts li").first).to_contain_text("non délivrée : à demander au candidat")
    row = proof(page, "certificats_cnetp")
    expect(row).to_be_visible()
    expect(row).to_contain_text("Rien ne distingue les deux.")
    expect(row).to_contain_text("Demander au candidat son certificat de la CNETP")
    expect(page.locator("#dossier")).not_to_contain_text("manquement")
    expect(page.locator("#dossier")).not_to_contain_text("rien à en attendre")


def test_a_register_that_the_activity_makes_unlikely_is_one_click_away(page):
    consult(page, UP_TO_DATE)
    row = proof(page, "cotisations_msa")
    expect(row).to_contain_text("Non interrogé (activité déclarée : 43.32A)")
    row.get_by_role("button", name="Interroger : Cotisations MSA").click()

    expect(row.locator(".badge")).to_have_text("–inconnue ou hors périmètre")
    expect(proof(page, "certifications_qualiopi").locator(".badge")).to_have_text("–non interrogé")
    expect(row).to_be_focused()


def test_entries_of_the_registers_are_quoted_above_the_fold_and_nothing_is_green_above_them(page):
    consult(page, STRUCK_OFF)
    mentions = page.locator("#mentions")

    expect(mentions).to_be_visible()
    expect(mentions).to_contain_text("L2141-3")
    expect(mentions.get_by_role("listitem").first).to_contain_text("CLOTURE POUR INSUFFISANCE D'ACTIF")
    top = page.evaluate(
        "document.querySelector('#mentions').getBoundingClientRect().top - document.querySelector('#dossier').getBoundingClientRect().top"
    )
    assert top < page.evaluate(
        "document.querySelector('#overview').getBoundingClientRect().top - document.querySelector('#dossier').getBoundingClientRect().top"
    )
    colours = page.evaluate(
        "['#status', '.mark svg rect'].map((one) => { const style = getComputedStyle(document.querySelector(one)); return one === '#status' ? style.color : style.fill; })"
    )
    assert colours[0] != colours[1]  # the accent is the green of the page
    expect(page.locator("#dossier")).not_to_contain_text("Dossier complet")


def test_a_certifiers_file_is_an_outside_link_that_names_its_host(page, service):
    consult(page, UP_TO_DATE)
    outside = {
        "n": 1,
        "title": "Certificat RGE",
        "href": "https://certificats.example/a.pdf",
        "host": "certificats.example",
    }
    page.route("**/v1/dossiers/**", lambda route: route.fulfill(
        status=200, content_type="text/event-stream", body=_with_document(service, outside)))  # fmt: skip
    page.get_by_role("button", name="Consulter le dossier").click()

    link = proof(page, "certificats_rge_ademe").get_by_role("link")
    expect(link).to_have_text("Certificat RGE : chez certificats.example, hors de ce service (nouvel onglet)")
    expect(link).to_have_attribute("rel", "noreferrer noopener")
    expect(link).to_have_attribute("href", "https://certificats.example/a.pdf")


def _with_document(service: str, document: dict[str, object]) -> str:
    """The answer of the service with another document for the RGE certificates."""
    headers = {"Authorization": f"Bearer {SANDBOX_AGENT_KEY}"}
    body = requests.get(f"{service}/v1/dossiers/{UP_TO_DATE}?object=x&all=1", headers=headers, timeout=20).json()
    for theme in body["themes"]:
        for row in theme["proofs"]:
            if row["source"] == "certificats_rge_ademe":
                row["documents"] = [document]
    return f"event: done\ndata: {json.dumps(body)}\n\n"


def test_an_invented_company_is_one_click(page):
    page.get_by_role("button", name=re.compile("ROUTES ET TALUS")).click()

    expect(page.get_by_role("heading", name="ROUTES ET TALUS DU MAINE")).to_be_visible()


def test_the_key_is_in_memory_alone(page):
    consult(page, UP_TO_DATE)
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state])"
    )

    assert "pfk_" not in kept
    assert UP_TO_DATE not in page.url
    expect(page.locator("#key")).to_have_value("")
    page.reload()
    expect(page.get_by_label("Clé d’agent")).to_be_visible()


def test_a_forgotten_key_takes_the_dossier_away(page):
    consult(page, UP_TO_DATE)
    page.get_by_role("button", name="Se déconnecter").click()

    expect(page.locator("#dossier")).to_be_hidden()
    page.get_by_role("button", name="Consulter le dossier").click()
    expect(page.get_by_role("alert")).to_contain_text("clé d’agent")


def test_a_false_key_is_told_and_forgotten(page):
    page.get_by_label("Clé d’agent").fill("pfk_fausse_" + "x" * 43)
    page.get_by_role("button", name="Employer cette clé").click()
    page.get_by_label("SIRET, SIREN ou numéro RNA").fill(UP_TO_DATE)
    page.get_by_label("Procédure").fill("X")
    page.get_by_role("button", name="Consulter le dossier").click()

    expect(page.get_by_role("alert")).to_contain_text("Cette clé n’est pas reconnue")
    expect(page.get_by_label("Clé d’agent")).to_be_focused()


def test_a_problem_is_told_in_a_sentence(page):
    page.get_by_role("button", name="Prendre celle du bac à sable").click()
    page.get_by_label("SIRET, SIREN ou numéro RNA").fill(UNKNOWN)
    page.get_by_label("Procédure").fill("X")
    page.get_by_role("button", name="Consulter le dossier").click()

    expect(page.get_by_role("alert")).to_contain_text("ne connaît pas le numéro")


def test_a_document_is_one_click_away(page, trace):
    consult(page, UP_TO_DATE)
    with page.expect_download() as caught:
        proof(page, "attestations_sociales_acoss").get_by_role("button").click()

    assert re.fullmatch(r"attestations_sociales_acoss_000001008_\d{4}-\d\d-\d\d\.pdf", caught.value.suggested_filename)
    assert Path(caught.value.path()).read_bytes().startswith(b"%PDF")
    assert lines_of(trace)[-1]["sources"] == "attestations_sociales_acoss"


def test_every_document_comes_in_one_file(page):
    consult(page, UP_TO_DATE)
    with page.expect_download() as caught:
        page.get_by_role("button", name="Tous les documents (ZIP)").click()

    files = zipfile.ZipFile(caught.value.path()).namelist()
    assert len(files) == 9
    assert not any("rge" in name for name in files)  # those lie on their issuers' hosts
    expect(page.locator("#file-status")).to_contain_text("Reçu : dossier_000001008_")


def test_the_dume_leaves_as_xml_with_what_the_buyer_alone_may_know(page, trace):
    consult(page, UP_TO_DATE)
    with page.expect_download() as caught:
        page.get_by_role("button", name="DUME (XML)").click()

    assert caught.value.suggested_filename == "espd-profile.xml"
    assert "2893120" in Path(caught.value.path()).read_text(encoding="utf-8")
    expect(page.locator("#file-status")).to_contain_text("Reçu : espd-profile.xml")
    expect(page.locator("#espd-left-out")).to_contain_text("pays de résidence à saisir")
    expect(page.locator("#espd-to-confirm")).to_contain_text("Effectif moyen")
    assert lines_of(trace)[-1]["object"] == "2026-TRX-014"
    page.get_by_label("SIRET, SIREN ou numéro RNA").fill(BEHIND)
    page.get_by_role("button", name="Consulter le dossier").click()
    expect(page.locator("#dume")).to_be_hidden()
    expect(page.locator("#dume li")).to_have_count(0)


def test_what_the_dume_waits_for_is_said_and_chosen(page):
    consult(page, ASSOCIATION)
    page.get_by_role("button", name="DUME (XML)").click()
    expect(page.locator("#file-status")).to_contain_text("Taille de l'entreprise : à choisir")
    page.get_by_label("Taille de l’entreprise").select_option("small")
    with page.expect_download() as caught:
        page.get_by_role("button", name="DUME (XML)").click()

    assert ">small<" in Path(caught.value.path()).read_text(encoding="utf-8")


def test_a_dead_link_is_told(page):
    consult(page, REVIEWED)
    proof(page, "attestations_fiscales_dgfip").get_by_role("button").click()

    expect(page.get_by_role("alert")).to_contain_text("ne peut pas être obtenu")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("number", [None, UP_TO_DATE, BEHIND, REVIEWED, STRUCK_OFF])
def test_the_page_breaks_no_rule_of_accessibility(page, scheme, number):
    page.emulate_media(color_scheme=scheme)
    if number:
        consult(page, number)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.get_by_role("button", name="DUME (XML)").click()
        expect(page.locator("#dume")).to_be_visible()

    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found.response["violations"]] == []


def test_the_page_is_no_wider_than_a_small_telephone(page):
    page.set_viewport_size({"width": 320, "height": 640})
    consult(page, UP_TO_DATE)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.get_by_role("button", name="DUME (XML)").click()
    expect(page.locator("#dume")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_what_is_printed_is_the_dossier_and_nothing_else(page):
    consult(page, UP_TO_DATE)
    page.emulate_media(media="print")

    expect(page.get_by_role("heading", name="MENUISERIE DU VAL DORE")).to_be_visible()
    expect(page.locator("#printed")).to_contain_text("Établi le")
    expect(page.locator("#dossier .sandbox-mark")).to_have_text("Bac à sable : tout est inventé.")
    expect(page.locator("#dossier .sandbox-mark")).to_be_visible()
    for hidden in ("#ask", "#signed", ".tools", ".bar"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_without_the_sandbox_no_key_is_shown(trace):
    client = create_app(Settings(log="json", token="t", recipient="13002526500013", audit=str(trace))).test_client()
    text = client.get("/dossier").text

    assert "pfk_" not in text
    assert "inventées" not in text
