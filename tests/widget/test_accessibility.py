"""The form script for everyone: accessibility trees, narrow and enlarged pages, forced colours, reduced motion."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import CHROMIUM
from tests.support.kit_site import Service, build_kits, serving, site

KITS = ("plain", "dsfr", "bootstrap")
ORDINARY, CLOSED = "00000100800010", "00000800300014"
NARROW = {"width": 320, "height": 800}
# A window of 1280 by 1024, enlarged four times (WCAG 1.4.10).
ENLARGED = {"width": 320, "height": 256}

LIST = """
- combobox "SIRET" [expanded]: rennes
- listbox "Entreprises":
  - option /.* · \\d{3} \\d{3} \\d{3}/ [selected]
  - option /.* · \\d{3} \\d{3} \\d{3}/
"""
PLACES = """
- listbox "Choisissez l’établissement":
  - option /siège/
"""
SUMMARY = """
- group:
  - text: Détail des champs
  - paragraph: À confirmer
  - list:
    - listitem:
      - link "Commune":
        - /url: "#city"
  - paragraph: /\\d+ remplis/
  - list:
    - listitem:
      - link "Dénomination":
        - /url: "#name"
      - text: Insee
      - 'button "Retirer : Dénomination"'
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, str]]:
    build_kits()
    with serving(site) as pages, serving(Service()) as service:
        yield pages, service


@pytest.fixture
def show(browser, addresses) -> Iterator[Callable[..., Page]]:
    """Open the form of a kit, in a browser with those settings."""
    contexts = []

    def open_(kit: str, **settings: object) -> Page:
        contexts.append(browser.new_context(locale="fr-FR", **settings))
        contexts[-1].set_default_timeout(20_000)
        page = contexts[-1].new_page()
        page.goto(f"{addresses[0]}/{kit}.html?service={addresses[1]}")
        expect(page.locator("[data-prefill-state]").first).to_be_attached(timeout=20_000)
        return page

    yield open_
    for context in contexts:
        context.close()


def search(page: Page) -> None:
    """Open the list of companies and go to its first."""
    page.locator("#siret").press_sequentially("rennes")
    expect(page.locator(".prefill-option").nth(1)).to_be_visible(timeout=20_000)
    page.keyboard.press("ArrowDown")


def fill(page: Page, number: str = ORDINARY) -> None:
    """Fill the form in, with one field of the candidate's own, and open the summary."""
    page.fill("#city", "Ailleurs")
    page.fill("#siret", number)
    expect(page.locator("[data-prefill-state]").first).to_have_attribute("data-prefill-state", "done")
    page.locator(".prefill-summary > summary").click()


@pytest.mark.parametrize("kit", KITS)
def test_a_screen_reader_finds_the_list_and_its_choice(show, kit):
    page = show(kit)
    search(page)

    expect(page.locator("#member-1")).to_match_aria_snapshot(LIST)
    active = page.locator("#siret").get_attribute("aria-activedescendant")
    assert page.locator(".prefill-option").first.get_attribute("id") == active
    page.keyboard.press("Escape")
    expect(page.locator("#member-1").get_by_role("listbox")).to_have_count(0)
    page.fill("#siret", CLOSED[:9])
    expect(page.locator("#member-1")).to_match_aria_snapshot(PLACES)


@pytest.mark.parametrize("kit", KITS)
def test_a_screen_reader_finds_the_summary(show, kit):
    page = show(kit)
    fill(page)

    expect(page.locator(".prefill-summary")).to_match_aria_snapshot(SUMMARY)
    expect(page.locator("#member-1")).to_match_aria_snapshot('- button "Annuler le préremplissage"')
    expect(page.locator("#member-1")).to_match_aria_snapshot("- 'button \"Reprendre : Commune\"'")


@pytest.mark.parametrize("size", [NARROW, ENLARGED], ids=["320 px", "400 %"])
@pytest.mark.parametrize("kit", KITS)
def test_nothing_is_cut_off_in_a_narrow_or_enlarged_page(show, kit, size):
    page = show(kit, viewport=size, device_scale_factor=1 if size is NARROW else 4)
    search(page)
    for _ in range(page.locator(".prefill-option").count() - 1):
        page.keyboard.press("ArrowDown")

    expect(page.locator(".prefill-option[aria-selected=true]")).to_be_in_viewport()
    assert overflow(page) <= 0
    fill(page)
    assert overflow(page) <= 0
    page.fill("#siret", CLOSED)
    expect(page.get_by_role("button", name="Utiliser le successeur")).to_be_visible(timeout=20_000)
    assert overflow(page) <= 0


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize("kit", KITS)
def test_forced_colours_show_the_choice_and_the_buttons(show, kit):
    page = show(kit, forced_colors="active")
    search(page)
    chosen, other = (
        page.locator(".prefill-option")
        .nth(place)
        .evaluate("el => (({backgroundColor, outlineStyle}) => [backgroundColor, outlineStyle])(getComputedStyle(el))")
        for place in (0, 1)
    )

    assert chosen[0] != other[0]
    assert (chosen[1], other[1]) == ("solid", "none")
    page.keyboard.press("Escape")
    fill(page)
    for button in page.locator("#member-1 button:visible").all():
        colours = button.evaluate("el => [getComputedStyle(el).color, getComputedStyle(el).backgroundColor]")
        assert colours[0] != colours[1]


@pytest.mark.parametrize("kit", KITS)
def test_nothing_moves_by_itself(show, kit):
    page = show(kit, reduced_motion="reduce")
    search(page)
    page.keyboard.press("Escape")
    fill(page)

    own = "document.getAnimations().filter(one => /prefill-/.test(one.effect?.target?.className)).length"
    assert page.evaluate(own) == 0
