"""The sources of the form script, in `widget/`: built and checked with Node and the packages of its lock."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

WIDGET = Path(__file__).resolve().parents[2] / "widget"


@cache
def installed() -> None:
    """Skip the test where the packages of the lock are not there: `make test` installs them where there is npm."""
    if not shutil.which("npm"):
        pytest.skip("no Node on this machine: the form script is neither built nor checked")
    if not _installed():
        pytest.skip("the packages of widget/ are not installed: run `make install`")


def _installed() -> bool:
    """Whether each package of the lock that is there has the version of the lock, and none that any machine needs lacks."""
    try:
        there = json.loads((WIDGET / "node_modules" / ".package-lock.json").read_text(encoding="utf-8"))["packages"]
    except FileNotFoundError:
        return False
    locked = json.loads((WIDGET / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = {name: entry for name, entry in locked.items() if name and not entry.get("optional")}
    return all(there.get(name, {}).get("version") == entry["version"] for name, entry in wanted.items())


def node(*arguments: str, timeout: float = 120, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Node in `widget/`."""
    return _run("node", *arguments, timeout=timeout, **environ)


def npm(*arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run npm in `widget/`."""
    return _run("npm", *arguments, timeout=timeout)


def _run(*command: str, timeout: float, **environ: str) -> subprocess.CompletedProcess[str]:
    installed()
    return subprocess.run(
        command,
        cwd=WIDGET,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
