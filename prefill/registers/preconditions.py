"""What must hold for a call to leave, checked in the round trip to Redis that reserves it from the quota.

No other process stored its answer, nor makes the same call, and its requester has not caused too many. The same reply
brings what other processes learned of companies that limit their disclosure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prefill.registers.answer_cache import AnswerCache, Flight
from prefill.registers.calls import Call
from prefill.registers.circuit_breaker import Permit
from prefill.registers.disclosure_limits import DisclosureLimits
from prefill.registers.quota import NotReserved, Reservation
from prefill.registers.scheduling.call_limits import CallLimits

# Keys: the stored answer, the flight, the disclosure limits, and of each counted name the minute before and this one.
LUA = """
local function after(list, first)
local others = {}
for i = first, #list do others[#others + 1] = list[i] end
return others
end

local now, token, life, since, names = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local limits, text = {}, ''
if since ~= '' then limits = redis.call('ZRANGEBYSCORE', KEYS[3], since, '+inf', 'WITHSCORES') end
if now ~= '' then text = redis.call('GET', KEYS[1]) or '' end
if now ~= '' and (tonumber(string.match(text, '^{"call_after":([%d.]+)')) or 0) > tonumber(now) then
  return {'known', limits, text}
end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= token then return {'under way', limits, text} end
for i = 1, names do
  local before, current = redis.call('GET', KEYS[2 + 2 * i]) or 0, redis.call('GET', KEYS[3 + 2 * i]) or 0
  if before * ARGV[5 + 2 * i] + current + 1 > tonumber(ARGV[4 + 2 * i]) then
    return {'limited', limits, text, i, before, current}
  end
end
for i = 1, names do
  redis.call('INCR', KEYS[3 + 2 * i])
  redis.call('EXPIRE', KEYS[3 + 2 * i], 120)
end
local reply = reserve(after(KEYS, 4 + 2 * names), after(ARGV, 6 + 2 * names))
if reply[1] == 1 then redis.call('SET', KEYS[2], token, 'PX', life) end
return {'reserved', limits, text, reply}
"""


class AnswerStored(NotReserved):
    """Another process stored the answer; it is in the memory of this one now."""


class CallUnderWay(NotReserved):
    """Another process makes the same call."""


class TooManyCalls(NotReserved):
    """The requester has caused too many calls of late."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may leave."""

    permit: Permit
    reservation: Reservation


class CallPreconditions:
    """Those of one call; `seen` says that Redis was asked for its answer."""

    lua = LUA

    def __init__(
        self,
        call: Call,
        flight: Flight,
        *,
        cache: AnswerCache,
        call_limits: CallLimits | None,
        disclosure_limits: DisclosureLimits,
        now: float,
    ) -> None:
        self.seen = False
        self._call = call
        self._flight = flight
        self._cache = cache
        self._call_limits = call_limits
        self._disclosure_limits = disclosure_limits
        self._now = now
        self._counted = call_limits.counted(call.requester) if call_limits and not call.counted else []

    def parameters(self) -> tuple[list[str], list[str | int | float]]:
        """The script's keys and arguments; once they are sent Redis may hold the flight, also when the reply is lost."""
        self._flight.shared = True
        counted = [key for name in self._counted for key in (name.before, name.current)]
        keys = [self._cache.shared_name(self._call.key), self._flight.name, self._disclosure_limits.name, *counted]
        return keys, self._arguments()

    def _arguments(self) -> list[str | int | float]:
        look_up = self._cache.is_shareable(self._call.source) and not self.seen
        since = self._disclosure_limits.due_since()
        life = int(self._flight.max_seconds * 1000)
        counted = [value for name in self._counted for value in (name.limit, name.part_before)]
        head = [self._now if look_up else "", self._flight.token, life, "" if since is None else since]
        return [*head, len(self._counted), *counted]

    def read(self, reply: Any) -> Any:
        """Return the quota's part of the reply. Raise `NotReserved` when a precondition does not hold."""
        verdict, limits, text, *rest = reply
        self._disclosure_limits.absorb(
            (member, float(score)) for member, score in zip(*[iter(limits)] * 2, strict=True)
        )
        if text:
            self._cache.receive(self._call.source, self._call.key, text)
        if verdict == b"under way":
            raise CallUnderWay
        self.seen = True
        if verdict == b"known":
            raise AnswerStored
        if verdict == b"limited":
            number, before, current = map(int, rest)
            raise TooManyCalls(self._counted[number - 1].retry_after(before, current))
        self._call.counted = True
        self._counted = []
        return rest[0]

    def check_locally(self) -> None:
        """Count the call of whoever asked first in this process, once however often the quota makes it wait."""
        if self._call.counted or self._call_limits is None:
            return
        self._call.counted = True
        admission = self._call_limits.take(self._call.requester)
        if not admission.allowed:
            raise TooManyCalls(admission.retry_after)
