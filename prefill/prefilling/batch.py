"""Several companies of one tender filled at once: a group with its members, a holder with its subcontractors.

One plan of calls for all: first what each company is, then every call that is still wanted, the forms' first sources of
all companies before their second ones, so that a quota that runs out leaves nobody without the essential. A call that two
of them need is made once, failed or not. What fails for one company leaves the others as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from itertools import zip_longest

from prefill.domain.answers import Answer
from prefill.domain.company import Company
from prefill.domain.permissions import CANDIDATE
from prefill.domain.requester import SERVICE, Registers, Requester
from prefill.domain.sources import Source
from prefill.prefilling.service import FIRST, Answered, Prefill, PrefillRun, Request, Service
from prefill.problems import Problem


class PlannedRegisters:
    """The registers as one batch asks them: never twice for the same thing, whatever the answer."""

    def __init__(self, registers: Registers) -> None:
        self._registers = registers
        self._made: dict[tuple[str, str | None, str | None], Future[Answer]] = {}

    def submit(
        self,
        source: Source,
        company: Company,
        *,
        object: str | None = None,
        requester: Requester = SERVICE,
        patience: float = 0.0,
    ) -> Future[Answer]:
        call = (source.name, source.identify(company), object)
        if call not in self._made:
            self._made[call] = self._registers.submit(
                source, company, object=object, requester=requester, patience=patience
            )
        return self._made[call]

    def is_cached(self, source: Source, company: Company) -> bool:
        return self._registers.is_cached(source, company)


def prefill_all(service: Service, requests: Sequence[Request]) -> list[Prefill | Problem]:
    """Fill the form of each candidate's request, in the order of the requests; a problem where Sirene refuses one."""
    planned = service.planned(PlannedRegisters)
    runs = [planned.begin(request) for request in requests]
    refused = _identify_all(planned, runs)
    known = [run for place, run in enumerate(runs) if place not in refused]
    _ask_all(planned, known)
    return [refused.get(place) or planned.finish(run) for place, run in enumerate(runs)]


def _identify_all(service: Service, runs: Sequence[PrefillRun]) -> dict[int, Problem]:
    """Learn what each company is, all at the same time. Return the problems by place."""
    establishment, head_office = FIRST[CANDIDATE.audience][0]
    started = [service.start(run, [establishment if run.company.siret else head_office]) for run in runs]
    refused: dict[int, Problem] = {}
    for place, (run, flights) in enumerate(zip(runs, started, strict=True)):
        try:
            for event in service.arrivals(run, flights, expected=1):
                if isinstance(event, Answered):
                    service.recognise(run, event)
        except Problem as problem:
            refused[place] = problem
    return refused


def _ask_all(service: Service, runs: Sequence[PrefillRun]) -> None:
    started: list[dict[str, Future[Answer]]] = [{} for _ in runs]
    for place, source in _in_turn(service.remaining(run) for run in runs):
        started[place] |= service.start(runs[place], [source])
    for run, flights in zip(runs, started, strict=True):
        for _ in service.arrivals(run, flights, expected=1 + len(flights)):
            pass


def _in_turn(wanted: Iterable[Sequence[Source]]) -> list[tuple[int, Source]]:
    """Order the calls: the first source of each company, then the second of each, and so on."""
    rows = zip_longest(*wanted)
    return [(place, source) for row in rows for place, source in enumerate(row) if source is not None]
