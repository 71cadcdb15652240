"""The use case: choose the sources, ask them under one deadline, fill the form.

It is a stream of events: one as each source answers, and the finished prefill. The plain answer is
that stream read to its end. First the establishment, which tells what the company is; then, at the
same time, only what can apply to such a company. While the quota is ample, what most companies have is asked
beside the establishment, and dropped unseen if it cannot apply.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Company
from prefill.domain.disclosure import DISCLOSED, status_of, without_street
from prefill.domain.identifiers import spaced
from prefill.domain.permissions import CANDIDATE, Audience, Caller, can_query, would_disclose_people
from prefill.domain.requester import SERVICE, Anticipation, Registers, Requester
from prefill.domain.sources import Source
from prefill.forms.filling import FilledForm, fill
from prefill.forms.model import Form
from prefill.prefilling.notices import Notice, notice_all
from prefill.prefilling.unregistered import establishment_of
from prefill.problems import CompanyUndisclosed, CompanyUnknown, Problem, UpstreamMisconfigured

ESTABLISHMENT = CATALOGUE["etablissements"]
HEAD_OFFICE = CATALOGUE["siege_social"]
SUCCESSIONS = CATALOGUE["successions"]
# An agent is answered by the protected row, and by the open one where the token has not that right.
FIRST: Mapping[Audience, tuple[tuple[Source, Source], ...]] = {
    Audience.CANDIDATE: ((ESTABLISHMENT, HEAD_OFFICE),),
    Audience.AGENT: (
        (CATALOGUE["etablissements_instructeur"], CATALOGUE["siege_social_instructeur"]),
        (ESTABLISHMENT, HEAD_OFFICE),
    ),
}
# Asked first of all where an RNA number was typed.
ASSOCIATIONS: Mapping[Audience, tuple[Source, ...]] = {
    Audience.CANDIDATE: (CATALOGUE["associations"],),
    Audience.AGENT: (CATALOGUE["associations_instructeur"], CATALOGUE["associations"]),
}
AT_ONCE = 0.02  # seconds that a prefill lasts which may not wait
CALL_SECONDS = 1.0  # kept of the deadline for the call itself
PUBLIC_BODIES = ("1", "2")  # how their SIREN begins
HEAD_OFFICES = (HEAD_OFFICE.name, "siege_social_instructeur")

REFUSALS: Mapping[Status, type[Problem]] = {
    Status.ABSENT: CompanyUnknown,
    Status.WITHHELD: CompanyUndisclosed,
    Status.MISCONFIGURED: UpstreamMisconfigured,
}


@dataclass(frozen=True, slots=True)
class Request:
    """Which form to fill, for which number (14 digits, 9 for the head office, an association's RNA number), for whom.

    `extra` names the sources asked on demand, `object` the procedure that the registers are told, and
    `every` asks also the sources that do not concern such a company. `on_request` names those that are asked only when
    `named`; a source that the declared activity makes unlikely is asked only when `named`, too.
    `requester` is on whose behalf calls are made.
    """

    number: str
    form: Form
    caller: Caller = CANDIDATE
    extra: frozenset[str] = frozenset()
    object: str | None = None
    every: bool = False
    on_request: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    requester: Requester = SERVICE


@dataclass(frozen=True, slots=True)
class Prefill:
    """The finished answer. `siret` is None when only a SIREN was typed and its head office is not known."""

    request: Request
    company: Company
    filled: FilledForm
    answers: Mapping[str, Answer]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A source answered; `answers` holds all that came so far, `expected` how many are asked in all."""

    request: Request
    answers: Mapping[str, Answer]
    answer: Answer
    expected: int
    useless: Mapping[str, Answer] = field(default_factory=dict)
    company: Company | None = None
    today: date | None = None

    def filled(self) -> FilledForm:
        """Fill what can be; what is still on its way counts as late."""
        return _fill(self.request, {**self.useless, **self.answers}, self.company, self.today)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing new for a while."""


@dataclass(frozen=True, slots=True)
class Finished:
    prefill: Prefill


Event = Answered | Heartbeat | Finished


@dataclass(slots=True)
class PrefillRun:
    """One prefill under way."""

    request: Request
    end: float
    tick: float | None
    company: Company
    answers: dict[str, Answer] = field(default_factory=dict)
    useless: dict[str, Answer] = field(default_factory=dict)


class Service:
    """Fill forms with what the registers know."""

    def __init__(
        self,
        registers: Registers,
        *,
        deadline: float,
        clock: Callable[[], float],
        today: Callable[[], date],
        early_calls: bool = False,
    ) -> None:
        self._registers = registers
        self._deadline = deadline
        self._clock = clock
        self._today = today
        self._early_calls = early_calls

    def with_registers(self, registers: Registers) -> Service:
        """The same service on other registers."""
        return self._copy(registers, self._deadline, early_calls=self._early_calls)

    def without_waiting(self) -> Service:
        """The same service, whose prefills have what is known at once; the calls that they start go on without them."""
        return self._copy(self._registers, AT_ONCE, early_calls=False)

    def _copy(self, registers: Registers, deadline: float, *, early_calls: bool) -> Service:
        return Service(registers, deadline=deadline, clock=self._clock, today=self._today, early_calls=early_calls)

    def planned(self, plan: Callable[[Registers], Registers]) -> Service:
        """The same service on its registers as a plan asks them."""
        return self.with_registers(plan(self._registers))

    def holds(self, request: Request) -> bool:
        """Tell whether the company is known already and asking costs the registers nothing new."""
        company = Company.unread(request.number)
        return self._registers.is_cached(_first_source(company, request.caller.audience), company)

    def prefill(self, request: Request) -> Prefill:
        """Fill the form, whole. Raise a `Problem` when Sirene refuses the company itself."""
        for event in self.stream(request):
            if isinstance(event, Finished):
                return event.prefill
        raise AssertionError("a stream ends with Finished")

    def stream(self, request: Request, tick: float | None = None) -> Generator[Event, None, None]:
        """Fill the form as sources answer; `tick` seconds of silence give a `Heartbeat`."""
        asking = self.begin(request, tick)
        with self._anticipated(asking):
            yield from self._identify(asking)
            flights = self.start(asking, self.remaining(asking))
        yield from self.arrivals(asking, flights, expected=1 + len(flights))
        yield Finished(self.finish(asking))

    @contextmanager
    def _anticipated(self, asking: PrefillRun) -> Iterator[None]:
        """Ask early, for a candidate, what most companies have; what is not asked for within the block is dropped."""
        request = asking.request
        anticipation = Anticipation(_first_source(asking.company, Audience.CANDIDATE))
        requester = replace(request.requester, anticipation=anticipation)
        try:
            early = self._early_calls and not self.holds(request)
            for source in _usual_sources(request) if early else ():
                self._registers.submit(source, asking.company, object=request.object, requester=requester)
            yield
        finally:
            anticipation.end()

    def begin(self, request: Request, tick: float | None = None) -> PrefillRun:
        """Begin a prefill: from now on its deadline runs."""
        return PrefillRun(request, self._clock() + self._deadline, tick, Company.unread(request.number))

    def finish(self, asking: PrefillRun) -> Prefill:
        """Fill the form with what has been answered."""
        answers = _visible_answers(asking)
        filled = _fill(asking.request, {**asking.useless, **answers}, asking.company, self._today())
        notices = notice_all(asking.request.number, answers, self._today())
        return Prefill(asking.request, asking.company, filled, answers, notices)

    def _identify(self, asking: PrefillRun) -> Iterator[Event]:
        """Ask for the establishment, or for the head office of a SIREN: they have the same shape."""
        if not asking.company.siren:
            yield from self._find_association(asking)
        if not asking.company.siren:
            return
        for establishment, head_office in FIRST[asking.request.caller.audience]:
            source = establishment if asking.company.siret else head_office
            for event in self.arrivals(asking, self.start(asking, [source]), expected=1):
                yield self.recognise(asking, event) if isinstance(event, Answered) else event
            if asking.answers[source.name].status is not Status.NOT_ENTITLED:
                return

    def _find_association(self, asking: PrefillRun) -> Iterator[Event]:
        """Ask the RNA whose number was typed which company it is: the Insee's answers are had by SIREN."""
        for source in ASSOCIATIONS[asking.request.caller.audience]:
            for event in self.arrivals(asking, self.start(asking, [source]), expected=1):
                yield _known_by_rna(asking, event) if isinstance(event, Answered) else event
            if asking.answers[source.name].status is not Status.NOT_ENTITLED:
                return

    def recognise(self, asking: PrefillRun, event: Answered) -> Answered:
        """Learn what the company is; the answer stands for the open row, and for the head office where it is one."""
        answer = event.answer
        if answer.status in REFUSALS:
            raise REFUSALS[answer.status](number=spaced(asking.request.number))
        alone = asking.company.siret is None
        asking.answers[ESTABLISHMENT.name] = answer
        if answer.ok:
            company = Company.read(answer.data, today=self._today())
            asking.company = replace(company, rna=company.rna or asking.company.rna)
        elif answer.limited:
            asking.company = replace(asking.company, partial=True)
        if alone or asking.company.head_office:
            asking.answers.update(dict.fromkeys(HEAD_OFFICES, answer))
        return replace(event, answers=_visible_answers(asking))

    def remaining(self, asking: PrefillRun) -> list[Source]:
        """The sources to ask once the company is known; those that need not be asked are answered at once."""
        to_ask: list[Source] = []
        asking.useless = _not_applicable(asking)
        too_late = self._clock() >= asking.end  # nobody would wait, and what the company is may not even be known
        for source in _wanted(asking):
            answer = _unasked(source, asking) or (Answer(source.name, Status.LATE) if too_late else None)
            if answer is not None:
                asking.answers[source.name] = answer
            else:
                to_ask.append(source)
        return to_ask

    def start(self, asking: PrefillRun, sources: Iterable[Source]) -> dict[str, Future[Answer]]:
        return {source.name: self.start_request(asking, source) for source in sources}

    def start_request(self, asking: PrefillRun, source: Source) -> Future[Answer]:
        """Start a call; it may wait its turn for as long as its answer can still come before the deadline."""
        request = asking.request
        apart = request.caller.audience is Audience.AGENT
        requester = replace(request.requester, under_way=bool(asking.answers), apart=apart)
        patience = max(0.0, asking.end - self._clock() - CALL_SECONDS)
        return self._registers.submit(
            source, asking.company, object=request.object, requester=requester, patience=patience
        )

    def arrivals(self, asking: PrefillRun, flights: Mapping[str, Future[Answer]], expected: int) -> Iterator[Event]:
        """Tell each answer as it comes, until the deadline; then what is late."""
        names = {flight: name for name, flight in flights.items()}
        pending = set(names)
        while pending:
            left = asking.end - self._clock()
            patience = left if asking.tick is None else min(left, asking.tick)
            done, pending = wait(pending, timeout=max(0.0, patience), return_when=FIRST_COMPLETED)
            for flight in done:
                yield self._arrived(asking, names[flight], flight.result(), expected)
            if not done and left <= patience:
                break
            if not done:
                yield Heartbeat()
        for flight in pending:
            yield self._arrived(asking, names[flight], Answer(names[flight], Status.LATE), expected)

    def _arrived(self, asking: PrefillRun, name: str, answer: Answer, expected: int) -> Answered:
        asking.answers[name] = answer
        visible = _visible_answers(asking)
        return Answered(asking.request, visible, answer, expected, asking.useless, asking.company, self._today())


def _first_source(company: Company, audience: Audience) -> Source:
    """What is asked first of all, by the number that was typed."""
    if not company.siren:
        return ASSOCIATIONS[audience][0]
    establishment, head_office = FIRST[audience][0]
    return establishment if company.siret else head_office


def _known_by_rna(asking: PrefillRun, event: Answered) -> Answered:
    """Learn the numbers of an association; without a SIREN the Insee has nothing to say of it."""
    answer = event.answer
    if answer.status in REFUSALS:
        raise REFUSALS[answer.status](number=asking.request.number)
    siren = answer.data.get("siren") if answer.ok else None
    if isinstance(siren, str) and re.fullmatch(r"[0-9]{9}", siren):
        asking.company = replace(asking.company, siren=siren)
        return event
    unknown = Answer(ESTABLISHMENT.name, Status.NOT_APPLICABLE, cause=Cause.WITHOUT_NUMBER)
    if not answer.ok:
        unknown = replace(answer, source=ESTABLISHMENT.name)
    asking.answers.update(dict.fromkeys((ESTABLISHMENT.name, *HEAD_OFFICES), unknown))
    if answer.ok and not siren:
        _stand_for_the_insee(asking, answer)
    return replace(event, answers=_visible_answers(asking), company=asking.company)


def _stand_for_the_insee(asking: PrefillRun, answer: Answer) -> None:
    """Read the RNA where the Insee is read: of an association that is not in Sirene, it alone publishes the address."""
    asking.company = replace(asking.company, partial=False)
    candidate = asking.request.caller.audience is Audience.CANDIDATE
    places = (ESTABLISHMENT.name, *HEAD_OFFICES) if candidate else (ESTABLISHMENT.name,)
    asking.answers.update(dict.fromkeys(places, establishment_of(answer)))


def _fill(request: Request, answers: Mapping[str, Answer], company: Company | None, today: date | None) -> FilledForm:
    audience = request.caller.audience
    return fill(request.form, answers, audience=audience, extra=request.extra, company=company, today=today)


def _wanted(asking: PrefillRun) -> list[Source]:
    """The sources of the form that are not answered yet, and those that the company's state calls for."""
    request, company = asking.request, asking.company
    rows = [CATALOGUE[name] for name in request.form.sources(request.extra)]
    if company.closed:
        rows.append(SUCCESSIONS)
    if company.partial is None and any(row.names_people for row in rows):
        rows.append(HEAD_OFFICE)
    wanted = [row for row in rows if row.name not in asking.answers and can_query(request.caller.audience, row)]
    return list(dict.fromkeys(wanted))


def _usual_sources(request: Request) -> list[Source]:
    """The sources of a candidate's form that most companies answer; the numbers of public bodies begin with 1 or 2."""
    if request.caller.audience is not Audience.CANDIDATE or request.number.startswith(PUBLIC_BODIES):
        return []
    rows = [CATALOGUE[name] for name in request.form.sources(request.extra) if name not in request.on_request]
    return [row for row in rows if row.usual and can_query(request.caller.audience, row)]


def _not_applicable(asking: PrefillRun) -> dict[str, Answer]:
    """Name the sources that nobody asked for and that could bring nothing: it is no use to ask for them."""
    request = asking.request
    rows = [CATALOGUE[name] for name in request.form.on_demand() if name not in request.extra]
    return {row.name: Answer(row.name, Status.NOT_APPLICABLE) for row in rows if row.applies(asking.company) is False}


def _is_unlikely(source: Source, asking: PrefillRun) -> bool:
    """Tell whether the declared activity makes an answer unlikely, for a source that nobody named."""
    request = asking.request
    named = request.named | (request.extra if request.caller.audience is Audience.CANDIDATE else frozenset())
    return source.likely(asking.company) is False and not (request.every or source.name in named)


def _unasked(source: Source, asking: PrefillRun) -> Answer | None:
    """Answer for a source that must not or need not be asked; None when it must."""
    company = asking.company
    if asking.request.caller.audience is Audience.CANDIDATE and would_disclose_people(source, company):
        return Answer(source.name, Status.WITHHELD)
    if source.applies(company) is False and not asking.request.every:
        return Answer(source.name, Status.NOT_APPLICABLE)
    if source.identify(company) is None:
        return Answer(source.name, Status.NOT_APPLICABLE, cause=Cause.WITHOUT_NUMBER)
    if _is_unlikely(source, asking):
        return Answer(source.name, Status.NOT_REQUESTED, cause=Cause.UNLIKELY)
    if source.name in asking.request.on_request - asking.request.named:
        return Answer(source.name, Status.NOT_REQUESTED)
    return None


def _visible_answers(asking: PrefillRun) -> dict[str, Answer]:
    """Hold back from a candidate what the company does not disclose, or perhaps does not."""
    if asking.request.caller.audience is not Audience.CANDIDATE:
        return dict(asking.answers)
    head_office = asking.answers.get(HEAD_OFFICE.name)
    unknown = asking.company.partial is None
    people = _status_told_by(head_office) if unknown else None
    disclosed = _discloses(head_office) if unknown else not asking.company.partial
    return {
        name: _visible(CATALOGUE[name], answer, people, disclosed=disclosed) for name, answer in asking.answers.items()
    }


def _visible(source: Source, answer: Answer, people: Status | None, *, disclosed: bool) -> Answer:
    """Withhold what names people while their company's status is not known, and streets unless it discloses them."""
    if source.open and source.names_people and people:
        return Answer(source.name, people)
    if source.open and not source.states_disclosure and answer.ok and not disclosed:
        return replace(answer, data=without_street(answer.data))
    return answer


def _discloses(insee: Answer | None) -> bool:
    return insee is not None and insee.ok and not insee.limited and status_of(insee.data) == DISCLOSED


def _status_told_by(head_office: Answer | None) -> Status | None:
    """Say what becomes of the registers that name people: nothing when nobody limits their disclosure."""
    if head_office is None:
        return Status.LATE
    if head_office.limited or head_office.status in (Status.WITHHELD, Status.ABSENT):
        return Status.WITHHELD  # the open Sirene says 404 of some who are protected
    return None if not head_office.ok or _discloses(head_office) else Status.WITHHELD
