"""Marshmallow schemas of the JSON answers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_dump

from prefill.domain.answers import Status
from prefill.domain.company import PERIMETERS
from prefill.domain.roles import Role
from prefill.forms.model import Type
from prefill.forms.reasons import Reason
from prefill.prefilling.notices import SENTENCES as NOTICES
from prefill.problems import every_problem

VOLATILE = ("seconds", "cached", "requestId", "retryAfter")


class ResponseSchema(Schema):
    @post_dump
    def without_none(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave out members without a value."""
        return {key: value for key, value in data.items() if value is not None}


class FormHeader(ResponseSchema):
    id = fields.String(required=True, metadata={"example": "dume"})
    version = fields.String(required=True, metadata={"example": "1"})
    title = fields.String(required=True, metadata={"example": "Document unique de marché européen"})


class ProvenanceSchema(ResponseSchema):
    source = fields.String(
        required=True, metadata={"description": "Name in the catalogue.", "example": "etablissements"}
    )
    producer = fields.String(required=True, metadata={"example": "Insee"})
    retrievedAt = fields.Date(metadata={"description": "The day when the register said so (ISO 8601)."})
    asOf = fields.Date(metadata={"description": "The day when the register itself last changed, where it says so."})
    field = fields.String(
        metadata={"description": "The form's path, when it is not the pointer itself (entry of a list)."}
    )
    confirm = fields.Boolean(metadata={"description": "The candidate should look at it twice."})
    stale = fields.Boolean(metadata={"description": "Kept from an earlier answer: the source fails today."})
    fix = fields.Url(metadata={"description": "Where the company can have the register corrected."})


class MissingSchema(ResponseSchema):
    reason = fields.Enum(Reason, by_value=True, required=True)
    source = fields.String(metadata={"example": "extraits_rcs_infogreffe"})
    message = fields.String(required=True, metadata={"description": "One sentence for the candidate."})
    retryAfter = fields.Float(metadata={"description": "Seconds."})
    fix = fields.Url(metadata={"description": "Where the company can have the register completed."})


class SourceOutcome(ResponseSchema):
    status = fields.Enum(Status, by_value=True, required=True)
    cause = fields.String(metadata={"example": "timeout"})
    code = fields.String(metadata={"description": "API Entreprise's own error code.", "example": "02002"})
    retryAfter = fields.Float(metadata={"description": "Seconds."})
    stale = fields.Boolean()


class SourceStatus(SourceOutcome):
    """How an answer was had: for agents. A candidate would learn from it what others ask."""

    cached = fields.Boolean(required=True)
    seconds = fields.Float(required=True)
    requestId = fields.String(metadata={"description": "What API Entreprise's support asks for."})


class NoticeSchema(ResponseSchema):
    code = fields.String(required=True, metadata={"enum": sorted(NOTICES)})
    message = fields.String(required=True)
    siret = fields.String(metadata={"description": "The SIRET that was answered, when another was asked for."})
    successor = fields.String(metadata={"description": "SIRET of a closed establishment's successor."})


