"""What serves one tenant: its register client and its prefill service, built when the tenant is first asked for.

Open answers are cached once for all tenants; quotas, protected answers and a token's faults are each tenant's own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from prefill.domain.requester import Registers
from prefill.prefilling.service import Service
from prefill.registers.client import RegisterClient
from prefill.tenancy.model import Directory, Tenant


@dataclass(frozen=True, slots=True)
class TenantServices:
    """What the requests of one tenant use; `registers` are those that prefills ask, `upstream` API Entreprise's client."""

    tenant: Tenant
    upstream: RegisterClient
    registers: Registers
    service: Service


class TenantServicesRegistry:
    """The services of the tenants asked for so far, rebuilt when what the registers see of a tenant changes."""

    def __init__(self, directory: Callable[[], Directory], *, build: Callable[[Tenant], TenantServices]) -> None:
        self._directory = directory
        self._build = build
        self._lock = threading.Lock()
        self._built: dict[str, TenantServices] = {}

    def for_tenant(self, tenant_id: str) -> TenantServices:
        """Return a tenant's services. Raises `KeyError` for a tenant that the directory does not hold."""
        tenant = self._directory().tenants[tenant_id]
        services = self._built.get(tenant_id)
        if services is not None and services.tenant == tenant:
            return services
        with self._lock:
            services = self._built.get(tenant_id)
            self._built[tenant_id] = self._renewed(services, tenant) if services else self._build(tenant)
            return self._built[tenant_id]

    def built(self) -> tuple[TenantServices, ...]:
        """Return the services built so far, without those of tenants that left."""
        known = self._directory().tenants
        with self._lock:
            return tuple(services for tenant_id, services in self._built.items() if tenant_id in known)

    def _renewed(self, services: TenantServices, tenant: Tenant) -> TenantServices:
        """Keep what was learnt of the registers when only origins or agents changed."""
        if _upstream_identity(services.tenant) == _upstream_identity(tenant):
            return replace(services, tenant=tenant)
        return self._build(tenant)


def _upstream_identity(tenant: Tenant) -> tuple[str | None, ...]:
    """What API Entreprise sees of a tenant."""
    return tenant.token, tenant.recipient, tenant.context, tenant.object, tenant.delegation
