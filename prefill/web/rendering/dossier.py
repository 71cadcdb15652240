"""The agent's dossier as JSON, and its operations in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from marshmallow import fields

from prefill.domain.answers import Status
from prefill.domain.catalogue import SOURCES
from prefill.domain.identifiers import siren_of
from prefill.dossier.builder import build_dossier
from prefill.dossier.mentions import ARTICLE, EXPLANATION, Mention
from prefill.dossier.model import Detail, Document, Dossier, Proof
from prefill.dossier.outside import host_of
from prefill.dossier.states import TONES, WORDS, State, Tone
from prefill.dossier.themes import Theme
from prefill.forms.model import Field, Type
from prefill.prefilling.service import Answered, Prefill
from prefill.problems import Language
from prefill.web.openapi import ACCEPT_LANGUAGE, operation, parameter
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.prefill import render_notices, render_sources_asked
from prefill.web.rendering.schemas import FormHeader, NoticeSchema, ResponseSchema, SourceStatus, by_name


class ItemShape(ResponseSchema):
    name = fields.String(required=True)
    label = fields.String(required=True)
    type = fields.Enum(Type, by_value=True, required=True)


class DetailShape(ItemShape):
    value = fields.Raw(required=True, metadata={"description": "Of that type; for a list, objects of its items."})
    items = fields.List(fields.Nested(ItemShape), metadata={"description": "What the objects of a list may hold."})
    source = fields.String(required=True, metadata={"example": "effectifs_boeth"})


class DocumentShape(ResponseSchema):
    n = fields.Integer(required=True, metadata={"description": "Its number among those of its source, from 1."})
    title = fields.String(required=True)
    href = fields.String(
        required=True,
        metadata={
            "description": "Where this service serves the file, or the link to another site when `host` is there."
        },
    )
    host = fields.String(
        metadata={"description": "The third party that keeps the file, which this service does not fetch."}
    )


class OriginShape(ResponseSchema):
    source = fields.String(required=True)
    producer = fields.String(required=True)
    retrievedAt = fields.DateTime(attribute="retrieved_at")
    stale = fields.Boolean(metadata={"description": "Kept from an earlier answer: the source fails today."})


class StateShape(ResponseSchema):
    source = fields.String(required=True, metadata={"example": "attestations_sociales_acoss"})
    title = fields.String(required=True)
    producer = fields.String(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    word = fields.String(
        required=True, metadata={"description": "The state as an agent says it.", "example": "délivrée"}
    )
    message = fields.String(required=True, metadata={"description": "One sentence for the agent."})
    tone = fields.Enum(Tone, by_value=True, required=True, metadata={"description": "How a page marks the state."})
    folded = fields.Boolean(required=True, metadata={"description": "Whether a page may fold the row away."})
    retryIn = fields.Float(attribute="retry_in", metadata={"description": "Seconds."})


class ProofShape(StateShape):
    validUntil = fields.Date(attribute="valid_until", metadata={"description": "The next end of validity."})
    expiresSoon = fields.Boolean(attribute="expires_soon", metadata={"description": "Within thirty days."})
    details = fields.List(fields.Nested(DetailShape), required=True)
    documents = fields.List(fields.Nested(DocumentShape), required=True)
    link = fields.String(metadata={"description": "Where the public may search."})
    proves = fields.String(metadata={"description": "What the proof states."})
    holdsUntil = fields.String(attribute="holds_until", metadata={"description": "Until when it holds."})
    cautions = fields.List(
        fields.String(), required=True, metadata={"description": "What a reader could wrongly conclude."}
    )
    perimeter = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Who never has this proof, though in order: why it may not have been delivered."},
    )
    alternative = fields.String(metadata={"description": "The other way to get it."})
    provenance = fields.List(fields.Nested(OriginShape), required=True)
    replacements = fields.List(
        fields.Nested(StateShape),
        metadata={"description": "What is served in place of a withdrawn service."},
    )


class ThemeShape(ResponseSchema):
    id = fields.String(required=True)
    title = fields.String(required=True)
    proofs = fields.List(fields.Nested(ProofShape), required=True)


class ExpiryShape(ResponseSchema):
    source = fields.String(required=True)
    title = fields.String(required=True)
    validUntil = fields.Date(attribute="valid_until", required=True)


class MentionShape(ResponseSchema):
    source = fields.String(required=True, metadata={"example": "extraits_rcs_infogreffe"})
    text = fields.String(required=True, metadata={"description": "The register's own words."})
    date = fields.Date(attribute="day", metadata={"description": "The register's date of the entry."})


class MentionsShape(ResponseSchema):
    """Entries of the registers of companies to be read: quoted, never judged."""

    article = fields.String(required=True, metadata={"example": "L2141-3"})
    explanation = fields.String(required=True)
    entries = fields.List(fields.Nested(MentionShape), required=True)


class CountShape(ResponseSchema):
    state = fields.Enum(State, by_value=True, required=True)
    word = fields.String(required=True)
    tone = fields.Enum(Tone, by_value=True, required=True)
    number = fields.Integer(required=True)


class DossierShape(ResponseSchema):
    siret = fields.String(metadata={"example": "55204944776279"})
    siren = fields.String(required=True, metadata={"example": "552049447"})
    object = fields.String(required=True, metadata={"description": "The procedure.", "example": "2026-TRX-014"})
    form = fields.Nested(FormHeader, data_key="schema", required=True)
    complete = fields.Boolean(
        required=True, metadata={"description": "False when a source failed: asking again may bring more."}
    )
    company = fields.List(fields.Nested(DetailShape), required=True)
    mentions = fields.Nested(MentionsShape, metadata={"description": "Absent when no register has such an entry."})
    counts = fields.List(
        fields.Nested(CountShape),
        required=True,
        metadata={"description": "How many proofs are in each state, those to ask of the candidate first."},
    )
    expiring = fields.List(
        fields.Nested(ExpiryShape), required=True, metadata={"description": "What expires soon, the soonest first."}
    )
    themes = fields.List(fields.Nested(ThemeShape), required=True)
    notices = fields.List(fields.Nested(NoticeSchema), required=True)
    sources = by_name(SourceStatus, "How each source answered, by its name.")


class DossierProgressShape(ResponseSchema):
    """What one source brings, as long as others are awaited."""

    source = fields.String(required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    answered = fields.Integer(required=True)
    expected = fields.Integer(required=True)
    company = fields.List(fields.Nested(DetailShape), required=True)
    mentions = fields.Nested(MentionsShape)
    themes = fields.List(fields.Nested(ThemeShape), required=True)


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
        "provenance": _origins(proof),
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


def _origins(proof: Proof) -> list[dict[str, Any]]:
    """Say who says so: the answer of the proof's own call, and those that its details came from."""
    own = {proof.answer.source: proof.answer} if proof.answer and proof.answer.retrieved_at else {}
    found = {
        name: {"source": name, "producer": proof.source.producer, "retrieved_at": one.retrieved_at, "stale": one.stale or None}
        for name, one in own.items()
    }  # fmt: skip
    for detail in proof.details:
        one = detail.provenance
        found.setdefault(one.source, {
            "source": one.source, "producer": one.producer, "retrieved_at": one.retrieved_at, "stale": one.stale or None,
        })  # fmt: skip
    return list(found.values())


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
