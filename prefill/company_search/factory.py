"""Opens the company search of a process on the shared resources of its register clients."""

from __future__ import annotations

import math
from collections.abc import Callable

import requests

from prefill.clock import Clock
from prefill.company_search.service import CompanySearch
from prefill.company_search.upstream.api import SearchApi
from prefill.company_search.upstream.cache import PageCache
from prefill.company_search.upstream.circuit_breaker import SearchBreaker
from prefill.company_search.upstream.client import SearchClient
from prefill.company_search.upstream.quota import SearchQuota
from prefill.registers.resources import SharedResources, url_hash
from prefill.settings import Settings


def open_search(
    settings: Settings, resources: SharedResources, *, url: str, open_session: Callable[[], requests.Session]
) -> CompanySearch | None:
    """Open the search at this URL; None when no call a second is allowed. The sandbox has no quota."""
    if not settings.search_rate:
        return None
    return CompanySearch(open_client(settings, resources, url=url, open_session=open_session))


def open_client(
    settings: Settings, resources: SharedResources, *, url: str, open_session: Callable[[], requests.Session]
) -> SearchClient:
    """Open the client of the open directory at this URL."""
    clock, prefix = Clock(), f"prefill:{url_hash(url)}:search"
    per_second = math.inf if settings.sandbox else float(settings.search_rate)
    api = SearchApi(
        url,
        open_session=open_session,
        transport_options=resources.thread_pools.transport_options,
        watchdog=resources.thread_pools.watchdog,
        clock=clock,
    )
    return SearchClient(
        api,
        cache=PageCache(resources.shared, clock=clock, prefix=prefix),
        quota=SearchQuota(
            resources.shared, clock=clock, per_second=per_second, instances=settings.instances, prefix=prefix
        ),
        breaker=SearchBreaker(resources.shared, clock=clock, prefix=prefix),
        flights=resources.cache,
        limits=resources.disclosure_limits,
        clock=clock,
    )
