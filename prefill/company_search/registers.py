"""The registers with the open directory beside them: instead of API Entreprise, or where the Insee does not answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from prefill.company_search import projection
from prefill.company_search.upstream.circuit_breaker import Outcome
from prefill.company_search.upstream.client import IDENTITY_SECONDS, Lookup, SearchClient
from prefill.company_search.upstream.parameters import Parameters, by_number
from prefill.company_search.upstream.records import Record
from prefill.domain.answers import Answer, Cause, StandIn, Status
from prefill.domain.catalogue import OPEN_DIRECTORY
from prefill.domain.company import Company
from prefill.domain.dates import PARIS
from prefill.domain.requester import SERVICE, Registers, Requester
from prefill.domain.sources import Source

WORKERS = 8  # threads that wait for their call's turn, per process
ESTABLISHMENTS = frozenset({"etablissements", "siege_social"})
CAUSES = {
    Outcome.THROTTLED: Cause.THROTTLED,
    Outcome.REFUSED: Cause.CIRCUIT_OPEN,
    Outcome.RESET: Cause.UNREACHABLE,
    Outcome.FAILED: Cause.PROVIDER,
}


class OpenDirectory:
    """Answers for rows of the catalogue from the open directory; all about one company cost one call."""

    def __init__(self, client: SearchClient) -> None:
        self._client = client
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="directory")

    def holds(self, source: Source, company: Company) -> bool:
        """Whether asking costs no call."""
        return self._client.known(self._question(company)) is not None

    def submit(
        self, source: Source, company: Company, patience: float, replaced: Answer | None = None
    ) -> Future[Answer]:
        """Answer for a source; `replaced` is its own failed answer. Waits no longer than `patience` for a turn."""
        parameters = self._question(company)
        known = self._client.known(parameters)
        if known is not None:
            future: Future[Answer] = Future()
            future.set_result(_answer(source, company, known, replaced))
            return future
        end = time.monotonic() + patience

        def ask() -> Answer:
            left = max(0.0, end - time.monotonic())
            found = self._client.fetch(parameters, patience=left, seconds=IDENTITY_SECONDS)
            return _answer(source, company, found, replaced)

        return self._threads.submit(ask)

    def fetch(self, source: Source, company: Company) -> Answer:
        """Answer for a source, in this thread."""
        return _answer(source, company, self._client.fetch(self._question(company)), None)

    def _question(self, company: Company) -> Parameters:
        """What to ask of a company: by its SIRET, unless its SIREN has brought that establishment already."""
        siret = company.siret
        if siret is None:
            return by_number(company.siren)
        by_siren = self._client.known(by_number(company.siren))
        records = by_siren.page.records if by_siren and by_siren.page else ()
        known = any(record["siege"] and record["siege"]["siret"] == siret for record in records)
        return by_number(company.siren if known else siret)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class OpenRegisters:
    """The registers of a service without a token: the directory, and nothing of the others."""

    def __init__(self, directory: OpenDirectory) -> None:
        self._directory = directory

    def submit(
        self,
        source: Source,
        company: Company,
        *,
        object: str | None = None,
        requester: Requester = SERVICE,
        patience: float = 0.0,
    ) -> Future[Answer]:
        if source.name in PROJECTIONS and company.siren:
            return self._directory.submit(source, company, patience)
        refused: Future[Answer] = Future()
        refused.set_result(Answer(source.name, Status.NOT_ENTITLED, cause=Cause.NO_TOKEN))
        return refused

    def is_cached(self, source: Source, company: Company) -> bool:
        return source.name not in PROJECTIONS or self._directory.holds(source, company)


class RegistersWithFallback:
    """API Entreprise's registers; the directory answers for its own row, and for an Insee that does not."""

    def __init__(self, registers: Registers, directory: OpenDirectory, *, fallback: bool = True) -> None:
        self._registers = registers
        self._directory = directory
        self._replaceable = ESTABLISHMENTS if fallback else frozenset()

    def submit(
        self,
        source: Source,
        company: Company,
        *,
        object: str | None = None,
        requester: Requester = SERVICE,
        patience: float = 0.0,
    ) -> Future[Answer]:
        if source is OPEN_DIRECTORY:
            return self._directory.submit(source, company, patience)
        began = time.monotonic()
        answered = self._registers.submit(source, company, object=object, requester=requester, patience=patience)
        if source.name not in self._replaceable:
            return answered
        final: Future[Answer] = Future()
        answered.add_done_callback(
            lambda done: self._fall_back(done, final, source, company, patience - (time.monotonic() - began))
        )
        return final

    def is_cached(self, source: Source, company: Company) -> bool:
        if source is OPEN_DIRECTORY:
            return self._directory.holds(source, company)
        return self._registers.is_cached(source, company)

    def _fall_back(
        self, done: Future[Answer], final: Future[Answer], source: Source, company: Company, patience: float
    ) -> None:
        """Pass an answer on, or the directory's in place of one that could not be had."""
        if done.exception() is not None or done.result().status is not Status.UNAVAILABLE:
            _settle(final, done.result)
            return
        failed = done.result()
        try:
            directory = self._directory.submit(source, company, max(0.0, patience), failed)
        except RuntimeError:  # the service closes
            _settle(final, lambda: failed)
            return
        directory.add_done_callback(lambda other: _settle(final, lambda: _better(other, failed)))


