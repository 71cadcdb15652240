"""When each proof of an awarded company is asked again, from what the registers said last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from prefill.domain.catalogue import SOURCES
from prefill.domain.sources import Source
from prefill.dossier.states import TONES, State, Tone
from prefill.dossier.validity import DATED
from prefill.watch.awards import Award

WATCHED: tuple[Source, ...] = tuple(source for source in SOURCES if source.renewal)
BEFORE_EXPIRY = timedelta(days=15)  # a proof is asked for again before it ends
SOONEST = timedelta(days=7)  # between two questions about the same proof
TROUBLED = timedelta(days=30)  # how often what the candidate must be asked for, or is bad, is looked at again
# What says nothing of the company: the question remains.
UNANSWERED = frozenset({State.UNAVAILABLE, State.LATE, State.MISCONFIGURED})
# What this service cannot ask for, today or at its next run: somebody must, by hand.
BY_HAND = frozenset({State.WITHHELD, State.WITHDRAWN, State.NOT_ENTITLED})
TO_HANDLE = frozenset({Tone.ASK, Tone.BAD, Tone.WATCH})


@dataclass(frozen=True, slots=True)
class Observation:
    """What a register said of a proof on a day.

    Attributes:
        until: the end of its validity, where it has one.
        asked: the day of the answer.
        mentions: how many entries of the register an agent must read.
    """

    state: State
    until: date | None
    asked: date
    mentions: int = 0

    @property
    def to_handle(self) -> bool:
        return TONES[self.state] in TO_HANDLE or self.by_hand

    @property
    def by_hand(self) -> bool:
        return self.state in BY_HAND

    def on(self, day: date) -> Observation:
        """What it has become: a proof whose validity is over is expired, whatever the register does."""
        over = self.until is not None and self.until < day and self.state in DATED
        return replace(self, state=State.EXPIRED) if over else self

    def differs(self, other: Observation) -> bool:
        return (self.state, self.until, self.mentions) != (other.state, other.until, other.mentions)


Observations = Mapping[str, Observation]


@dataclass(frozen=True, slots=True)
class Due:
    """The proofs to ask of one company, by name; `since` is the oldest day on which one was due."""

    award: Award
    sources: tuple[str, ...]
    since: date


def due_on(source: Source, award: Award, known: Observation | None) -> date | None:
    """Return the day from which a proof is to be asked; None when nothing calls for it."""
    if known is None:
        return award.awarded
    days = [known.asked + TROUBLED] if known.to_handle else []
    if source.renewal and source.renewal.months:
        days.append(months_after(known.asked, source.renewal.months))
    if known.until and known.state in DATED:
        days.append(max(known.until - BEFORE_EXPIRY, known.asked + SOONEST))
    if known.state is State.UNDER_REVIEW:
        days.append(known.asked + SOONEST)
    return min(days, default=None)


def plan(awards: Iterable[Award], known: Mapping[str, Observations], today: date) -> list[Due]:
    """List what is to be asked today, what has waited longest first."""
    found = (_due(award, known.get(award.key, {}), today) for award in awards if award.runs_on(today))
    return sorted((due for due in found if due), key=lambda due: due.since)


def _due(award: Award, observations: Observations, today: date) -> Due | None:
    days = dict(_days(award, observations))
    names = tuple(name for name, day in days.items() if day <= today)
    return Due(award, names, min(days[name] for name in names)) if names else None


def _days(award: Award, observations: Observations) -> Iterator[tuple[str, date]]:
    for source in WATCHED:
        day = due_on(source, award, observations.get(source.name))
        if day is not None:
            yield source.name, day


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month.

    >>> months_after(date(2026, 8, 31), 6)
    datetime.date(2027, 2, 28)
    """
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(last, first + timedelta(days=day.day - 1))
