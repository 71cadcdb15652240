"""The agent's dossier as JSON, and its operations in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from prefill.domain.answers import Answer
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.identifiers import siren_of
from prefill.dossier.builder import build_dossier
from prefill.dossier.mentions import ARTICLE, EXPLANATION, Mention
from prefill.dossier.model import Detail, Document, Dossier, Proof
from prefill.dossier.outside import host_of
from prefill.dossier.states import TONES, WORDS, State
from prefill.dossier.themes import Theme
from prefill.forms.filling import Provenance
from prefill.forms.model import Field
from prefill.prefilling.service import Answered, Prefill
from prefill.problems import Language
from prefill.web.openapi import ACCEPT_LANGUAGE, operation, parameter
from prefill.web.rendering.dossier_schemas import DossierProgressShape, DossierShape
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
        "siren": prefill.company.siren,
        "object": asked.object,
        "form": asked.form,
        "complete": prefill.filled.complete,
        "company": _details(dossier.company),
        "mentions": _mentions(dossier.mentions, language),
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
    filled, siren = event.filled(), siren_of(asked.number)
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
        "retry_in": proof.retry_in,
    }


def _mentions(mentions: Iterable[Mention], language: Language) -> dict[str, Any] | None:
    entries = list(mentions)
    return {"article": ARTICLE, "explanation": EXPLANATION[language], "entries": entries} if entries else None


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


SECURITY = {
    "agentKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "An agent's key, made by `prefill tenant key new` (pfk_…).",
    },
    "identityToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An OpenID Connect token of an identity provider that the tenant believes.",
    },
}
ANY_PROOF: list[dict[str, list[str]]] = [{name: []} for name in SECURITY]
REFUSALS = (
    "siret_malformed", "siret_checksum", "parameter_invalid", "unauthorized", "forbidden", "company_unknown",
    "company_undisclosed", "too_many_attempts", "upstream_misconfigured", "audit_unavailable",
)  # fmt: skip
FAILURES = ("document_unknown", "document_refused", "document_unavailable")


def operations() -> dict[str, dict[str, Any]]:
    """Describe the agent's operations."""
    siret = parameter(
        "siret", "path", "SIRET (14 digits) or SIREN (9 digits: its head office); spaces and dots are allowed.",
        "00000100800010",
    )  # fmt: skip
    procedure = {
        **parameter(
            "object",
            "query",
            "The procedure, sent to the registers and written in the audit trail.",
            "2026-TRX-014",
            minLength=1,
            maxLength=49,
        ),
        "required": True,
    }
    every = parameter(
        "all", "query", "1 also asks the sources that do not concern such a company.", "", enum=["0", "1"]
    )
    on_request = parameter(
        "with", "query", "Sources to query although they are not by default, separated by commas.", "cotisations_msa"
    )
    known = sorted(source.name for source in SOURCES if source.documents)
    source = parameter("source", "path", "The source, by its name in the catalogue.", known[0], enum=known)
    first = {
        **parameter(
            "from",
            "query",
            "The rank of the first document to pack: an archive holds what the quota of downloads allows, and its header `Link` (rel=next) is the address of the next.",
            "",
        ),
        "schema": {"type": "integer", "minimum": 1},
    }
    rank = {**parameter("n", "path", "The document's number, from 1.", ""), "schema": {"type": "integer", "minimum": 1}}
    found = {
        "/v1/dossiers/{siret}": operation(
            "dossier", "Draw up the dossier of a company", DossierShape, "The dossier, as far as the registers go.",
            [siret, procedure, every, on_request, ACCEPT_LANGUAGE], problems=REFUSALS,
        ),
        "/v1/dossiers/{siret}/documents/{source}": _file(
            "document", "Give the first document of a source", [siret, source, procedure], "application/pdf"
        ),
        "/v1/dossiers/{siret}/documents/{source}/{n}": _file(
            "documentN", "Give a document of a source", [siret, source, rank, procedure], "application/pdf"
        ),
        "/v1/dossiers/{siret}/documents.zip": _file(
            "documents", "Pack every document with a summary and its sums", [siret, procedure, every, on_request, first], "application/zip"
        ),
    }  # fmt: skip
    return {path: {**one, "security": ANY_PROOF} for path, one in found.items()}


def _file(name: str, summary: str, parameters: list[dict[str, Any]], media: str) -> dict[str, Any]:
    failures = FAILURES if media == "application/pdf" else ()
    described = operation(
        name, summary, None, "The file.", [*parameters, ACCEPT_LANGUAGE], problems=(*REFUSALS, *failures), media=media
    )
    body: Mapping[str, Any] = {"schema": {"type": "string", "format": "binary"}}
    both = {"application/pdf": body, "application/zip": body} if failures else {media: body}
    described["responses"]["200"]["content"] = both
    return described
