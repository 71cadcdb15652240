"""Show that the buyers of one editor's token do not disturb each other, and what hundreds of them cost.

    .venv/bin/python -m tools.editor --buyers 50 --seconds 60 --many 300
    .venv/bin/python -m tools.editor --stand-in ../path/to/another_stand_in.py

Runs three processes of the service with a Redis, and the sandbox (or another stand-in of API Entreprise that takes the
same control requests under `/__sim/`), all on loopback. A candidate of each buyer but one asks for a company, one after
the other: first alone, then while a crowd asks the remaining buyer (`--crowds`: some) for as much as it can. Prints a line of figures for
each, and the ratio of the medians; exits with 1 when a candidate was not fully answered, a rule was violated, or the
calls that API Entreprise counted on each habilitation are not those that were made. Then one process serves so many
buyers: time to start, memory, threads and metrics, beside those of one buyer.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import click

from tests.support.redis_server import RedisServer
from tests.support.sandbox import ServedSandbox, free_port, run_sandbox
from tests.support.simulator import agreements, found, rcs, siren, siret, vat

PROCESSES = 3
CALLS = 3  # of a company: establishment, register of commerce, VAT
CROWD = 24  # clients that ask at once, each company once
LATENCY = "60"  # milliseconds of a register
METRICS_TOKEN = "operator"
DIRECT = build_opener(ProxyHandler({}))
FAILED = ("unavailable", "late", "not_entitled")
COMPANIES = 1200
SETTLE_SECONDS = 20.0
MINUTE, JOINING_SECONDS = 60.0, 5.0  # of the quota; for processes to share its counts, before a minute begins


@dataclass(frozen=True)
class OtherStandIn:
    """Another program that stands in for API Entreprise, with its controls under `/__sim/`."""

    url: str

    def add(self, *cases: dict[str, Any]) -> None:
        self._control("cases", list(cases))

    def delegate(self, *delegations: dict[str, Any]) -> None:
        self._control("delegations", list(delegations))

    def stats(self) -> dict[str, Any]:
        return self._control("stats")

    def _control(self, name: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with DIRECT.open(Request(f"{self.url}/__sim/{name}", data=data), timeout=60) as response:
            return json.loads(response.read() or b"null")


StandIn = ServedSandbox | OtherStandIn


@contextmanager
def stand_in(program: Path | None) -> Iterator[StandIn]:
    if program is None:
        with run_sandbox("--latency", LATENCY) as sandbox:
            yield sandbox
        return
    port = free_port()
    command = [sys.executable, str(program), "--port", str(port), "--latency", LATENCY]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            await_answer(f"http://127.0.0.1:{port}", "/__sim/stats", process)
            yield OtherStandIn(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def recipient(rank: int) -> str:
    return siret(siren(500_000 + rank))


def write_buyers(folder: Path, buyers: int) -> Path:
    file = folder / f"{buyers}.toml"
    file.write_text("".join(
        f'[tenants.b{rank}]\nname = "Acheteur {rank}"\nrecipient = "{recipient(rank)}"\ntoken_env = "EDITOR_TOKEN"\n'
        f'delegation = "recipient"\norigins = ["https://b{rank}.example"]\n' for rank in range(buyers)
    ))  # fmt: skip
    return file


def delegations(buyers: int) -> list[dict[str, Any]]:
    return [
        {"id": f"00000000-0000-4000-8000-{rank:012}", "authorization_request_id": 9000 + rank, "siret": recipient(rank),
         "intitule": f"Acheteur {rank}", "scopes": ["open_data"], "statut": "active"}
        for rank in range(buyers)
    ]  # fmt: skip


@contextmanager
def service(url: str, tenants: Path, **settings: str) -> Iterator[tuple[str, int, float]]:
    """Run the service; give its address, its process and the seconds it took to start."""
    port = free_port()
    values = {
        "API_ENTREPRISE_URL": url, "EDITOR_TOKEN": "editor-of-many", "PREFILL_TENANTS": str(tenants), "PORT": str(port),
        "PREFILL_PROXIES": "1", "PREFILL_METRICS_TOKEN": METRICS_TOKEN, "RECHERCHE_ENTREPRISES_RATE": "0", **settings,
    }  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFILL_", "REDIS_"))}
    began = time.monotonic()
    command = [sys.executable, "-m", "prefill", "serve"]
    with subprocess.Popen(command, env={**inherited, **values}, stderr=subprocess.DEVNULL) as process:
        try:
            await_answer(f"http://127.0.0.1:{port}", "/healthz", process)
            yield f"http://127.0.0.1:{port}", process.pid, round(time.monotonic() - began, 2)
        finally:
            process.terminate()


def await_answer(url: str, path: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            get(url, path, {})
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("it does not start")


def get(url: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def ask(url: str, buyer: int, rank: int, address: str) -> str:
    """Ask for a company on the page of a buyer; return what is missing, empty when nothing is."""
    headers = {"Origin": f"https://b{buyer}.example", "X-Forwarded-For": address}
    status, body = get(url, f"/v1/prefill/{siret(siren(rank))}", headers)
    if status != 200:
        return f"status {status}"
    sources = json.loads(body)["sources"].items()
    return ", ".join(
        sorted(f"{name} {one.get('cause', one['status'])}" for name, one in sources if one["status"] in FAILED)
    )


def round_of(url: str, buyers: Iterable[int], ranks: Iterator[int]) -> tuple[list[float], Counter[str]]:
    """Let a candidate of each buyer ask, one after the other: the seconds each took, and what was missing."""
    seconds, missing = [], Counter[str]()
    for buyer in buyers:
        began = time.monotonic()
        lacking = ask(url, buyer, next(ranks), f"198.51.100.{1 + buyer % 250}")
        seconds.append(time.monotonic() - began)
        missing.update([lacking] if lacking else [])
    return seconds, missing


def figures(name: str, seconds: list[float], missing: Counter[str]) -> dict[str, Any]:
    ordered = sorted(seconds)
    return {
        "phase": name, "candidates": len(ordered), "median": round(statistics.median(ordered), 3),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 3), "slowest": round(ordered[-1], 3), "missing": dict(missing),
    }  # fmt: skip


def crowd(
    url: str, crowds: int, ranks: Iterator[int], stop: threading.Event, answers: Counter[str]
) -> list[threading.Thread]:
    """Let the clients of a crowd ask each of the first buyers for as much as they can."""

    def client(place: int) -> None:
        for visit in count():
            if stop.is_set():
                return
            try:
                lacking = ask(url, place % crowds, next(ranks), f"203.0.{place}.{1 + visit // 20 % 250}")
                answers["partial" if lacking else "full"] += 1
            except OSError:
                answers["broken"] += 1

    threads = [threading.Thread(target=client, args=(place,)) for place in range(max(CROWD, 8 * crowds))]
    for thread in threads:
        thread.start()
    return threads


@dataclass(frozen=True)
class Outcome:
    """What the candidates and the crowds were answered, and the calls: those that were counted by buyer, those made."""

    alone: dict[str, Any]
    beside: dict[str, Any]
    crowd: dict[str, int]
    counted: dict[int, int]
    made: int
    violations: dict[str, int]
    crowds: int = 1

    @property
    def exact(self) -> bool:
        """Whether each other buyer's calls are those of its three companies, and none was made that was not counted."""
        others = {buyer: calls for buyer, calls in self.counted.items() if buyer >= self.crowds}
        return set(others.values()) == {3 * CALLS} and sum(self.counted.values()) == self.made

    def slowdown(self, name: str) -> float:
        """How long the others' answers take beside the crowd, over alone: by their median or their p95."""
        return float(self.beside[name] / self.alone[name])

    @property
    def fair(self) -> bool:
        return self.exact and not (self.alone["missing"] or self.beside["missing"] or self.violations)


