"""How many calls each address, network and integrator may cause in a minute.

One company takes three or four calls and an unknown one a single call, so that calls, not requests, are what is scarce.
"""

from __future__ import annotations

from prefill.domain.requester import NETWORK_FACTOR, Requester
from prefill.registers.admission import Admission
from prefill.sliding_window import SlidingWindows

CALLER, NETWORK = "calls", "calls/48"
ALLOWED = Admission(True)


class CallLimits:
    """Counts calls as they are made, for all processes where they share a Redis."""

    def __init__(self, windows: SlidingWindows) -> None:
        self._windows = windows

    def take(self, requester: Requester) -> Admission:
        """Count one call, unless it is one too many."""
        for kind, name, limit in _counters(requester):
            wait = self._windows.hit(kind, name, limit)
            if wait:
                return Admission(False, wait)
        return ALLOWED

    def retry_after(self, requester: Requester) -> float:
        """In how many seconds this requester may cause a call; 0 when it may now."""
        return max((self._windows.retry_after(*counter) for counter in _counters(requester)), default=0.0)


def _counters(requester: Requester) -> list[tuple[str, str, int]]:
    """The counters of a requester: kind, name, limit."""
    limit = requester.calls_per_minute
    if not limit:
        return []
    network = [(NETWORK, requester.network, NETWORK_FACTOR * limit)] if requester.network else []
    return [(CALLER, requester.address, limit), *network]
