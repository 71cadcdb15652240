"""Components opened from the settings, for the application and for the command line."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from prefill import __version__
from prefill.addresses import LOOPBACK
from prefill.audit.factory import open_audit_trail
from prefill.audit.trail import AuditTrail, AuditWriteError
from prefill.auth.jwks import JWKSClient
from prefill.auth.signin.flow import SignInFlow
from prefill.auth.signin.providers import Providers
from prefill.auth.signin.sessions import Sessions
from prefill.company_search.factory import open_search
from prefill.company_search.registers import OpenDirectory, OpenRegisters, RegistersWithFallback
from prefill.company_search.service import CompanySearch
from prefill.config_files.diagnostics import short_name
from prefill.domain.dates import PARIS
from prefill.domain.permissions import Audience
from prefill.domain.requester import Registers
from prefill.forms.registry import FormRegistry, ReloadedForms, load_all
from prefill.prefilling.service import Prefill, Request, Service
from prefill.problems import SettingsInvalid
from prefill.receipts.keys import SANDBOX_SEED, read_keys
from prefill.receipts.receipt import Receipts
from prefill.redis_client import OptionalRedis
from prefill.registers.client import RegisterClient
from prefill.registers.resources import SharedResources, open_client, open_resources
from prefill.registers.transport.http import Connection
from prefill.sandbox.model import URL as SANDBOX_URL
from prefill.settings import SEARCH, Settings
from prefill.tenancy import factory
from prefill.tenancy.model import Tenant
from prefill.tenancy.registry import Tenants
from prefill.vat_list import InvalidIndex, RegistersWithVatList, VatList
from prefill.web.tenant_services import TenantServices


def now() -> datetime:
    """Return the time in Paris."""
    return datetime.now(PARIS)


def today() -> date:
    """Return the day in Paris."""
    return now().date()


def read_forms(settings: Settings) -> FormRegistry:
    return load_all(form_folders(settings))


def open_forms(settings: Settings) -> ReloadedForms:
    """Read the forms, to be read again. Raise `InvalidConfigFile`."""
    return ReloadedForms(form_folders(settings))


def form_folders(settings: Settings) -> tuple[Path, ...]:
    """List the folders of forms: the service's own, then the integrator's."""
    return (bundled_forms(), *map(Path, settings.schemas))


def bundled_forms() -> Path:
    """Find the service's own forms: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    bundled = package / "bundled" / "schemas"
    return bundled if bundled.is_dir() else package.parent / "schemas"


def templates_folder(settings: Settings) -> Path | None:
    """Find the integrator's templates of documents. Raises `SettingsInvalid`."""
    if settings.templates is None:
        return None
    folder = Path(settings.templates)
    if not folder.is_dir():
        raise SettingsInvalid(f"PREFILL_TEMPLATES : le dossier {short_name(folder)} n'existe pas.")
    return folder


def candidate_forms(forms: FormRegistry) -> tuple[str, ...]:
    return tuple(name for name, form in forms.forms.items() if form.audience is Audience.CANDIDATE)


def open_tenants(settings: Settings, forms: Callable[[], FormRegistry]) -> Tenants:
    """Open the tenants, who offer the forms that there are now. Raises `InvalidConfigFile`."""
    return factory.open_tenants(settings, lambda: candidate_forms(forms()), environ=os.environ, today=today)


def only_tenant(settings: Settings, tenant_id: str | None = None) -> Tenant:
    """Return the tenant of that id, or the only one. Raises `SettingsInvalid` or `InvalidConfigFile`."""
    return factory.select_tenant(open_tenants(settings, partial(read_forms, settings)).directory(), tenant_id)


def open_audit(settings: Settings) -> AuditTrail:
    """Open the audit trail. Raises `SettingsInvalid` when it can never be written."""
    try:
        return open_audit_trail(settings.audit)
    except AuditWriteError as fault:
        raise SettingsInvalid(f"PREFILL_AUDIT : {fault}.") from fault


def open_receipts(settings: Settings) -> Receipts | None:
    """Open what signs receipts: with the sandbox's own key there, with the settings' keys elsewhere, or not at all."""
    if settings.receipt_keys:
        return Receipts(read_keys(settings.receipt_keys), sandbox=settings.sandbox)
    return Receipts(read_keys([SANDBOX_SEED]), sandbox=True) if settings.sandbox else None


def open_sign_in(settings: Settings, tenants: Tenants, resources: SharedResources, jwks: JWKSClient) -> SignInFlow:
    """Open what signs agents in by their identity provider; their sessions are in Redis where there is one."""
    open_session = session_opener(settings)
    return SignInFlow(
        tenants.directory,
        providers=Providers(open_session=open_session, clock=time.monotonic),
        jwks=jwks,
        sessions=open_sessions(settings, resources.shared),
        open_session=open_session,
        timestamp=time.time,
    )


def open_sessions(settings: Settings, shared: OptionalRedis) -> Sessions:
    """Open the sessions of signed-in agents."""
    return Sessions(shared, idle_seconds=60.0 * settings.session_minutes, clock=time.time)


def upstream_url(settings: Settings) -> str:
    return SANDBOX_URL if settings.sandbox else settings.url


