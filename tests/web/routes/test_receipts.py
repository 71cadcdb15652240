"""A receipt asked for with a prefill, and held against the form that was sent."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from prefill.app import create_app
from prefill.cli import main
from prefill.receipts.keys import SANDBOX_SEED, new_seed
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings

SIRET = COMPANIES[0].siret
URL = f"/v1/prefill/{SIRET}"
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.fixture(scope="module")
def client():
    return create_app(Settings(log="json")).test_client()


@pytest.fixture(scope="module")
def answer(client) -> dict[str, Any]:
    return client.get(URL, query_string={"receipt": "2026-42"}).get_json()


def sent(answer: dict[str, Any], **values: Any) -> dict[str, Any]:
    """What a platform receives: the prefilled name, but for what the candidate changed."""
    return {"receipt": answer["receipt"], "siret": SIRET, "values": {NAME: name_of(answer), **values}}


def name_of(answer: dict[str, Any]) -> str:
    node: Any = answer["data"]
    for key in NAME.strip("/").split("/"):
        node = node[key]
    return node


NAME = "/partII/A/economicOperator/name"


def test_an_answer_holds_a_receipt_when_one_is_asked_for(client, answer):
    assert answer["receipt"].count(".") == 2
    assert "receipt" not in client.get(URL).get_json()


def test_a_stream_ends_with_the_same_receipt(client, answer):
    events = client.get(URL, query_string={"receipt": "2026-42"}, headers={"Accept": "text/event-stream"}).text
    last = json.loads(events.rsplit("data: ", 1)[1])

    assert last["receipt"] == answer["receipt"]


def test_what_was_sent_is_held_against_the_receipt(client, answer):
    body = sent(answer, **{"/partIV/B/turnover": "1 000 000"})
    found = client.post("/v1/verify", json={**body, "procedure": "2026-42"}).get_json()

    assert (found["valid"], found["form"], found["procedure"], found["sandbox"]) == (True, "dume", "2026-42", True)
    assert found["values"][NAME]["label"] == "vérifié"
    assert found["values"][NAME]["source"] == "etablissements"
    assert found["values"]["/partIV/B/turnover"] == {"state": "typed", "label": "saisi"}


def test_a_changed_value_is_told(client, answer):
    found = client.post("/v1/verify", json=sent(answer, **{NAME: "AUTRE NOM"})).get_json()

    assert found["values"][NAME]["state"] == "modified"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"siret": COMPANIES[1].siret}, "other_company"),
        ({"procedure": "2026-43"}, "other_procedure"),
        ({"receipt": "a.b.c"}, "unreadable"),
    ],
)
def test_a_receipt_of_something_else_proves_nothing_and_says_why(client, answer, change, reason):
    found = client.post("/v1/verify", json={**sent(answer), **change}).get_json()

    assert (found["valid"], found["reason"]) == (False, reason)
    assert found["message"]
    assert "values" not in found


@pytest.mark.parametrize("body", [None, [], {}, {"receipt": 1, "values": {}}, {"receipt": "a", "values": []}])
def test_a_body_that_is_none_is_a_problem(client, body):
    assert client.post("/v1/verify", json=body).get_json()["code"] == "parameter_invalid"


@pytest.mark.parametrize("procedure", ["", "x" * 51, "a\nb", f"marché {SIRET}"])
def test_a_reference_that_is_none_is_a_problem(client, procedure):
    assert client.get(URL, query_string={"receipt": procedure}).get_json()["code"] == "parameter_invalid"


@pytest.mark.parametrize(("procedure", "status"), [("³" * 9, 200), ("０００００１００８０００１０", 400)])
def test_a_reference_in_other_digits_is_read_as_a_number_is(client, procedure, status):
    assert client.get(URL, query_string={"receipt": procedure}).status_code == status


def test_without_keys_an_answer_comes_without_a_receipt():
    live = create_app(Settings(log="json", token="a-token", recipient="21750001600019", url="http://127.0.0.1:9"))

    assert live.test_client().post("/v1/verify", json={}).status_code == 404
    assert live.test_client().get("/v1/receipts/jwks.json").status_code == 404


def test_the_keys_of_the_settings_sign():
    service = create_app(Settings(log="json", receipt_keys=(new_seed(), SANDBOX_SEED))).test_client()
    keys = service.get("/v1/receipts/jwks.json").get_json()["keys"]

    assert len(keys) == 2
    assert all(key["crv"] == "Ed25519" and "d" not in key for key in keys)


@pytest.mark.slow
@pytest.mark.parametrize("program", [("node", "verify-receipt.mjs"), (sys.executable, "verify-receipt.py")], ids=str)
def test_a_program_of_the_documentation_verifies_it_from_the_public_keys_alone(client, answer, tmp_path, program):
    runner, name = program
    if shutil.which(runner) is None:
        pytest.skip("needs Node")
    body = sent(answer, **{"/partIV/B/turnover": "1 000 000"})
    (tmp_path / "keys.json").write_text(client.get("/v1/receipts/jwks.json").text)
    (tmp_path / "sent.json").write_text(json.dumps(body))
    command = [runner, EXAMPLES / name, tmp_path / "keys.json", tmp_path / "sent.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    assert json.loads(done.stdout) == {NAME: "verified", "/partIV/B/turnover": "typed"}


def test_the_command_says_what_each_value_is(answer, tmp_path):
    file = tmp_path / "sent.json"
    file.write_text(json.dumps(sent(answer)))
    told = CliRunner().invoke(main, ["verify", str(file)], env={"API_ENTREPRISE_TOKEN": ""})
    file.write_text(json.dumps({**sent(answer), "siret": COMPANIES[1].siret}))
    refused = CliRunner().invoke(main, ["verify", str(file)], env={"API_ENTREPRISE_TOKEN": ""})

    assert (told.exit_code, refused.exit_code) == (0, 1)
    assert "vérifié" in told.output
    assert "autre entreprise" in refused.output


def test_a_key_is_made_that_the_setting_takes():
    made = CliRunner().invoke(main, ["receipt", "key"]).output.strip()

    assert Settings(receipt_keys=(made,)).receipt_keys == (made,)
    assert made not in repr(Settings(receipt_keys=(made,)))
