"""What the register clients of a process share: answer cache, quotas, circuit breakers and thread pools."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from prefill.clock import Clock
from prefill.redis_client import OptionalRedis
from prefill.registers.answer_cache import AnswerCache
from prefill.registers.circuit_breaker import CircuitBreakers
from prefill.registers.client import RegisterClient
from prefill.registers.disclosure_limits import DisclosureLimits
from prefill.registers.quota import QuotaRegistry
from prefill.registers.scheduling.call_limits import CallLimits
from prefill.registers.scheduling.workers import ProviderThreadPools
from prefill.registers.transport.http import Connection
from prefill.settings import Settings


@dataclass(frozen=True, slots=True)
class SharedResources:
    """What the clients of all tenants share in a process."""

    shared: OptionalRedis
    cache: AnswerCache
    quotas: QuotaRegistry
    breakers: CircuitBreakers
    thread_pools: ProviderThreadPools
    call_limits: CallLimits
    disclosure_limits: DisclosureLimits


def open_resources(
    settings: Settings, *, url: str, open_session: Callable[[], requests.Session], **quota: Any
) -> SharedResources:
    """Open what is shared, for the API at this URL; nothing is called yet."""
    clock = Clock()
    shared = OptionalRedis(settings.redis_url, clock=clock)
    cache = AnswerCache(
        shared,
        clock=clock,
        entries=settings.cache_entries,
        prefix=f"prefill:{url_hash(url)}",
        share_protected=settings.share_protected,
    )
    quota = {"instances": settings.instances, "fresh": settings.sandbox, **quota}
    return SharedResources(
        shared,
        cache,
        QuotaRegistry(shared, clock=clock, **quota),
        _open_breakers(settings),
        ProviderThreadPools(open_session, settings.workers),
        CallLimits(shared),
        DisclosureLimits(shared, clock=clock, prefix=f"prefill:{url_hash(url)}"),
    )


def open_client(connection: Connection, resources: SharedResources, *, tenant: str) -> RegisterClient:
    """Open the client of one tenant; those who act under the same habilitation share its quota."""
    return RegisterClient(
        connection,
        thread_pools=resources.thread_pools,
        clock=Clock(),
        cache=resources.cache,
        quota=resources.quotas.for_habilitation(connection.habilitation),
        breakers=resources.breakers,
        call_limits=resources.call_limits,
        disclosure_limits=resources.disclosure_limits,
        tenant=tenant,
    )


def url_hash(url: str) -> str:
    """Identify the API that is asked: answers of staging or of the sandbox are not production's."""
    return hashlib.blake2b(url.encode(), digest_size=4, person=b"host").hexdigest()


def _open_breakers(settings: Settings) -> CircuitBreakers:
    """Open the circuit breakers; the sandbox's failing companies fail on purpose, so that its breakers never open."""
    never = {"failures": math.inf, "silences": math.inf} if settings.sandbox else {}
    return CircuitBreakers(clock=Clock(), **never)