class Prerendered(fields.Dict):
    """Objects by name that are rendered already: marshmallow would take a millisecond for the hundred of an answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **_: Any) -> Any:
        return value


def by_name(shape: type[Schema], description: str) -> Prerendered:
    return Prerendered(
        keys=fields.String(), values=fields.Nested(shape), required=True, metadata={"description": description}
    )


class PrefillSchema(ResponseSchema):
    siret = fields.String(metadata={"example": "55204944776279"})
    siren = fields.String(required=True, metadata={"example": "552049447"})
    form = fields.Nested(FormHeader, data_key="schema", required=True)
    complete = fields.Boolean(
        required=True, metadata={"description": "False when a source failed: asking again may bring more."}
    )
    data = fields.Dict(
        required=True, metadata={"description": "What is known, in the form's own shape (see its JSON Schema)."}
    )
    provenance = by_name(ProvenanceSchema, "Who says so, by JSON pointer under `data`.")
    missing = by_name(MissingSchema, "Every other field of the form, by its path, and why it has no value.")
    sources = by_name(SourceOutcome, "How each source answered, by its name.")
    notices = fields.List(fields.Nested(NoticeSchema), required=True)
    aliases = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True,
        metadata={"description": "The form's short names, and where each one's value stands in this answer."},
    )  # fmt: skip
    synonyms = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()),
        metadata={
            "description": "Other ways of writing a value, by its JSON pointer: for a list that has `France` or `FR` for `FRA`."
        },
    )  # fmt: skip
    receipt = fields.String(
        metadata={"description": "A signed receipt of what the registers said (JWS), when `receipt` asks for one."}
    )


class ProgressSchema(ResponseSchema):
    """What one source brings, as long as others are awaited: members as in the whole answer."""

    source = fields.String(required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    answered = fields.Integer(required=True, metadata={"description": "How many sources have answered."})
    expected = fields.Integer(required=True, metadata={"description": "How many are asked, as far as is known."})
    data = fields.Dict(required=True)
    provenance = by_name(ProvenanceSchema, "Of the values that this source brings.")
    missing = by_name(MissingSchema, "The fields that are now known to have no value.")
    aliases = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    synonyms = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class ProblemSchema(ResponseSchema):
    """RFC 9457."""

    type = fields.String(required=True, metadata={"example": "/docs#siret_malformed"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"enum": sorted({one.code for one in every_problem()})})
    detail = fields.String(required=True)
    requestId = fields.String()
    suggestion = fields.String(metadata={"description": "The name that was probably meant.", "example": "dume"})
    digits = fields.Integer(metadata={"description": "How many digits were seen."})
    retryAfter = fields.Float(metadata={"description": "Seconds."})
    group = fields.String(metadata={"enum": ["siren", "siret"], "description": "Which check digit fails."})
    missing = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()),
        metadata={"description": "What remains to be given: `pointer` and `message`."},
    )


class FieldSchema(ResponseSchema):
    path = fields.String(required=True)
    label = fields.String(required=True)
    type = fields.Enum(Type, by_value=True, required=True)
    alias = fields.String()
    confirm = fields.Boolean()
    onDemand = fields.Boolean(attribute="on_demand")
    declared = fields.Boolean(metadata={"description": "For the candidate alone: no register fills it."})
    optional = fields.Boolean(
        metadata={"description": "Often empty: without a value, it is in neither `provenance` nor `missing`."}
    )
    onlyFor = fields.String(
        attribute="only_for",
        metadata={"description": "The companies for which alone it can exist.", "enum": sorted(PERIMETERS)},
    )
    roles = fields.List(
        fields.Enum(Role, by_value=True),
        metadata={"description": "The roles of the companies that it is about; all when left out."},
    )
    sources = fields.List(fields.String(), required=True)


class FormSchema(FormHeader):
    description = fields.String()
    audience = fields.String(required=True)
    sources = fields.List(fields.String(), required=True)
    onDemand = fields.List(fields.String(), required=True, metadata={"description": "Sources that `with` may name."})
    sections = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "Titles of its parts, by path."}
    )
    roles = fields.List(fields.Enum(Role, by_value=True), metadata={"description": "The roles that its fields name."})
    fields_ = fields.List(fields.Nested(FieldSchema), data_key="fields")


class FormsSchema(ResponseSchema):
    schemas = fields.List(fields.Nested(FormSchema), required=True)


class SourceSchema(ResponseSchema):
    name = fields.String(required=True)
    title = fields.String(required=True)
    producer = fields.String(required=True)
    path = fields.String()
    access = fields.String(required=True, metadata={"enum": ["open", "protected", "forbidden", "withdrawn"]})
    onDemand = fields.Boolean(attribute="on_demand", required=True)
    budget = fields.String(metadata={"description": "The group of calls that API Entreprise counts together."})
    callsPerMinute = fields.Integer()
    timeoutSeconds = fields.Float(attribute="timeout")
    freshSeconds = fields.Integer(attribute="fresh")
    explanation = fields.String()


class SourcesSchema(ResponseSchema):
    sources = fields.List(fields.Nested(SourceSchema), required=True)


class CheckSchema(ResponseSchema):
    name = fields.String(required=True)
    ok = fields.Boolean(required=True)
    message = fields.String(required=True)


class ReadinessSchema(ResponseSchema):
    ready = fields.Boolean(required=True)
    sandbox = fields.Boolean(required=True)
    checks = fields.List(fields.Nested(CheckSchema), metadata={"description": "With the operator's token only."})
