"""The directory as its callers meet it: a rate that any second must keep, a ban for whoever goes on, then answers."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from prefill.sandbox.contract.faults import Delivery, Response
from prefill.sandbox.contract.journal import Journal, Violation
from prefill.sandbox.directory.answers import KNOWN, Refusal, answer, write
from prefill.sandbox.directory.units import Unit, units_on
from prefill.sandbox.model import SandboxCompany

PATH = "/search"
PER_SECOND = 7
JSON = "application/json"
PAGE_429 = b"<html><head><title>429 Too Many Requests</title></head></html>"


class Directory:
    """Searches the sandbox's companies; `ban_after` calls refused with 429 end in closed connections."""

    def __init__(
        self,
        companies: Iterable[SandboxCompany],
        *,
        journal: Journal,
        timestamp: Callable[[], float],
        ban_after: int,
        scale: float = 1.0,
    ) -> None:
        self._companies = tuple(companies)
        self._journal = journal
        self._timestamp = timestamp
        self._ban_after = ban_after
        self._per_second = round(PER_SECOND * max(1.0, scale))
        self._lock = threading.Lock()
        self._units: tuple[date | None, tuple[Unit, ...]] = (None, ())
        self._recent: dict[str, deque[float]] = {}
        self._refused: Counter[str] = Counter()

    def search(self, query: Mapping[str, str], *, address: str, today: date) -> Response:
        if self._refused[address] > self._ban_after:
            self._journal.violation(Violation.CALLED_WHILE_BANNED)
            return Response(0, delivery=Delivery.RESET)
        if self._is_over(address):
            return Response(429, PAGE_429, {"Retry-After": "1"}, "text/html")
        if set(query) - KNOWN:
            self._journal.violation(Violation.UNKNOWN_PARAMETER)
        try:
            return Response(200, write(answer(self._units_of(today), query)), content_type=JSON)
        except Refusal as refusal:
            self._journal.violation(Violation.REFUSED_PARAMETER)
            return Response(400, write({"erreur": str(refusal)}), content_type=JSON)

    def _is_over(self, address: str) -> bool:
        """Count a call in the second that ends now; those refused do not count, and may end in a ban."""
        now = self._timestamp()
        with self._lock:
            recent = self._recent.setdefault(address, deque())
            while recent and now - recent[0] >= 1.0:
                recent.popleft()
            if len(recent) < self._per_second:
                recent.append(now)
                return False
            self._refused[address] += 1
            banned = self._refused[address] > self._ban_after
        self._journal.violation(Violation.OVER_QUOTA, *([Violation.BANNED] if banned else []))
        return True

    def _units_of(self, today: date) -> tuple[Unit, ...]:
        if self._units[0] != today:
            self._units = (today, units_on(self._companies, today))
        return self._units[1]
