"""The limits in calls through the door: an address alone, and an integrator with its key."""

from __future__ import annotations

from datetime import date

import pytest

from prefill.tenancy.api_keys import hash_of, new_integrator_key
from tests.support.simulator import BUYER, agreements, found, rcs, siren, siret, vat

CALLS = 10
COMPANY_CALLS = 3


@pytest.fixture
def known(simulator):
    for rank in range(40):
        number = siren(rank)
        simulator.add(found(siret(number)), rcs(number), vat(number), agreements(siret(number)))
    return simulator


def ask(service, rank, address="192.0.2.1", key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return service.get(f"/v1/prefill/{siret(siren(rank))}", headers=headers, environ_base={"REMOTE_ADDR": address})


def complete(responses):
    return sum(response.status_code == 200 and response.json["complete"] for response in responses)


def test_an_address_is_limited_in_calls_and_says_when_to_come_back(known, open_service):
    service = open_service(rate_limit=CALLS)
    answers = [ask(service, rank) for rank in range(CALLS)]

    assert known.stats()["total"] <= CALLS
    assert complete(answers) == CALLS // COMPANY_CALLS
    assert (answers[-1].status_code, answers[-1].json["code"]) == (429, "too_many_requests")
    assert answers[-1].headers["Retry-After"]
    assert complete([ask(service, 20, "192.0.2.2")]) == 1
    assert ask(service, 0).status_code == 200, "what it has had costs no call"


def test_an_integrator_has_its_own_share_whatever_its_address(known, open_service, tmp_path, monkeypatch):
    key, lines = new_integrator_key("lyon", "Plateforme", date(2099, 1, 1), 4 * CALLS)
    tenants = tmp_path / "tenants.toml"
    tenants.write_text(f'[tenants.lyon]\nname = "Lyon"\nrecipient = "{BUYER}"\ntoken_env = "LYON_TOKEN"\n{lines}')
    monkeypatch.setenv("LYON_TOKEN", "open-data-of-lyon")
    service = open_service(token=None, recipient=None, tenants=str(tenants), rate_limit=CALLS)

    answers = [ask(service, rank, f"192.0.2.{rank}", key) for rank in range(20)]
    assert complete(answers) == 4 * CALLS // COMPANY_CALLS
    assert answers[-1].json["code"] == "too_many_requests"
    assert complete([ask(service, 30)]) == 1, "the address without the key is another"

    assert ask(service, 31, key=key[:-1] + "x").status_code == 401
    tenants.write_text(tenants.read_text() + "revoked = true\n")
    service.application.extensions["prefill"].tenants.refresh()
    refused = ask(service, 31, key=key)
    assert (refused.status_code, refused.json["code"]) == (401, "unauthorized")
    assert hash_of(key) in tenants.read_text()
    assert key not in tenants.read_text()


def test_no_agents_route_takes_an_integrators_key(open_service):
    service = open_service(token=None, recipient=None)
    key = "pfk_serveur_donnees-inventees-sans-secret"
    headers = {"Authorization": f"Bearer {key}"}

    assert service.get("/v1/dossiers/00000100800010?object=x", headers=headers).status_code == 401
    assert service.get("/v1/prefill/00000100800010", headers=headers).status_code == 200
