"""One editor's token for several buyers: each buyer's rights, quota and faults are its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.assembly import connection, now, open_tenants, read_forms
from prefill.health import check_remotely
from prefill.settings import Settings
from prefill.tenancy.model import Tenant
from tests.support.sandbox import ServedSandbox, run_sandbox
from tests.support.simulator import agreements, found, rcs, siren, siret, vat

WHOLE, OPEN_ONLY, TWO, REVOKED = "00001200500013", "00001001700010", "00001002500013", "00001003300017"
OPEN_DELEGATION = "0000d000-0000-4000-8000-000000000004"
BUYERS = {"entier": (WHOLE, "recipient"), "ouvert": (OPEN_ONLY, "recipient"), "deux": (TWO, "recipient"),
          "choisi": (TWO, OPEN_DELEGATION), "sorti": (REVOKED, "recipient")}  # fmt: skip
BUDGET = 60  # calls a minute of a group, scaled down


@pytest.fixture(scope="module")
def editor() -> Iterator[ServedSandbox]:
    with run_sandbox("--budget-scale", str(BUDGET / 250)) as sandbox:
        yield sandbox


@pytest.fixture
def settings(editor: ServedSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    editor.reset()
    monkeypatch.setenv("EDITOR_TOKEN", "editor-of-many-buyers")
    file = tmp_path / "tenants.toml"
    file.write_text(
        "\n".join(
            f'[tenants.{name}]\nname = "{name}"\nrecipient = "{recipient}"\ntoken_env = "EDITOR_TOKEN"\n'
            f'delegation = "{delegation}"\norigins = ["https://{name}.example"]'
            for name, (recipient, delegation) in BUYERS.items()
        )
    )
    return Settings(url=editor.url, tenants=str(file), log="json", rate_limit=0)


@pytest.fixture
def service(settings: Settings) -> Iterator[FlaskClient]:
    application = create_app(settings)
    yield application.test_client()
    application.extensions["prefill"].close()


def prefill(service: FlaskClient, buyer: str, rank: int) -> tuple[int, dict]:
    response = service.get(f"/v1/prefill/{siret(siren(rank))}", headers={"Origin": f"https://{buyer}.example"})
    return response.status_code, response.get_json()


def companies(editor: ServedSandbox, *ranks: int) -> None:
    cases = ((found(siret(one)), rcs(one), vat(one), agreements(siret(one))) for one in map(siren, ranks))
    editor.add(*chain.from_iterable(cases))


def tenant(settings: Settings, name: str) -> Tenant:
    return open_tenants(settings, lambda: read_forms(settings)).directory().tenants[name]


def test_a_call_acts_under_the_delegation_of_its_buyer(service, editor):
    companies(editor, 1)
    status, _ = prefill(service, "choisi", 1)

    assert status == 200
    assert set(editor.stats()["habilitations"]) == {"7004"}
    assert editor.stats()["violations"] == {}


def test_a_buyer_whose_quota_is_spent_takes_nothing_from_another(service, editor):
    companies(editor, *range(2, 32))
    for rank in range(2, 30):
        prefill(service, "entier", rank)
    _, answer = prefill(service, "ouvert", 30)
    stats = editor.stats()

    assert stats["violations"] == {}
    assert stats["habilitations"]["7002"] >= 3
    assert "throttled" not in str(answer)


def test_a_buyer_without_a_delegation_is_told_to_the_operator_and_the_others_are_served(service, editor, settings):
    companies(editor, 31)
    status, problem = prefill(service, "sorti", 31)
    served, _ = prefill(service, "entier", 31)
    [check] = [
        one
        for one in check_remotely(
            requests.Session(), connection(settings, tenant(settings, "sorti")), read_forms(settings), now
        )
        if one.name == "privileges"
    ]

    assert (status, problem["code"]) == (503, "upstream_misconfigured")
    assert served == 200
    assert not check.ok
    assert "délégué" in check.message


@pytest.mark.parametrize(
    ("name", "ok", "words"), [("entier", True, "open_data"), ("deux", False, "plusieurs délégations")]
)
def test_the_doctor_reads_the_rights_of_the_delegation(editor, settings, name, ok, words):
    checks = check_remotely(requests.Session(), connection(settings, tenant(settings, name)), read_forms(settings), now)
    [check] = [one for one in checks if one.name == "privileges"]

    assert check.ok is ok
    assert words in check.message
