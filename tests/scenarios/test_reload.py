"""Forms read again while the service runs: in every process, all of them or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.settings import Settings
from tests.cli.test_cli import NOTHING_SET
from tests.scenarios.test_hostile_clients import children, free_port

ORDINARY = "00000100800010"
PATH = f"/v1/prefill/{ORDINARY}?schema=fiche"
FORM = """\
title: {title}
version: "1"
audience: {audience}
fields:
  /{key}:
    label: SIRET
    from: {{etablissements: siret}}
"""
PROCESSES = 2
PATIENCE = 20  # seconds
METRICS_TOKEN = "jeton-de-l-exploitant"


def write(folder: Path, title: str = "Fiche", audience: str = "candidate", key: str = "siret") -> None:
    (folder / "fiche.yaml").write_text(FORM.format(title=title, audience=audience, key=key), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "forms"
    folder.mkdir()
    write(folder)
    return folder


class TestInOneProcess:
    @pytest.fixture
    def client(self, folder: Path) -> FlaskClient:
        return create_app(Settings(log="json", schemas=(str(folder),), metrics_token=METRICS_TOKEN)).test_client()

    @pytest.fixture
    def refresh(self, client: FlaskClient) -> Callable[[], None]:
        return client.application.extensions["prefill"].forms.refresh

    def readiness(self, client: FlaskClient) -> dict[str, Any]:
        return client.get("/readyz", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}).json

    def test_answers_the_description_and_the_list_follow_the_file(self, client, folder, refresh):
        assert client.get(PATH).json["data"] == {"siret": ORDINARY}
        assert client.get(PATH).json["data"] == {"siret": ORDINARY}  # from the response cache
        assert "fiche" in client.get("/openapi.json").text
        write(folder, key="number")
        (folder / "second.yaml").write_text((folder / "fiche.yaml").read_text())
        refresh()

        assert client.get(PATH).json["data"] == {"number": ORDINARY}
        assert "second" in [form["id"] for form in client.get("/v1/schemas").json["schemas"]]
        assert '"second"' in client.get("/openapi.json").text

    def test_a_bad_form_leaves_the_old_ones_and_says_where_it_is(self, client, folder, refresh):
        write(folder, title="Autre", audience="candidat")
        (folder / "second.yaml").write_text((folder / "fiche.yaml").read_text().replace("candidat", "candidate"))
        refresh()

        assert client.get("/v1/schemas/fiche").json["title"] == "Fiche"
        assert client.get("/v1/schemas/second").status_code == 404
        assert client.get("/readyz").status_code == 200
        said = [check["message"] for check in self.readiness(client)["checks"] if not check["ok"]]
        assert any("les anciens restent en vigueur" in one and "fiche.yaml:3" in one for one in said)
        write(folder, title="Autre")
        refresh()
        assert client.get("/v1/schemas/fiche").json["title"] == "Autre"
        assert not any("les anciens" in check["message"] for check in self.readiness(client)["checks"])


@dataclass(frozen=True)
class Server:
    """A service of several processes, and its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = (line for line in self.log.read_text(encoding="utf-8").splitlines() if line.startswith("{"))
        return [event for line in lines if (event := json.loads(line))["event"] == name]

    def await_events(self, name: str, count: int) -> list[dict[str, Any]]:
        self._await(lambda: len(self.events(name)) >= count)
        return self.events(name)

    def await_text(self, text: str) -> None:
        self._await(lambda: text in self.log.read_text(encoding="utf-8"))

    def _await(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, self.log.read_text(encoding="utf-8")
            time.sleep(0.05)


@pytest.fixture
def serve(folder: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> Server:
        port, log = free_port(), tmp_path / "log"
        environ = {name: value for name, value in os.environ.items() if name not in NOTHING_SET}
        environ |= {"WEB_CONCURRENCY": str(PROCESSES), "PREFILL_SCHEMAS": str(folder), "PREFILL_LOG": "json"}
        command = [sys.executable, "-m", "prefill", "serve", "--port", str(port), *options]
        with log.open("wb") as output:
            process = subprocess.Popen(command, env=environ, stderr=output, start_new_session=True)
        started.append(process)
        server = Server(process, log)
        server.await_events("sandbox", PROCESSES)  # each process has read the forms
        server.await_text(f":{port} ;")  # and the main one listens to signals
        return server

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def test_a_signal_reads_the_forms_again_in_every_process_and_starts_none(serve, folder):
    server = serve()
    workers = children(server.process.pid)
    write(folder, title="Autre")
    server.process.send_signal(signal.SIGHUP)
    server.await_events("forms.loaded", PROCESSES)
    write(folder, audience="candidat")
    server.process.send_signal(signal.SIGHUP)
    refused = server.await_events("forms.refused", PROCESSES)

    assert all("fiche.yaml:3: audience" in event["mistakes"][0] for event in refused)
    assert children(server.process.pid) == workers
    assert Counter(event["event"] for event in server.events("forms.loaded")) == {"forms.loaded": PROCESSES}


def test_with_reload_a_saved_file_is_enough(serve, folder):
    server = serve("--reload")
    write(folder, audience="candidat")
    server.await_events("forms.refused", PROCESSES)
    write(folder, title="Autre")

    assert "fiche" in server.await_events("forms.loaded", PROCESSES)[0]["forms"]
