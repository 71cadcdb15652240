"""What a sandbox remembers of its callers: calls, statuses and breaches of the contract."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

LOG_LENGTH = 5000
# What an HTTP library says of itself when nobody named the client; the provider could reach nobody by it.
LIBRARY_AGENT = re.compile(
    r"(python-)?(requests|urllib3?|httpx|aiohttp)|curl|wget|libwww-perl|ruby|faraday|guzzlehttp|okhttp|axios|got|undici"
    r"|node(-fetch)?|java|go-http-client|apache-httpclient|postmanruntime",
    re.IGNORECASE,
)


class Violation(StrEnum):
    """A breach of the contract by the caller."""

    NO_TOKEN = "no_token"  # noqa: S105 the name of a breach
    NO_SCOPE = "no_scope"
    NO_DELEGATION = "no_delegation"
    SEVERAL_DELEGATIONS = "several_delegations"
    IDENTICAL_CALL = "identical_call_in_flight"
    OVER_QUOTA = "over_quota"
    OVER_ADDRESS_CEILING = "over_address_ceiling"
    BANNED = "banned"
    CALLED_WHILE_BANNED = "called_while_banned"
    MISSING_CONTEXT = "missing_context"
    MISSING_OBJECT = "missing_object"
    MISSING_RECIPIENT = "missing_recipient"
    OBJECT_TOO_LONG = "object_too_long"
    MALFORMED_RECIPIENT = "malformed_recipient"
    RECIPIENT_IS_THE_COMPANY = "recipient_is_the_company"
    MALFORMED_NUMBER = "malformed_number"
    UNKNOWN_PATH = "unknown_path"
    UNKNOWN_PARAMETER = "unknown_parameter"
    REFUSED_PARAMETER = "refused_parameter"
    NO_USER_AGENT = "no_user_agent"
    LIBRARY_USER_AGENT = "library_user_agent"


class Journal:
    """Counters of calls, statuses and violations, and the log of the last calls; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self.calls: Counter[str] = Counter()
            self.statuses: Counter[str] = Counter()
            self.violations: Counter[str] = Counter()
            self.deprecated: Counter[str] = Counter()
            self.habilitations: Counter[str] = Counter()
            self.user_agents: Counter[str] = Counter()
            self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
            self.in_flight: Counter[tuple[object, ...]] = Counter()
            self.now_in_flight = self.peak_in_flight = 0

    def violation(self, *names: Violation) -> None:
        with self._lock:
            self.violations.update(names)

    def call(self, path: str, query: Mapping[str, str], timestamp: float) -> None:
        with self._lock:
            self.calls[path] += 1
            self.log.append({"timestamp": round(timestamp, 3), "path": path, "query": dict(query)})

    def status(self, name: str) -> None:
        with self._lock:
            self.statuses[name] += 1

    def note(self, counter: Counter[str], name: str) -> None:
        with self._lock:
            counter[name] += 1

    def begin(self, key: tuple[object, ...]) -> bool:
        """Note a call in flight; say whether an identical one already is."""
        with self._lock:
            self.in_flight[key] += 1
            self.now_in_flight += 1
            self.peak_in_flight = max(self.peak_in_flight, self.now_in_flight)
            return self.in_flight[key] > 1

    def end(self, key: tuple[object, ...]) -> None:
        with self._lock:
            if key not in self.in_flight:  # a reset came in between
                return
            self.now_in_flight -= 1
            self.in_flight[key] -= 1
            if not self.in_flight[key]:
                del self.in_flight[key]

    def report(self) -> dict[str, Any]:
        with self._lock:
            return {
                "calls": dict(self.calls),
                "total": sum(self.calls.values()),
                "statuses": dict(self.statuses),
                "violations": {str(name): count for name, count in self.violations.items()},
                "deprecated": dict(self.deprecated),
                "habilitations": dict(self.habilitations),
                "user_agents": dict(self.user_agents),
                "in_flight": self.now_in_flight,
                "peak_in_flight": self.peak_in_flight,
            }


def agent_violation(agent: str) -> Violation | None:
    """Tell whether a `User-Agent` names no client: missing, or a library's default.

    >>> agent_violation("python-requests/2.32.3"), agent_violation("prefill/1.0 (+mailto:a@b.fr)")
    (<Violation.LIBRARY_USER_AGENT: 'library_user_agent'>, None)
    """
    name = agent.strip().partition("/")[0].partition(" ")[0]
    if not name:
        return Violation.NO_USER_AGENT
    return Violation.LIBRARY_USER_AGENT if LIBRARY_AGENT.fullmatch(name) else None