def _better(directory: Future[Answer], failed: Answer) -> Answer:
    """The directory's answer where it knows the company; what it does not know says nothing of the Insee."""
    with suppress(Exception):
        answer = directory.result()
        if answer.ok:
            return answer
    return failed


def _settle(future: Future[Answer], result: Callable[[], Answer]) -> None:
    try:
        future.set_result(result())
    except Exception as fault:  # noqa: BLE001 whatever it is, whoever waits must know
        future.set_exception(fault)


def _answer(source: Source, company: Company, found: Lookup, replaced: Answer | None) -> Answer:
    """Answer for a source, in its own shape and signed by the directory."""
    facts: dict[str, Any] = {"seconds": found.seconds, "cached": found.cached}
    if not found.current or found.page is None:
        cause = CAUSES.get(found.cause or Outcome.FAILED, Cause.PROVIDER)
        wait = math.ceil(found.retry_after)
        return Answer(OPEN_DIRECTORY.name, Status.UNAVAILABLE, cause=cause, retry_after=wait, **facts)
    record = next((one for one in found.page.records if one["siren"] == company.siren), None)
    asked = None if source.name == "siege_social" else company.siret
    place = projection.place_of(record, asked) if record else None
    if record is None or place is None:
        return Answer(OPEN_DIRECTORY.name, Status.ABSENT, http_status=200, **facts)
    data = PROJECTIONS[source.name](record, place)
    if data is None:
        return Answer(OPEN_DIRECTORY.name, Status.ABSENT, http_status=200, **facts)
    day = projection.updated_on(record, place)
    answer = Answer(
        OPEN_DIRECTORY.name,
        Status.OK,
        data=data,
        meta=MappingProxyType({"date_mise_a_jour_insee": day.isoformat() if day else None}),
        http_status=200,
        retrieved_at=datetime.fromtimestamp(found.at, PARIS).replace(microsecond=0),
        **facts,
    )
    return answer if source is OPEN_DIRECTORY else replace(answer, stand_in=_stand_in(place, replaced))


def _stand_in(place: Record, replaced: Answer | None) -> StandIn:
    full = projection.is_full(place)
    lacking = projection.LACKING if full else projection.LACKING_OF_A_BRANCH
    return StandIn(lacking, projection.COARSE if full else projection.COARSE_OF_A_BRANCH, replaced)


PROJECTIONS: Mapping[str, Callable[[Record, Record], Any]] = MappingProxyType({
    "etablissements": projection.establishment_of,
    "siege_social": projection.establishment_of,
    "numero_tva": lambda record, _: projection.vat_of(record),
    "conventions_collectives": lambda _, place: projection.agreements_of(place),
    OPEN_DIRECTORY.name: projection.directory_of,
})  # fmt: skip
