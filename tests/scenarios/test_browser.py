"""The script and the page, in a real Chromium: what a candidate sees, with and without trouble."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from prefill.app import create_app
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings
from prefill.web.widget_releases import STATIC, current_script
from tests.support.browser import CHROMIUM
from tests.support.held_streams import HeldStreams

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = STATIC / "examples"
# How long a test waits for another process, a browser's event, a register.
PATIENCE = 20

ORDINARY = "00000100800010"
ASSOCIATION = "00000300400017"
WITHHELD = "00000600700017"
CLOSED = "00000800300014"
RCS_DOWN = "00001300300017"
ALL_DOWN = "00001400100010"
UNKNOWN = "00001600600017"
SLOW = "00001700400011"
LA_POSTE = "35600000049837"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@contextmanager
def serving(app: Callable) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Customer:
    """A public buyer's site: pages that a test wrote, under the strictest policy that lets the script in."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, str]] = {}

    def __call__(self, environ: dict, start: Callable) -> object:
        path = Request(environ).path
        if path not in self.pages:
            return Response(status=404)(environ, start)
        body, policy = self.pages[path]
        headers = {"Content-Security-Policy": policy} if policy else {}
        return Response(body, mimetype="text/html", headers=headers)(environ, start)


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with serving(create_app(Settings(log="json"))) as url:
        yield url


@pytest.fixture(scope="module")
def customer() -> Iterator[tuple[Customer, str]]:
    site = Customer()
    with serving(site) as url:
        yield site, url


