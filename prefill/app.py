"""Make the objects and join them: the only place where settings become a running service."""

from __future__ import annotations

import hashlib
import math
import os
import sys
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import requests
from flask import Flask

from prefill import telemetry
from prefill.audit.sinks import STDOUT, STDOUT_DESCRIPTOR, FileSink, StreamSink
from prefill.audit.trail import AuditTrail, AuditWriteError
from prefill.auth.authenticator import Authenticator
from prefill.auth.jwks import JWKSClient
from prefill.auth.login_throttle import LoginThrottle
from prefill.clock import Clock
from prefill.domain.dates import PARIS
from prefill.domain.permissions import Audience
from prefill.forms.registry import BadSchemas, FormRegistry, load_all
from prefill.health import token_expiry
from prefill.prefilling.service import Prefill, Request, Service
from prefill.problems import SettingsInvalid
from prefill.redis_client import OptionalRedis
from prefill.registers.answer_cache import AnswerCache
from prefill.registers.circuit_breaker import CircuitBreakers
from prefill.registers.client import RegisterClient
from prefill.registers.http import Connection
from prefill.registers.quota import QuotaRegistry
from prefill.registers.workers import ProviderThreadPools
from prefill.sandbox.adapter import SandboxAdapter
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.model import URL as SANDBOX_URL
from prefill.settings import Settings, load, refuse_unwanted_sandbox
from prefill.tenancy.model import Directory, Tenant, directory, sandbox_tenant, tenant_of
from prefill.tenancy.registry import BadTenants, Tenants
from prefill.tenancy.tenants_file import read_tenants
from prefill.web.app import create_web
from prefill.web.context import AppContext
from prefill.web.rate_limit import RateLimiter
from prefill.web.tenant_services import TenantServices, TenantServicesRegistry

