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
