"""In CI nothing is skipped, but the comparison with reference material that is absent."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CI_ONLY, REFERENCE_ABSENT

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
HOOKS = "from tests.conftest import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401\n"
SKIPPED = "import pytest\n\ndef test_one():\n    pytest.skip({reason!r})\n"

pytestmark = pytest.mark.slow


def run(folder: Path, place: str, reason: str, **environ: str) -> str:
    """Run pytest, with the project's hooks, on a suite of one test that skips itself; give its last line."""
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / place).write_text(SKIPPED.format(reason=reason))
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests"]
    done = subprocess.run(
        command, cwd=folder, env={**inherited, "PYTHONPATH": str(ROOT), **environ}, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("place", "reason", "environ", "outcome"),
    [
        ("tests/web/test_a.py", "no browser here", {"CI": "true"}, "1 failed"),
        ("tests/web/test_a.py", "no browser here", {}, "1 skipped"),
        ("tests/contract/test_a.py", REFERENCE_ABSENT, {"CI": "true"}, "1 skipped"),
        ("tests/contract/test_a.py", "another reason", {"CI": "true"}, "1 failed"),
        ("tests/web/test_a.py", REFERENCE_ABSENT, {"CI": "true"}, "1 failed"),
    ],
)
def test_a_skip_is_a_failure_in_ci(tmp_path, place, reason, environ, outcome):
    assert run(tmp_path, place, reason, **environ).startswith(outcome)


def test_ci_runs_every_test_and_leaves_none_out():
    steps = {
        target: re.search(rf"^{target}:.*\n(?:\t.*\n)*?\t@.* -m pytest(.*)$", MAKEFILE, re.MULTILINE)[1]
        for target in ("test", "test-all")
    }

    assert "make --silent test\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "ifdef CI\ntest: test-all\nelse\n" in MAKEFILE
    assert " -m " not in steps["test-all"]
    assert "--cov" in steps["test-all"]
    assert steps["test"].endswith('-m "not ci"')
    assert all((ROOT / path).is_file() for path in CI_ONLY)
