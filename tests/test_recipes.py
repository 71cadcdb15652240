"""The recipes of docs/architecture.md, each applied to a copy of the project as it is written."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
RECIPES = dict(
    re.findall(
        r"^### (.+?)\n(.*?)(?=^### |\Z)",
        PAGE.partition("\n## Recipes\n")[2].partition("\n## ")[0],
        re.MULTILINE | re.DOTALL,
    )
)
BLOCK = r"\n\n```\w+\n(?P<code>.*?)```"
EDIT = re.compile(
    r"^In `(?P<file>[^`]+)`, (?:before `(?P<before>[^`]+)`|at the end):" + BLOCK, re.MULTILINE | re.DOTALL
)
CREATION = re.compile(r"^In the new file `(?P<file>[^`]+)`:" + BLOCK, re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"```sh\n(?P<command>prefill .*?)\n```\n\nprints `(?P<printed>[^`]+)`", re.DOTALL)


@pytest.fixture
def copy(tmp_path) -> Path:
    for folder in ("prefill", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def apply(recipe: str, project: Path) -> None:
    for edit in EDIT.finditer(recipe):
        file = project / edit["file"]
        text, anchor = file.read_text(encoding="utf-8"), edit["before"]
        if anchor is None:
            file.write_text(text + edit["code"], encoding="utf-8")
            continue
        assert f"\n{anchor}" in text, f"{edit['file']} has no line that begins with {anchor}"
        file.write_text(text.replace(f"\n{anchor}", f"\n{edit['code']}{anchor}", 1), encoding="utf-8")
    for creation in CREATION.finditer(recipe):
        (project / creation["file"]).write_text(creation["code"], encoding="utf-8")


def run(command: str, project: Path) -> str:
    arguments = [sys.executable, "-m", "prefill.cli", *shlex.split(command)[1:]]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        arguments, cwd=project, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_there_is_a_recipe_for_what_is_added_most():
    assert list(RECIPES) == ["A source", "A form", "A setting", "A problem"]


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_works_as_it_is_written(recipe, copy):
    [(command, printed)] = COMMAND.findall(recipe)

    apply(recipe, copy)

    assert printed in run(command, copy)
