"""What routes work with: the application context, the caller and its tenant's services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, g, request

from prefill.audit.trail import AuditTrail
from prefill.auth.authenticator import Authenticator
from prefill.domain.permissions import Caller
from prefill.forms.registry import FormRegistry
from prefill.prefilling.service import Prefill
from prefill.settings import Settings
from prefill.tenancy.registry import Tenants
from prefill.web.rate_limit import RateLimiter
from prefill.web.tenant_services import TenantServices, TenantServicesRegistry

EXTENSION = "prefill"
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class AppContext:
    """What the routes work with."""

    settings: Settings
    library: FormRegistry
    tenants: Tenants
    tenant_services: TenantServicesRegistry
    authenticator: Authenticator
    trace: AuditTrail
    rate_limiter: RateLimiter
    now: Callable[[], datetime]
    clock: Callable[[], float]
    environ: Mapping[str, str]
    example: Callable[[], Prefill]
    close: Callable[[], None]


def parts() -> AppContext:
    found: AppContext = current_app.extensions[EXTENSION]
    return found


def caller() -> Caller:
    """Tell who asks, by its proof; asked once a request. Raise the refusals of `SignIn.caller`."""
    if "caller" not in g:
        g.caller = parts().authenticator.authenticate(
            dict(request.headers), request.remote_addr or "", tenant=request.args.get("tenant")
        )
    found: Caller = g.caller
    return found


def house() -> TenantServices:
    """Give the house of the caller's tenant."""
    return parts().tenant_services.of(caller().tenant)
