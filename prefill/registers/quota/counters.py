"""What a process knows of the quota's counters: windows, groups of endpoints, and the ceilings that callers may reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from prefill.domain.sources import Source
from prefill.registers.admission import Admission


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The part of a limit that a kind of caller may reach: as the window begins, and as it ends; linear between."""

    start: float = 1.0
    end: float = 1.0

    def at(self, elapsed: float) -> float:
        return self.start + (self.end - self.start) * elapsed

    def reached_at(self, part: float) -> float | None:
        """The elapsed part of the window from which that part of the limit is allowed; None when it never is."""
        if part <= self.start:
            return 0.0
        return (part - self.start) / (self.end - self.start) if part <= self.end else None


WHOLE_LIMIT = Ceiling()


@dataclass(frozen=True, slots=True)
class Ceilings:
    """How far a call may bring the counter of its own habilitation, and that of the address, which all share."""

    own: Ceiling = WHOLE_LIMIT
    address: Ceiling = WHOLE_LIMIT


WHOLE_LIMITS = Ceilings()


class WindowState(StrEnum):
    EXACT = "exact"
    DEGRADED = "degraded"


def group_of(source: Source) -> str:
    """The counter of a source: its group, or itself in a group counted per endpoint."""
    return f"{source.budget.name}:{source.name}" if source.budget.per_endpoint else source.budget.name


@dataclass(frozen=True, slots=True)
class Reservation(Admission):
    """An admission by the quota; `remaining` calls are left in the group's window."""

    remaining: int = 0


@dataclass(slots=True)
class Window:
    """What this process knows of one counter in one window.

    Attributes:
        seen: the highest count known, of all processes.
        counted: the highest count that Redis returned.
        local: calls reserved by this process.
        unreported: those of them that Redis does not count yet.
        answers: calls that were answered, whatever the answer.
        server_confirmed: the server's headers said what was used.
        base, left: in the degraded state, `local` when it began and what all processes could reserve then.
        losses: of Redis, when this was last brought up to date.
    """

    seen: int = 0
    counted: int = 0
    local: int = 0
    unreported: int = 0
    answers: int = 0
    server_confirmed: bool = False
    base: int = 0
    left: float | None = None
    losses: int = 0

    def share(self, members: int) -> float:
        """How many calls this process may reserve; fewer when there turn out to be more processes."""
        return self.base + (self.left or 0.0) / members


@dataclass(slots=True)
class GroupCounter:
    """What this process knows of one group of endpoints; `first` is the window in which it was first used."""

    name: str
    limit: int
    first: int
    closed_until: float = 0.0
    windows: dict[int, Window] = field(default_factory=dict)

    def window(self, epoch: int) -> Window:
        if epoch not in self.windows:
            self.windows = {known: window for known, window in self.windows.items() if known >= epoch - 2}
        return self.windows.setdefault(epoch, Window())


@dataclass(frozen=True, slots=True)
class Claim:
    """One call to be counted by one counter in one window, up to a ceiling."""

    counter: GroupCounter
    epoch: int
    key: str
    ceiling: float
