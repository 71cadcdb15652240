"""Asks the registers about one awarded company, as its buyer's agent would: the same habilitation, the same records.

The intent is written in the audit trail before any call and the outcome after; the calls go after everybody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from prefill.audit.trail import AccessRecord, AuditTrail, Outcome
from prefill.domain.answers import Cause, Status
from prefill.domain.permissions import Audience, Caller, Scope
from prefill.domain.requester import Requester, RequesterKind
from prefill.dossier.builder import build_dossier
from prefill.dossier.model import Proof
from prefill.dossier.states import State
from prefill.dossier.themes import ON_REQUEST, PROOFS
from prefill.forms.model import Form
from prefill.prefilling.service import Prefill, Request, Service
from prefill.problems import CompanyUndisclosed, CompanyUnknown, Problem
from prefill.watch.awards import Award
from prefill.watch.schedule import UNANSWERED, Due, Observation, Observations

BACKGROUND = Requester(RequesterKind.BACKGROUND)
WITH_MENTIONS = "extraits_rcs_infogreffe"
NOT_CALLED = frozenset({Status.NOT_APPLICABLE, Status.NOT_REQUESTED})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the registers said of one company.

    Attributes:
        seen: by proof; those that were not answered are left out. All are withheld where Sirene names no such company.
        unanswered: the state of those.
        problem: why nothing was asked of them, in French, without the company's number.
        held_back: whether the quota left no call for one of them.
    """

    seen: Mapping[str, Observation]
    unanswered: Mapping[str, State]
    problem: str | None = None
    held_back: bool = False


class Asker:
    """Asks for the contracts of all buyers; `service` gives that of a buyer, `run` names this run in the trail."""

    def __init__(
        self,
        service: Callable[[str], Service],
        form: Form,
        trail: AuditTrail,
        *,
        now: Callable[[], datetime],
        agent: str,
        run: str,
    ) -> None:
        self._service = service
        self._form = form
        self._trail = trail
        self._now = now
        self._agent = agent
        self._run = run

    def ask(self, due: Due, known: Observations) -> Asked:
        """Ask for the proofs that are due, of which this is known. Raises `AuditUnavailable` while no record can be written.

        What cannot be asked is answered so, but for a proof that was answered before: a right or a number that was lost comes back.
        """
        request = self._request(due)
        had = frozenset(name for name, seen in known.items() if not seen.by_hand)
        self._record(due.award, request.form.sources(request.extra), Outcome.REQUESTED)
        try:
            done = self._service(due.award.tenant).prefill(request)
        except Problem as problem:
            self._record(due.award, request.form.sources(request.extra), Outcome.REFUSED)
            return self._refused(due, problem, had)
        called = sorted(one.source for one in done.answers.values() if one.status not in NOT_CALLED)
        complete = done.filled.complete
        self._record(due.award, tuple(dict.fromkeys(called)), Outcome.COMPLETE if complete else Outcome.PARTIAL)
        return self._read(due, done, had)

    def _refused(self, due: Due, problem: Problem, had: frozenset[str]) -> Asked:
        """Nothing can be asked about a company that Sirene withholds, or that it has never known."""
        if not (isinstance(problem, CompanyUndisclosed) or (isinstance(problem, CompanyUnknown) and not had)):
            return Asked({}, dict.fromkeys(due.sources, State.UNAVAILABLE), problem.title["fr"])
        withheld = Observation(State.WITHHELD, None, self._now().date())
        return Asked(dict.fromkeys(due.sources, withheld), {}, problem.title["fr"])

    def _request(self, due: Due) -> Request:
        places = {name: f"/{PROOFS}/{name}" for name in due.sources}
        known = frozenset(place for place in places.values() if any(part.means(place) for part in self._form.fields))
        form = self._form.only(known)
        return Request(
            due.award.siret,
            form,
            Caller(Audience.AGENT, due.award.tenant, self._agent, frozenset({Scope.DOSSIER})),
            extra=frozenset(form.on_demand()),
            object=due.award.object,
            on_request=ON_REQUEST,
            requester=BACKGROUND,
        )

    def _read(self, due: Due, done: Prefill, had: frozenset[str]) -> Asked:
        today = self._now().date()
        dossier = build_dossier(done.request.form, done.filled, done.answers, due.award.siret[:9], today)
        proofs = {proof.source.name: proof for proof in dossier.proofs if proof.source.name in due.sources}
        mentions = len(dossier.mentions)
        unanswered = {
            name: proof.state
            for name, proof in proofs.items()
            if proof.state in UNANSWERED or (proof.state is State.NOT_ENTITLED and name in had)
        }
        return Asked(
            {
                name: Observation(proof.state, proof.valid_until, today, mentions if name == WITH_MENTIONS else 0)
                for name, proof in proofs.items()
                if name not in unanswered
            },
            unanswered,
            held_back=any(map(_is_held_back, proofs.values())),
        )

    def _record(self, award: Award, sources: tuple[str, ...], outcome: Outcome) -> None:
        record = AccessRecord(
            self._now(), award.tenant, self._agent, award.siret, sources, award.object, outcome, self._run
        )
        self._trail.write(record)


def _is_held_back(proof: Proof) -> bool:
    return proof.answer is not None and proof.answer.cause is Cause.THROTTLED
