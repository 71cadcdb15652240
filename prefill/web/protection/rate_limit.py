"""Rate limiter per client address: an open prefill is a free register for scrapers.

What the cache holds costs nothing upstream and is limited ten times less. Addresses are kept only as keyed hashes, an
IPv6 one by its /64.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re

from prefill.domain.permissions import Caller
from prefill.domain.requester import SERVICE, Requester, RequesterKind
from prefill.redis_client import OptionalRedis
from prefill.sliding_window import SlidingWindows

CACHED_FACTOR = 10  # cached companies cost nothing upstream
UNCACHED, CACHED = "new", "known"


class RateLimiter:
    """Requests per address or integrator, and the name under which each is counted."""

    def __init__(self, shared: OptionalRedis, *, per_minute: int, secret: bytes, prefix: str = "prefill") -> None:
        self._secret = secret
        self._per_minute = per_minute
        self._windows = SlidingWindows(shared, f"{prefix}:clients")

    def check(self, requester: Requester, *, cached: bool, companies: int = 1) -> float:
        """Count a request for so many companies. Return 0 when it is allowed, else the seconds to wait.

        More companies than the limit count as the limit: they are allowed to whoever has asked for nothing else.
        """
        limit = requester.calls_per_minute
        if not limit:
            return 0.0
        kind, limit = (CACHED, CACHED_FACTOR * limit) if cached else (UNCACHED, limit)
        return self._windows.hit(kind, requester.address, limit, min(companies, limit))

    def requester(self, address: str, caller: Caller | None = None) -> Requester:
        """On whose behalf a candidate's calls are made; without a limit all are served alike."""
        if caller and caller.integrator:
            name = self.name(f"key:{caller.integrator}")
            return Requester(RequesterKind.INTEGRATOR, address=name, calls_per_minute=caller.calls_per_minute)
        if not self._per_minute:
            return SERVICE
        network = self.name(_network(address, 48)) if ":" in _without_port(address) else ""
        return Requester(
            RequesterKind.CANDIDATE, address=self.name(address), network=network, calls_per_minute=self._per_minute
        )

    def name(self, text: str) -> str:
        """Return the keyed hash of an address, or of anything that must not be written as it is."""
        return hashlib.blake2b(_network(text).encode(), digest_size=8, key=self._secret).hexdigest()


def _network(text: str, prefix: int = 64) -> str:
    address = _without_port(text)
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if parsed.ipv4_mapped:  # what a server that listens to both sees of an IPv4 address
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


def _without_port(address: str) -> str:
    """Some proxies (Azure's) forward the port too, which is another one for each connection."""
    found = _WITH_PORT.fullmatch(address)
    return found[1] or found[2] if found else address


_WITH_PORT = re.compile(r"([0-9.]+):[0-9]+|\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?")
