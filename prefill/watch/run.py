"""One run: what is due is asked, what changed is kept at once, then the files are written and the webhook is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from prefill.dossier.states import State
from prefill.watch.asking import Asked, Asker
from prefill.watch.awards import Award
from prefill.watch.changes import Change, changes_between, expired_since
from prefill.watch.schedule import Due, Observations, plan
from prefill.watch.state import StateFile, WatchState

Deliver = Callable[[Award, Change], str | None]  # why it was not delivered


@dataclass(slots=True)
class Report:
    """What a run did, for the operator.

    Attributes:
        asked, left: companies asked, and those that wait for the next run.
        unanswered: how many proofs were not answered, by state.
        held_back: whether the quota left too little.
        problems: why companies could not be asked, each with the references of their contracts.
        waiting: how many of those the next run asks again; the others are asked by hand.
        undelivered: changes that the webhook did not take, and why the last one failed.
    """

    asked: int = 0
    left: int = 0
    unanswered: Counter[State] = field(default_factory=Counter)
    held_back: bool = False
    problems: dict[str, list[str]] = field(default_factory=dict)
    waiting: int = 0
    undelivered: int = 0
    fault: str | None = None

    @property
    def whole(self) -> bool:
        return not (self.left or self.unanswered or self.waiting or self.undelivered)

    def add(self, award: Award, asked: Asked) -> None:
        self.asked += 1
        self.held_back |= asked.held_back
        if asked.problem:
            self.problems.setdefault(asked.problem, []).append(award.reference)
            self.waiting += bool(asked.unanswered)
        else:
            self.unanswered.update(asked.unanswered.values())


class Watch:
    """The contracts of one file, and their state, which is written after each company."""

    def __init__(self, awards: Iterable[Award], file: StateFile, today: date) -> None:
        self.awards = tuple(awards)
        self.today = today
        self.report = Report()
        self._file = file
        self.state = file.read().about(self.awards, today)

    def due(self) -> list[Due]:
        return plan(self.awards, self.state.known, self.today)

    def note_expiries(self) -> None:
        """Keep, as changes, the validities that ended since the last run: no register is needed for that."""
        for award in self.awards:
            known = self.state.known.get(award.key, {})
            changes = tuple(expired_since(award, known, self.today))
            if changes:
                self._keep(award, {change.proof: change.now for change in changes}, changes)

    def ask(self, asker: Asker, has_time: Callable[[], bool]) -> Iterator[Due]:
        """Ask what is due while there is time; yield each company before it is asked."""
        waiting = self.due()
        for rank, due in enumerate(waiting):
            if not has_time():
                self.report.left = len(waiting) - rank
                return
            yield due
            before = self.state.known.get(due.award.key, {})
            asked = asker.ask(due, before)
            self.report.add(due.award, asked)
            self._keep(due.award, asked.seen, tuple(changes_between(due.award, before, asked.seen)))

    def deliver(self, send: Deliver | None) -> None:
        """Send the changes that were not, the oldest first; after a failure the rest waits for the next run."""
        awards = {award.key: award for award in self.awards}
        for change in self.state.changes:
            if not change.sent and self.report.fault is None:
                self.report.fault = send(awards[change.award], change) if send else None
                if self.report.fault is None:
                    self._mark(change.id, sent=True)
        self.report.undelivered = sum(not change.sent for change in self.state.changes)

    def mark_written(self) -> None:
        """Note that the files show all changes."""
        self._save(self.state.marked(lambda change: replace(change, written=True)))

    def _mark(self, change_id: str, *, sent: bool) -> None:
        self._save(self.state.marked(lambda one: replace(one, sent=sent) if one.id == change_id else one))

    def _keep(self, award: Award, seen: Observations, changes: tuple[Change, ...]) -> None:
        self._save(self.state.observed(award, seen, changes))

    def _save(self, state: WatchState) -> None:
        self._file.write(state)
        self.state = state
