"""One house a tenant: its own door to the registers and its own service, built when first asked for.

What is open is kept once for all of them; budgets, protected answers and the faults of a token are each
tenant's own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from prefill.prefilling.service import Service
from prefill.registers.client import RegisterClient
from prefill.tenancy.model import Directory, Tenant


@dataclass(frozen=True, slots=True)
class TenantServices:
    """What one tenant's requests work with."""

    tenant: Tenant
    upstream: RegisterClient
    service: Service


class TenantServicesRegistry:
    """The houses of the tenants that were asked for, rebuilt when what they tell the registers has changed."""

    def __init__(self, directory: Callable[[], Directory], *, build: Callable[[Tenant], TenantServices]) -> None:
        self._directory = directory
        self._build = build
        self._lock = threading.Lock()
        self._built: dict[str, TenantServices] = {}

    def of(self, name: str) -> TenantServices:
        """Give a tenant's house by the tenant's id. Raise `KeyError` for one the directory does not know."""
        tenant = self._directory().tenants[name]
        house = self._built.get(name)
        if house is not None and house.tenant == tenant:
            return house
        with self._lock:
            house = self._built.get(name)
            self._built[name] = self._renewed(house, tenant) if house else self._build(tenant)
            return self._built[name]

    def built(self) -> tuple[TenantServices, ...]:
        """Give the houses that were asked for so far, those of tenants that left set aside."""
        known = self._directory().tenants
        with self._lock:
            return tuple(house for name, house in self._built.items() if name in known)

    def _renewed(self, house: TenantServices, tenant: Tenant) -> TenantServices:
        """Keep what was learnt of the registers when only pages or agents changed."""
        if _told(house.tenant) == _told(tenant):
            return replace(house, tenant=tenant)
        return self._build(tenant)


def _told(tenant: Tenant) -> tuple[str, ...]:
    """What API Entreprise sees of a tenant."""
    return tenant.token, tenant.recipient, tenant.context, tenant.object
