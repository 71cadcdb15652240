"""Who goes first when calls are scarce, and how much of each minute is kept for others.

Candidates are anonymous: nothing but its past calls tells a candidate from a scraper. Whoever asked for little of late
goes before whoever asked for much. Each rank may bring the calls of a minute to its ceiling and no further, so that
the rest of the minute is always left to those who go before it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from prefill.decaying_scores import DecayingScores
from prefill.domain.requester import NETWORK_FACTOR, Requester, RequesterKind
from prefill.registers.quota import WHOLE_LIMIT, Ceiling, Ceilings

FREQUENT_CALLS = 10  # in two minutes or so: somewhat more than two companies take
FIRST_COMPANY_CALLS = 6  # what one company takes, and one or two to spare


class Rank(IntEnum):
    """The order of service."""

    AGENT = 0
    UNDER_WAY = 1  # completes the open prefill of a first company
    FIRST = 2  # begins the first company of an address of late
    OCCASIONAL = 3
    FREQUENT = 4
    BACKGROUND = 5  # nobody waits for it


# The part of a group's limit that all calls together may have reached: as a minute begins, and as it ends. Those
# of a first company differ little: whoever opens a prefill must not wait long behind those that others opened.
CEILINGS = {
    Rank.AGENT: Ceiling(1.0, 1.0),
    Rank.UNDER_WAY: Ceiling(0.5, 0.9),
    Rank.FIRST: Ceiling(0.48, 0.88),
    Rank.OCCASIONAL: Ceiling(0.4, 0.8),
    Rank.FREQUENT: Ceiling(0.2, 0.5),
    Rank.BACKGROUND: Ceiling(0.1, 0.4),
}
# The same for a call of which it is not known yet whether it is of use: at most half of the minute.
AMPLE = 0.5
AMPLE_CEILINGS = {rank: Ceiling(min(AMPLE, one.start), min(AMPLE, one.end)) for rank, one in CEILINGS.items()}
# The same of the address's limit, which all buyers share: for one that has used its share of it or half of its own
# minute, and for one that has not. Between the two some fifty first companies always have a place, whatever crowds others have.
SPENT_ADDRESS = {
    **CEILINGS, Rank.UNDER_WAY: Ceiling(0.5, 0.76), Rank.FIRST: Ceiling(0.48, 0.74), Rank.OCCASIONAL: Ceiling(0.4, 0.66),
}  # fmt: skip
AMPLE_ADDRESS = {
    **CEILINGS, Rank.UNDER_WAY: Ceiling(0.75, 0.95), Rank.FIRST: Ceiling(0.73, 0.93), Rank.OCCASIONAL: Ceiling(0.65, 0.85),
    Rank.FREQUENT: Ceiling(0.4, 0.66),
}  # fmt: skip
# A buyer's share: a quarter of what all have left (a dynamic threshold). Four crowds reach half of their own minute first.
SHARE_OF_ADDRESS = 0.25
AMPLE_LIMITS = Ceilings(Ceiling(AMPLE, AMPLE), WHOLE_LIMIT)  # what admits a call of a buyer that has half of its minute
# Calls that wait at once; beyond, they are refused at once. A frequent one waits on a thread that others may need.
MAX_WAITING = {
    Rank.AGENT: 1000, Rank.UNDER_WAY: 1000, Rank.FIRST: 500, Rank.OCCASIONAL: 500, Rank.FREQUENT: 24,
    Rank.BACKGROUND: 24,
}  # fmt: skip


def ceilings_of(rank: Rank, *, early: bool, ample: bool, shared: bool = True) -> Ceilings:
    """How far a call may go.

    `ample` says that its buyer has used neither half of its own minute nor its share, `shared` that others spend the address's.
    """
    own = (AMPLE_CEILINGS if early else CEILINGS)[rank]
    if ample:
        return Ceilings(own, AMPLE_ADDRESS[max(rank, Rank.UNDER_WAY) if early else rank])
    return Ceilings(own, SPENT_ADDRESS[rank] if shared and not early else own)


class CallHistory:
    """How many calls each address and each network asked for of late, older ones counting less."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._scores = DecayingScores(clock)

    def record(self, requester: Requester, *, calls: int = 1) -> tuple[Rank, float]:
        """Count a call that is asked for. Return its rank, and the score by which it is ordered in its rank."""
        if requester.kind is RequesterKind.AGENT:
            return Rank.AGENT, 0.0
        if requester.kind is RequesterKind.BACKGROUND:
            return Rank.BACKGROUND, 0.0
        score = self._scores.add(requester.address, calls)
        if requester.network:
            score = max(score, self._scores.add(f"/48 {requester.network}", calls) / NETWORK_FACTOR)
        if requester.kind is RequesterKind.INTEGRATOR:  # within its own limit
            return Rank.OCCASIONAL, score
        if score > FREQUENT_CALLS:
            return Rank.FREQUENT, score
        if score > FIRST_COMPANY_CALLS:
            return Rank.OCCASIONAL, score
        return (Rank.UNDER_WAY if requester.under_way else Rank.FIRST), score
