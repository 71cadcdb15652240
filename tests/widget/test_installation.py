"""`make` installs the packages of `widget/` where it can, and needs none of it to go on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTED = "widget/node_modules/.package-lock.json"


@pytest.fixture
def make(tmp_path):
    """Ask `make` for the packages, in a copy, with the `npm` that is given: a script, or none."""
    (tmp_path / "widget").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "widget" / "package-lock.json").touch()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("make", "sh", "touch", "rm", "mkdir", "getconf", "expr"):
        (programs / name).symlink_to(shutil.which(name))

    def ask(npm: str | None = None) -> str:
        if npm is not None:
            (programs / "npm").write_text(f"#!/bin/sh\n{npm}\n", encoding="utf-8")
            (programs / "npm").chmod(0o755)
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(["make", "--silent", LISTED], cwd=tmp_path, env={**environ, "PATH": str(programs)}, capture_output=True, text=True,
                              check=True, timeout=60)  # fmt: skip
        return done.stdout

    return ask


def test_they_are_installed_once_until_their_lock_changes(make, tmp_path):
    npm = f"mkdir -p {Path(LISTED).parent}; echo '{{}}' > {LISTED}"

    assert "Installing the packages of widget/ with npm" in make(npm)
    assert make() == ""
    os.utime(tmp_path / "widget" / "package-lock.json", (4e9, 4e9))
    assert "Installing" in make()


def test_without_a_network_their_tests_will_be_skipped(make, tmp_path):
    half = f"mkdir -p {Path(LISTED).parent}; exit 1"

    assert "will be skipped" in make(half)
    assert not (tmp_path / "widget" / "node_modules").exists()


def test_without_node_nothing_is_said(make):
    assert make() == ""
