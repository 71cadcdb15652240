"""What every test may need, and the rule that CI skips nothing but the comparison with absent reference material."""

import gc
import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from xdist.scheduler import LoadScopeScheduling

pytest.register_assert_rewrite("tests.support.goldens")

from prefill import telemetry
from prefill.app import create_app
from prefill.settings import Settings
from tests.support.browser import browser, close_browser  # noqa: F401
from tests.support.identity_provider import identity_provider, provider  # noqa: F401
from tests.support.postgresql import postgresql_server  # noqa: F401
from tests.support.redis_server import lasting_redis, mortal_redis, redis_server  # noqa: F401
from tests.support.released import no_collector  # noqa: F401
from tests.support.shared_rules import SharedRule
from tests.support.simulator import open_service, running_simulator, service, simulator  # noqa: F401

# How long an example takes says how busy the machine is, and nothing of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

Flask.url_rule_class = SharedRule

ROOT = Path(__file__).resolve().parents[1]
# The one reason for which a test of tests/contract may be skipped, everywhere.
REFERENCE_ABSENT = "the reference material of API Entreprise (../shared) is absent"

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """A client of the service as it comes: on the sandbox. A module whose service is set otherwise has its own."""
    return create_app(Settings(log="json")).test_client()


# Tests that need a browser, a server, another process or much time: `make test-fast` leaves them out.
SLOW_FOLDERS = ("contract", "deploy", "scenarios", "widget")
ALONE = tuple(f"tests/{folder}/" for folder in SLOW_FOLDERS)
SLOW_FIXTURES = frozenset(
    {"browser", "lasting_redis", "mortal_redis", "postgresql_server", "running_simulator", "server"}
)
# What takes minutes of a machine, or an environment of its own: `make test` leaves it out, CI does not.
CI_ONLY = (
    "tests/widget/test_kits.py",
    "tests/deploy/test_image.py",
    "tests/test_supply.py",
    # It installs from the package index.
    "tests/deploy/test_install_matrix.py::test_a_folder_with_spaces_and_accents_installs_and_serves",
    # `make test` has the first part of the routes.
    *(f"tests/scenarios/test_properties.py::test_the_routes_keep_their_contract[{part}]" for part in range(1, 6)),
    # In real time. `make test` has their rules under the clocks of `tests/registers/quota` and `tests/registers/scheduling`,
    # with real processes in `test_editor.py`, and newcomers who ask at once.
    "tests/scenarios/test_fair_use.py::test_candidates_are_fully_answered_while_others_ask_as_fast_as_they_can",
    "tests/scenarios/test_multiprocess.py",
    # `make test` has each of these faults in every pair, and those that are unlike in every source.
    *(
        f"tests/scenarios/test_faults.py::test_one_failing_source_takes_nothing_from_the_others[{fault}]"
        for fault in ("slow:20", "partial", "empty", "null", "401", "422", "500", "503", "504")
    ),
    # `make test` has the page before a company, and of one company.
    *(
        f"tests/scenarios/test_dossier_page.py::test_the_page_breaks_no_rule_of_accessibility[{number}-{scheme}]"
        for number in ("00000100800010", "00002300200017", "00001900000017")
        for scheme in ("light", "dark")
    ),
    *(f"tests/scenarios/test_browser.py::test_axe_finds_no_violation[{state}]" for state in ("light-1280", "dark-320")),
)
# Tests of one process: what they install, build or start is not done twice, nor at the same moment as another's.
TOGETHER = (
    "tests/widget/",
    "tests/scenarios/test_multiprocess.py",
    "tests/deploy/test_image.py",
    "tests/documents/test_rendering.py",
    # Each starts a browser, and a service for it.
    *(f"tests/scenarios/test_{name}.py" for name in ("studio", "sign_in_page", "notice_page", "procedure_page")),
)


