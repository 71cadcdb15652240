"""The strictest diffusion status that an Insee answer stated of each company of late.

A company limits its disclosure from one night to the next, and then on all that was learned before: its other
establishments, answers that stand in for a failing register, those of every tenant. A status that is learned restricts
at once in this process, within a second in those that share a Redis. It holds against whatever was retrieved before it,
and for a day after it: Insee's data changes once a night, and its servers may not agree for a while.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from cachetools import TTLCache

from prefill.clock import Clock
from prefill.domain.answers import Answer, Status
from prefill.domain.dates import is_same_paris_day
from prefill.domain.disclosure import PARTIALLY_DISCLOSED, UNDISCLOSED, leave_unconfirmed, restrict, status_of
from prefill.domain.sources import DAY, Source
from prefill.redis_client import OptionalRedis, RedisUnavailable

if TYPE_CHECKING:
    import redis

KEPT_SECONDS = 5 * DAY  # longer than any open answer is kept
CONTRADICTED_AFTER = DAY  # seconds from which a newer answer may say otherwise
POLL_SECONDS = 1.0
OVERLAP_SECONDS = 5.0  # read again: a clock may have stepped back
MAX_COMPANIES = 200_000
BATCH = 500  # companies told in one command
STRICTNESS = {PARTIALLY_DISCLOSED: 1, UNDISCLOSED: 2}

# Adds statuses with the time of Redis's own clock, forgets those that hold no more, and returns that time.
ADD = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], at, ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - ARGV[1])
return 1
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """A company's strictest status, and when it was last stated (Unix seconds)."""

    status: str
    at: float

    def binds(self, retrieved_at: datetime | None) -> bool:
        """Whether it holds against an answer retrieved then; against a failure it does."""
        return retrieved_at is None or retrieved_at.timestamp() < self.at + CONTRADICTED_AFTER


class DisclosureLimits:
    """Learns from every Insee answer, and restricts the open ones that say more than the strictest allows."""

    def __init__(self, shared: OptionalRedis, *, clock: Clock, prefix: str = "prefill") -> None:
        self._shared = shared
        self._clock = clock
        self.name = f"{prefix}:disclosure"
        self._lock = threading.Lock()
        self._limits: TTLCache[str, Limit] = TTLCache(MAX_COMPANIES, KEPT_SECONDS, timer=clock.timestamp)
        self._polled_at = float("-inf")
        self._polled = False
        self._outages = shared.outages
        self._last_score = 0.0
        self._untold: set[str] = set()
        self._telling = False

    def learn(self, source: Source, number: str, answer: Answer) -> None:
        """Take note of what an answer says of a company's disclosure."""
        status = _stated(source, answer)
        if status is None:
            return
        siren = number[:9]
        self._add(siren, Limit(status, self._clock.timestamp()))
        if self._shared.configured:
            with self._lock:
                self._untold.add(siren)
            self._tell_later()

    def of(self, siren: str) -> Limit | None:
        """The limit of a company, as all processes know it."""
        self._poll()
        return self._known(siren)

    def apply(self, source: Source, number: str, answer: Answer) -> Answer:
        """Show of an open Insee answer what its company still discloses."""
        if not (source.open and source.states_disclosure):
            return answer
        limit = self.of(number[:9])
        if limit and limit.binds(answer.retrieved_at):
            return _limited(source, answer, limit)
        if answer.ok and answer.stale and not self._is_of_today(answer):
            return replace(answer, data=leave_unconfirmed(source, answer.data), limited=True)
        return answer

    def _is_of_today(self, answer: Answer) -> bool:
        at = answer.retrieved_at
        return at is not None and is_same_paris_day(at, self._clock.now())

    def due_since(self) -> float | None:
        """From which score whoever asks Redis for something else is to read what others learned; None when it need not.

        What it finds goes to `absorb`. The first time, all is read by itself: it may be much.
        """
        self._notice_outage()
        if not self._polled or self._clock.monotonic() < self._polled_at + POLL_SECONDS:
            return None
        self._polled_at = self._clock.monotonic()
        return self._last_score - OVERLAP_SECONDS

    def absorb(self, found: Iterable[tuple[bytes, float]]) -> None:
        """Learn what other processes learned: members of the sorted set, with their scores."""
        for member, score in found:
            siren, _, status = member.decode().partition(":")
            if status in STRICTNESS:
                self._add(siren, Limit(status, score))
            self._last_score = max(self._last_score, score)
        if self._untold:
            self._tell_later()

    def _tell_later(self) -> None:
        """Tell the others on another thread; what cannot be told now is told when Redis answers again."""
        with self._lock:
            began, self._telling = self._telling, True
        if not began:
            self._shared.later(self._tell, dropped=self._stop_telling)

    def _tell(self) -> None:
        while batch := self._take_untold():
            members = [f"{siren}:{limit.status}" for siren in batch if (limit := self._known(siren))]
            try:
                self._shared.run(partial(_send, self.name, members))
            except RedisUnavailable:
                self._stop_telling(batch)
                return

    def _take_untold(self) -> list[str]:
        """Take some of those that others do not know; when there are none, the telling is over."""
        with self._lock:
            batch = list(islice(self._untold, BATCH))
            self._untold.difference_update(batch)
            self._telling = bool(batch)
            return batch

    def _stop_telling(self, batch: Iterable[str] = ()) -> None:
        with self._lock:
            self._untold.update(batch)
            self._telling = False

    def _known(self, siren: str) -> Limit | None:
        with self._lock:
            return self._limits.get(siren)

    def _add(self, siren: str, limit: Limit) -> None:
        with self._lock:
            known = self._limits.get(siren)
            if known and known.at > limit.at - CONTRADICTED_AFTER:
                limit = Limit(max(known.status, limit.status, key=STRICTNESS.__getitem__), max(known.at, limit.at))
            self._limits[siren] = limit

    def _notice_outage(self) -> None:
        """Read all again after an outage: another machine's clock may be behind, and what it holds was told meanwhile."""
        if self._outages != self._shared.outages:
            self._outages, self._polled, self._last_score = self._shared.outages, False, 0.0

    def _poll(self) -> None:
        """Read what other processes learned, at most once a second."""
        if self._shared.client is None or self._clock.monotonic() < self._polled_at + POLL_SECONDS:
            return
        self._notice_outage()
        self._polled_at = self._clock.monotonic()
        with suppress(RedisUnavailable):
            found: Any = self._shared.run(
                lambda client: client.zrangebyscore(
                    self.name, self._last_score - OVERLAP_SECONDS, "+inf", withscores=True
                )
            )
            self.absorb(found)
            self._polled = True


def _send(name: str, members: Iterable[str], client: redis.Redis) -> None:
    client.eval(ADD, 1, name, str(KEPT_SECONDS), *members)


def _stated(source: Source, answer: Answer) -> str | None:
    """The limit that an answer states; one that cannot be read is protected alone, and says nothing of others."""
    if not source.states_disclosure:
        return None
    if answer.status is Status.WITHHELD:
        return UNDISCLOSED
    status = status_of(answer.data) if answer.ok else None
    return status if isinstance(status, str) and status in STRICTNESS else None


def _limited(source: Source, answer: Answer, limit: Limit) -> Answer:
    if not answer.ok:
        return replace(answer, limited=True)
    if limit.status == UNDISCLOSED:
        return replace(answer, status=Status.WITHHELD, data=None, limited=True)
    return replace(answer, data=restrict(source, answer.data, limit.status), limited=True)
