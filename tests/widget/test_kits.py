"""The form script in real style sheets and frameworks, in Chromium and in Firefox: each kit in each scenario."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.kit_site import Service, build_kits, serving, site
from tests.support.npm import WIDGET, node

EXECUTABLES = {
    "chrome": shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"),
    "firefox": shutil.which("firefox-esr") or shutil.which("firefox"),
}
KITS = ("plain", "dsfr", "bootstrap", "react", "vue", "angular", "svelte", "shoelace", "jquery", "rails")
EXAMPLES = ("example-react", "example-vue", "example-svelte", "example-angular")
SCENARIOS = (
    "first fill",
    "second company",
    "edited field",
    "reload and Back",
    "member added and removed",
    "wizard steps",
    "undo and redo",
    "outage and retry",
    "closed with successor",
    "slow register",
    "focus during fill",
    "axe at 320 pixels",
    "company by name",
)
SEARCHES = ("unfinished word", "company of sixty establishments", "homonym", "quota spent")
# Both browsers run side by side; the whole matrix takes two minutes on two processors, more on loaded ones.
TIMEOUT = 900

pytestmark = pytest.mark.slow

Results = dict[tuple[str, str, str], str]


@pytest.fixture(scope="module")
def results() -> Iterator[Results]:
    """What each browser said of each kit in each scenario: '' when all is well."""
    build_kits()
    with serving(site) as pages, serving(Service()) as service:
        runs = {name: _start(name, path, pages, service) for name, path in EXECUTABLES.items() if path}
        yield {key: error for name, run in runs.items() for key, error in _read(name, run).items()}


def _start(browser: str, path: str, pages: str, service: str) -> subprocess.Popen[str]:
    environ = {
        "PREFILL_SITE": pages,
        "PREFILL_SERVICE": service,
        "PREFILL_BROWSER": browser,
        "PREFILL_EXECUTABLE": path,
    }
    return subprocess.Popen(
        ["node", "tests/browser/matrix.mjs"],
        cwd=WIDGET,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _read(browser: str, run: subprocess.Popen[str]) -> Results:
    try:
        output, errors = run.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        run.kill()
        output, errors = run.communicate()
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert lines, errors[-4000:]
    return {(browser, line["kit"], line["scenario"]): line["error"] for line in lines}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("kit", KITS)
@pytest.mark.parametrize("browser", EXECUTABLES)
def test_a_kit_stands_the_scenario(results, browser, kit, scenario):
    if not EXECUTABLES[browser]:
        pytest.skip(f"no {browser} on this machine")

    assert results.get((browser, kit, scenario), "did not run") == ""


@pytest.mark.parametrize("scenario", SEARCHES)
@pytest.mark.parametrize("browser", EXECUTABLES)
def test_a_company_is_found_by_its_name(results, browser, scenario):
    if not EXECUTABLES[browser]:
        pytest.skip(f"no {browser} on this machine")

    assert results.get((browser, "plain", scenario), "did not run") == ""


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("browser", EXECUTABLES)
def test_an_example_of_the_documentation_works(results, browser, example):
    if not EXECUTABLES[browser]:
        pytest.skip(f"no {browser} on this machine")

    assert results.get((browser, example, "example"), "did not run") == ""


def test_nothing_moves_while_a_slow_register_answers():
    """Chromium's layout shift; a style sheet's own fonts and floating labels move by less than a thousandth."""
    if not EXECUTABLES["chrome"]:
        pytest.skip("no Chromium on this machine")
    build_kits()
    with serving(site) as pages, serving(Service()) as service:
        environ = {"PREFILL_SITE": pages, "PREFILL_SERVICE": service, "PREFILL_EXECUTABLE": EXECUTABLES["chrome"]}
        result = node("tests/browser/figures.mjs", **environ)
    lines = {line["kit"]: line for line in map(json.loads, result.stdout.splitlines())}

    assert lines["plain"]["cls"] == 0, lines
    assert all(line["cls"] < 0.001 for line in lines.values()), lines
    assert [url for url in lines["plain"]["requests"] if "prefill/" in url] == ["prefill/00001700400011"]
