"""The quota's shared counters: one Lua script, hence one atomic round trip to Redis, per reservation.

What must hold for the call to be made at all may be checked in the same script, before anything is counted.

Keys under the prefix:
    complete_since           Unix seconds from which every call of every process is counted here
    members                  the processes that made a call of late, by their last window
    closed:TOKEN:GROUP       until when a group that answered 429 is closed
    TOKEN:GROUP:WINDOW       how many calls a window holds; `address:WINDOW` those of all tokens
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from prefill.redis_client import OptionalRedis
from prefill.registers.quota.members import REMEMBERED

if TYPE_CHECKING:
    import redis
    from redis.commands.core import Script

# complete_since is missing in a Redis that is new, was flushed or came back empty. A count below what this
# process knows was evicted. A process that reports calls made without Redis was cut off. In each case windows
# count as complete again only when they begin after all processes had the time (`settling`) to reconnect.
RESERVE = """
local function reserve(KEYS, ARGV)
local now, settling, expiry = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local since = tonumber(redis.call('GET', KEYS[1]) or '')
local changed = since == nil
since = since or now + settling

redis.call('ZADD', KEYS[2], ARGV[5], ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[6])
redis.call('EXPIRE', KEYS[2], ARGV[7])
local closed = redis.call('GET', KEYS[3]) or ''
local allowed = (tonumber(closed) or 0) > now and 0 or 1

local counts, costs = {}, {}
for i = 4, #KEYS do
  local a = 8 + 5 * (i - 4)
  local counted, unreported, seen = tonumber(ARGV[a]), tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
  local cost, ceiling = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4])
  local count = tonumber(redis.call('GET', KEYS[i]) or '') or 0
  if count < counted or unreported > 0 then
    since, changed = math.max(since, now + settling), true
  end
  count = math.max(count + unreported, seen)
  if count + cost > ceiling then allowed = 0 end
  counts[i - 3], costs[i - 3] = count, cost
end
for i = 4, #KEYS do
  if allowed == 1 then counts[i - 3] = counts[i - 3] + costs[i - 3] end
  redis.call('SET', KEYS[i], string.format('%d', counts[i - 3]), 'EX', expiry)
end
if changed then redis.call('SET', KEYS[1], string.format('%.3f', since)) end
return {allowed, string.format('%.3f', since), redis.call('ZCARD', KEYS[2]), closed, unpack(counts)}
end
"""
ALONE = "return reserve(KEYS, ARGV)"


class NotReserved(Exception):
    """What had to hold for a call to be reserved does not: nothing was counted."""


class Preconditions(Protocol):
    """What must hold for a call to be reserved.

    `lua` follows the definition of `reserve(keys, arguments)` in one script, and calls it when all holds.
    """

    lua: str

    def parameters(self) -> tuple[Sequence[str], Sequence[str | int | float]]:
        """Keys and arguments, which come before those of the quota."""

    def read(self, reply: Any) -> Any:
        """Return what `reserve` returned. Raise `NotReserved`."""

    def check_locally(self) -> None:
        """Check what can be without Redis. Raise `NotReserved`."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a process sends of one counter: its key, what it knows, and what it wants.

    Attributes:
        counted: the highest count that Redis returned before.
        unreported: calls that this process made without Redis, or counts itself now whatever the ceiling.
        seen: the highest count known, from the server's headers for instance.
        cost: what is to be added if every counter stays under its ceiling.
    """

    key: str
    counted: int
    unreported: int
    seen: int
    cost: int
    ceiling: float


@dataclass(frozen=True, slots=True)
class Reply:
    """The state of the shared counters after a reservation."""

    allowed: bool
    complete_since: float
    members: int
    closed_until: float
    counts: tuple[int, ...]


class SharedCounters:
    """The counters in Redis, as one process uses them."""

    def __init__(self, shared: OptionalRedis, *, member: str, window: float, settling: float, prefix: str) -> None:
        self._shared = shared
        self._member = member
        self._window = window
        self._settling = settling
        self._prefix = f"{prefix}:quota"
        self._scripts: dict[str, Script] = {}

    def reserve(
        self, group: str, counts: Sequence[Count], now: float, preconditions: Preconditions | None = None
    ) -> Reply:
        """Report and reserve. Raise `RedisUnavailable`, and `NotReserved` when a precondition does not hold."""
        epoch = int(now // self._window)
        expiry = int(3 * self._window) + 1
        head: list[str | int | float] = [
            now,
            self._settling,
            expiry,
            self._member,
            epoch,
            epoch - REMEMBERED,
            int(REMEMBERED * self._window) + 1,
        ]
        keys = [self.key("complete_since"), self.key("members"), self.key(f"closed:{group}")]
        body = [item for each in counts for item in (each.counted, each.unreported, each.seen, each.cost, each.ceiling)]
        all_keys = [*keys, *(self.key(each.key) for each in counts)]
        arguments: list[str | int | float] = [*head, *body]
        if preconditions is None:
            raw = self._run(ALONE, all_keys, arguments)
        else:
            first, before = preconditions.parameters()
            raw = preconditions.read(self._run(preconditions.lua, [*first, *all_keys], [*before, *arguments]))
        allowed, since, members, closed, *values = raw
        return Reply(bool(allowed), float(since), int(members), _seconds(closed), tuple(map(int, values)))

    def close(self, group: str, until: float, seconds: float) -> None:
        """Close a group for all processes. Raise `RedisUnavailable`."""
        key, milliseconds = self.key(f"closed:{group}"), max(1, int(seconds * 1000))
        self._shared.run(lambda client: client.set(key, f"{until}", px=milliseconds))

    def read(self, keys: Sequence[str]) -> list[int]:
        """Read counters. Raise `RedisUnavailable`."""

        def mget(client: redis.Redis) -> Any:
            return client.mget([self.key(key) for key in keys])

        return [int(value or 0) for value in self._shared.run(mget)]

    def _run(self, lua: str, keys: Sequence[str], arguments: Sequence[str | int | float]) -> Any:
        def run(client: redis.Redis) -> Any:
            if lua not in self._scripts:
                self._scripts[lua] = client.register_script(RESERVE + lua)
            return self._scripts[lua](keys=keys, args=arguments, client=client)

        return self._shared.run(run)

    def key(self, name: str) -> str:
        return f"{self._prefix}:{name}"


def _seconds(text: object) -> float:
    """Read a time that another process wrote; what cannot be read counts as none."""
    try:
        return float(text) if isinstance(text, bytes) else 0.0
    except ValueError:
        return 0.0
