"""The fair queue of calls that wait for the quota or for a thread: by rank, then by buyer, then by address."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from itertools import count

from prefill.domain.answers import Cause
from prefill.domain.requester import BUYER_FACTOR
from prefill.registers.scheduling.fairness import MAX_WAITING, Rank

CONFIRMED_WITHIN = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Lane:
    """Calls that wait for the same things: a buyer's, on one quota and group, to one provider."""

    tenant: str
    quota: str
    group: str
    provider: str


@dataclass(slots=True, eq=False)
class Task:
    """One call to make.

    Attributes:
        run: makes the call; returns None when it is answered, else in how many seconds the quota may admit it.
        refuse: answers without a call.
        deadline: when nobody waits for a turn any more, on the monotonic clock.
        waiting: whether it is in the queue.
        context: what was bound to the log where the call was asked for.
    """

    lane: Lane
    rank: Rank
    score: float
    deadline: float
    run: Callable[[], float | None]
    refuse: Callable[[Cause, float], None]
    waiting: bool = False
    context: Context = field(default_factory=copy_context)

    def end(self) -> None:
        """Let go of the actions, which know the call that knows this task, and of the request in the context.

        A call would else be a cycle, left to the collector with all that its request held.
        """
        self.run, self.refuse, self.context = _ended, _ended, Context()


def _ended(*_: object) -> None:
    """What is left of a task's actions."""


class FairQueue:
    """Not safe for threads: its owner holds a lock."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, list[tuple[Rank, float, int, Task]]] = {}
        self._blocked: dict[tuple[str, str], dict[Rank, float]] = {}
        self._turns: dict[str, int] = {}
        self._turn = 0
        self._numbers = count()
        self._waiting: Counter[Rank] = Counter()
        self._of_buyer: Counter[tuple[str, Rank]] = Counter()

    def __len__(self) -> int:
        return self._waiting.total()

    def refusal(self, task: Task, now: float) -> float | None:
        """In how many seconds to come back, for a call that cannot have its turn before its deadline; else None."""
        until = self._blocked_until(task.lane, task.rank, now)
        if until > task.deadline > now:
            return until - now
        return 1.0 if self._is_full(task) else None

    def push(self, task: Task) -> None:
        task.waiting = True
        self._count(task, 1)
        self._turns[task.lane.tenant] = max(self._turns.get(task.lane.tenant, 0), self._turn)
        self._file(task)

    def promote(self, task: Task, rank: Rank, score: float, deadline: float) -> None:
        """Let a waiting call go as early as the best of those who wait for its answer."""
        task.deadline = max(task.deadline, deadline)
        if task.waiting and (rank, score) < (task.rank, task.score):
            self._count(task, -1)
            task.rank, task.score = rank, score
            self._count(task, 1)
            self._file(task)

    def remove(self, task: Task) -> bool:
        """Take a call out; False when it does not wait any more."""
        was_waiting, task.waiting = task.waiting, False
        self._count(task, -was_waiting)
        return was_waiting

    def pop(self, now: float, has_thread: Callable[[str], bool]) -> Task | None:
        """Take the first call whose provider has a thread and whose quota may admit it."""
        ready = [
            (heap[0][0], self._turns[lane.tenant], *heap[0][1:3], lane)
            for lane, heap in self._heads()
            if has_thread(lane.provider) and self._blocked_until(lane, heap[0][0], now) <= now
        ]
        if not ready:
            return None
        *_, lane = min(ready, key=lambda order: order[:4])
        task = heapq.heappop(self._lanes[lane])[3]
        self._turn = self._turns[lane.tenant]
        self._turns[lane.tenant] += 1
        self.remove(task)
        return task

    def drain(self) -> list[Task]:
        """Take out every call."""
        tasks = [entry[3] for heap in self._lanes.values() for entry in heap]
        self._lanes.clear()
        return [task for task in tasks if self.remove(task)]

    def block(self, lane: Lane, rank: Rank, until: float) -> None:
        """Hold back a rank, and those after it, until its quota may admit it."""
        self._blocked.setdefault((lane.quota, lane.group), {})[rank] = until

    def unblock(self, lane: Lane, now: float) -> None:
        """A call was answered: a quota that waited for the server to confirm may know more now."""
        ranks = self._blocked.get((lane.quota, lane.group), {})
        for rank in [rank for rank, until in ranks.items() if until <= now + CONFIRMED_WITHIN]:
            del ranks[rank]

    def next_at(self) -> float | None:
        """When the first rank that is held back may be tried again."""
        return min((until for ranks in self._blocked.values() for until in ranks.values()), default=None)

    def forget_blocks(self, now: float) -> None:
        for key, ranks in list(self._blocked.items()):
            self._blocked[key] = {rank: until for rank, until in ranks.items() if until > now}
            if not self._blocked[key]:
                del self._blocked[key]

    def _is_full(self, task: Task) -> bool:
        """Whether too many calls of a rank wait, or too many of one buyer's where others were served too."""
        free = MAX_WAITING[task.rank] - self._waiting[task.rank]
        buyer = task.lane.tenant
        has_others = len(self._turns) > (buyer in self._turns)
        return free <= 0 or (has_others and self._of_buyer[buyer, task.rank] >= BUYER_FACTOR * free)

    def _count(self, task: Task, change: int) -> None:
        key = (task.lane.tenant, task.rank)
        self._waiting[task.rank] += change
        self._of_buyer[key] += change
        if not self._of_buyer[key]:
            del self._of_buyer[key]

    def _file(self, task: Task) -> None:
        entry = (task.rank, task.score, next(self._numbers), task)
        heapq.heappush(self._lanes.setdefault(task.lane, []), entry)

    def _heads(self) -> list[tuple[Lane, list[tuple[Rank, float, int, Task]]]]:
        """The lanes where a call waits, without the entries of those that wait no more."""
        for lane, heap in list(self._lanes.items()):
            while heap and not heap[0][3].waiting:
                heapq.heappop(heap)
            if not heap:
                del self._lanes[lane]
        return list(self._lanes.items())

    def _blocked_until(self, lane: Lane, rank: Rank, now: float) -> float:
        ranks = self._blocked.get((lane.quota, lane.group))
        return max((until for held, until in ranks.items() if held <= rank), default=now) if ranks else now
