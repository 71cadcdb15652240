"""The agent's dossier as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from prefill.domain.answer_shapes.links import host_of
from prefill.domain.answers import Answer
from prefill.domain.catalogue import CATALOGUE
from prefill.dossier.articles import ARTICLES, DECLARED
from prefill.dossier.builder import build_dossier
from prefill.dossier.mentions import ARTICLE, EXPLANATION, Mention
from prefill.dossier.model import Detail, Document, Dossier, Proof
from prefill.dossier.states import TONES, WORDS, State
from prefill.dossier.themes import Theme
from prefill.forms.filling import Provenance
from prefill.forms.model import Field
from prefill.prefilling.service import Answered, Prefill
from prefill.problems import Language
from prefill.web.rendering.agents.dossier_schemas import DossierProgressShape, DossierShape
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.prefill import render_notices, render_sources_asked


@dataclass(frozen=True, slots=True)
class DossierView:
    """What a dossier is rendered with: the day, and which documents this service may fetch."""

    today: date
    fetchable: Callable[[str], bool]


def build_prefill_dossier(prefill: Prefill, view: DossierView) -> Dossier:
    form, siren = prefill.request.form, prefill.company.siren
    return build_dossier(form, prefill.filled, prefill.answers, siren, view.today, fetchable=view.fetchable)


def render_dossier(prefill: Prefill, view: DossierView, language: Language) -> dict[str, Any]:
    """Render a finished dossier as the JSON of the API."""
    dossier, asked = build_prefill_dossier(prefill, view), prefill.request
    return dump(DossierShape, {
        "siret": prefill.company.siret,
        "siren": prefill.company.siren or None,
        "rna": prefill.company.rna,
        "object": asked.object,
        "form": asked.form,
        "complete": prefill.filled.complete,
        "company": _details(dossier.company),
        "mentions": _mentions(dossier.mentions, language),
        "articles": _articles(dossier, language),
        "counts": [_count(state, number, language) for state, number in dossier.counts],
        "expiring": [
            {"source": one.source.name, "title": one.source.title, "valid_until": one.valid_until}
            for one in dossier.expiring
        ],
        "themes": _themes(dossier, (asked.number, asked.object), language),
        "notices": render_notices(prefill.notices, language),
        "sources": render_sources_asked(prefill.answers),
    })  # fmt: skip


def render_dossier_progress(event: Answered, view: DossierView, language: Language, answered: int) -> dict[str, Any]:
    """Render what is known so far of a dossier under way; pending proofs are left out."""
    asked = event.request
    filled, siren = event.filled(), event.company.siren if event.company else ""
    dossier = build_dossier(asked.form, filled, event.answers, siren, view.today, fetchable=view.fetchable)
    known = [proof for proof in dossier.proofs if proof.state is not State.LATE]
    return dump(DossierProgressShape, {
        "source": event.answer.source,
        "status": event.answer.status,
        "answered": answered,
        "expected": event.expected,
        "company": _details(dossier.company),
        "mentions": _mentions(dossier.mentions, language),
        "themes": _themes(dossier, (asked.number, asked.object), language, known),
    })  # fmt: skip


Asked = tuple[str, str | None]  # the number and the procedure


def _themes(
    dossier: Dossier, asked: Asked, language: Language, known: Iterable[Proof] | None = None
) -> list[dict[str, Any]]:
    kept = dossier.proofs if known is None else tuple(known)
    return [
        _theme(theme, [render_proof(proof, asked, language) for proof in proofs if proof in kept], language)
        for theme, proofs in dossier.themes
    ]


def _theme(theme: Theme, proofs: list[dict[str, Any]], language: Language) -> dict[str, Any]:
    return {"id": theme.id, "title": theme.title[language], "proofs": proofs}


def render_proof(proof: Proof, asked: Asked, language: Language) -> dict[str, Any]:
    return {
        **_state(proof, language),
        "valid_until": proof.valid_until,
        "expires_soon": proof.expires_soon or None,
        "details": _details(proof.details),
        "documents": [_document(one, asked) for one in proof.documents],
        "link": proof.link,
        "proves": proof.proves(language),
        "holds_until": proof.holds_until(language),
        "cautions": [caution[language] for caution in proof.cautions],
        "perimeter": proof.perimeter(language),
        "alternative": proof.alternative(language),
        "provenance": _origins(proof, language),
        "replacements": [_state(one, language) for one in proof.replacements] or None,
    }


def _state(proof: Proof, language: Language) -> dict[str, Any]:
    return {
        "source": proof.source.name,
        "title": proof.source.title,
        "producer": proof.source.producer,
        "state": proof.state,
        "word": proof.word(language),
        "message": proof.message(language),
        "tone": proof.tone,
        "folded": proof.folded,
        "queryable": proof.queryable or None,
        "retry_in": proof.retry_in,
    }


def _mentions(mentions: Iterable[Mention], language: Language) -> dict[str, Any] | None:
    entries = list(mentions)
    return {"article": ARTICLE, "explanation": EXPLANATION[language], "entries": entries} if entries else None


def _articles(dossier: Dossier, language: Language) -> list[dict[str, Any]]:
    known = {proof.source.name for proof in dossier.proofs}
    return [
        {
            "article": article.number,
            "title": article.title[language],
            "sources": [source for source in article.sources if source in known],
            "declaration": DECLARED[language] if article.declared else None,
        }
        for article in ARTICLES
    ]


# In a count the registers differ: each proof names its own.
ANY_REGISTER: Mapping[Language, dict[str, str]] = {
    "fr": {"by": "leur registre"},
    "en": {"producer": "their register"},
}


def _count(state: State, number: int, language: Language) -> dict[str, Any]:
    word = WORDS[state][language].format(**ANY_REGISTER[language])
    return {"state": state, "word": word, "tone": TONES[state], "number": number}


def _origins(proof: Proof, language: Language) -> list[dict[str, Any]]:
    """Say who says so: the answer of the proof's own call, and those that its details came from."""
    answer = proof.answer
    found: dict[str, dict[str, Any]] = {}
    if answer and answer.retrieved_at:
        as_of = CATALOGUE[answer.source].register_date(answer.data, answer.meta)
        found[answer.source] = _origin(answer.source, proof.source.producer, answer, as_of)
    for detail in proof.details:
        one = detail.provenance
        origin = found.setdefault(one.source, _origin(one.source, one.producer, one, one.as_of))
        if one.fix:
            origin.setdefault("fix", {"name": getattr(one.fix, language), "href": one.fix.url})
    return list(found.values())


def _origin(source: str, producer: str, asked: Answer | Provenance, as_of: date | None) -> dict[str, Any]:
    return {
        "source": source, "producer": producer, "retrieved_at": asked.retrieved_at, "as_of": as_of, "stale": asked.stale or None,
    }  # fmt: skip


def _details(details: Iterable[Detail]) -> list[dict[str, Any]]:
    return [_detail(one) for one in details]


def _detail(detail: Detail) -> dict[str, Any]:
    field = detail.field
    return {
        "name": detail.name,
        "label": field.label,
        "type": field.type,
        "value": detail.value,
        "items": _items(field) or None,
        "source": detail.provenance.source,
    }


def _items(field: Field) -> list[dict[str, Any]]:
    return [{"name": item.name, "label": item.label, "type": item.type} for item in field.items]


def _document(document: Document, asked: Asked) -> dict[str, Any]:
    if document.outside:
        return {"n": document.n, "title": document.title, "href": document.url, "host": host_of(document.url)}
    number, procedure = asked
    path = f"/v1/dossiers/{quote(number)}/documents/{document.source}/{document.n}"
    return {"n": document.n, "title": document.title, "href": f"{path}?{urlencode({'object': procedure or ''})}"}
