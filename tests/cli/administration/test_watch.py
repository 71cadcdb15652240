"""`prefill watch` as cron runs it, against the sandbox served as API Entreprise: whole runs, and one that is killed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from prefill.cli import main
from prefill.sandbox.companies import COMPANIES
from tests.support.sandbox import ServedSandbox, run_sandbox
from tests.support.webhook_receiver import SECRET, Received, receiver

pytestmark = pytest.mark.slow

JOINERY, ROADWORKS, UNDISCLOSED = "00000100800010", "00002200400014", "00001500800014"
HEADINGS = "siret,object,awarded,ends,reference\n"
BUYER = "13002526500013"
PATIENCE = 20.0  # seconds


@pytest.fixture(scope="module")
def server() -> Iterator[ServedSandbox]:
    with run_sandbox("--budget-scale", "1000") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: ServedSandbox) -> ServedSandbox:
    server.reset()
    return server


def contracts(folder: Path, *numbers: str) -> Path:
    file = folder / "marches.csv"
    rows = "".join(f"{number},2026-TRX-014,2026-01-05,2099-12-31,Lot {rank}\n" for rank, number in enumerate(numbers))
    file.write_text(HEADINGS + rows)
    return file


def settings(sandbox: ServedSandbox, folder: Path) -> dict[str, str]:
    return {
        "API_ENTREPRISE_URL": sandbox.url, "API_ENTREPRISE_TOKEN": f"token-{folder.name}",
        "PREFILL_RECIPIENT": BUYER, "PREFILL_AUDIT": str(folder / "audit.jsonl"), "WATCH_SECRET": SECRET,
        "PREFILL_ENV": "", "PREFILL_TENANTS": "",
    }  # fmt: skip


@pytest.fixture
def watch(sandbox: ServedSandbox, tmp_path: Path):
    def run(file: Path, *options: str) -> Result:
        return CliRunner().invoke(main, ["watch", str(file), *options], env=settings(sandbox, tmp_path))

    return run


def asked_of_urssaf(sandbox: ServedSandbox) -> Counter[str]:
    return Counter(sandbox.calls("attestation_vigilance"))


def test_a_dry_run_asks_and_writes_nothing(watch, sandbox, tmp_path):
    file = contracts(tmp_path, JOINERY)
    result = watch(file, "--dry-run", "--csv", str(tmp_path / "t.csv"))

    assert result.exit_code == 0
    assert "Attestation de vigilance" in result.output
    assert "rien n'a été demandé" in result.output
    assert sandbox.total() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["marches.csv"]


def test_a_run_writes_its_files_and_calls_the_webhook_and_the_next_has_nothing_to_do(watch, sandbox, tmp_path):
    file, table, calendar = contracts(tmp_path, JOINERY, ROADWORKS), tmp_path / "t.csv", tmp_path / "t.ics"
    with receiver(Received(204)) as received:
        options = ("--csv", str(table), "--calendar", str(calendar), "--webhook", received.url, "--webhook-private")
        first, calls = watch(file, *options), sandbox.total()
        again = watch(file, *options)

    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert "Attestation de vigilance, délivrance refusée par l'Urssaf" in first.output
    assert sandbox.total() == calls
    events = [json.loads(body)["data"] for _, _, body in received.requests]
    assert set(received.verified()) == {True}
    assert {event["siret"] for event in events} == {ROADWORKS}
    assert "attestations_sociales_acoss" in {event["proof"] for event in events}
    assert table.read_text("utf-8-sig").startswith("Référence;Acheteur;SIRET")
    assert calendar.read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    for path in (table, calendar, tmp_path / "marches.csv.state.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    records = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert Counter(record["outcome"] for record in records) == {"requested": 2, "complete": 2}
    assert SECRET not in first.output


def test_a_dead_register_is_told_and_asked_again_by_the_next_run(watch, sandbox, tmp_path):
    file = contracts(tmp_path, JOINERY)
    sandbox.fail({"vigilance": "502"})
    first = watch(file)
    sandbox.fail({})
    second = watch(file)

    assert (first.exit_code, second.exit_code) == (3, 0)
    assert "1 preuves sans réponse (unavailable)" in first.output
    assert set(asked_of_urssaf(sandbox).values()) == {2}


def test_a_company_that_sirene_withholds_is_to_ask_by_hand_and_nothing_waits(watch, sandbox, tmp_path):
    file, table = contracts(tmp_path, UNDISCLOSED), tmp_path / "t.csv"
    first, calls = watch(file, "--csv", str(table)), sandbox.total()
    again = watch(file, "--csv", str(table))

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "à demander à la main" in first.stderr
    assert "Entreprise non diffusible : Lot 0." in first.stderr
    assert sandbox.total() == calls
    assert "à demander à la main (non diffusé)" in table.read_text("utf-8-sig")


def test_a_run_that_is_killed_is_taken_up_where_it_was(watch, sandbox, tmp_path):
    numbers = [company.siret for company in COMPANIES if sandbox_knows(company)][:6]
    file, state = contracts(tmp_path, *numbers), tmp_path / "marches.csv.state.json"
    sandbox.delay({"": 120})
    command = [sys.executable, "-m", "prefill", "watch", str(file)]
    environ = {**os.environ, **settings(sandbox, tmp_path)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + PATIENCE
        while process.poll() is None and not state.exists() and time.monotonic() < end:
            time.sleep(0.01)
        process.kill()
    known = json.loads(state.read_text())["known"]
    sandbox.delay({})
    result = watch(file)

    assert 1 <= len(known) <= len(numbers)
    assert result.exit_code == 0, result.output
    assert len(json.loads(state.read_text())["known"]) == len(numbers)
    finished = {key.split("/")[1][:9] for key in known}
    again = {path: count for path, count in asked_of_urssaf(sandbox).items() if any(one in path for one in finished)}
    assert set(again.values()) <= {1}


def sandbox_knows(company) -> bool:
    """Whether Sirene and the Urssaf answer for it."""
    answers = company.answers
    known = {"etablissements", "attestations_sociales_acoss"} <= set(answers)
    return known and not any(answers[name].fault for name in ("etablissements", "attestations_sociales_acoss"))


def test_without_a_token_nothing_protected_is_asked(tmp_path):
    environ = {"PREFILL_SOURCES": "open", "API_ENTREPRISE_TOKEN": "", "PREFILL_TENANTS": ""}
    result = CliRunner().invoke(main, ["watch", str(contracts(tmp_path, JOINERY))], env=environ)

    assert result.exit_code == 1
    assert "demande le jeton" in result.output


@pytest.mark.parametrize(
    ("content", "options", "code", "words"),
    [
        ("siret\n1\n", (), 1, "en-têtes"),
        (HEADINGS, ("--webhook", "http://suivi.example"), 1, "https://"),
        (HEADINGS, ("--webhook", "https://suivi.example", "--secret-env", "NOTHING"), 1, "NOTHING est vide"),
        (HEADINGS, ("--minutes", "0"), 2, "--minutes"),
        (HEADINGS, ("--csv", "missing/t.csv"), 1, "ne peut pas être écrit"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(watch, sandbox, tmp_path, content, options, code, words):
    (tmp_path / "m.csv").write_text(content)
    result = watch(tmp_path / "m.csv", *options)

    assert result.exit_code == code
    assert words in result.output
    assert sandbox.total() == 0
