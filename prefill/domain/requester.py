"""On whose behalf a register is called: what the fair queue and the quota's reserves depend on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FREQUENT_CALLS = 10  # in two minutes or so: somewhat more than one company takes


class RequesterKind(StrEnum):
    AGENT = "agent"  # an authenticated agent of the buyer, or the operator's command line
    INTEGRATOR = "integrator"  # a server with a key and an allowance of its own
    CANDIDATE = "candidate"  # anybody


@dataclass(frozen=True, slots=True)
class Requester:
    """Who causes a call. No address is kept, only keyed hashes.

    Attributes:
        address: of the client's address (an IPv6 one by its /64), or of the integrator's key.
        network: of the /48 of an IPv6 address, else as `address`.
        allowance: calls that it may make in two minutes before it counts as frequent.
        under_way: whether the company is known already and this call completes an open prefill.
    """

    kind: RequesterKind = RequesterKind.AGENT
    address: str = ""
    network: str = ""
    allowance: int = FREQUENT_CALLS
    under_way: bool = False


SERVICE = Requester()