class GroupScheduling(LoadScopeScheduling):
    """Gives each slow test, and each file of quick ones, to whichever process is free, but those of a group to one.

    pytest-xdist's own groups (`xdist_group`) have no effect since pytest 9.2, which computes the id that they append to.
    """

    def _split_scope(self, nodeid: str) -> str:
        """The file of quick tests, whose fixtures are then made once; a slow one alone, or with its group."""
        file = nodeid.partition("::")[0]
        alone = nodeid if file.startswith(ALONE) else file
        return next((group for group in TOGETHER if nodeid.startswith(group)), alone)

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Forget what a process has done whole: for each next test, xdist counts all that was given to it."""
        nodeid = self.registered_collections[node][item_index]
        scope = self._split_scope(nodeid)
        unit = self.assigned_work[node][scope]
        unit[nodeid] = True
        if all(unit.values()):
            del self.assigned_work[node][scope]
        self._reschedule(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    config.option.loadscopereorder = (
        False  # the order is ours: what waits begins first, and what is quick fills the end
    )
    return GroupScheduling(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what `make test-fast` would deselect: importing it takes as long as a third of those tests."""
    slow = collection_path.parent == ROOT / "tests" and collection_path.name in SLOW_FOLDERS
    return True if slow and config.option.markexpr == "not slow" else None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Look for no examples in the docstrings of tests: there are none, and each process would look."""
    collectors = yield
    ours = file_path.is_relative_to(ROOT / "tests")
    return [collector for collector in collectors if type(collector) is pytest.Module] if ours else collectors


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, and begin with what takes longest. Of tests with one name pytest-xdist would run the first alone."""
    twice = [name for name, times in Counter(item.nodeid for item in items).items() if times > 1]
    if twice:
        raise pytest.UsageError(f"Several tests have the same name: {', '.join(twice)}")
    for item in items:
        place = item.nodeid.partition("::")[0]
        fixtures = frozenset(getattr(item, "fixturenames", ()))
        if place.split("/")[1:2] and (place.split("/")[1] in SLOW_FOLDERS or SLOW_FIXTURES & fixtures):
            item.add_marker("slow")
        if item.nodeid.startswith(CI_ONLY):
            item.add_marker("ci")
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> tuple[int, bool, bool, bool]:
    """Groups first, the longest before the others; then tests given alone, with a browser last; then files with slow ones."""
    group = next((rank for rank, group in enumerate(TOGETHER) if item.nodeid.startswith(group)), len(TOGETHER))
    alone = item.nodeid.startswith(ALONE)
    shown = alone and "browser" in getattr(item, "fixturenames", ())
    return group, not alone, shown, item.get_closest_marker("slow") is None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """End the browser once another module follows that has none."""
    try:
        yield
    finally:
        if nextitem is None or (nextitem.path != item.path and "browser" not in getattr(nextitem, "fixturenames", ())):
            close_browser()


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was imported and collected: it stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def capsys(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> pytest.CaptureFixture[str]:
    """What was written, the lines of the log that wait for company included."""
    return _whole(capsys, monkeypatch)


@pytest.fixture
def capfd(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> pytest.CaptureFixture[str]:
    """What was written to the descriptors, the lines of the log that wait for company included."""
    return _whole(capfd, monkeypatch)


def _whole(captured: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> pytest.CaptureFixture[str]:
    read = captured.readouterr
    telemetry.flush()
    read()  # what an earlier test left
    monkeypatch.setattr(captured, "readouterr", lambda: (telemetry.flush(), read())[1])
    return captured


def pytest_sessionfinish() -> None:
    """Let pytest have the last word: what the log still holds comes before it."""
    telemetry.flush()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _unskipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _unskipped((yield))


def _unskipped(report: Report) -> Report:
    """Turn a skip into a failure in CI, where everything a test needs is there to be installed."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longreprtext
        if not (report.nodeid.startswith("tests/contract/") and reason.endswith(REFERENCE_ABSENT)):
            report.outcome = "failed"
            report.longrepr = f"In CI nothing may be skipped. {reason}"
    return report
