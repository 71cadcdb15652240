"""Composition root: the WSGI application that the settings describe."""

from __future__ import annotations

import os
import sys
import time
from functools import partial

from flask import Flask

from prefill import assembly, telemetry
from prefill.auth.authenticator import Authenticator
from prefill.auth.jwks import JWKSClient
from prefill.auth.login_throttle import LoginThrottle
from prefill.auth.signin.cookies import CookieSigner
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.forms.registry import ReloadedForms
from prefill.health import log_start
from prefill.problems import SettingsInvalid
from prefill.settings import Settings, load, refuse_unwanted_sandbox
from prefill.tenancy.factory import hash_key
from prefill.web.app import create_web
from prefill.web.context import AppContext
from prefill.web.middleware.response_cache import ResponseCache
from prefill.web.protection.proxies import ProxyWatch
from prefill.web.protection.rate_limit import RateLimiter
from prefill.web.protection.slots import body_slots, waiting_slots
from prefill.web.tenant_services import TenantServicesRegistry


def create_app(settings: Settings | None = None, forms: ReloadedForms | None = None) -> Flask:
    """Build the WSGI application; `forms` are those of the settings, when they are read already.

    Unusable settings, forms or tenants end the process with their sentences.
    """
    try:
        settings = settings or load(os.environ)
        telemetry.configure(settings.log)
        refuse_unwanted_sandbox(settings, os.environ)
        context = build_context(settings, forms or assembly.open_forms(settings))
        log_start(settings, context.forms.content, context.tenants.directory(), context.environ)
    except (SettingsInvalid, InvalidConfigFile) as fault:
        sys.exit(f"prefill ne peut pas démarrer :\n{fault}")
    return create_web(context)


def build_context(settings: Settings, forms: ReloadedForms) -> AppContext:
    """Open the components of an application and join them."""
    tenants = assembly.open_tenants(settings, lambda: forms.content)
    resources = assembly.open_shared_resources(settings)
    audit_trail = assembly.open_audit(settings)
    search = assembly.open_company_search(settings, resources)
    directory = assembly.open_directory(search)
    open_services = partial(
        assembly.open_tenant_services,
        settings,
        resources=resources,
        directory=directory,
        vat_list=assembly.open_vat_list(settings),
    )
    secret = hash_key(tenants.directory())
    open_limiter = partial(RateLimiter, resources.shared, per_minute=settings.rate_limit, secret=secret)
    rate_limiter = open_limiter()
    jwks_client = JWKSClient(open_session=assembly.session_opener(settings), clock=time.monotonic)
    throttle = LoginThrottle(resources.shared, hash_address=rate_limiter.name, clock=time.monotonic)
    return AppContext(
        settings=settings,
        forms=forms,
        tenants=tenants,
        tenant_services=TenantServicesRegistry(tenants.directory, build=open_services),
        authenticator=Authenticator(
            tenants.directory, jwks_client=jwks_client, login_throttle=throttle, today=assembly.today
        ),
        sign_in=assembly.open_sign_in(settings, tenants, resources, jwks_client),
        cookie_signer=CookieSigner(secret),
        receipts=assembly.open_receipts(settings),
        audit_trail=audit_trail,
        rate_limiter=rate_limiter,
        call_limits=resources.call_limits,
        company_search=search,
        search_limiter=open_limiter(prefix="prefill:search"),
        response_cache=ResponseCache(settings.response_cache, tenants=tenants.directory, forms=lambda: forms.content),
        waiting_slots=waiting_slots(settings.threads),
        body_slots=body_slots(settings.threads),
        proxy_watch=ProxyWatch(settings.proxies or 0),
        templates=assembly.templates_folder(settings),
        now=assembly.now,
        clock=time.monotonic,
        environ=os.environ,
        example=partial(assembly.fill_example, forms),
        close=partial(assembly.close, resources, audit_trail, directory),
    )
