"""Which register gave what a document carries, and when: the standard has notes for it, one sentence a register and day."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from prefill.domain.dates import PARIS
from prefill.forms.filling import Provenance


def sources_of(
    provenance: Mapping[str, Provenance], carried: Container[str], declared: tuple[str, ...]
) -> Iterator[str]:
    """Say who gave each place that the document carries, by its JSON pointer, then what the candidate declared."""
    places: dict[str, list[str]] = {}
    for pointer, one in provenance.items():
        if pointer in carried:
            places.setdefault(_register(one), []).append(pointer)
    for register, pointers in places.items():
        yield f"{register} : {', '.join(pointers)}"
    if declared:
        yield f"Déclaré par le candidat : {', '.join(declared)}"


def _register(one: Provenance) -> str:
    asked = f", interrogé le {one.retrieved_at.astimezone(PARIS).date().isoformat()}" if one.retrieved_at else ""
    known = f", état du {one.as_of.isoformat()}" if one.as_of else ""
    stale = ", réponse conservée" if one.stale else ""
    return f"{one.producer} ({one.source}){asked}{known}{stale}"
