"""The quotas of the habilitations of a process."""

from prefill.domain.catalogue import CATALOGUE
from prefill.redis_client import OptionalRedis
from prefill.registers.quota import QuotaRegistry
from tests.support.clock import FakeClock


def test_each_habilitation_has_one_quota_and_its_own_counters():
    clock = FakeClock()
    registry = QuotaRegistry(OptionalRedis(None, clock=clock), clock=clock, fresh=True)
    first = registry.for_habilitation("first")
    first.reserve(CATALOGUE["etablissements"])

    assert registry.for_habilitation("first") is first
    assert first.remaining()["json"] == (249, 250)
    assert "json" not in registry.for_habilitation("second").remaining()


def test_the_ceiling_of_the_address_is_shared_by_all_habilitations():
    clock = FakeClock()
    registry = QuotaRegistry(OptionalRedis(None, clock=clock), clock=clock, fresh=True)
    for habilitation in ("first", "second"):
        registry.for_habilitation(habilitation).reserve(CATALOGUE["etablissements"])

    assert registry.for_habilitation("first").remaining()["address"] == (998, 1000)
