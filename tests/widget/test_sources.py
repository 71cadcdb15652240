"""The sources of the form script: what is served is what they give, and they pass their own checks."""

from __future__ import annotations

import json
import re

import pytest

from prefill.web.widget_releases import STATIC, published_integrities
from tests.support.npm import WIDGET, node, npm

pytestmark = pytest.mark.slow
TSC = "node_modules/typescript/bin/tsc"
# What the script reads of the service, in all its shapes.
READ = (
    "/v1/prefill/00000100800010?schema=dume", "/v1/prefill/00000800300014?schema=dume", "/v1/prefill/00000100800011",
    "/v1/prefill/00001400100010", "/v1/notice?schema=dume", "/v1/companies?q=menuiserie",
    "/v1/companies/000001008/establishments",
)  # fmt: skip
# Values of `state` and `severity`, which are no properties.
VALUES = {"filling", "searching", "info"}


@pytest.fixture(scope="module")
def built():
    result = node("build.mjs", "build")
    assert result.returncode == 0, result.stderr
    return WIDGET / "build"


@pytest.mark.parametrize("name", ["prefill.js", "prefill.search.js", "prefill.mjs"])
def test_the_files_served_are_what_the_sources_give(built, name):
    assert (built / name).read_bytes() == (STATIC / name).read_bytes(), "run `npm run build` in widget/"


def test_the_sources_and_the_scripts_of_the_pages_pass_formatter_linter_and_types():
    result = npm("run", "--silent", "lint")

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def types():
    """The package's types, written anew."""
    emitted = node(TSC, "--project", "tsconfig.types.json")
    assert emitted.returncode == 0, emitted.stdout


@pytest.mark.usefixtures("types")
def test_the_package_has_types_that_a_page_in_typescript_compiles_with():
    compiled = node(TSC, "--project", "tests/types/tsconfig.json")

    assert compiled.returncode == 0, compiled.stdout


@pytest.mark.usefixtures("types")
def test_what_the_package_exports_is_in_it():
    package = json.loads((WIDGET / "package.json").read_text(encoding="utf-8"))
    named = [path for entry in package["exports"].values() for path in entry.values()]

    assert [path for path in named if not (WIDGET / path).is_file()] == []
    assert {path.split("/")[1] for path in named} <= set(package["files"])


@pytest.mark.usefixtures("built")
def test_the_unit_tests_of_the_script_pass():
    result = node("--test", "tests/unit/", timeout=280)

    assert result.returncode == 0, result.stdout[-6000:]


def test_the_packages_are_pinned_and_their_lock_names_no_registry():
    package = json.loads((WIDGET / "package.json").read_text(encoding="utf-8"))
    lock = (WIDGET / "package-lock.json").read_text(encoding="utf-8")

    assert all(version[0].isdigit() for version in package["devDependencies"].values())
    assert '"resolved"' not in lock
    assert json.loads(lock)["packages"][""]["devDependencies"] == package["devDependencies"]


def test_names_that_the_build_shortens_are_nobody_else_s(client):
    """What pages, the service or the history entry name keeps its name."""
    private = set(json.loads((WIDGET / "private-names.json").read_text(encoding="utf-8")))
    manual = (WIDGET.parent / "docs" / "integrate.md").read_text(encoding="utf-8")
    written = {word for code in re.findall(r"`([^`\n]+)`", manual) for word in re.findall(r"[\w-]+", code)}
    read = {name for path in READ for name in _names(client.get(path).json)}
    memory = set(re.findall(r"(\w+)\??:", (WIDGET / "src" / "memory.js").read_text(encoding="utf-8")))

    assert private & (written | read | memory) <= VALUES


def _names(node: object) -> set[str]:
    """The properties of a JSON answer."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return set(node if isinstance(node, dict) else ()).union(*map(_names, inner))


def test_a_published_version_does_not_change_any_more(built):
    version = json.loads((WIDGET / "package.json").read_text(encoding="utf-8"))["version"]
    for suffix in published_integrities().get(version, {}):
        kept = STATIC / "releases" / f"prefill-{version}.{suffix}"
        assert kept.read_bytes() == (built / f"prefill.{suffix}").read_bytes(), (
            "raise the version in widget/package.json"
        )
