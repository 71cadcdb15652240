"""Fill a form for a test case: on the sandbox, on the case's day, without waiting."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

import requests

from prefill.authoring.cases import FAILURES, Case
from prefill.clock import Clock
from prefill.company_search.factory import open_client
from prefill.company_search.registers import OpenDirectory
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE, OPEN_DIRECTORY
from prefill.domain.company import Company
from prefill.domain.dates import PARIS
from prefill.domain.permissions import Audience, Caller, Scope
from prefill.domain.requester import SERVICE, Requester
from prefill.domain.sources import Source
from prefill.forms.model import Form
from prefill.prefilling.service import Prefill, Request, Service
from prefill.problems import Problem
from prefill.registers.resources import SharedResources, open_resources
from prefill.registers.transport.api import ApiCaller
from prefill.registers.transport.http import Connection
from prefill.sandbox.adapter import SandboxAdapter
from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.contract.cases import Case as Answered
from prefill.sandbox.contract.published.endpoints import BY_PATH
from prefill.sandbox.model import URL
from prefill.settings import Settings

AGENT = Caller(Audience.AGENT, agent="key:test", scopes=frozenset(Scope))
CONNECTION = Connection(URL, "test", "00001200500013", "Marchés publics", "test")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case gave: a filled form, or the refusal of its company; and how many calls it cost."""

    prefill: Prefill | None
    problem: Problem | None
    calls: int


class Trials:
    """Fills forms on the sandbox, case after case."""

    def __init__(self, resources: SharedResources) -> None:
        self._resources = resources

    def run(self, form: Form, case: Case) -> Outcome:
        registers = CaseRegisters(self._resources, case)
        service = Service(registers, deadline=60, clock=Clock().monotonic, today=lambda: case.day)
        try:
            return Outcome(service.prefill(request_for(form.for_role(case.role), case)), None, registers.calls)
        except Problem as problem:
            return Outcome(None, problem, registers.calls)


@contextmanager
def open_trials() -> Iterator[Trials]:
    """Open what cases share; no thread is started."""
    resources = open_resources(Settings(), url=URL, open_session=requests.Session)
    try:
        yield Trials(resources)
    finally:
        resources.thread_pools.close()


def request_for(form: Form, case: Case) -> Request:
    """Ask as the form's audience does: an agent's dossier reads the sources on demand too."""
    if form.audience is Audience.AGENT:
        every = frozenset(form.on_demand())
        return Request(case.company, form, AGENT, every, on_request=frozenset(), named=case.extra)
    return Request(case.company, form, extra=case.extra)


class CaseRegisters:
    """The registers of one case: the sandbox's answers, the recorded ones, the changed ones and the failures."""

    def __init__(self, resources: SharedResources, case: Case) -> None:
        self._case = case
        self._api = ApiEntreprise(today=case.day)
        session = requests.Session()
        session.mount(URL, SandboxAdapter(self._api, sleep=lambda _: None))
        self._caller = ApiCaller(
            CONNECTION,
            thread_pools=_OneSession(session),  # type: ignore[arg-type]
            clock=_CaseClock(case.day),
            quota=resources.quotas.for_habilitation(CONNECTION.habilitation),
        )
        client = open_client(Settings(), resources, url=URL, open_session=lambda: session)
        self._directory = OpenDirectory(client)
        self.calls = 0

    def submit(
        self,
        source: Source,
        company: Company,
        *,
        object: str | None = None,
        requester: Requester = SERVICE,
        patience: float = 0.0,
    ) -> Future[Answer]:
        """Answer at once, in this thread."""
        future: Future[Answer] = Future()
        future.set_result(self._answer(source, company))
        return future

    def is_cached(self, source: Source, company: Company) -> bool:
        return False

    def _answer(self, source: Source, company: Company) -> Answer:
        number = source.identify(company)
        if number is None:
            return Answer(source.name, Status.NOT_APPLICABLE)
        self.calls += 1
        failure = self._case.failures.get(source.name)
        if failure:
            status, cause = FAILURES[failure]
            return Answer(source.name, status, cause=cause)
        if source is OPEN_DIRECTORY:
            return self._of_directory(company)
        self._replace(source, number)
        return self._caller.call(source, number, CONNECTION.object)

    def _of_directory(self, company: Company) -> Answer:
        """What the open directory answers, or what the case says that it does."""
        case, name = self._case, OPEN_DIRECTORY.name
        if name in case.answers:
            return Answer(name, Status.OK, data=case.answers[name])
        answer = self._directory.fetch(OPEN_DIRECTORY, company)
        changed = merged(answer.data, case.changes[name]) if answer.ok and name in case.changes else answer.data
        return replace(answer, data=changed)

    def _replace(self, source: Source, number: str) -> None:
        """Give the sandbox what the case says of this source, in the envelope in which the upstream sends it."""
        case = self._case
        if source.name in case.answers:
            body = _envelope(source, case.answers[source.name], {})
        elif source.name in case.changes:
            body = _changed(source, self._sent(source, number), case.changes[source.name])
        else:
            return
        self._api.cases.add([Answered(source.path, self._params(source, number), payload=body)])

    def _params(self, source: Source, number: str) -> dict[str, str]:
        year = str(self._case.day.year - source.years_back)
        return {
            source.identifier.value: number,
            **source.parameters,
            **({"year": year} if "{year}" in source.path else {}),
        }

    def _sent(self, source: Source, number: str) -> Mapping[str, Any]:
        """Read what the sandbox would answer; an empty answer when it knows nothing."""
        known = self._api.cases.find(BY_PATH[source.path], self._params(source, number), self._case.day)
        if known is None or known.payload is None or (known.reply and known.reply.fault):
            return _envelope(source, [] if source.rows else {}, {})
        body: Mapping[str, Any] = json.loads(known.write(self._case.day, URL))
        return body


class _OneSession:
    """What a caller needs of the thread pools: this thread's session."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def session(self) -> requests.Session:
        return self._session

    def transport_options(self, url: str) -> dict[str, Any]:
        return {}


class _CaseClock(Clock):
    """Noon of the case's day."""

    def __init__(self, day: date) -> None:
        self._day = day

    def now(self) -> datetime:
        return datetime.combine(self._day, time(12), PARIS)


def _envelope(source: Source, data: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    if source.rows:
        data = [{"data": row, "links": {}, "meta": {}} for row in data]
    return {"data": data, "links": {}, "meta": meta}


def _changed(source: Source, body: Mapping[str, Any], change: Any) -> dict[str, Any]:
    """Lay a change over an answer."""
    if source.rows:
        return _envelope(source, change, body.get("meta") or {})
    return {**body, "data": merged(body["data"], change)}


def merged(value: Any, change: Any) -> Any:
    """Merge objects, at whatever depth; anything else is replaced.

    >>> merged({"a": {"b": 1, "c": 2}, "d": [3]}, {"a": {"b": 9}, "d": []})
    {'a': {'b': 9, 'c': 2}, 'd': []}
    """
    if not isinstance(value, dict) or not isinstance(change, dict):
        return change
    return {**value, **{key: merged(value.get(key), part) for key, part in change.items()}}


def known_sources(form: Form) -> tuple[str, ...]:
    """Name the sources that a case of this form may speak of: the form's, and those that identify a company."""
    identify = ("etablissements", "siege_social", "successions")
    agents = ("etablissements_instructeur", "siege_social_instructeur") if form.audience is Audience.AGENT else ()
    own = (*form.sources(frozenset(form.on_demand())), *identify, *agents)
    return tuple(name for name in dict.fromkeys(own) if name in CATALOGUE)
