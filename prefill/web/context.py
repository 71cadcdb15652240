"""What routes work with: the application context, the caller and the services of the caller's tenant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from flask import current_app, g, request

from prefill.audit.trail import AuditTrail
from prefill.auth.authenticator import Authenticator
from prefill.auth.signin.cookies import CookieSigner
from prefill.auth.signin.flow import SignInFlow
from prefill.company_search.service import CompanySearch
from prefill.domain.permissions import Caller
from prefill.domain.requester import SERVICE, Requester
from prefill.forms.registry import FormRegistry, ReloadedForms
from prefill.prefilling.service import Prefill, Service
from prefill.receipts.receipt import Receipts
from prefill.registers.scheduling.call_limits import CallLimits
from prefill.settings import Settings
from prefill.tenancy.registry import Tenants
from prefill.web.middleware.response_cache import ResponseCache
from prefill.web.protection.pacing import DelayScheduler, PacedRegisters, VisitMemory
from prefill.web.protection.proxies import ProxyWatch
from prefill.web.protection.rate_limit import RateLimiter
from prefill.web.protection.slots import DRAFTS, STREAMS, SharedSlots, Slot, Slots
from prefill.web.tenant_services import TenantServices, TenantServicesRegistry

EXTENSION = "prefill"
AGENTS_BLUEPRINT = "dossiers"
SIGN_IN_BLUEPRINT = "signin"
PROCEDURES_BLUEPRINT = "procedures"
OF_AGENTS = (AGENTS_BLUEPRINT, SIGN_IN_BLUEPRINT, PROCEDURES_BLUEPRINT)  # what no page of another origin reads
ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True)
class AppContext:
    """The objects that the routes and hooks of one application use.

    Attributes:
        settings: the settings of the process.
        forms: the forms, read again on demand.
        tenants: the buyers served, read again when their file changes.
        tenant_services: what serves each tenant.
        authenticator: verifies agents' credentials.
        sign_in: signs agents in by their identity provider, and keeps their sessions.
        cookie_signer: signs the cookies of sign-in.
        receipts: signs what the registers said; None without keys.
        audit_trail: where each access to protected data is recorded.
        rate_limiter: requests per address; it also hashes what logs must not show.
        call_limits: calls per address, network and integrator.
        company_search: finds companies by name or number; None where the operator allows no call for it.
        search_limiter: searches per address, apart from prefills: several for one name that is typed.
        response_cache: complete prefill responses.
        waiting_slots: caps the requests that wait for registers.
        body_slots: caps the request bodies that are being read.
        proxy_watch: notices a proxy that was not declared.
        templates: the integrator's templates of documents.
        now: the time in Paris.
        clock: a monotonic clock, in seconds.
        environ: the process's environment.
        example: fills a form with an invented company, for the documentation.
        close: releases threads and files.
        stream_slots: caps the event streams of the process.
        draft_slots: caps the drafts of forms that are being checked.
        trial_slots: caps the drafts that are being filled, each in a process of its own.
        visits: which answers each client has had.
        scheduler: delivers paced answers.
    """

    settings: Settings
    forms: ReloadedForms
    tenants: Tenants
    tenant_services: TenantServicesRegistry
    authenticator: Authenticator
    sign_in: SignInFlow
    cookie_signer: CookieSigner
    receipts: Receipts | None
    audit_trail: AuditTrail
    rate_limiter: RateLimiter
    call_limits: CallLimits
    company_search: CompanySearch | None
    search_limiter: RateLimiter
    response_cache: ResponseCache
    waiting_slots: SharedSlots
    body_slots: SharedSlots
    proxy_watch: ProxyWatch
    templates: Path | None
    now: Callable[[], datetime]
    clock: Callable[[], float]
    environ: Mapping[str, str]
    example: Callable[[], Prefill]
    close: Callable[[], None]
    stream_slots: Slots = field(default_factory=partial(Slots, STREAMS))
    draft_slots: Slots = field(default_factory=partial(Slots, DRAFTS))
    trial_slots: Slots = field(default_factory=partial(Slots, DRAFTS))
    visits: VisitMemory = field(default_factory=VisitMemory)
    scheduler: DelayScheduler = field(default_factory=DelayScheduler)


def app_context() -> AppContext:
    """Return the context of the current application."""
    context: AppContext = current_app.extensions[EXTENSION]
    return context


def current_forms() -> FormRegistry:
    """Return the forms of the current request: the same from its beginning to its end."""
    if "forms" not in g:
        g.forms = app_context().forms.content
    forms: FormRegistry = g.forms
    return forms


def current_caller() -> Caller:
    """Authenticate the current request, once. Raises the problems of `Authenticator.authenticate`."""
    if "caller" not in g:
        g.caller = app_context().authenticator.authenticate(
            dict(request.headers), request.remote_addr or "", tenant=request.args.get("tenant")
        )
    caller: Caller = g.caller
    return caller


def current_requester() -> Requester:
    """On whose behalf the current request of a candidate is made: an integrator's key, else an address."""
    return app_context().rate_limiter.requester(request.remote_addr or "", current_caller())


def current_services() -> TenantServices:
    """Return the services of the caller's tenant."""
    return app_context().tenant_services.for_tenant(current_caller().tenant)


def may_wait(*, agent: bool) -> bool:
    """Whether the current request may hold its thread while registers answer; until its response is complete."""
    if "slot" not in g:
        requester = SERVICE if agent else current_requester()
        g.slot = app_context().waiting_slots.acquire(requester, agent=agent, buyer=_buyer_of_several())
    slot: Slot | None = g.slot
    return slot is not None


def _buyer_of_several() -> str:
    """The caller's buyer, where others are served too."""
    several = len(app_context().tenants.directory().tenants) > 1
    return current_caller().tenant if several else ""


def agent_service() -> Service:
    """Return the prefill service of the agent's tenant."""
    service = current_services().service
    return service if may_wait(agent=True) else service.without_waiting()


def candidate_service() -> Service:
    """Return the prefill service of the caller's tenant as this client may see it.

    The sandbox has no bidder to protect: there answers come at once.
    """
    context, services = app_context(), current_services()
    service = services.service if may_wait(agent=False) else services.service.without_waiting()
    if context.settings.sandbox:
        return service
    client = current_requester().address or context.rate_limiter.name(request.remote_addr or "")
    return service.with_registers(
        PacedRegisters(services.registers, context.visits, context.scheduler, client, services.tenant.id)
    )
