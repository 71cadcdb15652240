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


CASES = (
    ("tests/web/test_a.py", "no browser here", "FAILED"),
    ("tests/web/test_b.py", REFERENCE_ABSENT, "FAILED"),
    ("tests/contract/test_c.py", "another reason", "FAILED"),
    ("tests/contract/test_d.py", REFERENCE_ABSENT, "SKIPPED"),
)


def outcomes(folder: Path, **environ: str) -> dict[str, str]:
    """Run pytest, with the project's hooks, on tests that skip themselves; tell what it makes of each file's."""
    for place, reason, _ in CASES:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(SKIPPED.format(reason=reason))
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--import-mode=importlib", "tests"]
    done = subprocess.run(
        command, cwd=folder, env={**inherited, "PYTHONPATH": str(ROOT), **environ}, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    return dict(re.findall(r"^(tests/\S+)::test_one (\w+)", done.stdout, re.MULTILINE))


def test_a_skip_is_a_failure_in_ci_unless_the_reference_is_absent(tmp_path):
    assert outcomes(tmp_path, CI="true") == {place: outcome for place, _, outcome in CASES}


def test_elsewhere_a_skip_is_a_skip(tmp_path):
    assert outcomes(tmp_path) == {place: "SKIPPED" for place, _, _ in CASES}


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
    assert all(is_a_test(*name.partition("::")[::2]) for name in CI_ONLY)


def is_a_test(path: str, function: str) -> bool:
    """Tell whether a file is there, and in it the function, if one is named."""
    return f"def {function.partition('[')[0]}" in (ROOT / path).read_text(encoding="utf-8")
