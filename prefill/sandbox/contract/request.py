"""A call as the sandbox receives it, and the rules that it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prefill.sandbox.contract.quota import MINUTE, REFUSALS_BEFORE_BAN
from prefill.sandbox.contract.tokens import TokenRules
from prefill.sandbox.model import URL

# What `/ping/…` says of providers when nothing fails; `ok` for the others.
PINGS = {"opqibi": "maintenance", "fntp": "unknown", "cnetp": "bad_gateway"}


@dataclass(frozen=True, slots=True)
class Request:
    """One call, as the transport read it: names of headers in lower case, the last value of each parameter."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    address: str = "sandbox"
    base_url: str = URL

    @property
    def token(self) -> str:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two calls identical: who asks, and every parameter."""
        return (self.token, self.path, *sorted(self.query.items()))


@dataclass(frozen=True, slots=True)
class Rules:
    """How a sandbox enforces the contract.

    Attributes
    ----------
        strict: also count a `User-Agent` that names no client, and refuse a recipient that is the company asked about.
        quota_scale: multiplies every quota; 1000 is practically none.
        window_seconds: length of a quota's window.
        ban_after: 429s of one window after which an address is banned.
        gone: parts of paths that answer 410, as retired endpoints do.
        pings: what `/ping/…` says of a provider while no fault is on it.
    """

    strict: bool = False
    quota_scale: float = 1.0
    window_seconds: float = MINUTE
    ban_after: int = REFUSALS_BEFORE_BAN
    gone: tuple[str, ...] = ()
    pings: Mapping[str, str] = field(default_factory=lambda: PINGS)
    tokens: TokenRules = field(default_factory=TokenRules)


DEFAULT_RULES = Rules()
