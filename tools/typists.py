"""Show that any number of people who type names never spend more than the quota of the company search, and how soon they are answered.

    .venv/bin/python -m tools.typists --seconds 60 --typists 200 --processes 1 --processes 3

Runs the service and a stand-in of Recherche d'entreprises on loopback (the sandbox served, its rate strict), with Redis
where there are several processes. Each typist types names letter by letter, and asks at each pause, as the form's script
does. Prints one line of figures per number of processes, and exits with 1 when a rule was violated or the rate exceeded.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import click

from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.searched import SEARCHED
from tests.support.redis_server import RedisServer
from tests.support.sandbox import ServedSandbox, free_port, run_sandbox

RATE = 2  # calls a second, the service's default
LATENCY = 60  # milliseconds of the stand-in
START_SECONDS = 30.0
KEY_SECONDS = (0.06, 0.18)  # between two letters
PAUSE = 0.25  # seconds without a letter after which the script asks
PAUSES = 0.12  # of the letters, a typist pauses after so many
REST_SECONDS = (0.5, 3.0)  # before another name


class StandIn(Protocol):
    """A stand-in of Recherche d'entreprises."""

    url: str

    def moments(self) -> list[float]:
        """When each call came, in Unix seconds."""
        ...

    def stats(self) -> dict[str, Any]: ...


@dataclass(slots=True)
class Outcome:
    """The figures of one run.

    Attributes:
        processes: of the service.
        seconds: of typing.
        asked: answers by status.
        partial: answers that could not be complete for want of quota.
        calls: to the stand-in.
        busiest: the most calls in any second.
        violations: of the stand-in's rules.
        without_call: seconds of answers that needed none, as the service took them.
        above: seconds that answers took beyond the upstream's, of those whose call did not wait for its turn.
        waited: the same, of those whose call did.
    """

    processes: int
    seconds: float
    asked: Counter[str] = field(default_factory=Counter)
    partial: int = 0
    calls: int = 0
    busiest: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    without_call: list[float] = field(default_factory=list)
    above: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    @property
    def within_rules(self) -> bool:
        """Whether the stand-in was never asked more than it allows, nor in all more than our rate."""
        return not self.violations and self.calls <= RATE * (self.seconds + 2) and set(self.asked) == {"200"}

    def __str__(self) -> str:
        return (
            f"{self.processes} process(es): {self.asked.total()} answers ({dict(self.asked)}), {self.partial} partial, "
            f"{self.calls} calls, busiest second {self.busiest}, violations {self.violations}; p95 without a call "
            f"{milliseconds(self.without_call)}, with one {milliseconds(self.above)} above the upstream "
            f"(of {len(self.above)}), {milliseconds(self.waited)} when it waited its turn (of {len(self.waited)})"
        )


def percentile(seconds: Sequence[float], part: float = 0.95) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def milliseconds(seconds: Sequence[float]) -> str:
    return f"{1000 * percentile(seconds):.0f} ms"


@dataclass(frozen=True, slots=True)
class SandboxStandIn:
    """The sandbox, as such a stand-in."""

    sandbox: ServedSandbox

    @property
    def url(self) -> str:
        return self.sandbox.url

    def moments(self) -> list[float]:
        return [call["timestamp"] for call in self.sandbox.log() if call["path"] == "/search"]

    def stats(self) -> dict[str, Any]:
        return self.sandbox.stats()


@contextmanager
def run_stand_in() -> Iterator[SandboxStandIn]:
    with run_sandbox("--strict", "--latency", str(LATENCY)) as sandbox:
        yield SandboxStandIn(sandbox)


def names() -> tuple[str, ...]:
    return tuple({company.name.partition(" (")[0] for company in (*COMPANIES, *SEARCHED) if company.siret})


