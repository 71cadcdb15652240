"""The search: candidates for what was typed, and the establishments of one company.

The index knows whole words only. A text that finds nothing is looked for without its last word, which may be
unfinished; a text that grew from one whose answer is complete is answered from that, without a call.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from prefill.company_search.queries import TextQuery, read_text
from prefill.company_search.recognition import Kind, Typed, recognise
from prefill.company_search.suggestions import Candidate, Why, candidate, explain
from prefill.company_search.upstream.client import Lookup, Lookups, SearchClient
from prefill.company_search.upstream.parameters import LISTED, by_number
from prefill.company_search.upstream.records import Page, Record

PATIENCE = 1.3  # seconds to wait for a call's turn: a little more than the quota's window
DEFAULT_LIMIT, MAX_LIMIT = 10, 25


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The companies found.

    Attributes:
        incomplete_word: the last word finds nothing as it is, and may be the beginning of one that does.
        partial: more were found, or may be.
        retry_after: in how many seconds to ask again, where the quota is spent or the upstream fails.
    """

    companies: tuple[Candidate, ...] = ()
    incomplete_word: bool = False
    partial: bool = False
    retry_after: float = 0.0

    def first(self, limit: int) -> Suggestions:
        """At most so many."""
        cut = len(self.companies) > limit
        return replace(self, companies=self.companies[:limit], partial=self.partial or cut)


class CompanySearch:
    """Finds companies, for one process."""

    def __init__(self, client: SearchClient, *, lookups: Lookups | None = None, typists: Typists | None = None) -> None:
        self.client = client
        self.lookups = lookups or client
        self._typists = typists or Typists()

    def seen_through(self, lookups: Lookups) -> CompanySearch:
        """The same search, for whom these are the pages that are known."""
        return CompanySearch(self.client, lookups=lookups, typists=self._typists)

    def recall(self, text: str) -> Suggestions | None:
        """Answer what needs no call; None when the upstream must be asked."""
        typed = recognise(text)
        if not typed.valid:
            return Suggestions()
        if typed.kind is not Kind.NAME:
            known = self.lookups.known(by_number(_asked(typed)))
            return _of_number(typed, known) if known else None
        query = read_text(typed.value)
        return self._recall_text(query) if query.can_be_asked else Suggestions()

    def find(self, text: str, *, visitor: str = "") -> Suggestions:
        """Answer, with a call where it takes one. A later text of the same visitor ends the wait for an earlier one."""
        known = self.recall(text)
        if known is not None:
            return known
        typed = recognise(text)
        if typed.kind is not Kind.NAME:
            return _of_number(typed, self.lookups.fetch(by_number(_asked(typed)), patience=PATIENCE))
        query = read_text(typed.value)
        with self._typists.typing(visitor, query.text) as abandoned:
            return self._ask(query, abandoned)

    def best_known(self, text: str, *, retry_after: float) -> Suggestions:
        """Answer without a call, though one is needed: what is remembered of an earlier, shorter text."""
        typed = recognise(text)
        if typed.kind is not Kind.NAME:
            return Suggestions(partial=True, retry_after=retry_after)
        return self._best_known(read_text(typed.value), retry_after)

    def _ask(self, query: TextQuery, abandoned: threading.Event) -> Suggestions:
        found = self.lookups.fetch(query.parameters, patience=PATIENCE, abandoned=abandoned)
        if found.page is None:
            return self._best_known(query, found.retry_after)
        matching = _matching(query, found)
        if matching.companies or not query.may_be_unfinished:
            return matching
        base = query.base()
        if base is None:
            return Suggestions(incomplete_word=True, partial=not found.current, retry_after=found.retry_after)
        return self._without_last_word(query, base, abandoned)

    def _without_last_word(self, query: TextQuery, base: TextQuery, abandoned: threading.Event) -> Suggestions:
        known = self._recall_text(query)  # a base that became known since
        if known is not None:
            return known
        found = self.lookups.fetch(base.parameters, patience=PATIENCE, abandoned=abandoned)
        if found.page is None:
            return Suggestions(incomplete_word=True, partial=True, retry_after=found.retry_after)
        return _growing(query, found)

    def _recall_text(self, query: TextQuery) -> Suggestions | None:
        known = self.lookups.known(query.parameters)
        if known is not None:
            matching = _matching(query, known)
            if matching.companies or not query.may_be_unfinished:
                return matching
            if query.base() is None:
                return Suggestions(incomplete_word=True)
        for base in query.bases():
            lookup = self.lookups.known(base.parameters)
            if lookup and lookup.page and (known and base == query.base() or _is_conclusive(query, lookup.page)):
                return _growing(query, lookup)
        return None

    def _best_known(self, query: TextQuery, retry_after: float) -> Suggestions:
        """What an earlier, shorter text found, when the upstream cannot be asked."""
        for base in query.bases():
            page = self.lookups.remembered(base.parameters)
            if page is not None:
                return _growing(query, Lookup(page, retry_after))
        return Suggestions(partial=True, retry_after=retry_after)


