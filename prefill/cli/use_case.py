"""The table of the tender use case, row by row: what answers each row, who may see it, where it is read, what it proves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prefill.cli.tables import markdown_table
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.catalogue.use_case import USE_CASE
from prefill.domain.permissions import Audience
from prefill.domain.sources import Kind, Source
from prefill.dossier.themes import ANSWERING_SOURCES, PROOFS, PUBLIC_SEARCH, REPLACEMENTS, THEMES
from prefill.forms.model import Form

HEADINGS = ("Row", "Answered by", "Candidates' forms", "Dossier", "What it proves", "What its silence means", "Also")


def use_case_tables(forms: Iterable[Form]) -> tuple[str, str]:
    """Write the table of the rows that the use case lists, and that of the rows beside them."""
    forms = tuple(forms)
    twins = {row.name for row in SOURCES if row.twin_of}
    beside = [row.name for row in SOURCES if row.name not in {*USE_CASE, *twins}]
    listed, added = (("\n".join(markdown_table(HEADINGS, _rows(names, forms)))) for names in (USE_CASE, beside))
    return listed, added


def _rows(names: Iterable[str], forms: tuple[Form, ...]) -> Iterator[tuple[str, ...]]:
    for name in names:
        row = CATALOGUE[name]
        answering = _answering(row)
        yield (
            f"`{name}`: {row.title} ({row.producer})",
            _answered_by(row, answering),
            _read_in(answering, forms),
            _place(row, forms),
            row.proof.proves["en"] if row.proof else "",
            _silence(row),
            _remarks(row),
        )


def _answering(row: Source) -> tuple[Source, ...]:
    """The rows that answer for one: itself, and its protected twin."""
    if not row.usable:
        return ()
    names = ANSWERING_SOURCES.get(row.name, (row.name,))
    return tuple(CATALOGUE[name] for name in dict.fromkeys((row.name, *names)))


def _answered_by(row: Source, answering: tuple[Source, ...]) -> str:
    if row.withdrawn:
        replaced = ", ".join(f"`{name}`" for name in REPLACEMENTS.get(row.name, ()))
        return f"withdrawn; {replaced}" if replaced else "withdrawn"
    if not row.tenders:
        return "not asked"
    return ", ".join(f"`{source.name}` ({'open' if source.open else 'protected'})" for source in answering)


def _read_in(answering: tuple[Source, ...], forms: tuple[Form, ...]) -> str:
    names = {source.name for source in answering}
    read = (
        form.id + ("" if names & set(form.sources()) else " (on demand)")
        for form in forms
        if form.audience is Audience.CANDIDATE and names & {*form.sources(), *form.on_demand()}
    )
    return ", ".join(read)


def _place(row: Source, forms: tuple[Form, ...]) -> str:
    """The theme of the dossier where a row stands, or the row under which its answer is shown."""
    theme = next((theme.title["en"] for theme in THEMES if row.name in theme.sources), "")
    if theme or not row.usable:
        return theme
    shown = (
        field.place[1]
        for form in forms
        for field in form.fields
        if field.place[0] == PROOFS and any(origin.source == row.name for origin in field.origins)
    )
    return ", ".join(f"under `{name}`" for name in dict.fromkeys(shown))


def _silence(row: Source) -> str:
    if not row.usable:
        return ""
    if row.proof and row.proof.delivered_only_if_in_order:
        return "neither a breach nor that there is none: ask the candidate"
    if row.proof and row.kind is Kind.DOCUMENTS and not row.open:
        return "not delivered, unknown or out of its scope: ask the candidate"
    return f"{row.silence['en']}." if row.silence else "unknown to the register, or out of its scope"


def _remarks(row: Source) -> str:
    said = (
        row.deprecated.en if row.deprecated else "",
        "Not yet in the published contract." if row.unpublished else "",
        f"The public search is {PUBLIC_SEARCH}." if row.name == "extraits_courts_inpi" else "",
        "Its files are on third parties' hosts: links only." if row.outside_documents else "",
        row.proof.caution["en"] if row.proof and row.proof.caution else "",
    )
    return " ".join(filter(None, said))
