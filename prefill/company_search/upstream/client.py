"""The client of Recherche d'entreprises: a query passes the cache, single flight, breaker and quota before a call."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Protocol

from prefill import telemetry
from prefill.clock import Clock
from prefill.company_search.upstream.api import Reply, SearchApi
from prefill.company_search.upstream.cache import Entry, PageCache, key_of
from prefill.company_search.upstream.circuit_breaker import Outcome, SearchBreaker
from prefill.company_search.upstream.parameters import Parameters
from prefill.company_search.upstream.quota import SearchQuota
from prefill.company_search.upstream.records import Page, Record, is_partial, restricted
from prefill.domain.disclosure import UNDISCLOSED
from prefill.registers.answer_cache import AnswerCache
from prefill.registers.disclosure_limits import DisclosureLimits

TYPING_SECONDS = 2.0  # for a call while somebody types
IDENTITY_SECONDS = 5.0  # for a call that a form waits for
FLIGHT_SECONDS = 8.0  # after which whoever holds a query is taken for dead
FAILED_RETRY = 2.0  # seconds, where nothing says how long to wait


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is known of a query: the page, if any; when it is not up to date, in how many seconds to ask again.

    `seconds` is what the call took that brought it, 0.0 without a call; `at` when the page came, in Unix seconds.
    """

    page: Page | None
    retry_after: float = 0.0
    seconds: float = 0.0
    at: float = 0.0
    cause: Outcome | None = None
    cached: bool = False

    @property
    def current(self) -> bool:
        return self.page is not None and not self.retry_after


class Lookups(Protocol):
    """What the search asks: the client, or what one visitor may see of it."""

    def known(self, parameters: Parameters) -> Lookup | None: ...

    def remembered(self, parameters: Parameters) -> Page | None: ...

    def fetch(
        self,
        parameters: Parameters,
        *,
        patience: float = 0.0,
        seconds: float = TYPING_SECONDS,
        abandoned: threading.Event | None = None,
    ) -> Lookup: ...


class SearchClient:
    """Answers queries with as few calls as possible; never makes two identical ones at once."""

    def __init__(
        self,
        api: SearchApi,
        *,
        cache: PageCache,
        quota: SearchQuota,
        breaker: SearchBreaker,
        flights: AnswerCache,
        limits: DisclosureLimits,
        clock: Clock,
    ) -> None:
        self.api = api
        self.cache = cache
        self.quota = quota
        self.breaker = breaker
        self._flights = flights
        self._limits = limits
        self._clock = clock

    def known(self, parameters: Parameters) -> Lookup | None:
        """A current page in the memory of this process."""
        return self._current(self.cache.get_local(parameters))

    def remembered(self, parameters: Parameters) -> Page | None:
        """A page in the memory of this process, perhaps no longer current."""
        entry = self.cache.get_local(parameters)
        return self._disclosed(entry.page) if entry else None

    def fetch(
        self,
        parameters: Parameters,
        *,
        patience: float = 0.0,
        seconds: float = TYPING_SECONDS,
        abandoned: threading.Event | None = None,
    ) -> Lookup:
        """Answer from the cache, or call: within `patience` seconds for a slot, then `seconds` for the call.

        A call whose turn has not come when `abandoned` is set is not made.
        """
        known = self._current(self.cache.get(parameters))
        if known is not None:
            telemetry.count("search_lookups", result="hit")
            return known
        name = f"search:{key_of(parameters)}"
        with self._flights.single_flight(name, patience=patience + seconds, max_seconds=FLIGHT_SECONDS) as admission:
            known = self.known(parameters)
            if known is not None:
                telemetry.count("search_lookups", result="joined")
                return known
            if not admission.allowed:
                return self._refused(parameters, FAILED_RETRY, None)
            return self._call_in_turn(parameters, patience, seconds, abandoned)

    def _current(self, entry: Entry | None) -> Lookup | None:
        if entry is None or not entry.fresh(self._clock.timestamp()):
            return None
        return Lookup(self._disclosed(entry.page), seconds=entry.seconds, at=entry.at, cached=True)

    def _call_in_turn(
        self, parameters: Parameters, patience: float, seconds: float, abandoned: threading.Event | None
    ) -> Lookup:
        full = self.quota.refusal(patience)
        if full is not None and self.breaker.state().cause is None:
            # Most answers while many people type: what this process knows spares a question to Redis.
            return self._refused(parameters, full.retry_after, Outcome.THROTTLED)
        wait = self.breaker.retry_after()
        if wait > 0:
            return self._refused(parameters, wait, self.breaker.state().cause or Outcome.FAILED)
        slot = self.quota.reserve(patience)
        if not slot.allowed:
            return self._refused(parameters, slot.retry_after, Outcome.THROTTLED)
        if slot.delay and (abandoned or threading.Event()).wait(slot.delay):
            return self._refused(parameters, FAILED_RETRY, None)
        permit = self.breaker.acquire()
        if not permit.allowed:
            return self._refused(parameters, permit.retry_after, self.breaker.state().cause or Outcome.FAILED)
        return self._call(parameters, seconds, waited=slot.delay)

    def _call(self, parameters: Parameters, seconds: float, *, waited: float) -> Lookup:
        reply = self.api.search(parameters, seconds=seconds)
        self.breaker.record(reply.outcome, reply.retry_after)
        _log_call(reply, waited)
        if reply.page is None:
            wait = max(self.breaker.retry_after(), reply.retry_after or 0.0, FAILED_RETRY)
            return self._refused(parameters, wait, reply.outcome, reply.seconds)
        telemetry.count("search_lookups", result="call")
        entry = self.cache.put(parameters, reply.page, reply.seconds)
        return Lookup(self._disclosed(entry.page), seconds=reply.seconds, at=entry.at)

    def _refused(
        self, parameters: Parameters, retry_after: float, cause: Outcome | None, seconds: float = 0.0
    ) -> Lookup:
        """Answer with an older page, if there is one."""
        telemetry.count("search_lookups", result=cause.value if cause else "abandoned")
        return Lookup(self.remembered(parameters), max(retry_after, 0.1), seconds, cause=cause)

    def _disclosed(self, page: Page) -> Page:
        """Show of each unit what the strictest status that the Insee stated of it leaves."""
        shown = tuple(record for one in page.records if (record := self._allowed(one)) is not None)
        return page if shown == page.records else replace(page, records=shown)

    def _allowed(self, record: Record) -> Record | None:
        limit = self._limits.of(record["siren"])
        if limit and limit.status == UNDISCLOSED:
            return None
        return record if limit is None or is_partial(record) else restricted(record)


def _log_call(reply: Reply, waited: float) -> None:
    telemetry.count("search_calls", outcome=reply.outcome.value)
    telemetry.event(
        "search.call",
        outcome=reply.outcome.value,
        http_status=reply.http_status,
        seconds=reply.seconds,
        waited=round(waited, 3),
    )
