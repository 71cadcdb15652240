"""A call on its way to API Entreprise, its future, and its line in the log."""

from __future__ import annotations

import contextlib
import hashlib
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field

from prefill import telemetry
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.requester import Decision, Requester
from prefill.domain.sources import Source
from prefill.registers.answer_cache import Key
from prefill.registers.scheduling.fair_queue import Task


class QuotaExhausted(Exception):
    """The quota holds back a call that may wait; its queue decides whether its turn comes in time."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


@dataclass(slots=True, eq=False)
class Call:
    """A call to make: of which source, for which procedure, where its answer is stored, and its place in the queue.

    `name` is what API Entreprise takes for the same call, whatever its parameters: two at once are a conflict. `counted`
    says that it is in the count of its requester's calls. `wanted` is decided by whether anybody asked for it in the
    ordinary way; until then it is made early, and its answer is neither kept nor delivered.
    """

    source: Source
    key: Key
    object: str
    name: str
    future: Future[Answer]
    requester: Requester
    counted: bool = False
    wanted: Decision = field(default_factory=Decision)
    task: Task = field(init=False)

    def __post_init__(self) -> None:
        anticipation = self.requester.anticipation
        if anticipation is None:
            self.want()
        else:
            anticipation.ended.then(self.drop)

    @property
    def number(self) -> str:
        return self.key[2]

    @property
    def early(self) -> bool:
        """Whether nobody asked for it yet in the ordinary way."""
        return self.wanted.value is None

    @property
    def dropped(self) -> bool:
        return self.wanted.value is False

    def want(self) -> bool:
        """Ask for it in the ordinary way; False when it was dropped before."""
        return self.wanted.decide(yes=True)

    def drop(self) -> bool:
        """Drop a call that nobody asked for; False when somebody did."""
        return not self.wanted.decide(yes=False)


def set_result(flight: Future[Answer], answer: Answer) -> None:
    """Give an answer to those who wait, unless they have one."""
    with contextlib.suppress(InvalidStateError):
        flight.set_result(answer)


def completed(answer: Answer) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(answer)
    return future


def is_about_token(answer: Answer) -> bool:
    """Whether another tenant's token might be answered otherwise."""
    return answer.status in (Status.MISCONFIGURED, Status.NOT_ENTITLED) or answer.cause is Cause.THROTTLED


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def log_call(answer: Answer, left: int) -> None:
    telemetry.count("upstream_calls", source=answer.source, status=answer.status.value)
    telemetry.observe("upstream_seconds", answer.seconds, source=answer.source)
    log = telemetry.error if answer.status is Status.MISCONFIGURED else telemetry.event
    log(
        "upstream.call",
        source=answer.source,
        status=answer.status.value,
        cause=answer.cause and answer.cause.value,
        code=answer.code,
        http_status=answer.http_status,
        seconds=answer.seconds,
        budget_left=left,
        upstream_request_id=answer.request_id,
    )
