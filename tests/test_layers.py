"""The rooms of the house: a module imports only from the modules listed before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "prefill"

# Lowest first. Within a row, too, a module may import those on its left. A new module is a new word here.
ROOMS = (
    ("errors",),
    ("countries", "identifiers", "sources"),
    ("access", "expressions", "mapping", "dossier", "notices", "telemetry"),
    (
        "settings",
        "grammar",
        "schemas",
        "tenants",
        "tenants_file",
        "shared",
        "instances",
        "budget",
        "breaker",
        "store",
        "visitors",
        "lockout",
        "jwks",
        "signin",
        "audit",
        "audit_database",
        "punctual",
        "upstream",
        "documents",
        "bundle",
    ),
    ("service", "houses"),
    ("payloads", "dossier_payloads", "espd", "stream"),
    ("health", "sandbox_data", "sandbox", "front", "web", "dossiers", "pages"),
    ("app", "desk", "cli"),
)
ORDER = ("__init__", *chain.from_iterable(ROOMS))

# The core and the renderings do no I/O: they answer from their arguments alone.
CORE = frozenset(chain(*ROOMS[:3], ("payloads", "dossier_payloads", "espd", "stream"))) - {"telemetry"}
NOT_IN_CORE = frozenset({"flask", "requests", "time", "os.environ", "os.getenv"})
CLOCKS_AND_ENVIRONMENT = frozenset({"now", "today", "utcnow", "environ", "getenv"})

MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
}


def imported(code: str) -> Iterator[str]:
    """Give the dotted name of all that a module imports: at its top, in its functions, or for its types alone."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = ".".join(filter(None, ("prefill" if node.level else "", node.module)))
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def neighbours(code: str) -> set[str]:
    """Name the rooms that a module enters; what `prefill` itself defines is in `__init__`."""
    paths = [name.split(".") for name in imported(code)]
    inside = [path[1] if len(path) > 1 else "__init__" for path in paths if path[0] == "prefill"]
    return {name if name in ORDER or name in MODULES else "__init__" for name in inside}


def impurities(code: str) -> set[str]:
    """Name the web, network, clock and environment that a module reaches for."""
    dotted = [name.split(".") for name in imported(code)]
    prefixes = {".".join(path[:length]) for path in dotted for length in (1, 2)}
    attributes = {node.attr for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)}
    return prefixes & NOT_IN_CORE | attributes & CLOCKS_AND_ENVIRONMENT


def test_every_module_has_a_room():
    assert set(MODULES) <= set(ORDER)


def test_no_module_has_two_rooms():
    assert len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize("module", [name for name in MODULES if name in ORDER])
def test_a_module_imports_only_from_the_rooms_before_it(module):
    before = set(ORDER[: ORDER.index(module)])

    assert neighbours(MODULES[module]) <= before


@pytest.mark.parametrize("module", sorted(CORE & set(MODULES)))
def test_the_core_reads_neither_network_nor_clock_nor_environment(module):
    assert impurities(MODULES[module]) == set()


@pytest.mark.parametrize(
    ("code", "rooms"),
    [
        ("import prefill", {"__init__"}),
        ("import prefill.web as w", {"web"}),
        ("from prefill import __version__", {"__init__"}),
        ("from prefill import errors, web", {"errors", "web"}),
        ("from prefill.errors import Problem", {"errors"}),
        ("from . import web", {"web"}),
        ("from .web import blueprint", {"web"}),
        ("def late():\n    from prefill.cli import main", {"cli"}),
        ("if TYPE_CHECKING:\n    from prefill.app import create_app", {"app"}),
        ("import prefilled, os.path", set()),
    ],
)
def test_every_way_to_import_is_seen(code, rooms):
    assert neighbours(code) == rooms


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from flask import g", {"flask"}),
        ("import requests.adapters", {"requests"}),
        ("from time import monotonic", {"time"}),
        ("import os\nos.environ['X']", {"environ"}),
        ("from os import getenv", {"os.getenv"}),
        ("import datetime as dt\nSTART = dt.datetime.now", {"now"}),
        ("from datetime import date\ndate.today()", {"today"}),
        ("from datetime import datetime, time\ndatetime.fromtimestamp(0)", set()),
    ],
)
def test_every_way_out_of_the_core_is_seen(code, found):
    assert impurities(code) == found
