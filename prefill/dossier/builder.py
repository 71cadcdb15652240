"""The agent's dossier: what each register lets the entitled buyer see, in the words an agent uses.

The figures and dates come from the instructor form `dossier` through the mapping engine; this module
adds, for every row of the tender use case, its state and what to watch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import jmespath

from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.sources import Source
from prefill.dossier.model import (
    ANSWERING_SOURCES,
    COMPANY,
    EXPIRES_SOON,
    OTHERS,
    PROOFS,
    PUBLIC_SEARCH,
    REPLACEMENTS,
    STATES,
    THEMES,
    Detail,
    Document,
    Dossier,
    Proof,
    State,
    Theme,
)
from prefill.dossier.validity import _at, _next_deadline, _state_today, _with_validity
from prefill.forms.filling import FilledForm
from prefill.forms.model import Form


def build_dossier(form: Form, filled: FilledForm, answers: Mapping[str, Answer], siren: str, today: date) -> Dossier:
    """Draw up the dossier from a filled form and the answers it came from; what has no answer yet is late."""
    asked = form.sources(frozenset(form.on_demand()))
    waiting = {name: Answer(name, Status.LATE) for name in asked}
    known = ProofContext(form, filled, {**waiting, **answers}, siren, today)
    themes = (*THEMES, *_other_theme(form))
    return Dossier(
        company=details_of(form, filled, COMPANY),
        themes=tuple((theme, tuple(_proof(CATALOGUE[name], known) for name in theme.sources)) for theme in themes),
    )


def details_of(form: Form, filled: FilledForm, *place: str) -> tuple[Detail, ...]:
    """Gather the values under a place of the form, in the form's order: whatever an integrator added is there."""
    signed = {one.field: (pointer, one) for pointer, one in filled.provenance.items()}
    parts = (part for part in form.fields if part.place[: len(place)] == place and part.path in signed)
    return tuple(
        Detail("/".join(part.place[len(place) :]), part, _at(filled.data, signed[part.path][0]), signed[part.path][1])
        for part in parts
    )


def documents_of(source: Source, answer: Answer | None) -> tuple[Document, ...]:
    """List the files that an answer names, in its order; a file without an address keeps its number."""
    if answer is None or not answer.ok or source.documents is None:
        return ()
    rows = jmespath.search(source.documents, answer.data) or []
    read = ((place, *_link(row)) for place, row in enumerate(rows, start=1))
    return tuple(Document(source.name, place, title or source.title, url) for place, url, title in read if url)


def _link(row: Any) -> tuple[str, str]:
    """Read the address and the title of a file; empty when there is none."""
    url, title = (row.get("url"), row.get("title")) if isinstance(row, Mapping) else (row, None)
    return url if isinstance(url, str) else "", " ".join(title.split()) if isinstance(title, str) else ""


@dataclass(frozen=True, slots=True)
class ProofContext:
    """All that a proof is drawn up from."""

    form: Form
    filled: FilledForm
    answers: Mapping[str, Answer]
    siren: str
    day: date


def _other_theme(form: Form) -> Iterator[Theme]:
    """Make room for the sources that an integrator's form adds."""
    placed = {name for theme in THEMES for name in theme.sources}
    named = dict.fromkeys(part.place[1] for part in form.fields if part.place[0] == PROOFS and len(part.place) > 2)
    others = tuple(name for name in named if name in CATALOGUE and name not in placed)
    if others:
        yield Theme("others", OTHERS, others)


def _proof(source: Source, known: ProofContext) -> Proof:
    details = details_of(known.form, known.filled, PROOFS, source.name)
    answer = _answer_for(source, known.answers)
    until = _next_deadline(details, known.day)
    return Proof(
        source=source,
        state=_state(source, details, answer, until, known),
        details=tuple(_with_validity(one, known.day) for one in details if one.name != "state"),
        answer=answer,
        valid_until=until,
        expires_soon=bool(until and known.day <= until <= known.day + EXPIRES_SOON),
        documents=documents_of(source, answer),
        link=PUBLIC_SEARCH.format(siren=known.siren) if source.name == "extraits_courts_inpi" else None,
        stand_ins=tuple(_proof(CATALOGUE[name], known) for name in REPLACEMENTS.get(source.name, ())),
    )


def _answer_for(source: Source, answers: Mapping[str, Answer]) -> Answer | None:
    """Choose among the calls that answer a row: the first that has something, else the first."""
    names = ANSWERING_SOURCES.get(source.name, (source.name,))
    found = [answers[name] for name in names if name in answers]
    return next((answer for answer in found if answer.ok), found[0] if found else None)


def _state(
    source: Source, details: tuple[Detail, ...], answer: Answer | None, until: date | None, known: ProofContext
) -> State:
    if not source.tenders:
        return State.FORBIDDEN
    if source.withdrawn:
        return State.WITHDRAWN
    if answer is None:
        return State.NOT_ASKED
    if answer.code in source.under_review:
        return State.UNDER_REVIEW
    state = _told(source, details, known.form) if answer.ok else STATES[answer.status]
    return _state_today(state, details, until, known.day)


def _told(source: Source, details: tuple[Detail, ...], form: Form) -> State:
    """Read the state that the form found in the answer; a form that looks for one and finds none leaves a doubt."""
    told = next((one.value for one in details if one.name == "state"), None)
    if isinstance(told, str) and told in State.__members__.values():
        return State(told)
    sought = any(part.place == (PROOFS, source.name, "state") for part in form.fields)
    return State.TO_CHECK if sought else State.AVAILABLE
