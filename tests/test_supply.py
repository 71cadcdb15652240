"""What the service is made of: the list that `make sbom` writes, and licences that let anybody run and change it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CYCLONEDX = ROOT / ".tools/supply/bin/cyclonedx-py"
PERMISSIVE = r"MIT|BSD|Apache|ISC|PSF|Python-2.0|MPL-2.0|LGPL-3.0|0BSD|Mozilla"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CYCLONEDX.exists(), reason="make .tools/supply brings what writes the list"),
]


def licences(component: dict) -> list[str]:
    """The licences of a component: SPDX identifiers, names, or an expression."""
    given = component.get("licenses", [])
    return [one.get("expression") or one["license"].get("id") or one["license"].get("name", "") for one in given]


def test_each_locked_dependency_is_listed_with_its_version_and_a_licence_that_is_open(tmp_path):
    written = tmp_path / "sbom.json"
    command = [CYCLONEDX, "environment", "--pyproject", ROOT / "pyproject.toml", "--output-reproducible", "--validate"]
    subprocess.run([*command, "--output-file", written, sys.executable], check=True, timeout=120)
    components = {one["purl"].split("/")[1]: licences(one) for one in json.loads(written.read_text())["components"]}
    locked = re.findall(r"^([a-z0-9.-]+)==([^ ]+) \\$", (ROOT / "requirements.lock").read_text(), re.MULTILINE)

    assert len(locked) > 20
    assert [f"{name}@{version}" for name, version in locked if f"{name}@{version}" not in components] == []
    for name, version in locked:
        found = components[f"{name}@{version}"]
        assert found, name
        assert all(re.search(PERMISSIVE, licence) for licence in found), (name, found)
