"""The studio in a real Chromium: forms as pages, the national forms with their companies, the checker as one types."""

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

LEAD, MEMBER, DOWN = "00000100800010", "00000300400017", "00001400100010"
LOCAL_LAW = "00000400200010"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("forms")
    (folder / "fiche.yaml").write_text(
        'title: Fiche\nversion: "1"\naudience: candidate\nfields:\n'
        "  /nom:\n    label: Nom\n    alias: name\n"
        "    from: {etablissements: unite_legale.personne_morale_attributs.raison_sociale}\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def service(folder) -> Iterator[str]:
    with serving(create_app(Settings(log="json", rate_limit=0, schemas=(str(folder),)))) as url:
        yield url


@pytest.fixture
def page(browser, service) -> Iterator[Page]:
    with open_page(browser, base_url=service, permissions=["clipboard-read", "clipboard-write"]) as page:
        yield page


def company(page: Page, rank: int) -> Page:
    return page.locator("#companies > form").nth(rank)


def state(page: Page, rank: int, name: str) -> None:
    expect(company(page, rank)).to_have_attribute("data-prefill-state", name, timeout=30_000)


def value_of(page: Page, rank: int, label: str) -> str:
    return company(page, rank).get_by_label(label, exact=True).input_value()


def origin(page: Page, label: str) -> str:
    return page.locator("#sources tbody tr").filter(has_text=re.compile(f"^{re.escape(label)}")).inner_text()


def test_the_dc1_of_a_group_of_three_with_one_register_down(page):
    page.goto("/studio/dc1")
    page.get_by_role("link", name="Un groupement de trois, dont un registre en panne").click()
    state(page, 0, "done")
    state(page, 1, "done")
    state(page, 2, "error")

    assert value_of(page, 0, "Nom ou dénomination sociale du mandataire") == "MENUISERIE DU VAL DORE"
    assert value_of(page, 1, "Nom ou dénomination sociale") == "LES ATELIERS DU TILLEUL"
    assert value_of(page, 2, "Nom ou dénomination sociale") == ""
    expect(company(page, 1).get_by_label("Objet du marché public ou de l'accord-cadre")).to_have_count(0)
    page.click("#tab-sources")
    page.select_option("#shown", index=2)
    assert "En panne" in origin(page, "Nom ou dénomination sociale")
    assert "À déclarer" in origin(page, "Prestations exécutées par ce membre")
    with page.expect_download() as download:
        page.get_by_role("button", name="OpenDocument").click()
    assert download.value.suggested_filename == "dc1.odt"


def test_the_dc2_of_an_association_under_the_law_of_alsace_moselle(page):
    page.goto("/studio/dc2")
    page.get_by_role("link", name="Une association de droit local d'Alsace-Moselle").click()
    state(page, 0, "done")

    assert page.url.endswith(f":{LOCAL_LAW}")
    page.click("#tab-sources")
    assert "volume 87 folio 212" in page.locator("#sources").inner_text()
    assert "Sans objet" in origin(page, "Numéro d'immatriculation au registre du commerce et des sociétés")
    page.click("#tab-json")
    expect(page.locator("#json")).to_contain_text("Tribunal d'instance de Colmar")
    expect(page.locator("#asked")).to_have_text(f"GET /v1/prefill/{LOCAL_LAW}?schema=dc2")


def test_the_dc2_of_an_association_without_siren(page):
    page.goto("/studio/dc2#sole-tenderer:W000000350")
    state(page, 0, "done")

    page.click("#tab-json")
    expect(page.locator("#json")).to_contain_text("LES VEILLEURS DE LA MARE")
    expect(page.locator("#asked")).to_have_text("GET /v1/prefill/W000000350?schema=dc2")


def test_the_dc4_of_two_companies_each_with_its_own_number(page):
    page.goto("/studio/dc4")
    page.get_by_role("link", name="Un titulaire et son sous-traitant").click()
    state(page, 0, "done")
    state(page, 1, "done")

    assert value_of(page, 0, "Nom ou dénomination sociale") == "TRAVERSE INGENIERIE"
    assert value_of(page, 1, "Nom ou dénomination sociale") == "MENUISERIE DU VAL DORE"
    expect(company(page, 1).locator(".people")).to_contain_text("TOUFFREVAL")
    page.select_option("#shown", index=1) if page.locator("#shown").is_visible() else None
    page.click("#tab-code")
    page.select_option("#kit", "dsfr")
    expect(page.locator("#code")).to_contain_text('data-prefill="dc4" data-prefill-role="s')
    expect(page.locator("#code")).to_contain_text('class="fr-input"')
    page.click("#copy-code")
    expect(page.locator("#status")).to_have_text("Copié.")
    assert 'class="fr-input"' in page.evaluate("() => navigator.clipboard.readText()")


def test_a_company_is_chosen_added_changes_its_role_and_leaves(page):
    page.goto("/studio/dc1")
    company(page, 0).get_by_label("ou une entreprise du bac à sable").select_option(LEAD)
    state(page, 0, "done")
    company(page, 0).get_by_label("Rôle").select_option("group-lead")
    state(page, 0, "done")
    assert value_of(page, 0, "SIRET du mandataire") == LEAD
    page.click("#add")
    expect(company(page, 1).get_by_label("Rôle")).to_have_value("group-mem")
    company(page, 1).get_by_role("button", name="Retirer cette entreprise").click()

    expect(page.locator("#companies > form")).to_have_count(1)
    expect(page.locator("#add")).to_be_focused()


def test_the_checker_answers_as_one_types_and_shows_the_line(page):
    page.goto("/studio/fiche")
    text = page.input_value("#text")
    page.fill("#text", text.replace("label:", "lable:"))
    expect(page.locator("#verdict")).to_have_text("2 messages :")
    page.locator("#messages").get_by_role("button", name="ligne 6").first.click()

    assert page.evaluate("() => document.getSelection().toString() || text.value.slice(text.selectionStart, text.selectionEnd)") == "    lable: Nom"  # fmt: skip
    page.fill("#text", text)
    expect(page.locator("#verdict")).to_have_text("Aucune erreur : 1 champs.")
    expect(page.locator("#messages li")).to_have_count(0)


def test_the_text_is_filled_as_it_stands_and_says_when_it_has_changed(page):
    page.goto("/studio/fiche")
    text = page.input_value("#text")
    page.fill("#text", text.replace("/nom:", "/commune:").replace("Nom", "Commune").replace("unite_legale.personne_morale_attributs.raison_sociale", "adresse.libelle_commune"))  # fmt: skip
    page.get_by_label("Le remplir pour").select_option(LEAD)
    page.get_by_role("button", name="Remplir ce texte").click()
    row = page.locator("#draft-rows tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Commune")
    expect(row).to_contain_text("Insee RENNES")
    expect(page.locator("#draft-status")).to_have_text("1 champ sur 1 par les registres, 1 appel.")
    page.fill("#text", text + "\n")

    expect(page.locator("#draft-status")).to_contain_text("a changé depuis")
    page.fill("#text", "title: T")
    page.get_by_role("button", name="Remplir ce texte").click()
    expect(page.locator("#draft-status")).to_contain_text("corrigez-les")
    expect(page.locator("#draft")).to_be_hidden()
    assert "/nom:" in page.request.get("/studio/fiche").text()


def test_the_dume_leaves_as_xml_and_what_remains_is_said(page):
    page.goto(f"/studio/dume#sole-tenderer:{MEMBER}")
    state(page, 0, "done")
    page.click("#espd")
    expect(page.locator("#espd-size-field")).to_be_visible()
    page.select_option("#espd-size", "small")
    with page.expect_download() as download:
        page.click("#espd")

    assert download.value.suggested_filename == "dume.xml"
    expect(page.locator("#espd-to-confirm")).to_contain_text("candidat individuel")


def test_the_effort_is_told_for_the_role_that_is_shown(page):
    page.goto("/studio/dossier")
    page.click("#tab-effort")

    expect(page.locator("#effort tbody tr")).to_have_count(26)
    expect(page.locator("#effort-said")).to_contain_text("26 entreprises inventées")


@pytest.mark.parametrize("width", [390, 1280])
def test_no_rule_of_accessibility_is_broken(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/studio")
    assert Axe().run(page).response["violations"] == []
    page.goto(f"/studio/dc1#group-lead:{LEAD},group-mem:{DOWN}")
    state(page, 0, "done")
    page.get_by_role("button", name="Remplir ce texte").click()
    expect(page.locator("#draft")).to_be_visible()
    page.locator("#draft summary").click()
    page.fill("#text", page.input_value("#text").replace("label: SIRET", "lable: SIRET"))
    expect(page.locator("#messages li").first).to_be_visible()
    for tab in ("text", "sources", "code", "effort"):
        page.click(f"#tab-{tab}")
        expect(page.locator(f"#panel-{tab}")).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        assert page.locator("html").evaluate("html => html.scrollWidth <= innerWidth")
