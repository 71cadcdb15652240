"""What agents read: a table (CSV) of every proof that is followed, and its deadlines as a calendar (RFC 5545)."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from prefill.audit.export import escape_formula
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.identifiers import spaced
from prefill.dossier.model import Proof
from prefill.dossier.states import State
from prefill.watch.awards import Award
from prefill.watch.changes import Change, day_text
from prefill.watch.run import Watch
from prefill.watch.schedule import BY_HAND, Observation, due_on

HEADINGS = (
    "Référence", "Acheteur", "SIRET", "Procédure", "Preuve", "État", "Valable jusqu'au", "Demandée le",
    "À redemander le", "Changement", "Mentions à lire", "Fin du marché",
)  # fmt: skip
FIRST_TIME = "première demande"
Row = tuple[Award, str, Observation, Change | None]


def word(proof: str, state: State) -> str:
    """Say a state of a proof in French, as the dossier does, and what must be asked by hand."""
    said = Proof(CATALOGUE[proof], state).word("fr")
    return f"à demander à la main ({said})" if state in BY_HAND else said


def rows_of(watch: Watch) -> list[Row]:
    """List the proofs that are followed: those that changed first, then those that somebody must handle."""
    rows = list(_rows(watch))
    return sorted(rows, key=lambda row: (row[3] is None, not row[2].to_handle, row[2].until or date.max))


def _rows(watch: Watch) -> Iterator[Row]:
    changes = {(change.award, change.proof): change for change in watch.state.changes if not change.written}
    for award in watch.awards:
        for proof, seen in watch.state.known.get(award.key, {}).items():
            yield award, proof, seen, changes.get((award.key, proof))


def write_table(watch: Watch) -> bytes:
    """Write the table for a French spreadsheet: semicolons, and no cell that is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(HEADINGS)
    for award, proof, seen, change in rows_of(watch):
        again = due_on(CATALOGUE[proof], award, seen)
        cells = (
            award.reference, award.tenant, spaced(award.siret), award.object, CATALOGUE[proof].title,
            word(proof, seen.state), day_text(seen.until), day_text(seen.asked),
            day_text(again if again and again <= award.ends else None),
            before(change), str(seen.mentions or ""), day_text(award.ends),
        )  # fmt: skip
        writer.writerow([escape_formula(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def before(change: Change | None) -> str:
    """Say what a proof was before it changed; nothing when it did not."""
    if change is None:
        return ""
    if change.was is None:
        return FIRST_TIME
    until = f" jusqu'au {day_text(change.was.until)}" if change.was.until else ""
    return f"était : {word(change.proof, change.was.state)}{until}"


def write_calendar(watch: Watch, now: datetime) -> bytes:
    """Write the deadlines: ends of validity, proofs that somebody must handle, ends of contracts."""
    calendar = Calendar()
    calendar.add("prodid", "-//prefill//watch//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for award, proof, seen, _ in rows_of(watch):
        title = CATALOGUE[proof].title
        if seen.to_handle:
            label = f"{title} : {word(proof, seen.state)} ({award.reference})"
            calendar.add_component(_event(award, f"{proof} handle", seen.asked, label, now))
        elif seen.until:
            label = f"{title} : fin de validité ({award.reference})"
            calendar.add_component(_event(award, f"{proof} until", seen.until, label, now))
    for award in watch.awards:
        if award.runs_on(watch.today):
            calendar.add_component(_event(award, "end", award.ends, f"Fin du marché ({award.reference})", now))
    return bytes(calendar.to_ical())


def _event(award: Award, kind: str, day: date, label: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{hashlib.sha256(f'{award.key} {kind}'.encode()).hexdigest()[:32]}@prefill")
    event.add("dtstamp", now)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", label)
    event.add("description", f"SIRET {spaced(award.siret)}, procédure {award.object}, acheteur {award.tenant}")
    event.add("transp", "TRANSPARENT")
    return event
