"""A prefill as JSON.

Names inside `data` follow ESPD/UBL; JSON pointers tie the rest to them. The OpenAPI document is made from the same
marshmallow schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prefill.domain.answers import Answer
from prefill.domain.catalogue import CATALOGUE
from prefill.forms.filling import FilledForm
from prefill.forms.model import Form, value_at
from prefill.forms.reasons import Missing
from prefill.prefilling.notices import Notice
from prefill.prefilling.service import Prefill
from prefill.problems import Language
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import PrefillSchema, ProgressSchema


def render_prefill(prefill: Prefill, language: Language, receipt: str | None = None) -> dict[str, Any]:
    """Write a finished prefill as the JSON of the API, with its receipt when one was asked for."""
    form = prefill.request.form
    return dump(PrefillSchema, {
        "siret": prefill.company.siret,
        "siren": prefill.company.siren or None,
        "form": form,
        "complete": prefill.filled.complete,
        **render_filled(form, prefill.filled, language),
        "sources": render_outcomes(prefill.answers),
        "notices": render_notices(prefill.notices, language),
        "receipt": receipt,
    })  # fmt: skip


def render_outcomes(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Say how each source answered, without what would tell a candidate whether others asked before."""
    return {name: _outcome(answer) for name, answer in _distinct(answers).items()}


def render_sources_asked(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Say how each source answered, and how the answer was had: for agents."""
    return {name: _source_status(answer) for name, answer in _distinct(answers).items()}


def render_notices(notices: Iterable[Notice], language: Language) -> list[dict[str, Any]]:
    return [{"code": one.code, "message": one.message(language), **one.links} for one in notices]


def render_filled(form: Form, filled: FilledForm, language: Language) -> dict[str, Any]:
    """Write the fields alone, as far as they are known: the members that a progressive answer grows."""
    return {
        "data": filled.data,
        "provenance": {pointer: _provenance(pointer, one) for pointer, one in filled.provenance.items()},
        "missing": {path: _missing(missing, language) for path, missing in filled.missing.items()},
        "aliases": _aliases(form, filled),
        "synonyms": _synonyms(form, filled) or None,
    }


def render_progress(form: Form, answer: Answer, news: FilledForm, language: Language, **counts: int) -> dict[str, Any]:
    """Write what one answer brings: `news` holds only that, `counts` are `answered` and `expected`."""
    payload = render_filled(form, news, language)
    touched = {one.field for one in news.provenance.values()} | set(news.missing)
    named = {part.alias for part in form.fields if part.path in touched}
    aliases = {alias: place for alias, place in payload["aliases"].items() if alias in named}
    return dump(
        ProgressSchema, {"source": answer.source, "status": answer.status, **counts, **payload, "aliases": aliases}
    )


def _provenance(pointer: str, one: Any) -> dict[str, Any]:
    return _known(
        source=one.source,
        producer=one.producer,
        retrievedAt=one.retrieved_at and one.retrieved_at.date().isoformat(),
        asOf=one.as_of and one.as_of.isoformat(),
        field=None if one.field == pointer else one.field,
        confirm=one.confirm or None,
        stale=one.stale or None,
        fallback=one.fallback or None,
        fix=one.fix and one.fix.url,
    )


def _missing(missing: Missing, language: Language) -> dict[str, Any]:
    return _known(
        reason=missing.reason.value,
        source=missing.source,
        message=missing.message(language),
        retryAfter=missing.retry_after and float(missing.retry_after),
        fix=missing.fix and missing.fix.url,
    )


def _known(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _aliases(form: Form, filled: FilledForm) -> dict[str, str]:
    places = {one.field: pointer for pointer, one in filled.provenance.items()}
    return {part.alias: places.get(part.path, part.path) for part in form.fields if part.alias}


def _synonyms(form: Form, filled: FilledForm) -> dict[str, tuple[str, ...]]:
    """Other ways of writing the values of the fields that have a table of them."""
    tables = {part.path: part.synonyms for part in form.fields if part.synonyms and part.path in filled.provenance}
    words = {path: table.other_words(str(value_at(filled.data, path))) for path, table in tables.items()}
    return {path: others for path, others in words.items() if others}


def _distinct(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """One entry for each source, in the catalogue's order: one answer may stand for several, best the one with data."""
    given = list(answers.values())
    replaced = [one.stand_in.replaced for one in given if one.stand_in and one.stand_in.replaced]
    ordered = sorted([*replaced, *given], key=lambda answer: answer.ok)
    found = {answer.source: answer for answer in ordered}
    return {name: found[name] for name in CATALOGUE if name in found}


def _source_status(answer: Answer) -> dict[str, Any]:
    seconds = 0.0 if answer.cached else float(answer.seconds)
    return _outcome(answer) | _known(cached=answer.cached, seconds=seconds, requestId=answer.request_id)


def _outcome(answer: Answer) -> dict[str, Any]:
    return _known(
        status=answer.status.value,
        cause=answer.cause and answer.cause.value,
        code=answer.code,
        retryAfter=answer.retry_after and float(answer.retry_after),
        stale=answer.stale or None,
    )
