"""Tracks how many processes share the quota, and since which window Redis counts have been complete."""

from __future__ import annotations

import math
import threading
import uuid

import redis

from prefill.clock import Clock
from prefill.redis_client import OptionalRedis, RedisUnavailable

SETTLING = 3.0  # seconds for every instance to notice that Redis is back; also between two greetings
REMEMBERED = 10  # windows after which an instance that called nobody is believed gone


class QuotaMembers:
    """What this process knows of the others: `configured` of them at least; `fresh` when nobody called before."""

    def __init__(
        self,
        shared: OptionalRedis,
        *,
        clock: Clock,
        window: float,
        configured: int = 1,
        prefix: str = "prefill",
        fresh: bool = False,
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._span = window
        self._settling = min(SETTLING, window / 4)
        self._configured = configured
        self._key = f"{prefix}:instances"
        self._name = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._met = (-1, -1)
        self._exact_from = 0.0 if shared.configured else math.inf
        self.lost = -1 if fresh else self.epoch()  # the window in which we last ceased to know all
        self.losses = 0
        self.heartbeats = 0
        self.count = configured
        self._counted_at = 0
        self.heartbeat()

    def epoch(self) -> int:
        return int(self._clock.timestamp() // self._span)

    def exact(self, epoch: int) -> bool:
        """Tell whether Redis counts that window for all, from its beginning."""
        return epoch >= self._exact_from

    def heartbeat(self) -> None:
        """Now and then, and when Redis is back, tell the others that we are there, and see how old it is."""
        meeting = (int(self._clock.timestamp() // self._settling), self._shared.outages)
        if not self._shared.configured or self._met == meeting:
            return
        self._met = meeting
        epoch = self.epoch()
        try:
            present, age = self._shared.run(lambda client: self._exchange(client, epoch))
        except RedisUnavailable:
            self.redis_lost()
            return
        self._update_count(present, epoch)
        if self.exact(epoch) and age < self._clock.timestamp() - epoch * self._span:
            self.redis_lost()
            self.redis_restored(self._clock.timestamp() - age)
        self.redis_restored(self._clock.timestamp())
        self.heartbeats += 1

    def _update_count(self, present: int, epoch: int) -> None:
        """Believe at once that there are more of us, and late that there are fewer: Redis may have forgotten some."""
        present = max(self._configured, present)
        if present >= self.count or epoch > self._counted_at + REMEMBERED:
            self.count, self._counted_at = present, epoch

    def redis_lost(self) -> None:
        """From now on Redis does not know all that is spent, nor do we."""
        with self._lock:
            epoch = self.epoch()
            if self.exact(epoch):
                self.lost = epoch
                self.losses += 1
            self._exact_from = math.inf

    def redis_restored(self, back: float) -> None:
        """Redis counts for all again from the first window that every instance begins with it; it is back since then."""
        with self._lock:
            if self._exact_from == math.inf:
                self._exact_from = math.ceil((back + self._settling) / self._span)

    def _exchange(self, client: redis.Redis, epoch: int) -> tuple[int, float]:
        with client.pipeline(transaction=False) as pipe:
            pipe.zadd(self._key, {self._name: epoch})
            pipe.zremrangebyscore(self._key, "-inf", epoch - REMEMBERED)
            pipe.expire(self._key, int(REMEMBERED * self._span) + 1)
            pipe.zcard(self._key)
            pipe.info("server")
            *_, present, server = pipe.execute(raise_on_error=False)
        age = server.get("uptime_in_seconds", math.inf) if isinstance(server, dict) else math.inf  # may be forbidden
        return present if isinstance(present, int) else 1, float(age) + 1
