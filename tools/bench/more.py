"""The measures beside the first goals: the peer, the servers, growth, the start, and where the time goes."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import stage
from lines import Line, over, ratio, section, turns

NO_BUDGET = ("--budget-scale", "1000")
PEER = stage.ROOT / ".tools" / "peer" / "bin" / "python"
PY_SPY = stage.PYTHON.parent / "py-spy"
USUAL = "gunicorn gthread"
STREAMS = 200
BOUNDLESS = 250_000  # calls a minute
LATE = 35  # seconds into the minute: two budgets are met soon
PEER_FORM = """\
title: Les deux sources du pair
version: "1"
audience: candidate
fields:
  /name:
    label: Nom
    from:
      etablissements: unite_legale.personne_morale_attributs.raison_sociale
  /vat:
    label: Numéro de TVA
    from:
      numero_tva: numero_tva
"""


@section
def peer() -> Iterator[Line]:
    """Companies a minute from the same two sources, over those of the peer `api-entreprise` 31; sources take 200 ms."""
    for clients, count, fewer in ((1, 10, 10), (8, 60, 20), (32, 200, 40)):
        paces: dict[str, list[float]] = {"prefill": [], "polite": [], "free": []}
        wrong = dict.fromkeys(paces, 0)
        for _ in range(2):
            with ExitStack() as stack:  # anew each time: beyond 480 calls in a minute one buyer's are slowed
                sim = stack.enter_context(stage.simulator(*NO_BUDGET, "--latency", "200"))
                server = stack.enter_context(_pair(stack, sim))
                for number in stage.companies(sim, 2):  # until it knows its budget, a service calls slowly
                    server.get(f"{stage.path_of(number)}?schema=pair")
                for side, companies in (("prefill", count), ("polite", fewer), ("free", count)):
                    seconds, errors = _ask_all(sim, server, side, clients, companies)
                    paces[side].append(companies / seconds)
                    wrong[side] += errors
        least = {32: (20, 1.3)}.get(clients, (None, None))
        for side, goal in zip(("polite", "free"), least, strict=True):
            note = (
                f"{_a_minute(paces['prefill'])} companies a minute and {_a_minute(paces[side])}; "
                f"errors and breaches: ours {wrong['prefill']}, the peer's {wrong[side]}"
            )
            yield ratio(f"{clients} at once, over its {side} mode", over(paces, "prefill", side), least=goal, note=note)


def _a_minute(paces: list[float]) -> str:
    return f"{statistics.median(paces) * 60:.0f}"


def _pair(stack: ExitStack, sim: Any) -> Any:
    folder = stack.enter_context(stage.folder())
    (folder / "pair.yaml").write_text(PEER_FORM)
    return stage.service(sim.url, PREFILL_SCHEMAS=str(folder))


def _ask_all(sim: Any, server: stage.Server, side: str, clients: int, count: int) -> tuple[float, int]:
    """Ask about new companies; give the seconds to the last, and the errors and breaches on the way."""
    numbers = stage.companies(sim, count)
    _know_as_before(sim, numbers)
    before = sim.stats()
    if side == "prefill":
        began = time.monotonic()
        answers = stage.in_turn(server, [f"{stage.path_of(one)}?schema=pair" for one in numbers], clients)
        seconds = time.monotonic() - began
        errors = sum(status != 200 for _, status in answers) + 2 * count - (sim.stats()["total"] - before["total"])
    else:
        told = _drive(sim, numbers, clients, side, BOUNDLESS)
        seconds, errors = told["seconds"], told["errors"]
    return seconds, errors + sum(sim.stats()["violations"].values()) - sum(before["violations"].values())


def _drive(sim: Any, numbers: list[str], clients: int, mode: str, a_minute: int) -> Any:
    words = (PEER, stage.BENCH / "peer.py", sim.url, stage.TOKEN + mode, clients, mode, a_minute)
    done = subprocess.run(
        list(map(str, words)), input="\n".join(numbers), capture_output=True, text=True, timeout=200, check=True
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


@section
def budgets() -> Iterator[Line]:
    """The same, within the real budget of 250 calls a minute: 150 companies, 32 clients, begun late in a minute.

    Each side has a stand-in of its own, and mostly waits: they are measured in the same minutes.
    """
    sides = ("prefill", "polite", "free")
    with ThreadPoolExecutor(len(sides)) as pool:
        found = list(pool.map(_within_budget, sides))
    for side, (whole, seconds, wrong) in zip(sides, found, strict=True):
        yield ratio(
            f"{'prefill' if side == 'prefill' else f'the peer, {side} mode'}: companies answered whole, of 150",
            [whole], unit="companies", note=f"{seconds:.0f} s to the last; {wrong or 'no breach'}",
        )  # fmt: skip


def _within_budget(side: str) -> tuple[int, float, str]:
    """Ask about 150 companies; our clients come back when they are told to, as the page's script does."""
    with ExitStack() as stack:
        sim = stack.enter_context(stage.simulator("--latency", "50"))
        numbers = stage.companies(sim, 150)
        _know_as_before(sim, numbers)
        server = stack.enter_context(_pair(stack, sim)) if side == "prefill" else None
        time.sleep((LATE - time.time()) % 60)
        began = time.monotonic()
        if server is None:
            told = _drive(sim, numbers, 32, side, 250)
            whole, seconds = told["whole"], told["seconds"]
        else:
            with ThreadPoolExecutor(32) as crowd:
                whole = sum(crowd.map(partial(_until_whole, server), numbers))
            seconds = time.monotonic() - began
        breaches = ", ".join(f"{name}: {count}" for name, count in sim.stats()["violations"].items())
        return whole, seconds, breaches


