"""Show that a few addresses that ask as fast as they can do not keep candidates from their prefill.

    .venv/bin/python -m tools.fair_use --seconds 180 --addresses 1 --addresses 50 --newcomers 32

Runs the service and the sandbox served as API Entreprise (its quotas, violations counted), both on loopback, and ends
after so many seconds per number of addresses. Half of what the addresses ask for are companies, half are not. Prints
one line of figures per number, and exits with 1 when a candidate was not fully answered or a rule was violated. First,
so many newcomers ask at once for a company each, of a process that has just started.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import click

from tests.support.sandbox import ServedSandbox, free_port, run_sandbox
from tests.support.simulator import BUYER, agreements, found, rcs, siren, siret, vat

CANDIDATES = 10
COMPANIES = 400  # those that the addresses ask for; as many SIRETs are nobody's
LATENCY = "60"  # milliseconds of a register
START_SECONDS = 30.0
NEWCOMERS_SECONDS = 10.0
FAILED = ("unavailable", "late")


@dataclass(slots=True)
class Outcome:
    """The figures of one run; `slowest` is a candidate's, in seconds, `missed` what each of the others did not get."""

    addresses: int
    seconds: float
    full: int = 0
    slowest: float = 0.0
    missed: dict[int, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    violations: dict[str, int] = field(default_factory=dict)

    @property
    def fair(self) -> bool:
        return self.full == CANDIDATES and not self.violations


def run(addresses: int, seconds: float) -> Outcome:
    """Let so many addresses ask as fast as they can, and ten candidates come one after the other meanwhile."""
    outcome = Outcome(addresses, seconds)
    with run_sandbox("--latency", LATENCY) as sandbox:
        sandbox.add(*(case for rank in range(COMPANIES + CANDIDATES) for case in _cases(rank)))
        with _service(sandbox) as url:
            end = time.monotonic() + seconds
            ranks = count(CANDIDATES)
            attackers = [
                threading.Thread(target=_attack, args=(url, f"203.0.113.{1 + rank}", ranks, end, outcome.asked))
                for rank in range(addresses)
            ]
            for attacker in attackers:
                attacker.start()
            _candidates(url, seconds, outcome)
            for attacker in attackers:
                attacker.join()
        report = sandbox.stats()
    outcome.calls, outcome.violations = report["total"], report["violations"]
    return outcome


def run_newcomers(clients: int) -> Outcome:
    """Let so many candidates ask at once, each for its company, of a process that has just started."""
    outcome = Outcome(clients, 0.0)
    with run_sandbox("--latency", LATENCY) as sandbox:
        sandbox.add(*(case for rank in range(clients) for case in _cases(rank)))
        with _service(sandbox) as url, ThreadPoolExecutor(clients) as pool:
            for _ in pool.map(lambda rank: _candidate(url, rank, outcome), range(clients)):
                pass
        report = sandbox.stats()
    outcome.calls, outcome.violations = report["total"], report["violations"]
    return outcome


def _cases(rank: int) -> tuple[dict[str, Any], ...]:
    number = siren(rank)
    return found(siret(number)), rcs(number), vat(number), agreements(siret(number))


@contextmanager
def _service(sandbox: ServedSandbox) -> Iterator[str]:
    """Run the service with its default limits behind one proxy, and end that process alone."""
    port = free_port()
    settings = {
        "API_ENTREPRISE_URL": sandbox.url, "API_ENTREPRISE_TOKEN": "open-data-alone", "PREFILL_RECIPIENT": BUYER,
        "PORT": str(port), "PREFILL_PROXIES": "1",
    }  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFILL_", "REDIS_"))}
    command = [sys.executable, "-m", "prefill", "serve"]
    with subprocess.Popen(command, env={**inherited, **settings}, stderr=subprocess.DEVNULL) as process:
        try:
            _await(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            get(url, "/healthz", "192.0.2.1")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the service does not start")


def get(url: str, path: str, address: str) -> tuple[int, bytes]:
    """Ask as the proxy in front does for a client of that address."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("GET", path, headers={"X-Forwarded-For": address})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _attack(url: str, address: str, ranks: Iterator[int], end: float, asked: Counter[str]) -> None:
    while time.monotonic() < end:
        rank = next(ranks)
        known = CANDIDATES + rank // 2 % COMPANIES if rank % 2 else COMPANIES + CANDIDATES + rank
        try:
            status, _ = get(url, f"/v1/prefill/{siret(siren(known))}", address)
        except OSError:
            asked["broken"] += 1
        else:
            asked[str(status)] += 1
        time.sleep(0.005)


def _candidates(url: str, seconds: float, outcome: Outcome) -> None:
    """Let ten candidates come, each from an address of its own, in equal intervals.

    In the first seconds the other addresses are newcomers too, and nothing tells them from candidates.
    """
    time.sleep(NEWCOMERS_SECONDS)
    for rank in range(CANDIDATES):
        time.sleep((seconds - NEWCOMERS_SECONDS) / (CANDIDATES + 1))
        _candidate(url, rank, outcome)


def _candidate(url: str, rank: int, outcome: Outcome) -> None:
    began = time.monotonic()
    status, body = get(url, f"/v1/prefill/{siret(siren(rank))}", f"198.51.100.{1 + rank}")
    outcome.slowest = max(outcome.slowest, round(time.monotonic() - began, 2))
    missed = _missed(status, body)
    if missed:
        outcome.missed[rank] = missed
    else:
        outcome.full += 1


def _missed(status: int, body: bytes) -> str:
    """Say what a candidate did not get and why: « late rcs ×12, unavailable vat ×1 »; empty when nothing."""
    if status != HTTPStatus.OK:
        return f"{status} {body[:200].decode(errors='replace')}"
    gaps = json.loads(body)["missing"].values()
    failed = Counter(f"{gap['reason']} {gap.get('source', '')}" for gap in gaps if gap["reason"] in FAILED)
    return ", ".join(f"{reason} ×{times}" for reason, times in failed.items())


@click.command()
@click.option("--seconds", type=click.FloatRange(20, 600), default=180.0, show_default=True)
@click.option("--addresses", type=click.IntRange(0, 200), multiple=True, default=(1, 50), show_default=True)
@click.option("--newcomers", type=click.IntRange(0, 100), default=32, show_default=True)
def main(*, seconds: float, addresses: tuple[int, ...], newcomers: int) -> None:
    first = run_newcomers(newcomers)
    _print(first)
    fair = first.full == newcomers and not first.violations
    for number in addresses:
        outcome = run(number, seconds)
        _print(outcome)
        fair = fair and outcome.fair
    sys.exit(0 if fair else 1)


def _print(outcome: Outcome) -> None:
    click.echo(json.dumps({each.name: getattr(outcome, each.name) for each in fields(Outcome)}))


if __name__ == "__main__":
    main()
