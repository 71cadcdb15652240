"""What a measure needs around it: servers on loopback that end with their block, wrk, and companies to ask about."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from tests.support import simulator as invented
from tests.support.sandbox import free_port, run_sandbox
from tests.support.vat_list import write_list

BENCH = ROOT / "tools" / "bench"
simulator = run_sandbox
PYTHON = ROOT / ".tools" / "bench" / "bin" / "python"
TOKEN = "open-data-of-the-bench"
MORE = ("--no-control-socket", "--log-level", "warning")
THREADS = 256  # as in the Procfile: an event stream holds one
CHOSEN = "granian"
SHIPPED = "prefill serve"  # the command that starts the service, on the same server
PATIENCE = 30.0  # seconds for a server to start, and for a crowd to be answered

# Each server's command, but for the application; `{port}` is where it listens.
SERVERS = {
    "gunicorn gthread": ("gunicorn", "-b", "127.0.0.1:{port}", "-k", "gthread", "--threads", str(THREADS), *MORE),
    "gunicorn gevent": ("gunicorn", "-b", "127.0.0.1:{port}", "-k", "gevent", "--worker-connections", "1000", *MORE),
    "granian": (
        "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}", "--blocking-threads",
        str(THREADS), "--log-level", "error", "--factory",
    ),
    "waitress": ("waitress-serve", "--listen", "127.0.0.1:{port}", "--threads", str(THREADS), "--call"),
}  # fmt: skip
CALLED = {"gunicorn gthread": "{}()", "gunicorn gevent": "{}()"}  # the others call the factory themselves


@dataclass(frozen=True)
class Server:
    """Something that listens on loopback."""

    port: int
    pid: int
    log: Path

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """Ask once; the body is in `content`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.content = response.read()  # type: ignore[attr-defined]
            return response
        finally:
            connection.close()

    def family(self) -> list[int]:
        return [self.pid, *descendants(self.pid)]

    def workers(self) -> list[int]:
        return [pid for pid in self.family() if not descendants(pid)]

    def processor_seconds(self) -> float:
        """Add up the processor time that its processes took."""
        return sum(map(_processor_ticks, self.family())) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Add up what its processes hold for themselves and their share of the rest, in megabytes."""
        return sum(map(_proportional, self.family())) / 1024


def _processor_ticks(pid: int) -> int:
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(told[11]) + int(told[12])


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def descendants(pid: int) -> list[int]:
    """Name the processes that a process started, theirs included."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children = [int(text) for text in (task / "children").read_text().split()]
            found += [*children, *itertools.chain.from_iterable(map(descendants, children))]
    return found


@contextmanager
def running(command: list[str], port: int, alive: str, **environ: str) -> Iterator[Server]:
    """Run a server in a process group of its own until the end of the block; `alive` is a path that answers 200."""
    with tempfile.TemporaryDirectory(prefix="prefill-bench-") as folder:
        log = Path(folder) / "log"
        values = {"PATH": f"{PYTHON.parent}:{os.environ['PATH']}", "HOME": folder, "TMPDIR": folder, **environ}
        with log.open("ab") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, cwd=ROOT, env=values)
        server = Server(port, process.pid, log)
        try:
            _await(server, process, alive)
            yield server
        finally:
            _end(process)