def run(stand_in: StandIn, typists: int, seconds: float, processes: int, known: Sequence[str]) -> Outcome:
    """Let so many people type for so many seconds."""
    outcome = Outcome(processes, seconds)
    with tempfile.TemporaryDirectory() as folder, _redis(Path(folder), processes) as redis_url:
        log = Path(folder) / "log"
        with _service(stand_in.url, processes, redis_url, log) as url:
            end = time.monotonic() + seconds
            threads = [threading.Thread(target=_Typist(url, rank, known, end, outcome).type) for rank in range(typists)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        _read_log(log, outcome)
    stats, moments = stand_in.stats(), stand_in.moments()
    outcome.calls, outcome.violations = len(moments), stats["violations"]
    outcome.busiest = max((sum(start <= one < start + 1 for one in moments) for start in moments), default=0)
    return outcome


class _Typist:
    """One person, at an address of its own, on one connection."""

    def __init__(self, url: str, rank: int, known: Sequence[str], end: float, outcome: Outcome) -> None:
        self._netloc = urlsplit(url).netloc
        self._address = f"203.0.{rank // 250}.{1 + rank % 250}"
        self._known, self._end, self._outcome = known, end, outcome
        self._random = random.Random(rank)
        self._connection: http.client.HTTPConnection | None = None

    def type(self) -> None:
        time.sleep(self._random.uniform(0, 2))
        while time.monotonic() < self._end:
            self._type_name(self._random.choice(self._known))
            time.sleep(self._random.uniform(*REST_SECONDS))
        if self._connection:
            self._connection.close()

    def _type_name(self, name: str) -> None:
        for length in range(3, len(name) + 1):
            time.sleep(self._random.uniform(*KEY_SECONDS))
            if length == len(name) or self._random.random() < PAUSES:
                time.sleep(PAUSE)
                self._ask(name[:length])
            if time.monotonic() >= self._end:
                return

    def _ask(self, text: str) -> None:
        connection = self._connection or http.client.HTTPConnection(self._netloc, timeout=30)
        self._connection = connection
        try:
            path = f"/v1/companies?limit=8&q={quote(text)}"
            connection.request("GET", path, headers={"X-Forwarded-For": self._address})
            response = connection.getresponse()
            body = json.loads(response.read())
        except OSError:
            self._outcome.asked["broken"] += 1
            connection.close()
            self._connection = None
            return
        self._outcome.asked[str(response.status)] += 1
        self._outcome.partial += bool(body.get("retryAfter"))


def _read_log(log: Path, outcome: Outcome) -> None:
    """Read how long each answer took, and what the upstream took of it: requests and calls share their id."""
    calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
    requests: dict[str, float] = {}
    for line in filter(lambda line: line.startswith("{"), log.read_text(encoding="utf-8").splitlines()):
        event = json.loads(line)
        if event["event"] == "search.call":
            calls[event["request_id"]].append(event)
        elif event["event"] == "request" and event["route"] == "/v1/companies":
            requests[event["request_id"]] = event["seconds"]
    for request_id, seconds in requests.items():
        made = calls.get(request_id, [])
        if not made:
            outcome.without_call.append(seconds)
            continue
        above = seconds - sum(call["seconds"] for call in made)
        (outcome.waited if any(call["waited"] for call in made) else outcome.above).append(above)


@contextmanager
def _redis(folder: Path, processes: int) -> Iterator[str | None]:
    """Run a Redis where several processes share the quota."""
    if processes == 1:
        yield None
        return
    server = RedisServer(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.kill()


@contextmanager
def _service(search_url: str, processes: int, redis_url: str | None, log: Path) -> Iterator[str]:
    """Run the service without a token behind one proxy, and end that process alone."""
    port = free_port()
    settings = {
        "PREFILL_SOURCES": "open", "RECHERCHE_ENTREPRISES_URL": search_url, "PORT": str(port), "PREFILL_PROXIES": "1",
        "WEB_CONCURRENCY": str(processes), "PREFILL_LOG": "json", **({"REDIS_URL": redis_url} if redis_url else {}),
    }  # fmt: skip
    ours = ("PREFILL_", "REDIS_", "RECHERCHE_", "API_ENTREPRISE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-m", "prefill", "serve"]
    with log.open("wb") as output, subprocess.Popen(command, env={**inherited, **settings}, stderr=output) as process:
        try:
            _await(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("the service does not start")


@click.command()
@click.option("--seconds", type=click.FloatRange(2, 600), default=60.0, show_default=True)
@click.option("--typists", type=click.IntRange(1, 1000), default=200, show_default=True)
@click.option("--processes", type=click.IntRange(1, 16), multiple=True, default=(1, 3), show_default=True)
def main(*, seconds: float, typists: int, processes: tuple[int, ...]) -> None:
    outcomes = []
    for count in processes:
        with run_stand_in() as stand_in:
            outcomes.append(run(stand_in, typists, seconds, count, names()))
        sys.stdout.write(f"{outcomes[-1]}\n")
    sys.exit(0 if all(outcome.within_rules for outcome in outcomes) else 1)


if __name__ == "__main__":
    main()
