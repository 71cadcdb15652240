"""The sources of the form script, in `widget/`: built and checked with Node and the packages of its lock."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

WIDGET = Path(__file__).resolve().parents[2] / "widget"


@cache
def install() -> None:
    """Install what `widget/` is built with. CI does it; elsewhere it is left to whoever works on the script."""
    if not shutil.which("npm"):
        pytest.skip("no Node on this machine: the form script is neither built nor checked")
    modules = WIDGET / "node_modules" / ".package-lock.json"
    if modules.exists() and modules.stat().st_mtime >= (WIDGET / "package-lock.json").stat().st_mtime:
        return
    if not os.environ.get("CI"):
        pytest.skip("the packages of widget/ are not installed: run `npm ci` there")
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=WIDGET, check=True, timeout=400)


def node(*arguments: str, timeout: float = 120, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Node in `widget/`."""
    install()
    return subprocess.run(
        ["node", *arguments],
        cwd=WIDGET,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
