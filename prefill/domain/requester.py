"""On whose behalf a register is called: what the fair queue and the quota's reserves depend on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NETWORK_FACTOR = 5  # addresses of one /48 that may together ask for as much


class RequesterKind(StrEnum):
    AGENT = "agent"  # an authenticated agent of the buyer, or the operator's command line
    INTEGRATOR = "integrator"  # a server with a key and a share of its own
    CANDIDATE = "candidate"  # anybody


@dataclass(frozen=True, slots=True)
class Requester:
    """Who causes a call. No address is kept, only keyed hashes.

    Attributes:
        address: of the client's address (an IPv6 one by its /64), or of the integrator's key.
        network: of the /48 of an IPv6 address, else empty.
        calls_per_minute: how many it may cause; 0 is no limit.
        under_way: whether the company is known already and this call completes an open prefill.
    """

    kind: RequesterKind = RequesterKind.AGENT
    address: str = ""
    network: str = ""
    calls_per_minute: int = 0
    under_way: bool = False


SERVICE = Requester()
