"""The establishments of one company, as far as the upstream lists them: a SIREN never brings more than the head office.

The others come with a search for the company's own name, a hundred at most; a place narrows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from prefill.company_search.service import PATIENCE
from prefill.company_search.suggestions import Establishment, establishment, name_of
from prefill.company_search.upstream.client import Lookup, Lookups
from prefill.company_search.upstream.parameters import ALL_LISTED, POSTAL_CODE, by_number, by_text
from prefill.company_search.upstream.records import Record
from prefill.company_search.words import Text, folded, tokens
from prefill.domain.identifiers import spaced
from prefill.problems import CompanyUnknown


@dataclass(frozen=True, slots=True)
class Establishments:
    """The establishments to choose from, head office first, then those that are open; `total` counts all there are.

    `partial`: there are, or may be, more at the place asked for. `retry_after`: in how many seconds to ask again.
    """

    siren: str
    establishments: tuple[Establishment, ...] = ()
    partial: bool = False
    total: int | None = None
    retry_after: float = 0.0


@dataclass(slots=True)
class _Listing:
    """What is known so far of a unit's establishments, by SIRET."""

    record: Record
    places: dict[str, Establishment] = field(default_factory=dict)
    retry_after: float = 0.0

    def add(self, record: Record) -> None:
        for raw in (record["siege"], *record["matching_etablissements"]):
            if raw:
                self.places.setdefault(raw["siret"], establishment(raw))

    @property
    def complete(self) -> bool:
        return len(self.places) >= int(self.record["nombre_etablissements"])


def list_establishments(client: Lookups, siren: str, place: str = "") -> Establishments:
    """List a unit's establishments, at a place when one is given. Raise `CompanyUnknown`."""
    found = client.fetch(by_number(siren), patience=PATIENCE)
    record = _of(siren, found)
    if record is None:
        if found.current:
            raise CompanyUnknown(number=spaced(siren))
        return Establishments(siren, partial=True, retry_after=found.retry_after)
    listing = _Listing(record)
    listing.add(record)
    name = name_of(record)
    if name and not listing.complete:
        _extend(listing, client.fetch(by_text(folded(name), listed=ALL_LISTED), patience=PATIENCE))
    narrowed = True
    if name and place and not listing.complete:
        narrowed = _narrow(listing, client, folded(name), place)
    shown = sorted(filter(lambda one: _is_at(one, place), listing.places.values()), key=_order)
    partial = not listing.complete and not (place and narrowed)
    return Establishments(siren, tuple(shown), partial, record["nombre_etablissements"], listing.retry_after)


def _of(siren: str, found: Lookup) -> Record | None:
    records = found.page.records if found.page else ()
    return next((record for record in records if record["siren"] == siren), None)


def _extend(listing: _Listing, found: Lookup) -> Record | None:
    """Add what a search lists of the unit: none of it where homonyms hide it."""
    listing.retry_after = max(listing.retry_after, found.retry_after)
    record = _of(listing.record["siren"], found)
    if record is not None:
        listing.add(record)
    return record


def _narrow(listing: _Listing, client: Lookups, name: str, place: str) -> bool:
    """Look for those at a place; tell whether all of them were listed: of more than a hundred, a part answers."""
    text = folded(place).strip()
    parameters = (
        by_text(name, text, listed=ALL_LISTED)
        if POSTAL_CODE.fullmatch(text)
        else by_text(f"{name} {text}", listed=ALL_LISTED)
    )
    found = client.fetch(parameters, patience=PATIENCE)
    record = _extend(listing, found)
    return record is not None and found.current and record["nombre_etablissements"] <= int(ALL_LISTED)


def _is_at(one: Establishment, place: str) -> bool:
    """Tell whether an establishment is at a place, whose last word may be unfinished."""
    words = tokens(place)
    return not words or Text(one.postal_code, one.city, one.street, one.name).holds(words, unfinished=True)


def _order(one: Establishment) -> tuple[bool, bool, str, str]:
    return not one.head_office, one.closed, one.postal_code or "", one.siret
