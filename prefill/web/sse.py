"""A prefill or a dossier as server-sent events: what each source brings as it answers, then the whole answer.

An event `fields` has the shape of the answer and holds only what is new, as `proofs` does for a dossier;
`done` is the answer itself. An event's id names the sources sent so far: they
are not sent again to a client that comes back with it (`Last-Event-ID`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain
from typing import Any

from werkzeug.datastructures import MIMEAccept

from prefill.forms.filling import FilledForm, Provenance
from prefill.forms.model import list_of, pointer_keys
from prefill.forms.reasons import Missing, Reason
from prefill.prefilling.service import Answered, Event, Finished, Heartbeat, Prefill
from prefill.problems import Language
from prefill.web.rendering.agents.dossier import DossierView, render_dossier, render_dossier_progress
from prefill.web.rendering.prefill import render_prefill, render_progress

MEDIA = "text/event-stream"
# No proxy may hold events back, and no cache keep them (nginx reads the second header).
HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
HEARTBEAT_SECONDS = 1.0
RETRY_MILLISECONDS = 2000
ENDED = "done"

Explain = Callable[[Exception], Mapping[str, Any]]
Sign = Callable[[Prefill], str | None]


def is_asked(accept: MIMEAccept) -> bool:
    """Whether a client prefers events to the plain answer."""
    return accept.best_match(["application/json", MEDIA]) == MEDIA


def render(
    events: Generator[Event, None, None],
    language: Language,
    explain: Explain,
    received: Iterable[str] = (),
    sign: Sign = lambda _: None,
) -> Iterator[str]:
    """Write a prefill as text, event by event; the first is awaited before anything is written.

    A refusal that comes first is raised: it still has a status of its own. Later the status is gone, and a
    failure becomes a last event, `problem`, rendered by `explain`. `received` names the sources of an earlier stream;
    `sign` gives the receipt of the whole answer, when one was asked for.
    """
    first = next(events)
    return _guard(events, _render_events(chain((first,), events), language, list(received), sign), explain)


def _guard(events: Generator[Event, None, None], texts: Iterator[str], explain: Explain) -> Iterator[str]:
    """Close the events when the client leaves: it waits for no register any longer."""
    with closing(events):
        try:
            yield from texts
        except Exception as fault:  # noqa: BLE001 the answer has begun: an event is the only way left to report it
            yield _event("problem", explain(fault))


def _render_events(events: Iterable[Event], language: Language, received: list[str], sign: Sign) -> Iterator[str]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    before, answered = FilledForm(), 0
    for event in events:
        if isinstance(event, Heartbeat):
            yield ":\n\n"
        elif isinstance(event, Finished):
            yield _event(ENDED, render_prefill(event.prefill, language, sign(event.prefill)), [*received, ENDED])
        else:
            after, answered = event.filled(), answered + 1
            if event.answer.source not in received:
                received.append(event.answer.source)
                yield _event("fields", _progress(event, _difference(before, after), language, answered), received)
            before = after


def render_dossier_events(
    events: Generator[Event, None, None], language: Language, explain: Explain, view: DossierView
) -> Iterator[str]:
    """Write a dossier as text, event by event, as `render` does a prefill."""
    first = next(events)
    return _guard(events, _render_dossier_events(chain((first,), events), language, view), explain)


def _render_dossier_events(events: Iterable[Event], language: Language, view: DossierView) -> Iterator[str]:
    sent: list[dict[str, Any]] = []
    answered = 0
    for event in events:
        if isinstance(event, Heartbeat):
            yield ":\n\n"
        elif isinstance(event, Finished):
            yield _event(ENDED, render_dossier(event.prefill, view, language))
        else:
            answered += 1
            yield _event("proofs", _new_proofs(render_dossier_progress(event, view, language, answered), sent))


def _new_proofs(progress: dict[str, Any], sent: list[dict[str, Any]]) -> dict[str, Any]:
    """Leave out the proofs that were sent as they are now."""
    themes = [
        {**theme, "proofs": [proof for proof in theme["proofs"] if proof not in sent]} for theme in progress["themes"]
    ]
    sent.extend(proof for theme in themes for proof in theme["proofs"])
    return {**progress, "themes": [theme for theme in themes if theme["proofs"]]}


def _progress(event: Answered, news: FilledForm, language: Language, answered: int) -> dict[str, Any]:
    form = event.request.form
    return render_progress(form, event.answer, news, language, answered=answered, expected=event.expected)


def _event(name: str, payload: Mapping[str, Any], received: Iterable[str] = ()) -> str:
    event_id = ",".join(received)
    data = json.dumps(payload, ensure_ascii=False)
    return f"event: {name}\n" + (f"id: {event_id}\n" if event_id else "") + f"data: {data}\n\n"


def _difference(before: FilledForm, after: FilledForm) -> FilledForm:
    """Keep what is new: values, and reasons other than « late »."""
    new_values = {pointer: one for pointer, one in after.provenance.items() if before.provenance.get(pointer) != one}
    reasons = {
        path: reason
        for path, reason in after.missing.items()
        if _settled(reason) and before.missing.get(path) != reason
    }
    news = FilledForm(provenance=new_values, missing=reasons)
    for one in new_values.values():
        _copy(after.data, news.data, one)
    return news


def _settled(missing: Missing) -> bool:
    return missing.reason is not Reason.LATE


def _copy(whole: Mapping[str, Any], part: dict[str, Any], one: Provenance) -> None:
    """Copy one value to the same place; for an entry of a list, the list."""
    *parents, last = pointer_keys(list_of(one.field))
    for key in parents:
        whole, part = whole[key], part.setdefault(key, {})
    part[last] = whole[last]
