"""How registers are asked, and on whose behalf: what the fair queue and the quota's reserves depend on."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from prefill.domain.answers import Answer
from prefill.domain.company import Company
from prefill.domain.sources import Source

NETWORK_FACTOR = 5  # addresses of one /48 that may together ask for as much


class RequesterKind(StrEnum):
    AGENT = "agent"  # an authenticated agent of the buyer, or the operator's command line
    INTEGRATOR = "integrator"  # a server with a key and a share of its own
    CANDIDATE = "candidate"  # anybody
    BACKGROUND = "background"  # nobody waits: what is asked again while contracts run


@dataclass(frozen=True, slots=True, eq=False)
class Anticipation:
    """Calls made beside the one that tells what the company is, before it is known whether they are of use.

    They are made only while the quota is ample. Nobody sees or keeps their answers until somebody asks for them in the
    ordinary way; `ended` completes when nobody will, and then what has not left is not sent.
    """

    awaited: Source  # whose answer tells what the company is
    ended: Future[None] = field(default_factory=Future)

    def end(self) -> None:
        """Drop what was not asked for meanwhile."""
        if not self.ended.done():
            self.ended.set_result(None)


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