def user_agent(settings: Settings) -> str:
    """Name this client and whom to write to about its calls, as API Entreprise asks.

    >>> user_agent(Settings(contact="exploitation@exemple.fr")).partition("/")[2].partition(" ")[2]
    '(+exploitation@exemple.fr)'
    """
    name = f"prefill/{__version__}"
    return f"{name} (+{settings.contact})" if settings.contact else name


def session_opener(settings: Settings) -> Callable[[], requests.Session]:
    """Return what opens HTTP sessions, which name this client: on the sandbox, all on the same one."""
    opened = _sandbox_sessions() if settings.sandbox else requests.Session

    def open_session() -> requests.Session:
        session = opened()
        session.headers["User-Agent"] = user_agent(settings)
        return session

    return open_session


def _sandbox_sessions() -> Callable[[], requests.Session]:
    from prefill.sandbox.sessions import SandboxSessions  # production starts without it

    return SandboxSessions()


def connection(settings: Settings, tenant: Tenant | None = None) -> Connection:
    """Describe how a tenant's calls are made: URL, token and tracing parameters."""
    buyer = tenant or only_tenant(settings)
    return Connection(
        upstream_url(settings), buyer.token, buyer.recipient, buyer.context, buyer.object, buyer.delegation
    )


def search_url(settings: Settings) -> str:
    """Where companies are searched; a stand-in of API Entreprise on this machine stands in for that too.

    >>> search_url(Settings(token="t", url="http://127.0.0.1:9080"))
    'http://127.0.0.1:9080'
    """
    if settings.sandbox:
        return SANDBOX_URL
    stand_in = urlsplit(settings.url).hostname in LOOPBACK and settings.search_url == SEARCH
    return settings.url if stand_in else settings.search_url


def open_company_search(settings: Settings, resources: SharedResources) -> CompanySearch | None:
    """Open the search of companies by name; None when the settings allow no call."""
    return open_search(settings, resources, url=search_url(settings), open_session=session_opener(settings))


def open_vat_list(settings: Settings) -> VatList | None:
    """Open the index of VAT numbers. Raises `SettingsInvalid`."""
    if settings.vat_list is None:
        return None
    try:
        return VatList(Path(settings.vat_list), today=today)
    except InvalidIndex as fault:
        raise SettingsInvalid(f"PREFILL_VAT_LIST : {fault}") from fault


def open_directory(search: CompanySearch | None) -> OpenDirectory | None:
    return OpenDirectory(search.client) if search else None


def open_registers(
    settings: Settings, upstream: RegisterClient, directory: OpenDirectory | None, *, fallback: bool = True
) -> Registers:
    """The registers as prefills ask them: API Entreprise, the open directory, or both."""
    if directory is None:
        return upstream
    if settings.open_only:
        return OpenRegisters(directory)
    return RegistersWithFallback(upstream, directory, fallback=fallback)


def open_shared_resources(settings: Settings, **quota: Any) -> SharedResources:
    return open_resources(settings, url=upstream_url(settings), open_session=session_opener(settings), **quota)


def open_upstream(
    settings: Settings, tenant: Tenant | None = None, resources: SharedResources | None = None, **quota: Any
) -> RegisterClient:
    """Open a tenant's register client, on the sandbox when there is no token."""
    tenant = tenant or only_tenant(settings)
    resources = resources or open_shared_resources(settings, **quota)
    return open_client(connection(settings, tenant), resources, tenant=tenant.id)


@contextmanager
def opened_registers(settings: Settings, tenant: Tenant, *, fallback: bool = True) -> Iterator[Registers]:
    """Open a tenant's registers for one command."""
    resources = open_shared_resources(settings)
    directory = open_directory(open_company_search(settings, resources))
    try:
        upstream = open_upstream(settings, tenant, resources)
        yield open_registers(settings, upstream, directory, fallback=fallback)
    finally:
        if directory:
            directory.close()
        resources.thread_pools.close()


def open_service(settings: Settings, registers: Registers) -> Service:
    return Service(
        registers, deadline=settings.deadline, clock=time.monotonic, today=today, early_calls=settings.early_calls
    )


def open_tenant_services(
    settings: Settings,
    tenant: Tenant,
    resources: SharedResources,
    directory: OpenDirectory | None = None,
    vat_list: VatList | None = None,
) -> TenantServices:
    """Open what serves one tenant: its register client, the registers as prefills ask them, the prefill service."""
    upstream = open_upstream(settings, tenant, resources)
    registers = open_registers(settings, upstream, directory)
    if vat_list and not settings.open_only:
        registers = RegistersWithVatList(registers, upstream, vat_list, now=now)
    return TenantServices(tenant, upstream, registers, open_service(settings, registers))


def close(resources: SharedResources, audit_trail: AuditTrail, directory: OpenDirectory | None) -> None:
    """Release the threads and files of an application."""
    if directory:
        directory.close()
    resources.thread_pools.close()
    audit_trail.close()


def fill_example(reloaded: ReloadedForms) -> Prefill:
    """Fill the first form with an invented company, whatever the settings: the documentation's example."""
    from prefill.sandbox.companies import COMPANIES

    form = next(form for form in reloaded.content.forms.values() if form.audience is Audience.CANDIDATE)
    settings = Settings()
    upstream = open_upstream(settings)
    try:
        return open_service(settings, upstream).prefill(Request(COMPANIES[0].siret, form))
    finally:
        upstream.close()
