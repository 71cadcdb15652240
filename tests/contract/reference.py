"""The reference simulator of API Entreprise and its cases, beside the checkout: an independent check of ours.

A test module begins with `require_reference()`, which skips it where the reference material is absent.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request

import pytest

from tests.conftest import REFERENCE_ABSENT, ROOT
from tests.support.sandbox import DIRECT, free_port

SHARED = ROOT.parent / "shared"

API = SHARED / "api-entreprise"
CASES = API / "cases.json"
PRODUCTION_SHAPES = API / "production-shapes.json"
OPENAPI = API / "openapi.json"
START_SECONDS = 20.0


def require_reference() -> None:
    """Skip the module that calls it where the reference material is absent."""
    if not SHARED.is_dir():
        pytest.skip(REFERENCE_ABSENT, allow_module_level=True)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Reference:
    """The controls of a running reference simulator, under the names of our sandbox's; it knows no search."""

    url: str
    search_rate = 0

    def reset(self) -> None:
        self._control("reset", {})

    def fail(self, faults: Mapping[str, str]) -> None:
        self._control("faults", faults)

    def delay(self, milliseconds: Mapping[str, float]) -> None:
        self._control("latency", milliseconds)

    def add(self, *cases: dict[str, Any]) -> None:
        self._control("cases", cases)

    def stats(self) -> dict[str, Any]:
        return self._control("stats")

    def calls(self, about: str = "") -> dict[str, int]:
        return {path: count for path, count in self.stats()["calls"].items() if about in path}

    def log(self) -> list[dict[str, Any]]:
        return [{"timestamp": call.pop("t"), **call} for call in self._control("log")]

    def total(self) -> int:
        return self.stats()["total"]

    def _control(self, name: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with DIRECT.open(Request(f"{self.url}/__sim/{name}", data=data), timeout=30) as response:
            return json.loads(response.read())


@contextmanager
def run_reference(*options: str) -> Iterator[str]:
    """Run the reference simulator on a free port of loopback, and give its URL."""
    port = free_port()
    command = [sys.executable, str(SHARED / "tools" / "api_entreprise_sim.py"), "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url, process)
            yield url
        finally:
            process.terminate()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            Reference(url).stats()
        except URLError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("the reference simulator does not start")


@dataclass(frozen=True, slots=True)
class SearchReference:
    """The controls of a running reference stand-in of Recherche d'entreprises."""

    url: str

    def fail(self, fault: str) -> None:
        """Break every search; nothing is broken by an empty text."""
        self._control("faults", {"/search": fault} if fault else {})

    def delay(self, milliseconds: float) -> None:
        self._control("latency", {"": milliseconds})

    def reset(self) -> None:
        self._control("reset", {})

    def units(self) -> list[dict[str, Any]]:
        return self._control("units")

    def stats(self) -> dict[str, Any]:
        return self._control("stats")

    def moments(self) -> list[float]:
        return [call["t"] for call in self._control("log")]

    def _control(self, name: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with DIRECT.open(Request(f"{self.url}/__sim/{name}", data=data), timeout=30) as response:
            return json.loads(response.read())


@contextmanager
def run_search_reference(*options: str) -> Iterator[SearchReference]:
    """Run the reference stand-in of Recherche d'entreprises on a free port of loopback."""
    port = free_port()
    command = [sys.executable, str(SHARED / "tools" / "recherche_entreprises_sim.py"), "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url, process)
            yield SearchReference(url)
        finally:
            process.terminate()
