"""The agent's dossier as JSON, and its operations in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from marshmallow import fields

from prefill.domain.answers import Status
from prefill.domain.catalogue import SOURCES
from prefill.domain.identifiers import siren_of
from prefill.dossier.builder import build_dossier
from prefill.dossier.model import Detail, Document, Dossier, Proof, State, Theme
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
    href = fields.String(required=True, metadata={"description": "Where this service gives the file."})


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
    word = fields.String(required=True, metadata={"description": "The state as an agent says it.", "example": "à jour"})
    message = fields.String(required=True, metadata={"description": "One sentence for the agent."})
    retryIn = fields.Float(attribute="retry_in", metadata={"description": "Seconds."})


class ProofShape(StateShape):
    validUntil = fields.Date(attribute="valid_until", metadata={"description": "The next end of validity."})
    expiresSoon = fields.Boolean(attribute="expires_soon", metadata={"description": "Within thirty days."})
    details = fields.List(fields.Nested(DetailShape), required=True)
    documents = fields.List(fields.Nested(DocumentShape), required=True)
    link = fields.String(metadata={"description": "Where the public may search."})
    provenance = fields.List(fields.Nested(OriginShape), required=True)
    standIns = fields.List(
        fields.Nested(StateShape),
        attribute="stand_ins",
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


class DossierShape(ResponseSchema):
    siret = fields.String(metadata={"example": "55204944776279"})
    siren = fields.String(required=True, metadata={"example": "552049447"})
    object = fields.String(required=True, metadata={"description": "The procedure.", "example": "2026-TRX-014"})
    form = fields.Nested(FormHeader, data_key="schema", required=True)
    complete = fields.Boolean(
        required=True, metadata={"description": "False when a source failed: asking again may bring more."}
    )
    company = fields.List(fields.Nested(DetailShape), required=True)
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
    themes = fields.List(fields.Nested(ThemeShape), required=True)


def build_prefill_dossier(prefill: Prefill, today: date) -> Dossier:
    return build_dossier(prefill.request.form, prefill.filled, prefill.answers, prefill.company.siren, today)


def render_dossier(prefill: Prefill, today: date, language: Language) -> dict[str, Any]:
    """Write a finished dossier as the JSON of the API."""
    dossier, asked = build_prefill_dossier(prefill, today), prefill.request
    return dump(DossierShape, {
        "siret": prefill.company.siret,
        "siren": prefill.company.siren,
        "object": asked.object,
        "form": asked.form,
        "complete": prefill.filled.complete,
        "company": _details(dossier.company),
        "expiring": [
            {"source": one.source.name, "title": one.source.title, "valid_until": one.valid_until}
            for one in dossier.expiring
        ],
        "themes": _themes(dossier, (asked.number, asked.object), language),
        "notices": render_notices(prefill.notices, language),
        "sources": render_sources_asked(prefill.answers),
    })  # fmt: skip


def render_dossier_progress(event: Answered, today: date, language: Language, answered: int) -> dict[str, Any]:
    """Write what is known so far of a dossier under way: what is still awaited is left out."""
    asked = event.request
    dossier = build_dossier(asked.form, event.filled(), event.answers, siren_of(asked.number), today)
    known = [proof for proof in dossier.proofs if proof.state is not State.LATE]
    return dump(DossierProgressShape, {
        "source": event.answer.source,
        "status": event.answer.status,
        "answered": answered,
        "expected": event.expected,
        "company": _details(dossier.company),
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
        "provenance": _origins(proof),
        "stand_ins": [_state(one, language) for one in proof.stand_ins] or None,
    }


def _state(proof: Proof, language: Language) -> dict[str, Any]:
    return {
        "source": proof.source.name,
        "title": proof.source.title,
        "producer": proof.source.producer,
        "state": proof.state,
        "word": proof.word(language),
        "message": proof.message(language),
        "retry_in": proof.retry_in,
    }


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
            "object", "query", "The procedure, told to the registers.", "2026-TRX-014", minLength=1, maxLength=49
        ),
        "required": True,
    }
    every = parameter(
        "all", "query", "1 also asks the sources that do not concern such a company.", "", enum=["0", "1"]
    )
    known = sorted(source.name for source in SOURCES if source.documents)
    source = parameter("source", "path", "The source, by its name in the catalogue.", known[0], enum=known)
    rank = {**parameter("n", "path", "The document's number, from 1.", ""), "schema": {"type": "integer", "minimum": 1}}
    found = {
        "/v1/dossiers/{siret}": operation(
            "dossier", "Draw up the dossier of a company", DossierShape, "The dossier, as far as the registers go.",
            [siret, procedure, every, ACCEPT_LANGUAGE], problems=REFUSALS,
        ),
        "/v1/dossiers/{siret}/documents/{source}": _file(
            "document", "Give the first document of a source", [siret, source, procedure], "application/pdf"
        ),
        "/v1/dossiers/{siret}/documents/{source}/{n}": _file(
            "documentN", "Give a document of a source", [siret, source, rank, procedure], "application/pdf"
        ),
        "/v1/dossiers/{siret}/documents.zip": _file(
            "documents", "Pack every document with a summary and its sums", [siret, procedure, every], "application/zip"
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
