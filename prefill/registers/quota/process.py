"""What the quotas of all tokens of a process share, and this process's part of what Redis does not count."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress

from prefill.clock import Clock
from prefill.domain.sources import CALLS_PER_ADDRESS
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.quota.counters import Claim, GroupCounter, Window
from prefill.registers.quota.members import QuotaMembers
from prefill.registers.quota.shared_counters import SharedCounters

SETTLING = 3.0  # seconds for every process to notice that Redis is back: more than its retry interval
CAUTION = 0.9  # of a window whose counts were lost on the way
FIRST_CALLS = 12  # in flight at once until the server confirms: fewer 429 than it takes to be banned
FIRST_SHARE = 0.1  # of the limit, all processes together
ADDRESS = "address"


class ProcessState:
    """What the quotas of all tokens of a process share: the address's counter, Redis, the other processes."""

    def __init__(
        self, shared: OptionalRedis, *, clock: Clock, instances: int, window: float, prefix: str, fresh: bool
    ) -> None:
        self.lock = threading.Lock()  # never held while Redis is awaited
        self.habilitations: set[str] = set()  # those of which this process made a call, or may soon
        self.members = QuotaMembers(clock=clock, window=window, configured=instances, fresh=fresh)
        self.address = GroupCounter(ADDRESS, CALLS_PER_ADDRESS, self.members.epoch())
        self.redis: SharedCounters | None = None
        if shared.configured:
            settling = min(SETTLING, window / 4)
            self.redis = SharedCounters(
                shared, member=uuid.uuid4().hex, window=window, settling=settling, prefix=prefix
            )
            self._announce(clock.timestamp())

    def _announce(self, now: float) -> None:
        """Let the others count this process before it makes its first call."""
        with suppress(RedisUnavailable):
            reply = self.redis.reserve("", (), now) if self.redis else None
            if reply:
                self.members.redis_replied(reply.complete_since, reply.members)

    def has_share(self, claim: Claim, window: Window, *, counted: bool = False) -> bool:
        """Whether this process may reserve one more call of a degraded window; `counted` if `seen` includes it."""
        members, counter = self.members, claim.counter
        if window.left is None and claim.epoch > members.lost:
            window.base, window.left = 0, float(counter.limit)
        elif window.left is None:
            window.base, window.left = window.local, max(0.0, counter.limit * CAUTION - window.seen + counted)
        part = claim.ceiling / counter.limit
        return window.local + 1 <= window.share(members.count) * part

    def current(self, counter: GroupCounter, epoch: int) -> Window:
        """A window's state; what Redis was lost on the way of is shared out anew and must be confirmed anew."""
        window = counter.window(epoch)
        losses = self.members.losses
        if window.losses != losses:
            window.losses, window.server_confirmed, window.left = losses, False, None
        return window

    def too_many_unconfirmed(self, counter: GroupCounter, window: Window, epoch: int) -> bool:
        first = min(FIRST_CALLS, counter.limit * FIRST_SHARE / self.members.count)
        return self._unconfirmed(counter, window, epoch) and window.local - window.answers >= max(1.0, first)

    def _unconfirmed(self, counter: GroupCounter, window: Window, epoch: int) -> bool:
        """Whether the server must confirm first: in a window lost on the way, and for a limit of the token's own."""
        lost = self.members.lost
        if window.server_confirmed or counter is self.address or lost < 0:
            return False
        return epoch <= max(lost, counter.first) and not self._is_over(counter, window, epoch)

    @staticmethod
    def _is_over(counter: GroupCounter, window: Window, epoch: int) -> bool:
        """Whether the server spoke of a later window: no call that leaves now can be counted in this one any more."""
        return any(
            later.server_confirmed and later.losses == window.losses
            for known, later in list(counter.windows.items())
            if known > epoch
        )
