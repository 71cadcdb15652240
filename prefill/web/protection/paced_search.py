"""The company search as one visitor may see it: a page that others brought is as late as the call that brought it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from prefill.company_search.upstream.cache import key_of
from prefill.company_search.upstream.client import TYPING_SECONDS, Lookup, Lookups
from prefill.company_search.upstream.parameters import Parameters
from prefill.company_search.upstream.records import Page
from prefill.domain.catalogue import OPEN_DIRECTORY
from prefill.web.protection.pacing import Visit, VisitMemory, delay_after, jitter


@dataclass(frozen=True, slots=True)
class PacedLookups:
    """Pages that this visitor had are known; the others are asked for, whether a call is needed or not."""

    lookups: Lookups
    visits: VisitMemory
    visitor: str

    def known(self, parameters: Parameters) -> Lookup | None:
        return self.lookups.known(parameters) if self.visits.has(self._visit(parameters)) else None

    def remembered(self, parameters: Parameters) -> Page | None:
        return self.lookups.remembered(parameters)

    def fetch(
        self,
        parameters: Parameters,
        *,
        patience: float = 0.0,
        seconds: float = TYPING_SECONDS,
        abandoned: threading.Event | None = None,
    ) -> Lookup:
        began, visit = time.monotonic(), self._visit(parameters)
        found = self.lookups.fetch(parameters, patience=patience, seconds=seconds, abandoned=abandoned)
        if found.current and not self.visits.has(visit):
            left = began + delay_after(found.seconds) + jitter() - time.monotonic()
            (abandoned or threading.Event()).wait(max(0.0, left))
            self.visits.add(visit)
        return found

    def _visit(self, parameters: Parameters) -> Visit:
        return self.visitor, "", OPEN_DIRECTORY.name, key_of(parameters)