class Typists:
    """Who waits for what: whoever types on does not wait any more for what was typed before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[str, threading.Event]] = {}

    @contextmanager
    def typing(self, visitor: str, text: str) -> Iterator[threading.Event]:
        """Give the event that is set when the same visitor has a longer or shorter form of the text looked for."""
        abandoned = threading.Event()
        with self._lock:
            before = self._waiting.get(visitor) if visitor else None
            self._waiting[visitor] = (text, abandoned)
        if before and (before[0].startswith(text) or text.startswith(before[0])):
            before[1].set()
        try:
            yield abandoned
        finally:
            with self._lock:
                if self._waiting.get(visitor) == (text, abandoned):
                    del self._waiting[visitor]


def _asked(typed: Typed) -> str:
    """The number to ask for: a VAT number is not known to the index, the SIREN in it is."""
    return typed.siren if typed.kind is Kind.VAT else typed.value


def _of_number(typed: Typed, found: Lookup) -> Suggestions:
    records = found.page.records if found.page else ()
    shown = [one for record in records if (one := _named_by(typed, record)) is not None]
    return Suggestions(tuple(shown), partial=not found.current, retry_after=found.retry_after)


def _named_by(typed: Typed, record: Record) -> Candidate | None:
    """Show a unit if the number typed is its own; a VAT number must be among those in force, where these are known."""
    if typed.kind is Kind.RNA:
        rna = (record["complements"] or {}).get("identifiant_association")
        return candidate(record, Why.RNA) if rna == typed.value else None
    if record["siren"] != typed.siren:
        return None
    if typed.kind is Kind.VAT and record["tva"]:
        return candidate(record, Why.VAT) if typed.value in record["tva"] else None
    if typed.kind is Kind.SIRET:
        places = [place for place in record["matching_etablissements"] if place["siret"] == typed.value]
        return candidate(record, Why.SIRET, places) if places else None
    return candidate(record, Why.SIREN)


def _matching(query: TextQuery, found: Lookup) -> Suggestions:
    """The units of a page that hold the text as it is."""
    page = found.page or Page((), 0, complete=False)
    shown = [one for record in page.records if (one := explain(record, query.terms()))]
    partial = not page.complete or not found.current
    return Suggestions(tuple(shown), partial=partial, retry_after=found.retry_after)


def _growing(query: TextQuery, found: Lookup) -> Suggestions:
    """The units of a shorter text's page that hold the longer one: as it is, then as the beginning of a word."""
    page = found.page or Page((), 0, complete=False)
    whole, begun = [], []
    for record in page.records:
        held = explain(record, query.terms())
        if held:
            whole.append(held)
        elif query.may_be_unfinished and (held := explain(record, query.terms(unfinished=True))):
            begun.append(held)
    partial = not found.current or not _is_conclusive(query, page)
    incomplete = not whole and query.may_be_unfinished and (bool(begun) or partial)
    return Suggestions((*whole, *begun), incomplete, partial, found.retry_after)


def _is_conclusive(query: TextQuery, page: Page) -> bool:
    """Whether a page says all: not when more units were found, or an unlisted establishment may be the one meant."""
    terms = query.terms(unfinished=query.may_be_unfinished)
    return page.complete and all(_lists_all(record) or explain(record, terms) for record in page.records)


def _lists_all(record: Record) -> bool:
    listed = len(record["matching_etablissements"])
    return listed < int(LISTED) or listed >= record["nombre_etablissements"]