def await_shared_counts(started: float) -> None:
    """Wait for the first minute whose calls Redis counts from its beginning: until then each process has a third."""
    begins = (math.floor((started + JOINING_SECONDS) / MINUTE) + 1) * MINUTE
    time.sleep(max(0.0, begins - time.time()))


def run_crowd(program: Path | None, buyers: int, seconds: float, *, steady: bool = False, crowds: int = 1) -> Outcome:
    with tempfile.TemporaryDirectory() as name, stand_in(program) as upstream:
        folder = Path(name)
        upstream.delegate(*delegations(buyers))
        numbers = [siren(rank) for rank in range(COMPANIES)]
        upstream.add(
            *(case for one in numbers for case in (found(siret(one)), rcs(one), vat(one), agreements(siret(one))))
        )
        redis = RedisServer(folder)
        redis.start()
        (folder / "metrics").mkdir()
        settings = {
            "REDIS_URL": redis.url, "WEB_CONCURRENCY": str(PROCESSES), "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        }  # fmt: skip
        try:
            with service(upstream.url, write_buyers(folder, buyers), **settings) as (url, _, _):
                if steady:
                    await_shared_counts(time.time())
                return observe(url, upstream, buyers, seconds, crowds)
        finally:
            redis.kill()


def observe(url: str, upstream: StandIn, buyers: int, seconds: float, crowds: int) -> Outcome:
    own, companies = iter(range(COMPANIES // 2)), iter(range(COMPANIES // 2, COMPANIES * 1000))
    others = range(crowds, buyers)
    round_of(url, range(buyers), own)  # each buyer's services are built, by the processes that happen to answer
    alone = figures("alone", *round_of(url, others, own))
    stop, answers = threading.Event(), Counter[str]()
    threads = crowd(url, crowds, companies, stop, answers)
    time.sleep(seconds / 3)
    beside = figures("beside the crowd", *round_of(url, others, own))
    time.sleep(seconds / 3)
    stop.set()
    for thread in threads:
        thread.join()
    end = time.monotonic() + SETTLE_SECONDS  # calls whose answers come after a deadline are counted too
    while (report := upstream.stats())["total"] != (made := calls_made(url)) and time.monotonic() < end:
        time.sleep(0.5)
    counted = {int(key) - 9000: value for key, value in report["habilitations"].items() if key.isdigit()}
    return Outcome(alone, beside, dict(answers), counted, made, report["violations"], crowds)


def show(outcome: Outcome) -> None:
    click.echo(json.dumps(outcome.alone))
    click.echo(json.dumps(outcome.beside))
    others = sorted({calls for buyer, calls in outcome.counted.items() if buyer >= outcome.crowds})
    click.echo(json.dumps({
        "crowd": outcome.crowd, "calls_of_the_crowded": [outcome.counted.get(buyer) for buyer in range(outcome.crowds)], "calls_of_each_other": others,
        "counted_by_the_stand_in": sum(outcome.counted.values()), "made_by_the_service": outcome.made,
        "violations": outcome.violations, "beside_over_alone": round(outcome.slowdown("median"), 2),
    }))  # fmt: skip


def calls_made(url: str) -> int:
    lines = exposition(url).splitlines()
    return round(sum(float(line.split()[-1]) for line in lines if line.startswith("prefill_upstream_calls_total{")))


def exposition(url: str) -> str:
    return get(url, "/metrics", {"Authorization": f"Bearer {METRICS_TOKEN}"})[1].decode()


def run_many(buyers: int) -> None:
    """Ask one company of each buyer, of one process."""
    with tempfile.TemporaryDirectory() as name, stand_in(None) as upstream:
        upstream.delegate(*delegations(buyers))
        numbers = [siren(rank) for rank in range(max(buyers, 2))]
        upstream.add(
            *(case for one in numbers for case in (found(siret(one)), rcs(one), vat(one), agreements(siret(one))))
        )
        with service(upstream.url, write_buyers(Path(name), buyers)) as (url, process, start):
            before = memory_of(process)
            seconds, missing = round_of(url, range(buyers), iter(range(buyers)))
            after, lines = memory_of(process), exposition(url).splitlines()
        series = [line for line in lines if not line.startswith("#")]
        click.echo(json.dumps({
            **figures(f"{buyers} buyers", seconds, missing), "start_seconds": start, "megabytes_before": before[0],
            "megabytes_after": after[0], "threads": after[1], "series": len(series),
        }))  # fmt: skip


def memory_of(process: int) -> tuple[int, int]:
    """Return the resident megabytes and the threads of a process and its children (Linux)."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    texts = [Path(f"/proc/{one}/status").read_text() for one in (str(process), *children)]
    facts = [dict(line.split(":", 1) for line in text.splitlines()) for text in texts]
    return sum(int(one["VmRSS"].split()[0]) for one in facts) // 1024, sum(int(one["Threads"]) for one in facts)


@click.command()
@click.option("--buyers", type=click.IntRange(2, 250), default=50, show_default=True)
@click.option(
    "--seconds", type=click.FloatRange(6, 600), default=60.0, show_default=True, help="How long the crowd asks, about."
)
@click.option(
    "--many", type=click.IntRange(0, 1000), default=300, show_default=True, help="Buyers of one process; 0: skip."
)
@click.option("--crowds", type=click.IntRange(1, 10), default=1, show_default=True, help="Buyers that have one each.")
@click.option("--stand-in", "program", type=click.Path(exists=True, path_type=Path))
def main(*, buyers: int, seconds: float, many: int, crowds: int, program: Path | None) -> None:
    outcome = run_crowd(program, buyers, seconds, steady=True, crowds=crowds)
    show(outcome)
    for number in (1, many) if many else ():
        run_many(number)
    sys.exit(0 if outcome.fair else 1)


if __name__ == "__main__":
    main()
