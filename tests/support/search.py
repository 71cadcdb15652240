"""A company search on the embedded sandbox, whose calls a test can count, delay and break."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from prefill.clock import Clock
from prefill.company_search.service import CompanySearch
from prefill.company_search.upstream.api import SearchApi
from prefill.company_search.upstream.cache import PageCache
from prefill.company_search.upstream.circuit_breaker import SearchBreaker
from prefill.company_search.upstream.client import SearchClient
from prefill.company_search.upstream.quota import SearchQuota
from prefill.redis_client import OptionalRedis
from prefill.registers.answer_cache import AnswerCache
from prefill.registers.disclosure_limits import DisclosureLimits
from prefill.registers.scheduling.watchdog import Watchdog
from prefill.sandbox.adapter import SandboxAdapter
from prefill.sandbox.contract.api import ApiEntreprise, Rules
from prefill.sandbox.model import URL
from tests.support.clock import FakeClock

USER_AGENT = "prefill-tests/1"


@dataclass(frozen=True, slots=True)
class SearchStage:
    """A search and what it stands on."""

    search: CompanySearch
    client: SearchClient
    sandbox: ApiEntreprise
    clock: FakeClock
    limits: DisclosureLimits

    @property
    def calls(self) -> int:
        return self.sandbox.journal.calls["/search"]

    @property
    def asked(self) -> list[str]:
        """The texts of all calls, in order."""
        return [call["query"]["q"] for call in self.sandbox.journal.log]

    def fail(self, fault: str) -> None:
        self.sandbox.faults.replace({"/search": fault} if fault else {})

    def names(self, text: str, **options: Any) -> list[str | None]:
        return [company.name for company in self.search.find(text, **options).companies]


def open_stage(
    *,
    per_second: float = math.inf,
    redis_url: str | None = None,
    instances: int = 1,
    clock: FakeClock | None = None,
) -> SearchStage:
    clock = clock or FakeClock(1_790_000_000.0)
    sandbox = ApiEntreprise(Rules(quota_scale=1000, ban_after=10**9), timestamp=clock.timestamp)
    shared = OptionalRedis(redis_url, clock=Clock())

    def open_session() -> requests.Session:
        session = named_session()
        session.mount(URL, SandboxAdapter(sandbox, sleep=clock.sleep, clock=clock.monotonic))
        return session

    api = SearchApi(URL, open_session=open_session, transport_options=no_options, watchdog=Watchdog(), clock=clock)
    limits = DisclosureLimits(shared, clock=clock)
    client = SearchClient(
        api,
        cache=PageCache(shared, clock=clock),
        quota=SearchQuota(shared, clock=clock, per_second=per_second, instances=instances),
        breaker=SearchBreaker(shared, clock=clock),
        flights=AnswerCache(shared, clock=clock, entries=10),
        limits=limits,
        clock=clock,
    )
    return SearchStage(CompanySearch(client), client, sandbox, clock, limits)


def named_session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    return session


def no_options(_url: str) -> Mapping[str, Any]:
    return {}
