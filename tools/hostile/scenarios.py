"""The scenarios: slow registers under many candidates, event streams, silent clients, slow bodies, a killed worker."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.sandbox import run_sandbox
from tests.support.simulator import agreements, found, rcs, siren, siret, vat
from tools.hostile.client import Health, Probe, Response, get, hold
from tools.hostile.service import Service, run_service

FAILED = ("unavailable", "late")
SILENT, HALF_A_HEAD = b"", b"GET /healthz HTTP/1.1\r\nHo"
SLOW_BODY = b"POST /v1/espd?siret=00000100800010 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n<"
RETRY_SECONDS = 2.0
VISITORS_A_SECOND = 20.0
CLOSED_SECONDS = 15.0  # within which the server closes a silent connection


@dataclass(slots=True)
class Figures:
    """What was measured; `statuses` counts the answers, 0 those that were lost."""

    scenario: str
    statuses: Counter[int] = field(default_factory=Counter)
    complete: int = 0
    threads: int = 0
    descriptors: int = 0
    still_open: int = 0
    opened: int = 0
    health: Health | None = None

    @property
    def held(self) -> bool:
        """No answer lost, none of ours above 500, and health never failed."""
        faults = sum(count for status, count in self.statuses.items() if status == 0 or status >= 500)
        return not faults and self.health is not None and not self.health.failed


def slow_candidates(
    candidates: int = 400, *, latency: int = 4000, threads: int = 256, seconds: float = 300.0
) -> Figures:
    """So many candidates at once on registers that take seconds, where the system allows so many threads.

    Each asks again while something is missing, as soon as the answer allows. The calls of 400 candidates are the quota of
    nearly two minutes; it is over when all are whole, or after so many seconds.
    """
    figures = Figures("slow candidates")
    with run_sandbox("--latency", str(latency), "--budget-scale", "1000") as sandbox:
        sandbox.add(*(case for rank in range(candidates) for case in _cases(rank)))
        with run_service(sandbox, threads=threads) as service:
            end = time.monotonic() + seconds
            _run(
                service,
                figures,
                [lambda rank=rank: _candidate(service, rank, figures, end) for rank in range(candidates)],
            )
    return figures


def streams(count: int = 300, *, seconds: float = 20.0) -> Figures:
    """So many event streams asked for at once on registers that do not answer."""
    figures = Figures("streams")
    with run_sandbox("--latency", "30000", "--budget-scale", "1000") as sandbox, run_service(sandbox) as service:
        end = time.monotonic() + seconds
        _run(service, figures, [lambda rank=rank: _stream(service, rank, figures, end) for rank in range(count)])
    return figures


def silent_clients(count: int = 2000, *, seconds: float = 120.0) -> Figures:
    """So many connections that say nothing or half of something, each opened again, twenty clients a second meanwhile."""
    return _held_connections("silent clients", (SILENT, HALF_A_HEAD), count, seconds)


def slow_bodies(count: int = 300, *, seconds: float = 30.0) -> Figures:
    """So many bodies that begin and do not go on."""
    return _held_connections("slow bodies", (SLOW_BODY,), count, seconds)


def killed_worker(processes: int = 2, *, seconds: float = 15.0) -> Figures:
    """A worker is killed while clients ask twenty times a second, each on a connection of its own."""
    figures = Figures("killed worker")
    with run_service(WEB_CONCURRENCY=str(processes)) as service:
        victim = service.workers()[0]

        async def kill() -> None:
            await asyncio.sleep(seconds / 3)
            os.kill(victim, signal.SIGKILL)
            await asyncio.sleep(2 * seconds / 3)

        _run(service, figures, [kill])
    return figures


def _held_connections(scenario: str, openings: tuple[bytes, ...], count: int, seconds: float) -> Figures:
    figures = Figures(scenario)
    with run_service() as service:
        end = time.monotonic() + seconds

        async def keep(rank: int) -> None:
            opened, held = 0, False
            while time.monotonic() < end - CLOSED_SECONDS or not opened:
                held = await hold(service.port, openings[rank % len(openings)], end)
                opened += 1
            figures.still_open += held
            figures.opened += opened

        others = [
            lambda rank=rank: _visitor(service, rank, figures) for rank in range(int(VISITORS_A_SECOND * seconds))
        ]
        _run(service, figures, [*others, *(lambda rank=rank: keep(rank) for rank in range(count))])
    return figures


def _run(service: Service, figures: Figures, clients: list[Callable[[], Awaitable[Any]]]) -> None:
    """Let all clients go at once, health being asked from another process meanwhile."""
    probe = Probe(service.port)
    time.sleep(1.0)
    try:
        asyncio.run(_run_all(service, figures, clients))
    finally:
        figures.health = probe.stop()


async def _run_all(service: Service, figures: Figures, clients: list[Callable[[], Awaitable[Any]]]) -> None:
    watch = asyncio.create_task(_watch(service, figures))
    await asyncio.gather(*(client() for client in clients))
    watch.cancel()


async def _watch(service: Service, figures: Figures) -> None:
    while True:
        figures.threads = max(figures.threads, service.threads())
        figures.descriptors = max(figures.descriptors, service.descriptors())
        await asyncio.sleep(0.5)


async def _visitor(service: Service, rank: int, figures: Figures) -> None:
    """Ask for a prefill of the sandbox when its turn comes."""
    await asyncio.sleep(rank / VISITORS_A_SECOND)
    answer = await get(service.port, "/v1/prefill/00000100800010", _from(rank), timeout=CLOSED_SECONDS)
    figures.statuses[answer.status] += 1


async def _candidate(service: Service, rank: int, figures: Figures, end: float) -> None:
    """Ask until everything is there, as the page does."""
    while time.monotonic() < end:
        answer = await get(service.port, f"/v1/prefill/{siret(siren(rank))}", _from(rank))
        figures.statuses[answer.status] += 1
        if answer.status == 200 and _is_full(answer):
            figures.complete += 1
            return
        await asyncio.sleep(_retry_after(answer))


def _is_full(answer: Response) -> bool:
    return not any(gap["reason"] in FAILED for gap in answer.json()["missing"].values())


def _retry_after(answer: Response) -> float:
    """In how many seconds the page asks again."""
    gaps = answer.json()["missing"].values() if answer.status == 200 else ()
    return max((gap.get("retryAfter", 0.0) for gap in gaps), default=0.0) or RETRY_SECONDS


async def _stream(service: Service, rank: int, figures: Figures, end: float) -> None:
    headers = {**_from(rank), "Accept": "text/event-stream"}
    while time.monotonic() < end:
        answer = await get(service.port, f"/v1/prefill/{siret(siren(rank))}", headers)
        figures.statuses[answer.status] += 1
        await asyncio.sleep(RETRY_SECONDS)


def _from(rank: int) -> dict[str, str]:
    """An address for each, as the proxy in front tells it."""
    return {"X-Forwarded-For": f"198.18.{rank // 250}.{1 + rank % 250}"}


def _cases(rank: int) -> tuple[dict[str, Any], ...]:
    number = siren(rank)
    return found(siret(number)), rcs(number), vat(number), agreements(siret(number))
