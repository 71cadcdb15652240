"""Composition root: the WSGI application that the settings describe."""

from __future__ import annotations

import os
import sys
import time
from functools import partial

from flask import Flask

from prefill import telemetry
from prefill.assembly import (
    fill_example,
    now,
    open_audit,
    open_company_search,
    open_directory,
    open_receipts,
    open_registers,
    open_service,
    open_shared_resources,
    open_tenants,
    open_upstream,
    read_forms,
    session_opener,
    templates_folder,
    today,
)  # fmt: skip
from prefill.audit.trail import AuditTrail
from prefill.auth.authenticator import Authenticator
from prefill.auth.jwks import JWKSClient
from prefill.auth.login_throttle import LoginThrottle
from prefill.company_search.registers import OpenDirectory
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.forms.registry import FormRegistry
from prefill.health import report_token_expiry
from prefill.problems import SettingsInvalid
from prefill.registers.resources import SharedResources
from prefill.settings import Settings, former_names, load, refuse_unwanted_sandbox
from prefill.tenancy.factory import hash_key
from prefill.tenancy.model import Tenant
from prefill.web.app import create_web
from prefill.web.context import AppContext
from prefill.web.middleware.response_cache import ResponseCache
from prefill.web.protection.pacing import DelayScheduler, VisitMemory
from prefill.web.protection.proxies import ProxyWatch
from prefill.web.protection.rate_limit import RateLimiter
from prefill.web.protection.slots import STREAMS, Slots, WaitingSlots, body_slots
from prefill.web.tenant_services import TenantServices, TenantServicesRegistry

SANDBOX_BANNER = (
    "BAC À SABLE : pas de API_ENTREPRISE_TOKEN, toutes les entreprises et toutes les données sont inventées."
)
OPEN_BANNER = "Pas de jeton : l'identité des entreprises seule, d'après Recherche d'entreprises (PREFILL_SOURCES=open)."


def create_app(settings: Settings | None = None) -> Flask:
    """Build the WSGI application. Unusable settings, forms or tenants end the process with their sentences."""
    try:
        settings = settings or load(os.environ)
        telemetry.configure(settings.log)
        refuse_unwanted_sandbox(settings)
        context = build_context(settings, read_forms(settings))
        _log_start(context)
    except (SettingsInvalid, InvalidConfigFile) as fault:
        sys.exit(f"prefill ne peut pas démarrer :\n{fault}")
    return create_web(context)


def build_context(settings: Settings, forms: FormRegistry) -> AppContext:
    """Open the components of an application and join them."""
    tenants = open_tenants(settings, forms)
    resources = open_shared_resources(settings)
    audit_trail = open_audit(settings)
    open_limiter = partial(
        RateLimiter, resources.shared, per_minute=settings.rate_limit, secret=hash_key(tenants.directory())
    )
    rate_limiter = open_limiter()
    search = open_company_search(settings, resources)
    directory = open_directory(search)
    return AppContext(
        settings=settings,
        form_registry=forms,
        tenants=tenants,
        tenant_services=TenantServicesRegistry(
            tenants.directory, build=partial(build_tenant_services, settings, resources=resources, directory=directory)
        ),
        authenticator=Authenticator(
            tenants.directory,
            jwks_client=JWKSClient(open_session=session_opener(settings), clock=time.monotonic),
            login_throttle=LoginThrottle(resources.shared, hash_address=rate_limiter.name, clock=time.monotonic),
            today=today,
        ),
        receipts=open_receipts(settings),
        audit_trail=audit_trail,
        rate_limiter=rate_limiter,
        call_limits=resources.call_limits,
        company_search=search,
        search_limiter=open_limiter(prefix="prefill:search"),
        response_cache=ResponseCache(settings.response_cache, tenants=tenants.directory),
        stream_slots=Slots(STREAMS),
        waiting_slots=WaitingSlots(settings.threads),
        body_slots=body_slots(settings.threads),
        proxy_watch=ProxyWatch(settings.proxies or 0),
        templates=templates_folder(settings),
        visits=VisitMemory(),
        scheduler=DelayScheduler(),
        now=now,
        clock=time.monotonic,
        environ=os.environ,
        example=partial(fill_example, forms),
        close=partial(_close, resources, audit_trail, directory),
    )


def build_tenant_services(
    settings: Settings, tenant: Tenant, resources: SharedResources, directory: OpenDirectory | None = None
) -> TenantServices:
    upstream = open_upstream(settings, tenant, resources)
    registers = open_registers(settings, upstream, directory)
    return TenantServices(tenant, upstream, registers, open_service(settings, registers))


def _close(resources: SharedResources, audit_trail: AuditTrail, directory: OpenDirectory | None) -> None:
    if directory:
        directory.close()
    resources.thread_pools.close()
    audit_trail.close()


def _log_start(context: AppContext) -> None:
    """Log what the operator should know of this configuration."""
    directory, forms = context.tenants.directory(), context.form_registry
    telemetry.gauge("forms_loaded", len(forms.forms))
    report_token_expiry(tenant.token for tenant in directory.tenants.values())
    for old, new in former_names(context.environ):
        telemetry.warning("settings.renamed", old=old, new=new, message=f"{old} s'appelle maintenant {new}.")
    if context.settings.open_only:
        telemetry.event("sources.open", message=OPEN_BANNER)
    if context.settings.sandbox:
        telemetry.warning("sandbox", message=SANDBOX_BANNER)
    for line in forms.replaced:
        telemetry.event("schemas.replaced", form=line)
    for remark in (*forms.remarks, *directory.remarks):
        telemetry.warning("schemas.remark", remark=str(remark))
    telemetry.flush()
