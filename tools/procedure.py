"""Show an agent's page fill the rows of a whole procedure through the real quotas, whatever happens meanwhile.

    .venv/bin/python -m tools.procedure --candidates 50 --minutes 15

Runs the service with a Redis, the sandbox with the quotas of API Entreprise, an identity provider and Chromium, all on
loopback. An agent signs in and asks for so many candidates; then the page is reloaded, the service killed and started
again, and a register dead for a while. Prints when rows were first filled and when they were complete; exits with 1 when
a row was lost or is not complete at the end, or a rule of API Entreprise was violated.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.browser import CHROMIUM, FLAGS
from tests.support.factories import known_company, lines_of, write_keys, write_tenants
from tests.support.identity_provider import CLIENT_SECRET, running_provider, sign_in_table
from tests.support.redis_server import RedisServer
from tests.support.sandbox import ServedSandbox, free_port, run_sandbox
from tests.support.simulator import establishment, siren, siret, wrapped
from tools.editor import await_answer

# Seconds after the beginning at which something happens.
RELOAD_AT, KILL_AT, DIES_AT, LIVES_AT = 15.0, 40.0, 75.0, 135.0
DEAD = {"/attestation_fiscale": "504"}  # the scarcest: five calls a minute, so that it is asked all along
# What each row says, by its number: the text of its last cell, and whether any register has answered.
READ_ROWS = """() => Object.fromEntries([...document.querySelectorAll('#rows tr')].map(row => [row.dataset.siret,
    [row.querySelector('.state').textContent, row.querySelector('a').textContent !== row.dataset.siret]]))"""
COMPLETE = ("À traiter", "Tous les registres ont répondu")
INCOMPLETE = "Un registre au moins"


@dataclass
class Rows:
    """When each row was first filled and when it was complete, in seconds; `lost` counts rows that went away."""

    began: float
    first: dict[str, float] = field(default_factory=dict)
    complete: dict[str, float] = field(default_factory=dict)
    lost: int = 0

    def look(self, shown: dict[str, tuple[str, bool]]) -> None:
        now = round(time.monotonic() - self.began, 1)
        self.lost += len(self.first.keys() - {number for number, (_, filled) in shown.items() if filled})
        for number, (state, filled) in shown.items():
            if filled:
                self.first.setdefault(number, now)
            if state.startswith(COMPLETE):
                self.complete.setdefault(number, now)


class Service:
    """The service as a process that is killed and started again at the same address."""

    def __init__(self, settings: dict[str, str]) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFILL_", "REDIS_"))}
        self._environ = {**inherited, **settings}
        self.url = f"http://127.0.0.1:{settings['PORT']}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "prefill", "serve"]
        self._process = subprocess.Popen(command, env=self._environ, stderr=subprocess.DEVNULL)
        await_answer(self.url, "/healthz", self._process)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def running(folder: Path, sandbox: ServedSandbox) -> Iterator[Service]:
    redis = RedisServer(folder)
    redis.start()
    with running_provider() as provider:
        file = write_tenants(folder, str(write_keys(folder)))
        (folder / "client.secret").write_text(CLIENT_SECRET)
        file.write_text(file.read_text() + sign_in_table("lyon", provider.url))
        port = str(free_port())
        service = Service({
            "API_ENTREPRISE_URL": sandbox.url, "PREFILL_TENANTS": str(file), "PORT": port, "REDIS_URL": redis.url,
            "PREFILL_PUBLIC_URL": f"http://127.0.0.1:{port}", "PREFILL_AUDIT": str(folder / "trace.log"),
            "RECHERCHE_ENTREPRISES_RATE": "0", "PREFILL_SHARE_PROTECTED": "1",
        })  # fmt: skip
        try:
            yield service
        finally:
            service.kill()
            redis.kill()


def consult(page: Page, url: str, numbers: list[str]) -> None:
    page.goto(f"{url}/dossiers")
    page.get_by_role("link", name="Se connecter avec ProConnect").click()
    expect(page.locator("#signed-as")).to_contain_text("Odile Martin")
    page.fill("#sirets", "\n".join(numbers))
    page.fill("#object", "2026-TRX-014")
    page.click("#go")


def follow(
    page: Page, service: Service, sandbox: ServedSandbox, rows: Rows, numbers: list[str], seconds: float
) -> None:
    """Look at the rows each second until all are complete, and make happen what happens."""
    events = [
        (RELOAD_AT, page.reload),
        (KILL_AT, service.kill),
        (KILL_AT + 3, service.start),
        (DIES_AT, lambda: sandbox.fail(DEAD)),
        (LIVES_AT, lambda: sandbox.fail({})),
    ]
    while len(rows.complete) < len(numbers) and time.monotonic() < rows.began + seconds:
        while events and time.monotonic() - rows.began > events[0][0]:
            events.pop(0)[1]()
        shown: dict[str, Any] = page.evaluate(READ_ROWS)
        rows.look(shown)
        if not events and shown and all(state.startswith((*COMPLETE, INCOMPLETE)) for state, _ in shown.values()):
            page.click("#again")
        time.sleep(1.0)


def run(candidates: int, minutes: float) -> bool:
    numbers = [siret(siren(700_000 + rank)) for rank in range(candidates)]
    with (
        tempfile.TemporaryDirectory() as name,
        run_sandbox("--latency", "60") as sandbox,
        sync_playwright() as playwright,
    ):
        sandbox.add(
            *({**known_company(), "params": {"siret": one}, "payload": wrapped(establishment(one))} for one in numbers)
        )
        with running(Path(name), sandbox) as service:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page()
            consult(page, service.url, numbers)
            rows = Rows(time.monotonic())
            follow(page, service, sandbox, rows, numbers, 60 * minutes)
            browser.close()
        report, traced = sandbox.stats(), {line["siret"] for line in lines_of(Path(name) / "trace.log")}
    whole = not rows.lost and len(rows.complete) == candidates and not report["violations"] and traced == set(numbers)
    first, complete = sorted(rows.first.values()), sorted(rows.complete.values())
    click.echo(json.dumps({
        "candidates": candidates, "rows_lost": rows.lost, "first_row_filled": first[:1], "every_row_filled": first[-1:],
        "first_row_complete": complete[:1], "half_complete": complete[len(complete) // 2 : len(complete) // 2 + 1],
        "every_row_complete": complete[-1:], "complete": len(complete), "calls": report["total"],
        "violations": report["violations"], "seconds_to_each_row": complete,
    }))  # fmt: skip
    return whole


@click.command()
@click.option("--candidates", type=click.IntRange(1, 50), default=50, show_default=True)
@click.option("--minutes", type=click.FloatRange(1, 30), default=15.0, show_default=True)
def main(*, candidates: int, minutes: float) -> None:
    sys.exit(0 if run(candidates, minutes) else 1)


if __name__ == "__main__":
    main()