SANDBOX_BUYER = "21750001600019"
SANDBOX_BANNER = (
    "BAC À SABLE : pas de API_ENTREPRISE_TOKEN, toutes les entreprises et toutes les données sont inventées."
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the WSGI application. Settings, forms and tenants that cannot be used stop the start with their sentences."""
    try:
        chosen = settings or load(os.environ)
        refuse_unwanted_sandbox(chosen)
        telemetry.configure(chosen.log)
        parts = join(chosen, read_forms(chosen))
    except (SettingsInvalid, BadSchemas, BadTenants) as fault:
        sys.exit(f"prefill ne peut pas démarrer :\n{fault}")
    if chosen.sandbox:
        telemetry.warning("sandbox", message=SANDBOX_BANNER)
    for line in parts.library.replaced:
        telemetry.event("schemas.replaced", form=line)
    for remark in (*parts.library.remarks, *parts.tenants.directory().remarks):
        telemetry.warning("schemas.remark", remark=str(remark))
    return create_web(parts)


def join(settings: Settings, library: FormRegistry) -> AppContext:
    """Join the parts of a service for these settings."""
    tenants = open_tenants(settings, library)
    resources = open_shared_resources(settings)
    trace = open_audit(settings)
    rate_limiter = RateLimiter(resources.shared, per_minute=settings.visits, secret=secret_of(tenants.directory()))
    telemetry.gauge("forms_loaded", len(library.forms))
    _tell_expiry(tenants.directory())
    return AppContext(
        settings=settings,
        library=library,
        tenants=tenants,
        tenant_services=TenantServicesRegistry(
            tenants.directory, build=lambda tenant: build_tenant_services(settings, tenant, resources)
        ),
        authenticator=Authenticator(
            tenants.directory,
            jwks_client=JWKSClient(open_session=requests.Session, clock=time.monotonic),
            login_throttle=LoginThrottle(resources.shared, hash_address=rate_limiter.name, clock=time.monotonic),
            today=today,
        ),
        trace=trace,
        rate_limiter=rate_limiter,
        now=now,
        clock=time.monotonic,
        environ=os.environ,
        example=lambda: example(library),
        close=lambda: _close(resources, trace),
    )


def _close(resources: SharedResources, trace: AuditTrail) -> None:
    resources.thread_pools.close()
    trace.close()


def _tell_expiry(tenants: Directory) -> None:
    """Tell when the first of the tokens expires, of those that say so."""
    every = [expiry for tenant in tenants.tenants.values() if (expiry := token_expiry(tenant.token))]
    if every:
        telemetry.gauge("token_expiry", min(every).timestamp())


def secret_of(tenants: Directory) -> bytes:
    """Derive the key of the hashes in logs and limits: the same for all who hold the same tokens."""
    tokens = "\n".join(sorted(tenant.token for tenant in tenants.tenants.values()))
    return hashlib.blake2b(tokens.encode(), digest_size=32, person=b"hash key").digest()


def open_audit(settings: Settings) -> AuditTrail:
    """Open the trace. Raise `SettingsInvalid` when it can never be written."""
    try:
        return open_trace(settings.audit)
    except AuditWriteError as lost:
        raise SettingsInvalid(f"PREFILL_AUDIT : {lost}.") from lost


def open_trace(target: str | None) -> AuditTrail:
    """Open the trace that `PREFILL_AUDIT` names: standard output, a file, or a database's URL.

    Nothing is written yet. Raise `AuditWriteError` when what a database takes is not installed.
    """
    if target in (None, STDOUT):
        return AuditTrail(StreamSink(STDOUT_DESCRIPTOR))
    if "://" not in str(target):
        return AuditTrail(FileSink(Path(str(target))))
    try:
        from prefill.audit.database import DatabaseSink  # its libraries are an extra

        return AuditTrail(DatabaseSink(str(target)))
    except ImportError as missing:
        raise AuditWriteError(
            "une base demande SQLAlchemy et psycopg, que « pip install -r requirements.txt » apporte"
        ) from missing


# -- tenants ----------------------------------------------------------------------------------------


def open_tenants(settings: Settings, library: FormRegistry) -> Tenants:
    """Open the tenants file, or make the one tenant there is without it. Raise `BadTenants`."""
    if settings.tenants is None:
        alone = sandbox_tenant(settings, SANDBOX_BUYER) if settings.sandbox else tenant_of(settings)
        return Tenants(lambda: directory([alone]), None, clock=time.monotonic)
    path, forms = Path(settings.tenants), candidate_forms(library)
    return Tenants(lambda: read_tenants(path, os.environ, forms, today()), path, clock=time.monotonic)


def candidate_forms(library: FormRegistry) -> tuple[str, ...]:
    return tuple(name for name, form in library.forms.items() if form.audience is Audience.CANDIDATE)


@dataclass(frozen=True, slots=True)
class SharedResources:
    """What all tenants of a process stand on."""

    shared: OptionalRedis
    cache: AnswerCache
    quotas: QuotaRegistry
    breakers: CircuitBreakers
    thread_pools: ProviderThreadPools


def open_shared_resources(settings: Settings, **budget: Any) -> SharedResources:
    clock = Clock()
    shared = OptionalRedis(settings.redis_url, clock=clock)
    cache = AnswerCache(
        shared,
        clock=clock,
        entries=settings.cache_entries,
        prefix=f"prefill:{host_name(settings)}",
        share_protected=settings.share_protected,
    )
    budget = {"instances": settings.instances, "fresh": settings.sandbox, **budget}
    quotas = QuotaRegistry(shared, clock=clock, **budget)
    return SharedResources(
        shared, cache, quotas, open_breakers(settings), ProviderThreadPools(session_opener(settings), settings.workers)
    )


def open_breakers(settings: Settings) -> CircuitBreakers:
    """The sandbox's failing companies fail on purpose, and for themselves alone: there breakers never open."""
    never = {"failures": math.inf, "silences": math.inf} if settings.sandbox else {}
    return CircuitBreakers(clock=Clock(), **never)


def host_name(settings: Settings) -> str:
    """Name the API that is asked: what staging or the sandbox says is not what production says."""
    url = SANDBOX_URL if settings.sandbox else settings.url
    return hashlib.blake2b(url.encode(), digest_size=4, person=b"host").hexdigest()


def build_tenant_services(settings: Settings, tenant: Tenant, resources: SharedResources) -> TenantServices:
    upstream = open_upstream(settings, tenant, resources)
    service = Service(upstream, deadline=settings.deadline, clock=time.monotonic, today=today)
    return TenantServices(tenant, upstream, service)


def example(library: FormRegistry) -> Prefill:
    """Fill the first form with an invented company: the documentation's example, wherever we run."""
    form = next(form for form in library.forms.values() if form.audience is Audience.CANDIDATE)
    settings = Settings()
    upstream = open_upstream(settings)
    try:
        service = Service(upstream, deadline=settings.deadline, clock=time.monotonic, today=today)
        return service.prefill(Request(COMPANIES[0].siret, form))
    finally:
        upstream.close()


def read_forms(settings: Settings) -> FormRegistry:
    return load_all(form_folders(settings))


def form_folders(settings: Settings) -> tuple[Path, ...]:
    """The forms we ship, then the integrator's."""
    return (bundled_forms(), *map(Path, settings.schemas))


def bundled_forms() -> Path:
    """Find the forms we ship: inside the wheel, or beside the package in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "bundled" / "schemas"
    return inside if inside.is_dir() else here.parent / "schemas"


def open_upstream(
    settings: Settings, tenant: Tenant | None = None, resources: SharedResources | None = None, **budget: Any
) -> RegisterClient:
    """Open a tenant's door to API Entreprise, or to the sandbox when there is no token."""
    tenant = tenant or only_tenant(settings)
    resources = resources or open_shared_resources(settings, **budget)
    return RegisterClient(
        connection(settings, tenant),
        thread_pools=resources.thread_pools,
        clock=Clock(),
        cache=resources.cache,
        quota=resources.quotas.for_token(token_name(tenant.token)),
        breakers=resources.breakers,
        tenant=tenant.id,
    )


def token_name(token: str) -> str:
    """Name a token without saying it: who spends the same one shares its budget."""
    return hashlib.blake2b(token.encode(), digest_size=6, person=b"budget").hexdigest()


def only_tenant(settings: Settings, name: str | None = None) -> Tenant:
    """Give the tenant of that name, or the one there is. Raise `SettingsInvalid` or `BadTenants`."""
    known = open_tenants(settings, read_forms(settings)).directory()
    found = known.tenants.get(name) if name else known.only
    if found is None:
        raise SettingsInvalid(f"Dites pour quel acheteur (--tenant) : {', '.join(known.tenants)}.")
    return found


def connection(settings: Settings, tenant: Tenant | None = None) -> Connection:
    """Say where a tenant's questions go, and what is told of them."""
    who = tenant or only_tenant(settings)
    url = SANDBOX_URL if settings.sandbox else settings.url
    return Connection(url, who.token, who.recipient, who.context, who.object)


class _Opener:
    """Open one HTTP session a thread, all on the same sandbox when there is one."""

    def __init__(self, *, sandbox: bool) -> None:
        self._adapter = SandboxAdapter(ApiEntreprise()) if sandbox else None

    def __call__(self) -> requests.Session:
        session = requests.Session()
        if self._adapter:
            session.mount(SANDBOX_URL, self._adapter)
        return session


def session_opener(settings: Settings) -> _Opener:
    return _Opener(sandbox=settings.sandbox)


def now() -> datetime:
    """The time in Paris."""
    return datetime.now(PARIS)


def today() -> date:
    """The day in Paris."""
    return now().date()
