"""The sandbox served on loopback by its command, for tests and benchmarks: the process, and its control route."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

DIRECT = build_opener(ProxyHandler({}))
COMMAND = (sys.executable, "-m", "prefill", "sandbox")


@dataclass(frozen=True, slots=True)
class ServedSandbox:
    """The controls of a running sandbox; `search_rate` is how many searches a second it may be asked."""

    url: str
    search_rate = 2

    def reset(self) -> None:
        self._control("DELETE", "")

    def fail(self, faults: Mapping[str, str]) -> None:
        """Replace all faults; a key is a part of the path."""
        self._control("PUT", "faults", faults)

    def delay(self, milliseconds: Mapping[str, float]) -> None:
        """Replace all latencies; a key is a part of the path, '' is the default."""
        self._control("PUT", "latency", milliseconds)

    def add(self, *cases: dict[str, Any]) -> None:
        """Answer these before the others."""
        self._control("PUT", "cases", cases)

    def delegate(self, *delegations: dict[str, Any]) -> None:
        """Replace all delegations of the editor."""
        self._control("PUT", "delegations", delegations)

    def stats(self) -> dict[str, Any]:
        return self._control("GET", "")

    def log(self) -> list[dict[str, Any]]:
        """Give the last calls, the oldest first."""
        return self._control("GET", "log")

    def calls(self, about: str = "") -> dict[str, int]:
        """Count the calls received, by path: all, or those about one number."""
        return {path: count for path, count in self.stats()["calls"].items() if about in path}

    def total(self) -> int:
        return self.stats()["total"]

    def _control(self, method: str, name: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_sandbox/{name}", data=data, method=method)
        with DIRECT.open(request, timeout=30) as response:
            return json.loads(response.read())


@contextmanager
def run_sandbox(*options: str) -> Iterator[ServedSandbox]:
    """Run `prefill sandbox` on a free port, and end that process alone."""
    command = [*COMMAND, "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"prefill sandbox does not start: {' '.join(command)}")
            yield ServedSandbox(url)
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
