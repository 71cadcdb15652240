"""How registers are asked, and on whose behalf: what the fair queue and the quota's reserves depend on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from prefill.domain.answers import Answer
from prefill.domain.company import Company
from prefill.domain.sources import Source

NETWORK_FACTOR = 5  # addresses of one /48 that may together ask for as much
# Where there are several buyers: by how many times what is left free the candidates of one may hold of anything. One
# crowd takes two thirds, two crowds two fifths each, and whoever comes to another buyer always finds some left.
BUYER_FACTOR = 2


class RequesterKind(StrEnum):
    AGENT = "agent"  # an authenticated agent of the buyer, or the operator's command line
    INTEGRATOR = "integrator"  # a server with a key and a share of its own
    CANDIDATE = "candidate"  # anybody
    BACKGROUND = "background"  # nobody waits: what is asked again while contracts run


class Decision:
    """Yes or no, decided once and told to those who wait for it, who are forgotten then.

    A future keeps its callbacks: what they know would live in a cycle with it until the collector comes.
    """

    __slots__ = ("_actions", "_lock", "_value")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: bool | None = None
        self._actions: list[Callable[[], object]] = []

    @property
    def value(self) -> bool | None:
        """What was decided; None before."""
        return self._value

    def decide(self, *, yes: bool) -> bool:
        """Decide, unless it was decided before, and return what was."""
        with self._lock:
            if self._value is not None:
                return self._value
            self._value = yes
            actions, self._actions = self._actions, []
        with ExitStack() as stack:  # each is told, whatever becomes of another
            for action in reversed(actions):
                stack.callback(action)
        return yes

    def then(self, action: Callable[[], object]) -> None:
        """Run this once it is decided: in the thread that decides, or at once."""
        with self._lock:
            if self._value is None:
                self._actions.append(action)
                return
        action()


@dataclass(frozen=True, slots=True, eq=False)
class Anticipation:
    """Calls made beside the one that tells what the company is, before it is known whether they are of use.

    They are made only while the quota is ample. Nobody sees or keeps their answers until somebody asks for them in the
    ordinary way; `ended` is decided when nobody will, and then what has not left is not sent.
    """

    awaited: Source  # whose answer tells what the company is
    ended: Decision = field(default_factory=Decision)

    def end(self) -> None:
        """Drop what was not asked for meanwhile."""
        self.ended.decide(yes=True)


@dataclass(frozen=True, slots=True)
class Requester:
    """Who causes a call. No address is kept, only keyed hashes.

    Attributes:
        address: of the client's address (an IPv6 one by its /64), or of the integrator's key.
        network: of the /48 of an IPv6 address, else empty.
        calls_per_minute: how many it may cause; 0 is no limit.
        under_way: whether the company is known already and this call completes an open prefill.
        anticipation: of a call made before it is known whether it is of use; the future it gives says nothing.
        apart: whether what it causes is cached apart from what candidates cause: an agent's dossier.
    """

    kind: RequesterKind = RequesterKind.AGENT
    address: str = ""
    network: str = ""
    calls_per_minute: int = 0
    under_way: bool = False
    anticipation: Anticipation | None = None
    apart: bool = False


SERVICE = Requester()


class Registers(Protocol):
    """Whoever answers for the registers: the client of API Entreprise, or what stands before it or in its place."""

    def submit(
        self,
        source: Source,
        company: Company,
        *,
        object: str | None = None,
        requester: Requester = SERVICE,
        patience: float = 0.0,
    ) -> Future[Answer]: ...

    def is_cached(self, source: Source, company: Company) -> bool: ...
