"""`prefill sandbox`: the sandbox as a command, for other programs and their tests."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from urllib.request import Request

import pytest
from click.testing import CliRunner

from prefill.cli import main
from prefill.cli.commands.sandbox import sandbox
from prefill.sandbox.contract.faults import BROKEN, PING_STATES
from prefill.sandbox.contract.journal import Violation
from prefill.sandbox.contract.published.errors import REFUSED_TOKENS
from tests.conftest import ROOT
from tests.support.sandbox import COMMAND, DIRECT, run_sandbox

PATH = "/v4/insee/sirene/etablissements/diffusibles/00000100800010?context=c&object=o&recipient=00001200500013"


def ask(url: str, token: str = "any", path: str = PATH) -> int:
    with DIRECT.open(Request(url + path, headers={"Authorization": f"Bearer {token}"}), timeout=5) as response:
        return response.status


@pytest.mark.slow
def test_the_first_line_is_the_address_and_the_options_count(tmp_path: Path):
    cases = tmp_path / "cases.json"
    vat = {"path": "/v3/dgfip/unites_legales/{siren}/numero_tva", "params": {"siren": "000016006"}, "status": 200,
           "payload": {"data": {"numero_tva": "FR00000016006"}}}  # fmt: skip
    cases.write_text(json.dumps([vat]))
    delegations = tmp_path / "delegations.json"
    delegations.write_text(json.dumps([{"id": "a", "authorization_request_id": 9, "siret": "00001200500013"}]))

    with run_sandbox(
        "--latency", "rcs=5", "--fault", "rcs=504", "--budget-scale", "0.5", "--cases", str(cases),
        "--delegations", str(delegations), "--habilitation", "any=42",
    ) as sandbox:  # fmt: skip
        assert sandbox.url.startswith("http://127.0.0.1:")
        assert ask(sandbox.url) == ask(sandbox.url, "editor") == 200
        assert ask(sandbox.url, path=f"/v3/dgfip/unites_legales/000016006/numero_tva?{PATH.partition('?')[2]}") == 200
        state = sandbox.stats()

    assert (state["faults"], state["latency"]) == ({"rcs": "504"}, {"rcs": 5.0})
    assert state["habilitations"] == {"42": 2, "9": 1}


@pytest.mark.slow
def test_strict_it_ends_with_an_error_when_a_rule_was_broken():
    command = [*COMMAND, "--port", "0", "--strict"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ask(process.stdout.readline().strip())
        process.send_signal(signal.SIGTERM)
        told = process.stderr.read()

    assert process.returncode == 1
    assert "library_user_agent (1)" in told


@pytest.mark.slow
def test_it_ends_well_when_it_is_told_to():
    with subprocess.Popen(
        [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        ask(process.stdout.readline().strip())
        process.send_signal(signal.SIGINT)

    assert process.returncode == 0


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_in_one_sentence():
    with run_sandbox() as sandbox:
        result = CliRunner().invoke(main, ["sandbox", "--port", sandbox.url.rpartition(":")[2]])

    assert result.exit_code == 1
    assert "ne peut pas écouter sur 127.0.0.1" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("option", [
    ("--fault", "rcs"), ("--fault", "rcs=nothing"), ("--latency", "rcs=slow"), ("--budget-scale", "0"),
    ("--cases", "/nowhere.json"),
])  # fmt: skip
def test_an_option_that_cannot_be_read_is_refused(option):
    assert CliRunner().invoke(main, ["sandbox", *option]).exit_code == 2


@pytest.mark.parametrize("option", ["--cases", "--delegations"])
def test_a_file_that_cannot_be_read_is_told_in_one_sentence(option, tmp_path):
    file = tmp_path / "file.json"
    file.write_text('{"a": 1}')

    result = CliRunner().invoke(main, ["sandbox", option, str(file)])
    assert result.exit_code == 1
    assert result.output.strip().endswith(".")


def test_the_page_names_every_option_fault_violation_and_special_token():
    page = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    options = [name for parameter in sandbox.params for name in parameter.opts]
    named = {*options, *BROKEN, *PING_STATES, *Violation, *REFUSED_TOKENS} - {"EXPIRED", "-h", "--help"}

    assert [name for name in sorted(named) if f"`{name}" not in page] == []
