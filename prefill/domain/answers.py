"""What comes back from a source: status, cause and data, as a value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Status(StrEnum):
    """What an answer is, for whoever reads it."""

    OK = "ok"
    ABSENT = "absent"  # the register knows nothing of this company, or it is out of its perimeter
    WITHHELD = "withheld"  # never disclosed, by law or by the company's choice
    NOT_ENTITLED = "not_entitled"  # our token lacks this endpoint
    MISCONFIGURED = "misconfigured"  # our token or our parameters are refused: the operator's business
    UNAVAILABLE = "unavailable"  # the source failed; `cause` says how
    LATE = "late"  # still on its way when the deadline passed
    NOT_APPLICABLE = "not_applicable"  # that source does not concern that kind of company
    NOT_REQUESTED = "not_requested"  # asked on demand only


class Cause(StrEnum):
    """Why an answer is unavailable, or was not requested."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    PROVIDER = "provider"  # 5xx: the register behind API Entreprise failed
    THROTTLED = "throttled"  # 429, or our own budget is spent
    CONFLICT = "conflict"  # 409: the same call was already running
    CIRCUIT_OPEN = "circuit_open"  # not called: its circuit breaker is open, or API Entreprise is silent
    REJECTED = "rejected"  # 422 or another refusal of the call itself
    UNREADABLE = "unreadable"  # HTML, broken or empty JSON, another shape
    OTHER_COMPANY = "other_company"  # an answer about another company, which no redirect explains
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"
    NO_TOKEN = "no_token"  # noqa: S105 not entitled: this service has no token, and reads the open directory alone
    WITHOUT_NUMBER = "without_number"  # not asked: the number that the register takes is not known of this company
    UNLIKELY = "unlikely"  # not requested: the declared activity makes an answer unlikely, which excludes nothing


# What each says to whoever reads an answer.
STATUS_MEANINGS: Mapping[Status, str] = MappingProxyType({
    Status.OK: "It answered.",
    Status.ABSENT: "It knows nothing of this company: most companies are unknown to most registers.",
    Status.WITHHELD: "It may not disclose this company, or was not asked because it would name people who limit their disclosure.",
    Status.NOT_ENTITLED: "The token does not open it.",
    Status.MISCONFIGURED: "API Entreprise refuses the token or the buyer's number: the operator's business.",
    Status.UNAVAILABLE: "It failed: see the cause.",
    Status.LATE: "It had not answered when the time was up.",
    Status.NOT_APPLICABLE: "It has nothing to do with that kind of company: not asked.",
    Status.NOT_REQUESTED: "Asked on demand only: left out of `sources`.",
})  # fmt: skip
CAUSE_MEANINGS: Mapping[Cause, str] = MappingProxyType({
    Cause.TIMEOUT: "Too slow.",
    Cause.UNREACHABLE: "No connection.",
    Cause.PROVIDER: "The register behind API Entreprise failed.",
    Cause.THROTTLED: "The quota of this minute is spent.",
    Cause.CONFLICT: "The same question was already on its way, twice in a row.",
    Cause.CIRCUIT_OPEN: "It failed so often that it is left alone for some seconds; or API Entreprise is silent.",
    Cause.REJECTED: "It refused the call itself.",
    Cause.UNREADABLE: "It answered something else than announced.",
    Cause.OTHER_COMPANY: "It answered about another company, which no redirect explains.",
    Cause.TOO_LARGE: "Its answer was too long to be one.",
    Cause.REDIRECTED: "It sent us elsewhere: not followed.",
    Cause.NO_TOKEN: "Not entitled: the service has no token (`PREFILL_SOURCES=open`).",
    Cause.WITHOUT_NUMBER: "Not asked: it takes a SIREN or a SIRET, which is not known of this company.",
    Cause.UNLIKELY: "Not requested: the declared activity makes an answer unlikely, which excludes nothing.",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class StandIn:
    """That an answer stands in for another source's, in the shape of that one.

    Attributes:
        lacking: keys that the other source gives, and this one has no value for.
        coarse: keys whose value is less precise here: the candidate should confirm it.
        replaced: the failed answer of the other source; None where this service never asks it.
    """

    lacking: frozenset[str]
    coarse: frozenset[str]
    replaced: Answer | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source said of one company, or why it said nothing.

    `data` is the upstream's `data` (for a list, the list of its rows' `data`) and is None unless
    `status` is OK. `seconds` is what the call took, `retry_after` in how many seconds to try again.
    `code` and `request_id` are the upstream's own, for the operator and for support. `limited` says that the company
    limits its disclosure, or may since: what names people is withheld, whatever `data` said when it was retrieved.
    """

    source: str
    status: Status
    data: Any = None
    meta: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    cause: Cause | None = None
    code: str | None = None
    http_status: int | None = None
    request_id: str | None = None
    retry_after: float | None = None
    retrieved_at: datetime | None = None
    seconds: float = 0.0
    cached: bool = False
    stale: bool = False
    limited: bool = False
    stand_in: StandIn | None = None

    @property
    def ok(self) -> bool:
        return self.status is Status.OK


def links_last(data: Any) -> float:
    """Say for how many seconds the addresses of files in an answer's data stay good: for ever when it gives none.

    >>> links_last([{"url": "https://a", "expires_in": 60}, {"url": "https://b", "expires_in": 86400}])
    60.0
    """
    rows = data if isinstance(data, list) else [data]
    lifetimes = [row.get(key) for row in rows if isinstance(row, Mapping) for key in LINKS_LAST]
    seconds = [one for one in lifetimes if isinstance(one, int | float) and not isinstance(one, bool)]
    return float(max(0, min(seconds, default=math.inf)))


# How answers say in how many seconds their addresses of files die.
LINKS_LAST = ("document_url_expires_in", "expires_in")