@pytest.fixture(scope="module")
def guarded(customer) -> Iterator[str]:
    """A service that one other origin may call: the customer's."""
    with serving(create_app(Settings(log="json", allowed_origins=(customer[1],)))) as url:
        yield url


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A French candidate's page, which must raise no script error."""
    context = browser.new_context(locale="fr-FR", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.add_init_script(
        "window.violations = [];"
        "addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI))"
    )
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def show(page, customer, service) -> Callable[..., Page]:
    """Open a page of the customer's with that body."""

    def open_(body: str, *, api: str = service, language: str = "fr", attributes: str = "") -> Page:
        site, url = customer
        one = current_script()
        policy = (
            f"default-src 'none'; script-src {api}{one.path}; connect-src {api}; style-src 'none'; img-src data:; "
            "base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
        )
        head = (
            f"<!doctype html><html lang={language}><meta charset=utf-8><title>Candidature</title>"
            '<link rel="icon" href="data:,">'
            f'<script src="{api}{one.path}" integrity="{one.integrity}" crossorigin defer></script>'
        )
        site.pages["/"] = (f'{head}<form data-prefill="dume" {attributes}>{body}</form>', policy)
        page.goto(url)
        return page

    return open_


SIRET = "<label>SIRET <input id=siret name=siret data-prefill-siret></label>"
NAME = "<label>Nom <input id=name name=nom data-prefill-field=name></label>"
CITY = "<label>Commune <input id=city data-prefill-field=cityName></label>"
VAT = "<label>TVA <input id=vat data-prefill-field=vat></label>"
RCS = "<label>RCS <input id=rcs data-prefill-field=registrationNumber></label>"
SHORT = SIRET + NAME + CITY + VAT + RCS


def state(page: Page, *wanted: str, selector: str = "form") -> None:
    expect(page.locator(selector).first).to_have_attribute("data-prefill-state", re.compile("|".join(wanted)))


def prefills(page: Page) -> list[str]:
    """Record the numbers asked for."""
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/v1/prefill/" in one.url else None)
    return asked


def until(page: Page, question: Callable[[], object], what: str) -> None:
    """Wait for something that only the test sees; the browser's events come in meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < deadline, what
        page.wait_for_timeout(25)


def description(page: Page, selector: str) -> str:
    """What a screen reader adds to a field's name."""
    return page.locator(selector).evaluate(
        "el => (el.getAttribute('aria-describedby') || '').split(' ').map(id => document.getElementById(id)?.textContent).join(' ')"
    )


def test_the_form_fills_when_the_fourteenth_digit_is_typed(show):
    page = show(SHORT)
    asked = prefills(page)
    page.locator("#siret").press_sequentially(ORDINARY[:13])

    assert page.locator("#siret").input_value() == ORDINARY[:13]
    assert asked == []
    page.keyboard.type(ORDINARY[13])
    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
    expect(page.locator("#rcs")).to_have_value("000 001 008 R.C.S. Rennes")
    state(page, "done")
    assert len(asked) == 1
    assert page.locator("#siret").input_value() == ORDINARY
    assert page.evaluate("violations") == []


@pytest.mark.parametrize(
    "pasted", ["000 001 008 00010", " 000.001.008.00010\n", "SIRET : 000\u00a0001\u00a0008\u00a000010"]
)
def test_a_number_is_pasted_as_people_write_it(show, pasted):
    page = show(SHORT.replace("id=siret", "id=siret maxlength=14"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#siret").focus()
    page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    page.keyboard.press("Control+V")

    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
    assert page.locator("#siret").input_value() == ORDINARY


def test_a_page_that_names_its_fields_has_those_alone(show):
    page = show(SHORT, attributes='data-prefill-fields="name,cityName"')
    asked = prefills(page)
    page.locator("#siret").press_sequentially(ORDINARY)

    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
    state(page, "done")
    assert [url.partition("?")[2] for url in asked] == ["schema=dume&fields=name%2CcityName"]
    assert page.locator("#vat").input_value() == ""


def test_a_digit_corrected_in_the_middle_leaves_the_caret_there(show):
    page = show(SHORT)
    page.locator("#siret").press_sequentially("00009100800010")
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Backspace")
    page.keyboard.type("0")

    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")


def test_a_number_that_cannot_exist_asks_nothing_and_says_so(show):
    page = show(SHORT)
    asked = prefills(page)
    page.fill("#siret", "00000100800011")

    state(page, "error")
    expect(page.get_by_role("status")).to_have_text("Ce SIRET n’existe pas : vérifiez ses 14 chiffres.")
    expect(page.locator("#siret")).to_have_attribute("aria-invalid", "true")
    assert "vérifiez" in description(page, "#siret")
    page.fill("#siret", "0000010080001")
    expect(page.locator("#siret")).not_to_have_attribute("aria-invalid", "true")
    page.locator("#name").focus()
    expect(page.locator("#siret")).to_have_attribute("aria-invalid", "true")
    assert asked == []


@pytest.mark.parametrize(("number", "good"), [(LA_POSTE, True), ("35600000000048", True), ("35600000009076", False)])
def test_la_poste_has_its_own_check(show, number, good):
    page = show(SHORT)
    asked = prefills(page)
    page.fill("#siret", number)

    state(page, "error")  # good or not, the sandbox knows none of them
    assert bool(asked) is good


def test_a_number_that_the_page_wants_grouped_is_sent_bare_and_at_its_place(show):
    page = show(SHORT.replace("data-prefill-siret", "data-prefill-siret data-prefill-format"))
    page.fill("#siret", ORDINARY)
    state(page, "done")

    assert page.locator("#siret").input_value() == "000 001 008 00010"
    assert page.evaluate("[...new FormData(document.forms[0]).keys()]") == ["siret", "nom"]
    assert page.evaluate("new FormData(document.forms[0]).get('siret')") == ORDINARY


def test_a_field_with_a_pattern_keeps_bare_digits(show):
    page = show(SHORT.replace("id=siret", 'id=siret pattern="[0-9]{14}"'))
    page.fill("#siret", "000 001 008 00010")
    state(page, "done")

    assert page.locator("#siret").input_value() == ORDINARY
    assert page.evaluate("document.forms[0].checkValidity()")


KINDS = """
<label>Dirigeants <textarea id=people data-prefill-field="/partII/B/representatives"></textarea></label>
<label>Premier <input id=first data-prefill-field="/partII/B/representatives/0/familyName"></label>
<label>Forme <select id=form-code data-prefill-field=legalFormCode><option value="">?<option value=5710>SAS<option value=5499>SARL</select></label>
<label>Catégorie <select id=category data-prefill-field=companyCategory><option value="">?<option value=1>pme<option value=2>ETI</select></label>
<label>Pays <select id=country data-prefill-field=countryCode><option value="">?<option value=BE>Belgique<option value=FR>France</select></label>
<label>Sans choix <select id=none data-prefill-field=activityCode><option value="">?<option>Autre</select></label>
<fieldset><label>Oui <input type=radio name=ess value=oui data-prefill-field=socialEconomy></label>
<label>Non <input type=radio name=ess value=non id=ess-no></label></fieldset>
<label>Inscrit <input type=checkbox id=registered data-prefill-field="/partIV/A/tradeRegister/registered"></label>
<label>Date <input type=date id=date data-prefill-field=setUpDate></label>
<label>Date écrite <input id=written data-prefill-field=setUpDate></label>
<input type=hidden id=hidden data-prefill-field=setUpDate>
<output id=output data-prefill-field=activity></output> <strong id=strong data-prefill-field=name>…</strong>
"""


def test_every_kind_of_field_is_filled(show):
    page = show(SIRET + KINDS)
    page.fill("#siret", ORDINARY)
    state(page, "done")

    values = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[id]')].filter(e => 'value' in e).map(e => [e.id, e.value]))"
    )
    assert values["people"].splitlines()[0] == "Anouk KERGALVEN PRESIDENTE"
    assert values["first"] == "KERGALVEN"
    assert (values["form-code"], values["category"], values["country"], values["none"]) == ("5710", "1", "FR", "")
    assert (values["date"], values["written"], values["hidden"]) == ("1998-03-12", "12/03/1998", "1998-03-12")
    expect(page.locator("#output")).to_contain_text("Travaux de menuiserie bois et PVC")
    expect(page.locator("#strong")).to_contain_text("MENUISERIE DU VAL DORE")
    expect(page.locator("#ess-no")).to_be_checked()
    expect(page.locator("#registered")).to_be_checked()
    assert "Insee" in description(page, "#ess-no")
    page.get_by_role("button", name="Annuler le préremplissage").click()
    expect(page.locator("#ess-no")).not_to_be_checked()
    expect(page.locator("#registered")).not_to_be_checked()
    expect(page.locator("#country")).to_have_value("")
    expect(page.locator("#strong")).to_have_text("…")


def test_a_filled_field_says_who_signs_and_an_empty_one_why(show):
    page = show(SHORT)
    page.fill("#siret", RCS_DOWN)
    state(page, "partial")

    expect(page.locator("#name")).to_have_attribute("data-prefill-source", "etablissements")
    assert re.fullmatch(
        r"Prérempli : Insee, donnée du \d\d/\d\d/\d{4}\. À vérifier\.", description(page, "#name").strip()
    )
    expect(page.locator("#rcs")).to_have_attribute("data-prefill-missing", "unavailable")
    assert description(page, "#rcs").strip() == "Infogreffe ne répond pas : à saisir."
    expect(page.get_by_role("status")).to_contain_text("3 remplis, 1 à compléter")
    expect(page.locator("#rcs")).to_be_editable()
    page.fill("#rcs", "à la main")
    assert description(page, "#rcs").strip() == ""


def test_what_the_law_withholds_is_said_and_no_mask_is_shown(show):
    page = show(SHORT + "<input id=street aria-label=Voie data-prefill-field=streetName>")
    page.fill("#siret", WITHHELD)
    state(page, "done")

    expect(page.locator("#street")).to_have_value("")
    assert description(page, "#street") == "Information non diffusée publiquement : à saisir."
    assert "[ND]" not in page.content()


def test_edits_are_kept_through_a_second_prefill(show):
    page = show(SHORT)
    page.fill("#city", "Ma commune")
    page.fill("#siret", ORDINARY)
    state(page, "done")
    page.fill("#name", "Mon nom")
    assert description(page, "#name").strip() == ""
    page.fill("#siret", ASSOCIATION)

    expect(page.locator("#siret")).to_have_value(ASSOCIATION)
    state(page, "done")
    expect(page.locator("#name")).to_have_value("Mon nom")
    expect(page.locator("#city")).to_have_value("Ma commune")
    expect(page.locator("#rcs")).to_have_value("")  # the former company's data do not stay


def test_a_field_emptied_by_the_candidate_stays_empty(show):
    page = show(SHORT)
    page.fill("#siret", ORDINARY)
    state(page, "done")
    page.fill("#name", "")
    page.fill("#siret", CLOSED)
    expect(page.get_by_role("status")).to_contain_text("fermé")

    expect(page.locator("#name")).to_have_value("")


def test_undo_gives_the_form_back_as_it_was(show):
    page = show(SHORT)
    page.fill("#siret", ORDINARY)
    state(page, "done")
    page.fill("#city", "Ma commune")
    page.get_by_role("button", name="Annuler le préremplissage").press("Enter")

    expect(page.get_by_role("status")).to_have_text("Préremplissage annulé.")
    expect(page.locator("#name")).to_have_value("")
    expect(page.locator("#city")).to_have_value("Ma commune")
    expect(page.locator("#siret")).to_be_focused()
    assert page.locator("[data-prefill-source], .prefill-note").count() == 0
    assert page.locator(".prefill-undo").is_hidden()


def test_a_reset_forgets_everything(show):
    page = show(SHORT + "<button type=reset id=reset>Effacer</button>")
    page.fill("#siret", ORDINARY)
    state(page, "done")
    page.fill("#name", "Mon nom")
    page.click("#reset")
    expect(page.locator(".prefill-note")).to_have_count(0)
    page.fill("#siret", ORDINARY)

    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")


def test_two_numbers_in_one_page_fill_each_its_own_fieldset(show):
    block = "<fieldset>" + SIRET + NAME + "</fieldset>"
    page = show(block + block)
    sirets, names = page.locator("[data-prefill-siret]"), page.locator("[data-prefill-field=name]")
    sirets.nth(0).fill(ORDINARY)
    expect(names.nth(0)).to_have_value("MENUISERIE DU VAL DORE")
    expect(names.nth(1)).to_have_value("")
    sirets.nth(1).fill(ASSOCIATION)

    expect(names.nth(1)).to_have_value("LES ATELIERS DU TILLEUL")
    expect(names.nth(0)).to_have_value("MENUISERIE DU VAL DORE")
    expect(page.get_by_role("status")).to_have_count(2)
    assert page.evaluate("new FormData(document.forms[0]).getAll('siret')") == [ORDINARY, ASSOCIATION]


def test_a_form_that_cannot_change_is_mapped_by_selectors(show):
    page = show(
        '<input name=num aria-label=SIRET><input name="soc[raison]" aria-label=Nom>'
        '<script type="application/json" data-prefill-map>{"[name=num]": "@siret", "[name=\'soc[raison]\']": "name"}</script>'
    )
    page.fill("[name=num]", ORDINARY)

    expect(page.locator("[name='soc[raison]']")).to_have_value("MENUISERIE DU VAL DORE")


def test_english_is_spoken_to_an_english_page(show):
    page = show(SHORT, language="en")
    page.fill("#siret", RCS_DOWN)
    state(page, "partial")

    expect(page.get_by_role("status")).to_contain_text("3 filled in, 1 left to you")
    expect(page.get_by_role("button", name="Undo prefilling")).to_be_visible()
    assert description(page, "#rcs").strip() == "Infogreffe does not answer: please fill in."


@pytest.fixture
def held() -> Iterator[tuple[HeldStreams, str]]:
    """A service whose streams stop before the slow register's part until they are released."""
    streams = HeldStreams(create_app(Settings(log="json")))
    with serving(streams) as url:
        yield streams, url
        streams.release()


def test_a_slow_register_does_not_hold_back_the_others(show, held):
    streams, url = held
    page = show(SHORT, api=url)
    page.fill("#siret", SLOW)

    expect(page.locator("#name")).to_have_value("ROULAGE PERCHERON")
    expect(page.get_by_role("status")).to_contain_text("2 registres sur 3")
    assert page.locator("form").get_attribute("data-prefill-state") == "filling"
    assert page.locator("form").get_attribute("aria-busy") == "true"
    assert page.locator("#rcs").input_value() == ""
    streams.release()
    state(page, "done")
    expect(page.locator("#rcs")).not_to_have_value("")


def test_a_stale_answer_is_cancelled(show, held):
    streams, url = held
    page = show(SHORT, api=url)
    cancelled: list[str] = []
    page.on("requestfailed", lambda one: cancelled.append(one.url))
    page.fill("#siret", SLOW)
    expect(page.locator("#name")).to_have_value("ROULAGE PERCHERON")
    page.fill("#siret", ORDINARY)
    until(page, lambda: [url for url in cancelled if SLOW in url], "the first request is not cancelled")
    streams.release()
    expect(page.locator("#rcs")).to_have_value("000 001 008 R.C.S. Rennes")
    state(page, "done")

    assert page.locator("#name").input_value() == "MENUISERIE DU VAL DORE"


def test_a_service_stopped_in_the_middle_leaves_what_came_and_says_to_go_on(show):
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--port",
        f"{port}",
        "--blocking-threads",
        "8",
    ]
    process = subprocess.Popen(
        [*command, "--factory", "tests.support.held_streams:create_held"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(port)
        page = show(SHORT, api=f"http://127.0.0.1:{port}")
        page.fill("#siret", SLOW)
        expect(page.locator("#vat")).to_have_value("FR02000017004")
    finally:
        kill_group(process)

    state(page, "error")
    expect(page.get_by_role("status")).to_have_text("Le service ne répond pas : continuez à la main.")
    expect(page.locator("#name")).to_have_value("ROULAGE PERCHERON")
    page.fill("#rcs", "à la main")


def wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.03)
        else:
            return
    raise AssertionError("the service did not start")


def kill_group(process: subprocess.Popen) -> None:
    """Stop the master that we started and its worker, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_proxy_that_holds_streams_back_is_told_by_its_silence(show):
    page = show(SHORT)
    page.clock.install()
    held: list[str] = []

    def hold(route):
        if "event-stream" in route.request.headers["accept"]:
            held.append(route.request.url)
            return
        route.continue_()

    page.route("**/v1/prefill/**", hold)
    page.fill("#siret", ORDINARY)
    # The silence is counted from the request on: not from what the page says of it.
    until(page, lambda: held, "no stream is asked for")
    page.clock.fast_forward(5_000)
    state(page, "done")
    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
    page.fill("#siret", ASSOCIATION)
    expect(page.locator("#name")).to_have_value("LES ATELIERS DU TILLEUL")

    assert len(held) == 1  # learnt once


def test_a_proxy_that_delivers_a_stream_in_one_piece_changes_nothing(show):
    page = show(SHORT)

    def whole(route):
        route.fulfill(response=route.fetch())

    page.route("**/v1/prefill/**", whole)
    page.fill("#siret", SLOW)

    state(page, "done")
    expect(page.locator("#rcs")).not_to_have_value("")


def test_what_was_late_is_asked_for_once_more(show):
    with serving(create_app(Settings(log="json", deadline=0.2))) as hurried:
        page = show(SHORT, api=hurried)
        page.clock.install()
        asked = prefills(page)
        page.fill("#siret", SLOW)
        expect(page.locator("#rcs")).to_have_attribute("data-prefill-missing", "late")
        state(page, "partial")
        answer = f"{hurried}/v1/prefill/{SLOW}"
        until(page, lambda: page.request.get(answer).json()["complete"], "the register does not answer the service")
        page.clock.fast_forward(4_000)
        expect(page.locator("#rcs")).not_to_have_value("")
        state(page, "done")

        assert len(asked) == 2


@pytest.mark.parametrize(("number", "said"), [(UNKNOWN, "ne connaît pas"), ("00001500800014", "La loi ne permet pas")])
def test_a_refusal_is_said_in_the_words_of_the_service(show, number, said):
    page = show(SHORT)
    page.fill("#siret", number)

    state(page, "error", "blocked")
    expect(page.get_by_role("status")).to_contain_text(said)


def test_an_outage_of_everything_is_one_sentence(show):
    page = show(SHORT)
    page.fill("#siret", ALL_DOWN)

    state(page, "error")
    expect(page.get_by_role("status")).to_contain_text("Les registres ne répondent pas : continuez à la main")
    expect(page.get_by_role("button", name="Réessayer")).to_be_visible()
    assert page.locator("#name").input_value() == ""


# How React watches a controlled field: its own property on the node keeps the value it last knew, an event
# that changes nothing is ignored, and after each event the node is given the state's value again.
CONTROLLED = """() => {
  window.state = {name: '', ok: false};
  window.ignored = 0;
  const track = (node, key) => {
    const own = Object.getOwnPropertyDescriptor(node.constructor.prototype, key);
    let known = '' + node[key];
    Object.defineProperty(node, key, {
      configurable: true,
      get() { return own.get.call(this) },
      set(value) { known = '' + value; own.set.call(this, value) },
    });
    return () => { const next = '' + own.get.call(node), changed = next !== known; known = next; return changed };
  };
  for (const [id, key, type, part] of [['name', 'value', 'input', 'name'], ['ok', 'checked', 'click', 'ok']]) {
    const node = document.getElementById(id), changed = track(node, key);
    document.body.addEventListener(type, event => {
      if (event.target !== node) return;
      if (changed()) state[part] = node[key]; else ignored++;
      node[key] = state[part];
    });
  }
}"""


def test_a_field_controlled_as_react_does_learns_its_value(show):
    page = show(
        SIRET
        + NAME
        + '<label>RCS <input type=checkbox id=ok data-prefill-field="/partIV/A/tradeRegister/registered"></label>'
    )
    page.evaluate(CONTROLLED)
    page.evaluate("document.getElementById('name').value = ''")
    page.fill("#siret", ORDINARY)
    state(page, "done")

    assert page.evaluate("state") == {"name": "MENUISERIE DU VAL DORE", "ok": True}
    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
    page.click(".prefill-undo")
    assert page.evaluate("state") == {"name": "", "ok": False}


def test_a_plain_assignment_would_not_have_been_seen(show):
    page = show(SIRET + NAME + "<input type=checkbox id=ok aria-label=x>")
    page.evaluate(CONTROLLED)
    page.evaluate(
        "const n = document.getElementById('name'); n.value = 'X'; n.dispatchEvent(new Event('input', {bubbles: true}))"
    )

    assert page.evaluate("[state.name, ignored]") == ["", 1]


def search_of(page, trusted: str, customer, service) -> list[str]:
    """Open a page whose policy has those Trusted Types; give the scripts asked for."""
    site, url = customer
    policy = (
        f"default-src 'none'; script-src {service}/v1/; connect-src {service}; require-trusted-types-for 'script'; "
        f"trusted-types {trusted}"
    )
    one = current_script()
    script = f'<script src="{service}{one.path}" integrity="{one.integrity}" crossorigin defer></script>'
    site.pages["/search"] = (
        f"<!doctype html><html lang=fr><title>x</title>{script}<form data-prefill>{SIRET}{NAME}</form>",
        policy,
    )
    scripts: list[str] = []
    page.on("request", lambda one: scripts.append(one.url) if one.resource_type == "script" else None)
    page.goto(f"{url}/search")
    return scripts


def test_a_name_loads_the_search_once_under_a_strict_policy(page, customer, service):
    scripts = search_of(page, "prefill", customer, service)
    page.locator("#siret").press_sequentially("menuiserie")
    expect(page.get_by_role("option")).to_have_text(
        "MENUISERIE DU VAL DORE · LES FENETRES DU VAL · 35000 RENNES · 000 001 008"
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
    assert [url.rpartition(".search")[2] for url in scripts] == [scripts[0], ".js"]
    assert page.evaluate("violations") == []


def test_a_policy_without_the_search_leaves_a_plain_input(page, customer, service):
    scripts = search_of(page, "'none'", customer, service)
    page.locator("#siret").press_sequentially("menuiserie")
    page.keyboard.press("Tab")  # while somebody types, nothing is asked of them

    expect(page.get_by_role("status")).to_have_text("Saisissez le SIRET : 14 chiffres.")
    expect(page.locator("#siret")).not_to_have_attribute("role", "combobox")
    page.fill("#siret", ORDINARY)
    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
    assert len(scripts) == 1


def test_a_page_of_an_allowed_origin_is_served(show, guarded):
    page = show(SHORT, api=guarded)
    page.fill("#siret", ORDINARY)

    expect(page.locator("#name")).to_have_value("MENUISERIE DU VAL DORE")
    assert page.context.cookies() == []
    assert page.evaluate("violations") == []


def test_a_page_of_another_origin_is_refused_and_stays_a_form(show):
    with serving(create_app(Settings(log="json", allowed_origins=("https://ailleurs.exemple.fr",)))) as other:
        page = show(SHORT, api=other)
        page.fill("#siret", ORDINARY)

        state(page, "error")
        expect(page.get_by_role("status")).to_have_text("Le service ne répond pas : continuez à la main.")
        assert page.locator("#name").input_value() == ""


def test_a_script_that_is_not_the_one_named_does_not_run(page, customer, service):
    site, url = customer
    integrity = "sha384-" + "A" * 64
    site.pages["/"] = (
        f'<!doctype html><script src="{service}/v1/prefill.js" integrity="{integrity}" crossorigin></script>',
        "",
    )
    page.goto(url)

    assert page.evaluate("typeof Prefill") == "undefined"


def test_events_tell_everything_and_can_be_cancelled(show):
    page = show(SHORT)
    page.evaluate("""() => {
      window.told = [];
      for (const type of ['start', 'field', 'done', 'error', 'undo'])
        document.addEventListener('prefill:' + type, e => {
          told.push([type, e.detail.name || e.detail.siret, e.cancelable]);
          if (e.detail.name === 'cityName') e.preventDefault();
        });
    }""")
    page.fill("#siret", ORDINARY)
    state(page, "done")

    told = page.evaluate("told")
    assert told[0] == ["start", ORDINARY, True]
    assert ["field", "name", True] in told
    assert told[-1] == ["done", ORDINARY, True]
    assert page.locator("#city").input_value() == ""
    page.evaluate("document.addEventListener('prefill:start', e => e.preventDefault())")
    page.fill("#siret", ASSOCIATION)
    expect(page.locator("#name")).to_have_value("")  # nothing of the first company stays beside the second


def test_the_script_can_be_driven_by_hand(show, service):
    page = show("<p></p>")
    page.evaluate("""() => {
      const form = document.createElement('form');
      form.id = 'mine';
      form.append(Object.assign(document.createElement('input'), {id: 'n'}), Object.assign(document.createElement('input'), {id: 'v'}));
      document.body.append(form);
      window.handle = Prefill.attach(form, {siret: '#n', map: {'#v': 'name'}, schema: 'dume'});
    }""")
    page.fill("#n", ORDINARY)
    expect(page.locator("#v")).to_have_value("MENUISERIE DU VAL DORE")

    assert page.evaluate("Prefill.attach('#mine') === handle")
    answer = page.evaluate(f"Prefill.fetch('{ORDINARY}', {{with: 'conventions_collectives'}})")
    assert answer["data"]["partII"]["A"]["economicOperator"]["collectiveAgreements"]
    problem = page.evaluate("Prefill.fetch('00001600600017').catch(e => e.cause.code)")
    assert problem == "company_unknown"
    page.evaluate("handle.undo()")
    expect(page.locator("#v")).to_have_value("")


@pytest.fixture(scope="module")
def demonstration(browser, service) -> Iterator[Page]:
    """One visit, during which every company is tried."""
    context = browser.new_context(locale="fr-FR", reduced_motion="reduce")
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.add_init_script(
        "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective))"
    )
    page.goto(service)
    page.evaluate("document.querySelector('details').open = true")
    yield page
    context.close()


FIELDS = {"name": "name", "trade-name": "tradeName", "vat": "vat", "street": "streetName", "zip": "postalZone", "city": "cityName",
          "country": "countryCode", "register": "registrationNumber", "set-up": "setUpDate", "band": "employeeBandCode"}  # fmt: skip


@pytest.mark.parametrize("company", COMPANIES, ids=lambda one: one.siret)
def test_each_company_of_the_sandbox_is_one_click_away(demonstration, service, company):
    page = demonstration
    answer = page.request.get(f"{service}/v1/prefill/{company.siret}")
    page.click(f"[data-siret='{company.siret}']")
    expect(page.locator("#asked")).to_have_text(company.siret)
    state(page, "done", "partial", "error", "blocked")

    shown = {alias: page.locator(f"#{id}").input_value() for id, alias in FIELDS.items()}
    assert shown == {alias: value_of(answer.json(), alias) for alias in FIELDS.values()}
    if not answer.ok:
        expect(page.locator("#form [role=status]")).to_have_text(answer.json()["detail"])
    assert page.faults == []
    assert page.evaluate("violations") == []


@pytest.mark.parametrize(
    ("form", "kind", "magic"), [("dume", "docx", b"PK"), ("dc1", "odt", b"PK"), ("dc2", "pdf", b"%PDF")]
)
def test_the_documents_of_the_company_are_downloaded(page, service, form, kind, magic):
    page.goto(service)
    page.fill("#siret", ORDINARY)
    page.select_option("#document-form", form)
    with page.expect_download() as download:
        page.click(f"#documents [data-kind={kind}]")

    assert download.value.suggested_filename == f"{form}.{kind}"
    assert Path(download.value.path()).read_bytes().startswith(magic)
    expect(page.locator("#documents-status")).to_have_text(f"{form}.{kind} : téléchargé.")


def test_the_dume_is_downloaded_as_xml_once_what_remains_is_given(page, service):
    page.goto(service)
    page.fill("#siret", "00001200500013")
    page.click("#espd")
    expect(page.locator("#documents-status")).to_contain_text("Taille de l'entreprise : à choisir")
    page.select_option("#espd-size", "medium")
    with page.expect_download() as download:
        page.click("#espd")

    assert download.value.suggested_filename == "dume.xml"
    assert b"QualificationApplicationResponse" in Path(download.value.path()).read_bytes()
    expect(page.locator("#espd-to-confirm li")).to_have_text(["Rôle dans la candidature : candidat individuel."])
    expect(page.locator("#espd-left-out")).to_be_hidden()

    page.fill("#siret", ORDINARY)
    expect(page.locator("#espd-to-confirm")).to_be_hidden()
    with page.expect_download():
        page.click("#espd")
    expect(page.locator("#espd-left-out li").last).to_have_text("Capital : devise à choisir.")
    page.select_option("#currency", "EUR")
    with page.expect_download() as download:
        page.click("#espd")
    assert b'currencyID="EUR">80000<' in Path(download.value.path()).read_bytes()
    expect(page.locator("#espd-left-out")).not_to_contain_text("devise")


def test_the_dume_of_whom_the_law_hides_has_the_name_that_was_typed(page, service):
    page.goto(service)
    page.fill("#siret", "00000600700017")
    expect(page.locator("#form")).to_have_attribute("data-prefill-state", "done")
    page.fill("#name", "Maison <Typée>")
    with page.expect_request(lambda request: "/espd" in request.url and request.method == "GET") as asked:
        page.click("#espd")
    assert "Typ" not in asked.value.url
    page.select_option("#espd-size", "micro")
    with page.expect_download() as download:
        page.click("#espd")

    assert "Maison &lt;Typée&gt;" in Path(download.value.path()).read_text(encoding="utf-8")


def value_of(answer: dict, alias: str) -> str:
    value = answer.get("data", {})
    for key in answer.get("aliases", {}).get(alias, "/none").split("/")[1:]:
        value = value[int(key)] if isinstance(value, list) else value.get(key, {})
    return value or ""


def test_an_association_without_siren_is_filled_by_its_rna_number_which_no_search_finds(page, service):
    page.goto(service)
    page.locator("#siret").press_sequentially("w000 000 350")
    expect(page.locator("#form")).to_have_attribute("data-prefill-state", "done")
    expect(page.locator("#name")).to_have_value("LES VEILLEURS DE LA MARE")
    with page.expect_download() as caught:
        page.get_by_role("button", name="OpenDocument").click()
    assert caught.value.suggested_filename == "dume.odt"
    page.get_by_role("button", name="Annuler le préremplissage").click()

    expect(page.locator("#name")).to_have_value("")
    expect(page.locator("#form")).to_have_attribute("data-prefill-state", "idle")


def test_representatives_are_offered_and_nobody_is_chosen(page, service):
    page.goto(service)
    page.fill("#siret", ORDINARY)
    boxes = page.locator("#representatives input")

    expect(boxes).to_have_count(3)
    assert page.locator("#representatives input:checked").count() == 0
    assert page.locator("[name=sme]:checked").count() == 0


def test_the_page_tells_provenance_json_and_the_snippet(page, service):
    page.goto(service)
    page.fill("#siret", ORDINARY)
    state(page, "done")

    expect(page.locator("#sources")).to_contain_text("Infogreffe")
    page.get_by_role("tab", name="Provenance").press("ArrowRight")
    answer = json.loads(page.locator("#json").inner_text())
    assert answer["siret"] == ORDINARY
    page.keyboard.press("ArrowRight")
    assert current_script().integrity in page.locator("#snippet").inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy")
    expect(page.locator("#copied")).to_have_text("Copié.")


def test_the_snippet_pasted_in_a_page_works(page, customer, service):
    site, url = customer
    page.goto(service)
    page.get_by_role("tab", name="Intégrer").click()
    snippet = page.locator("#snippet").inner_text()
    site.pages["/snippet"] = (f"<!doctype html><html lang=fr><title>x</title>{snippet}", "")
    page.goto(f"{url}/snippet")
    page.fill("[data-prefill-siret]", ORDINARY)

    expect(page.locator("[name=nom]")).to_have_value("MENUISERIE DU VAL DORE")


def test_outside_the_sandbox_the_page_invents_no_company(page):
    settings = Settings(token="secret-token", recipient="13002526500013", url="http://127.0.0.1:9", log="json")
    with serving(create_app(settings)) as real:
        page.goto(real)
        assert page.locator(".card, .sandbox").count() == 0
        page.fill("#siret", "55204944776279")
        state(page, "error")

        expect(page.locator("#form [role=status]")).to_contain_text("continuez à la main")


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.html")), ids=lambda path: path.stem)
def test_the_examples_of_the_documentation_work(page, customer, service, example):
    site, url = customer
    site.pages["/example"] = (example.read_text(encoding="utf-8").replace("https://prefill.exemple.fr", service), "")
    page.goto(f"{url}/example")
    page.locator("[data-prefill-siret]").first.fill(ORDINARY)

    expect(page.locator("[data-prefill-field=name]").first).to_have_value("MENUISERIE DU VAL DORE")


AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
VIOLATIONS = "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ')).slice(0, 3)]))"
STATES = {
    "before": (None, ""),
    "filled": (ORDINARY, "done"),
    "partial": (RCS_DOWN, "partial"),
    "in error": (UNKNOWN, "error"),
}


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(browser, service, scheme, width):
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", locale="fr-FR"
    )
    page.goto(service)
    page.evaluate(AXE)
    page.evaluate("document.querySelector('details').open = true")
    tabs = page.get_by_role("tab").all()
    for name, (siret, wanted) in STATES.items():
        if siret:
            page.fill("#siret", siret)
            state(page, wanted)
        for tab in tabs if name == "filled" else tabs[:1]:
            tab.click()
            assert page.evaluate(VIOLATIONS) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_keyboard_alone_is_enough(page, service):
    page.goto(service)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au formulaire")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#siret")).to_be_focused()
    page.keyboard.type(ORDINARY)
    state(page, "done")
    page.keyboard.press("Tab")
    expect(page.locator("summary", has_text="Vos données et ce préremplissage")).to_be_focused()
    page.keyboard.press("Tab")

    expect(page.get_by_role("button", name="Annuler le préremplissage")).to_be_focused()


def test_the_script_is_light(capsys):
    weight = len(gzip.compress(current_script().body, 9))
    with capsys.disabled():
        sys.stdout.write(f"\nprefill.js: {weight} bytes gzipped, {len(current_script().body)} as built\n")

    assert weight <= 18_200


def test_the_page_is_light_and_quick(page, service, capsys):
    weights: dict[str, int] = {}
    page.on("requestfinished", lambda one: weights.update({one.url: one.sizes()["responseBodySize"]}))
    page.goto(service)
    page.wait_for_load_state("networkidle")
    page.evaluate("""() => {
      const input = document.getElementById('siret'), name = document.getElementById('name');
      let from;
      input.addEventListener('input', () => { from ??= input.value.replace(/\\D/g, '').length > 13 ? performance.now() : undefined }, true);
      name.addEventListener('input', () => { window.elapsed ??= performance.now() - from });
    }""")
    page.locator("#siret").press_sequentially(ORDINARY)
    state(page, "done")
    own = {url: size for url, size in weights.items() if "/v1/prefill/" not in url}
    with capsys.disabled():
        sys.stdout.write(f"\npage: {len(own)} requests, {sum(own.values())} bytes\n")
        sys.stdout.write(f"14th digit to first filled field: {page.evaluate('elapsed'):.0f} ms\n")

    assert len(own) <= 7
    assert all(url.startswith(service) for url in weights)