def _until_whole(server: stage.Server, number: str) -> bool:
    """Ask again, as often as we are told to, for two minutes."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        answer = json.loads(server.get(f"{stage.path_of(number)}?schema=pair").content)  # type: ignore[attr-defined]
        if answer.get("complete"):
            return True
        waits = [gap["retryAfter"] for gap in answer["missing"].values() if gap.get("retryAfter")]
        time.sleep(min(waits, default=1))
    return False


def _know_as_before(sim: Any, numbers: list[str]) -> None:
    """Make the endpoints that the peer asks (the Insee's v3, the Commission's VAT numbers) know the same companies."""
    path, vat_path = (
        "/v3/insee/sirene/etablissements/diffusibles/{siret}", "/v3/european_commission/unites_legales/{siren}/numero_tva",
    )  # fmt: skip
    sim.add(*({**stage.invented.found(number), "path": path} for number in numbers))
    for number in numbers:
        told = stage.invented.wrapped({"tva_number": f"FR00{number[:9]}"})
        sim.add({**stage.invented.vat(number[:9]), "path": vat_path, "payload": told})


@section
def servers() -> Iterator[Line]:
    """The same application on WSGI servers, one process each, over gunicorn gthread: the usual choice."""
    with ExitStack() as stack:
        sim = stack.enter_context(stage.simulator(*NO_BUDGET))
        path = stage.path_of(stage.companies(sim, 1)[0])
        found, started = {}, {}
        for name in stage.SERVERS:
            began = time.monotonic()
            found[name] = stack.enter_context(stage.service(sim.url, name))
            started[name] = time.monotonic() - began
        for server in found.values():
            for _ in range(3):
                server.get(path)
        rates = turns(5, {name: partial(_rate, server, path) for name, server in found.items()})
        half = statistics.median(rates[USUAL]) / 2
        slow = turns(5, {name: partial(_p99, server, path, half) for name, server in found.items()})
        for name, server in found.items():
            memory = server.memory()
            answered = _streams(sim, server, path)
            note = (
                f"{statistics.median(rates[name]):.0f} a second; {memory:.0f} MB; started in {started[name]:.2f} s; "
                f"with {STREAMS} event streams open on slow registers, {answered} of 20 others answered within a second; "
                f"{_stop(sim, server)}"
            )
            yield ratio(f"{name}: requests a second, warm", over(rates, name, USUAL), note=note)
            yield ratio(
                f"{name}: p99 at half the load of the usual choice", over(slow, name, USUAL),
                note=f"{statistics.median(slow[name]) * 1000:.1f} ms",
            )  # fmt: skip


def _rate(server: stage.Server, path: str) -> float:
    done = stage.wrk(server, [path], clients=32, seconds=1)
    return float(done["requests"] / done["seconds"])


def _p99(server: stage.Server, path: str, rate: float) -> float:
    done = stage.wrk(server, [path], clients=16, seconds=2, pause=16 / rate * 1000)
    return float(done["p99"])


def _streams(sim: Any, server: stage.Server, path: str) -> int:
    """Open event streams on sources that take 2 seconds, and count who else is answered meanwhile."""
    numbers = stage.companies(sim, STREAMS)
    sim.delay({"": 2000})
    opened = stage.Streams(server, [stage.path_of(number) for number in numbers])
    try:
        time.sleep(0.5)
        answers = stage.crowd(server, path, 20)
        return sum(seconds < 1 for seconds, _ in answers)
    finally:
        sim.delay({})
        opened.close()


def _stop(sim: Any, server: stage.Server) -> str:
    """Ask the server to end while it works on an answer; tell whether that answer came."""
    [number] = stage.companies(sim, 1)
    sim.delay({"": 500})
    with ThreadPoolExecutor(1) as one:
        answer = one.submit(server.get, stage.path_of(number))
        time.sleep(0.3)
        os.kill(server.pid, signal.SIGTERM)
        try:
            told = f"an answer under way at its end: {answer.result().status}"
        except (OSError, http.client.HTTPException):
            told = "an answer under way at its end is lost"
    sim.delay({})
    return told


@section
def growth() -> Iterator[Line]:
    """Memory and time as companies, forms and fields grow: linear is 1."""
    weights = {count: _grow("memory", count, 10**6) for count in (10, 1000, 100_000)}
    base = weights[1000]["a_company"]
    for count in (10, 100_000):
        yield ratio(
            f"memory a cached company, {count:,} companies over 1,000", [weights[count]["a_company"] / base],
            note=f"{weights[count]['a_company'] / 1024:.1f} kB a company, three answers each",
        )  # fmt: skip
    bounded, full = _grow("memory", 100_000, 50_000), weights[100_000]
    yield ratio(
        "memory of 100,000 companies, PREFILL_CACHE_ENTRIES=50000 over all kept", [bounded["bytes"] / full["bytes"]],
        note=f"{bounded['bytes'] / 2**20:.0f} MB for {bounded['entries']:,} answers, "
        f"and {full['bytes'] / 2**20:.0f} MB for {full['entries']:,}",
    )  # fmt: skip
    loads = {count: _grow("forms", count)["seconds"] for count in (1, 10, 100)}
    for count in (10, 100):
        yield ratio(
            f"time to load a form of 100 fields, {count} forms over one", [loads[count] / count / loads[1]], most=1.1,
            note=f"{loads[count] / count * 1000:.0f} ms a form",
        )  # fmt: skip
    maps = {count: _grow("fields", count)["a_field"] for count in (25, 100, 400)}
    for count in (100, 400):
        yield ratio(
            f"mapping time a field, {count} fields over 25", [maps[count] / maps[25]], most=1.1,
            note=f"{maps[count] * 1e6:.1f} µs a field",
        )  # fmt: skip


def _grow(*words: object) -> Any:
    command = [sys.executable, str(stage.BENCH / "growth.py"), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240)
    return json.loads(done.stdout)


@section
def start() -> Iterator[Line]:
    """From `prefill serve`, with a token, to the first answer, and memory at rest, over bare Flask on the same server."""
    sides = {"prefill": partial(stage.service, "http://127.0.0.1:9", stage.SHIPPED),
             "bare": partial(stage.serving, stage.CHOSEN, "bare:create_app")}  # fmt: skip
    weights: dict[str, list[float]] = {name: [] for name in sides}
    processor: dict[str, list[float]] = {name: [] for name in sides}

    def begin(name: str) -> float:
        began = time.monotonic()
        with sides[name]() as server:
            seconds = time.monotonic() - began
            processor[name].append(server.processor_seconds())
            weights[name].append(server.memory())
        return seconds

    times = turns(7, {name: partial(begin, name) for name in sides})
    for what, found, unit, most in (
        ("time to the first answer", times, "s", 2.0),
        ("processor time to the first answer", processor, "s", None),
        ("memory at rest", weights, "MB", 1.5),
    ):
        ours, bare = (statistics.median(found[name]) for name in sides)
        yield ratio(what, over(found, *sides), most=most, note=f"{ours:.2f} and {bare:.2f} {unit}")


def _forget_folders(picture: Path) -> None:
    """Name files from their package on: a picture tells nothing of somebody's machine."""
    if picture.is_file():
        told = picture.read_text().replace(f"{stage.ROOT}/", "")
        picture.write_text(re.sub(r"(?:/[\w.-]+)+?/(?=prefill/|bench/|site-packages/|lib/python)", "", told))


@section
def profile() -> Iterator[Line]:
    """Record a flame graph of the warm and of the cold path, with py-spy."""
    for name, latency in (("warm", "0"), ("cold", "20")):
        with stage.simulator(*NO_BUDGET, "--latency", latency) as sim, stage.service(sim.url) as server:
            paths = [stage.path_of(one) for one in stage.companies(sim, 1 if name == "warm" else 2000)]
            for path in paths[:1]:
                for _ in range(3):
                    server.get(path)
            load = threading.Thread(target=stage.wrk, args=(server, paths), kwargs={"clients": 8, "seconds": 6})
            load.start()
            picture = stage.ROOT / ".tools" / f"flame-{name}.svg"
            command = [PY_SPY, "record", "--gil", "-d", "4", "-r", "200", "-o", picture, "-p", str(server.workers()[0])]
            done = subprocess.run(list(map(str, command)), check=False, capture_output=True, text=True, timeout=60)
            load.join()
            _forget_folders(picture)
            yield ratio(
                f"{name}: flame graph", [float(done.returncode == 0)], unit="picture", note=f".tools/{picture.name}"
            )
