"""How many round trips to Redis a call and a cold prefill wait for."""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import stage
from lines import Line, ratio, section
from sections import NO_BUDGET, SOURCE_SECONDS

from prefill.assembly import open_upstream
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Company
from prefill.domain.requester import Requester, RequesterKind
from prefill.settings import Settings

DELAY = 0.05  # seconds: far above what the machine's other work adds
CALLS, PREFILLS, ROUNDS = 12, 6, 3
LIMITED = Requester(RequesterKind.CANDIDATE, address="a", network="b", calls_per_minute=100_000)


@section
def redis() -> Iterator[Line]:
    """Round trips to Redis that a call and a cold prefill wait for: with a Redis that answers late, less at once, over that delay."""
    with stage.simulator(*NO_BUDGET, "--latency", f"{SOURCE_SECONDS * 1000:.0f}") as sim, _redis() as (near, far):
        for what, measure, most, note in (
            ("a call", _calls, 1.05, "answers, calls and limits of other processes, and the quota"),
            ("a cold prefill", _prefills, None, "the limits of the client's address, then the calls"),
        ):
            runs = [[statistics.median(measure(sim, url)) for url in (None, near, far)] for _ in range(ROUNDS)]
            added = statistics.median(near - alone for alone, near, _ in runs) * 1000
            trips = [(far - near) / DELAY for _, near, far in runs]
            yield ratio(
                f"round trips of {what}",
                trips,
                most=most,
                unit="trips",
                note=f"{note}; {added:.1f} ms by a Redis on loopback",
            )


def _calls(sim: Any, redis_url: str | None) -> list[float]:
    """Time calls about new companies, once the connections are there."""
    settings = Settings(url=sim.url, token=stage.TOKEN, recipient=stage.invented.BUYER, redis_url=redis_url, log="json")
    upstream, source = open_upstream(settings), CATALOGUE["numero_tva"]
    found = []
    for number in stage.companies(sim, CALLS + 2):
        began = time.monotonic()
        assert upstream.submit(source, Company.unread(number), requester=LIMITED).result().ok
        found.append(time.monotonic() - began)
    upstream.close()
    time.sleep(1)  # what is written once an answer is delivered, before the next measure
    return found[2:]


def _prefills(sim: Any, redis_url: str | None) -> list[float]:
    settings = {"REDIS_URL": redis_url} if redis_url else {}
    with stage.service(sim.url, **settings) as server:
        for number in stage.companies(sim, 4):
            server.get(stage.path_of(number)).read()
        stage.away_from_a_minutes_edge()
        return [
            seconds for seconds, _ in stage.in_turn(server, [*map(stage.path_of, stage.companies(sim, PREFILLS))], 1)
        ]


@contextmanager
def _redis() -> Iterator[tuple[str, str]]:
    """Run a Redis; give its URL, and one at which each round trip takes longer."""
    binary = shutil.which("redis-server") or sys.exit("redis-server is not here")
    port = stage.free_port()
    with ExitStack() as stack:
        folder = stack.enter_context(stage.folder())
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        proxy = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=_accept, args=(proxy, port), daemon=True).start()
        near, far = (f"redis://127.0.0.1:{number}/0" for number in (port, proxy.getsockname()[1]))
        yield near, far


def _accept(proxy: socket.socket, port: int) -> None:
    with suppress(OSError):  # it is closed
        while True:
            client, _ = proxy.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for source, target, delay in ((client, server, DELAY), (server, client, 0.0)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_copy, args=(source, target, delay), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket, delay: float) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            time.sleep(delay)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