def _await(server: Server, process: subprocess.Popen[bytes], alive: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            if server.get(alive).status == 200:
                return
        time.sleep(0.01)
    sys.exit(f"{process.args!r} did not start:\n{server.log.read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return


@contextmanager
def service(url: str, server: str = CHOSEN, **settings: str) -> Iterator[Server]:
    """Run the service, as the Procfile does but for the server named."""
    values = {
        "API_ENTREPRISE_URL": url,
        "API_ENTREPRISE_TOKEN": f"{TOKEN}-{free_port()}",
        "PREFILL_RECIPIENT": invented.BUYER,
        "PREFILL_RATE_LIMIT": "1000000",  # counted as ever, and never reached
        "PREFILL_PROXIES": "1",
        "PREFILL_LOG": "json",
        **settings,
    }
    with serving(server, "prefill.app:create_app", **values) as found:
        yield found


@contextmanager
def serving(server: str, factory: str, **environ: str) -> Iterator[Server]:
    """Run an application on a server, one process."""
    port = free_port()
    if server == SHIPPED:
        command = [str(PYTHON), "-m", "prefill", "serve", "--port", str(port)]
    else:
        name, *options = [part.format(port=port) for part in SERVERS[server]]
        command = [str(PYTHON.parent / name), *options, CALLED.get(server, "{}").format(factory)]
    with running(command, port, "/healthz", PYTHONPATH=f"{ROOT}:{BENCH}", **environ) as found:
        yield found


def wrk(server: Server, paths: list[str], *, clients: int, seconds: float, pause: float = 0, header: str = "") -> Any:
    """Ask these paths in turn, so many clients at once; `pause` is in milliseconds. Give what `paths.lua` prints."""
    binary = shutil.which("wrk") or sys.exit("wrk is not here: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(paths) + "\n")
        file.flush()
        command = [
            binary, "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "20s", "-s", str(BENCH / "paths.lua"),
            f"http://127.0.0.1:{server.port}", "--", file.name, f"{pause:.0f}", *filter(None, header.split(": ", 1)),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return json.loads(done.stdout.strip().splitlines()[-1])


def crowd(server: Server, path: str, clients: int) -> list[tuple[float, int]]:
    """Ask one path, all at the same time; give each one's seconds and status."""
    return asyncio.run(_crowd(server, path, clients))


async def _crowd(server: Server, path: str, clients: int) -> list[tuple[float, int]]:
    start = asyncio.Event()
    tasks = [asyncio.create_task(_one(server, path, start, whole=False)) for _ in range(clients)]
    await asyncio.sleep(1)
    start.set()
    return await asyncio.gather(*tasks)


def in_turn(server: Server, paths: list[str], clients: int, *, whole: bool = True) -> list[tuple[float, int]]:
    """Ask each path once, so many clients at once, each taking the next; give each answer's seconds and status.

    Where it must be `whole`, a prefill that is not complete has status 0: the time of a partial answer says nothing.
    """
    return asyncio.run(_in_turn(server, paths, clients, whole=whole))


async def _in_turn(server: Server, paths: list[str], clients: int, *, whole: bool) -> list[tuple[float, int]]:
    left, found = iter(paths), []
    start = asyncio.Event()
    start.set()

    async def client() -> None:
        for path in left:
            found.append(await _one(server, path, start, whole=whole))  # noqa: PERF401 the next path is taken when this one ends

    await asyncio.gather(*(client() for _ in range(clients)))
    return found


async def _one(server: Server, path: str, start: asyncio.Event, *, whole: bool = True) -> tuple[float, int]:
    """Ask as a client from an address of its own: one address has a share of what may wait."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await start.wait()
    began = time.monotonic()
    address = ip_address(10 * 2**24 + next(_addresses))
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    try:
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
    except TimeoutError:
        return PATIENCE, 0
    finally:
        writer.close()
    partial = whole and b'"complete":false' in answer
    return time.monotonic() - began, 0 if partial else int(answer.split(b" ", 2)[1])


_addresses = itertools.count(1)
_ranks = itertools.count(2_000_000)
Kind = Callable[[str], tuple[str, list[dict[str, Any]]]]


def head_office(siren: str) -> tuple[str, list[dict[str, Any]]]:
    number = invented.siret(siren)
    return number, [invented.found(number), invented.rcs(siren), invented.vat(siren)]


def secondary(siren: str) -> tuple[str, list[dict[str, Any]]]:
    number = invented.siret(siren, 2)
    chief = invented.found(invented.siret(siren), source="siege_social")
    return number, [invented.found(number, siege_social=False), chief, invented.rcs(siren), invented.vat(siren)]


def sole_trader(siren: str) -> tuple[str, list[dict[str, Any]]]:
    number = invented.siret(siren)
    unit = {
        "type": "personne_physique",
        "personne_physique_attributs": {**invented.NOBODY, "nom_naissance": "PERRIN", "prenom_usuel": "ODILE"},
        "personne_morale_attributs": invented.named(None),
        "forme_juridique": invented.legal_form("1000", "Entrepreneur individuel"),
    }
    return number, [invented.found(number, of=unit), invented.rcs(siren), invented.vat(siren)]


def association(siren: str) -> tuple[str, list[dict[str, Any]]]:
    number = invented.siret(siren)
    unit = {"rna": None, "forme_juridique": invented.legal_form("9220", "Association déclarée")}
    return number, [invented.found(number, of=unit), invented.association(siren), invented.vat(siren)]


MIX: dict[Kind, int] = {head_office: 70, secondary: 15, sole_trader: 10, association: 5}


def companies(sim: invented.Simulator, count: int, mix: dict[Kind, int] | None = None) -> list[str]:
    """Invent companies that nobody asked about yet, make the simulator know them, and give their SIRETs."""
    mix = mix or {head_office: 1}
    kinds = [kind for kind, parts in mix.items() for _ in range(round(count * parts / sum(mix.values())))]
    random.Random(1).shuffle(kinds)
    numbers: list[str] = []
    cases: list[dict[str, Any]] = []
    for kind in kinds:
        number, said = kind(invented.siren(next(_ranks)))
        numbers.append(number)
        cases += said
    for start in range(0, len(cases), 1000):
        sim.add(*cases[start : start + 1000])
    return numbers


def vat_index(folder: Path, numbers: list[str]) -> Path:
    """Make the index of a list on which these companies are."""
    return write_list(folder, [number[:9] for number in numbers], datetime.now(UTC).date())


def path_of(number: str) -> str:
    return f"/v1/prefill/{number}"


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="prefill-bench-") as text:
        yield Path(text)


def away_from_a_minutes_edge() -> None:
    """Wait when a budget window is about to turn: the service holds calls back there, and this is not about budgets."""
    at = time.time() % 60
    if not 4 < at < 54:
        time.sleep((64 - at) % 60)


class Streams:
    """Event streams that are open and read by nobody."""

    def __init__(self, server: Server, paths: list[str]) -> None:
        self._sockets = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in paths]
        for sock, path in zip(self._sockets, paths, strict=True):
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()
