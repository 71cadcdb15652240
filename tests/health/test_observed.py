"""What /readyz tells of the answers that came anyway, without a call of its own."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

from prefill.assembly import now
from tests.support.simulator import siren, siret

OPERATOR = {"Authorization": "Bearer operator"}
COMPANY = siret(siren(1))


def checks(service) -> dict[str, str]:
    answer = service.get("/readyz", headers=OPERATOR)
    assert answer.status_code == 200
    return {check["name"]: check["message"] for check in answer.json["checks"] if not check["ok"]}


def test_a_source_that_the_token_lacks_is_told_once_it_was_refused(open_service, simulator):
    service = open_service(metrics_token="operator")
    simulator.fail({"/extrait_kbis": "403"})
    assert "habilitation" not in checks(service)

    service.get("/v1/prefill/00000100800010")
    called = simulator.total()
    assert "Le formulaire dume demande des sources que ce jeton ne peut pas lire : extraits_rcs_infogreffe." in str(
        service.get("/readyz", headers=OPERATOR).json["checks"]
    )
    assert simulator.total() == called


def test_a_clock_that_is_wrong_is_told(open_service):
    service = open_service(metrics_token="operator")
    context = service.application.extensions["prefill"]
    [tenant] = context.tenants.directory().tenants
    upstream = context.tenant_services.for_tenant(tenant).upstream
    upstream.observations.record_date(format_datetime(now() - timedelta(seconds=90)), now())

    assert "en avance de 9" in checks(service)["clock"]


def test_the_metrics_of_hundreds_of_buyers_are_those_of_twenty(open_service, simulator, tmp_path, monkeypatch):
    monkeypatch.setenv("EDITOR_TOKEN", "jeton-d-essai")
    buyers = [siret(siren(9000 + rank)) for rank in range(40)]
    file = tmp_path / "tenants.toml"
    file.write_text(
        "".join(
            f'[tenants.b{rank:03}]\nname = "b"\nrecipient = "{number}"\ntoken_env = "EDITOR_TOKEN"\n'
            for rank, number in enumerate(buyers)
        )
    )
    service = open_service(tenants=str(file), token=None, metrics_token="operator")
    context = service.application.extensions["prefill"]
    for tenant in context.tenants.directory().tenants:
        context.tenant_services.for_tenant(tenant)
    lines = service.get("/metrics", headers=OPERATOR).text.splitlines()
    named = {
        line.split('tenant="')[1].split('"')[0]
        for line in lines
        if line.startswith("prefill_budget_left{") and "b0" in line
    }

    assert named == {f"b{rank:03}" for rank in range(20)}
    assert any('tenant="_others"' in line for line in lines)
