"""What goes over the wire: JSON of the answers, the forms, the sources and the problems, with their OpenAPI.

Names inside `data` follow ESPD/UBL; JSON pointers tie the rest to them. Everything is dumped through
marshmallow, and the OpenAPI document is made from the same schemas.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields, post_dump

from prefill import __version__
from prefill.errors import Language, Problem, every_problem
from prefill.mapping import Field, Filled, Form, Missing, Reason, Type
from prefill.notices import SENTENCES as NOTICES
from prefill.notices import Notice
from prefill.service import Prefill
from prefill.sources import CATALOGUE, Answer, Source, Status

VOLATILE = ("seconds", "cached", "requestId", "retryAfter")
JSON_TYPES: Mapping[Type, dict[str, Any]] = {
    Type.STRING: {"type": "string"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
}

# -- the shapes -------------------------------------------------------------------------------------


class Shape(Schema):
    @post_dump
    def without_nothing(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """What is not known is not written."""
        return {key: value for key, value in data.items() if value is not None}


class FormHeader(Shape):
    id = fields.String(required=True, metadata={"example": "dume"})
    version = fields.String(required=True, metadata={"example": "1"})
    title = fields.String(required=True, metadata={"example": "Document unique de marché européen"})


class ProvenanceShape(Shape):
    source = fields.String(
        required=True, metadata={"description": "Name in the catalogue.", "example": "etablissements"}
    )
    producer = fields.String(required=True, metadata={"example": "Insee"})
    retrievedAt = fields.DateTime(metadata={"description": "When the register said so (ISO 8601)."})
    field = fields.String(
        metadata={"description": "The form's path, when it is not the pointer itself (entry of a list)."}
    )
    confirm = fields.Boolean(metadata={"description": "The candidate should look at it twice."})
    stale = fields.Boolean(metadata={"description": "Kept from an earlier answer: the source fails today."})


class MissingShape(Shape):
    reason = fields.Enum(Reason, by_value=True, required=True)
    source = fields.String(metadata={"example": "extraits_rcs_infogreffe"})
    message = fields.String(required=True, metadata={"description": "One sentence for the candidate."})
    retryAfter = fields.Float(metadata={"description": "Seconds."})


class SourceStatus(Shape):
    status = fields.Enum(Status, by_value=True, required=True)
    cause = fields.String(metadata={"example": "timeout"})
    code = fields.String(metadata={"description": "API Entreprise's own error code.", "example": "02002"})
    cached = fields.Boolean(required=True)
    seconds = fields.Float(required=True)
    requestId = fields.String(metadata={"description": "What API Entreprise's support asks for."})
    retryAfter = fields.Float(metadata={"description": "Seconds."})
    stale = fields.Boolean()


class NoticeShape(Shape):
    code = fields.String(required=True, metadata={"enum": sorted(NOTICES)})
    message = fields.String(required=True)
    siret = fields.String(metadata={"description": "The SIRET that was answered, when another was asked for."})
    successor = fields.String(metadata={"description": "SIRET of a closed establishment's successor."})


class Written(fields.Dict):
    """Objects by name, in the shape of its values, which a function below writes: an answer holds a hundred."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **_: Any) -> Any:
        return value


def by_name(shape: type[Schema], description: str) -> Written:
    return Written(
        keys=fields.String(), values=fields.Nested(shape), required=True, metadata={"description": description}
    )


class PrefillShape(Shape):
    siret = fields.String(metadata={"example": "55204944776279"})
    siren = fields.String(required=True, metadata={"example": "552049447"})
    form = fields.Nested(FormHeader, data_key="schema", required=True)
    complete = fields.Boolean(
        required=True, metadata={"description": "False when a source failed: asking again may bring more."}
    )
    data = fields.Dict(
        required=True, metadata={"description": "What is known, in the form's own shape (see its JSON Schema)."}
    )
    provenance = by_name(ProvenanceShape, "Who says so, by JSON pointer under `data`.")
    missing = by_name(MissingShape, "Every other field of the form, by its path, and why it has no value.")
    sources = by_name(SourceStatus, "How each source answered, by its name.")
    notices = fields.List(fields.Nested(NoticeShape), required=True)
    aliases = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True,
        metadata={"description": "The form's short names, and where each one's value stands in this answer."},
    )  # fmt: skip


class ProgressShape(Shape):
    """What one source brings, as long as others are awaited: members as in the whole answer."""

    source = fields.String(required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    answered = fields.Integer(required=True, metadata={"description": "How many sources have answered."})
    expected = fields.Integer(required=True, metadata={"description": "How many are asked, as far as is known."})
    data = fields.Dict(required=True)
    provenance = by_name(ProvenanceShape, "Of the values that this source brings.")
    missing = by_name(MissingShape, "The fields that are now known to have no value.")
    aliases = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class ProblemShape(Shape):
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


class FieldShape(Shape):
    path = fields.String(required=True)
    label = fields.String(required=True)
    type = fields.Enum(Type, by_value=True, required=True)
    alias = fields.String()
    confirm = fields.Boolean()
    onDemand = fields.Boolean(attribute="on_demand")
    sources = fields.List(fields.String(), required=True)


class FormShape(FormHeader):
    description = fields.String()
    audience = fields.String(required=True)
    sources = fields.List(fields.String(), required=True)
    onDemand = fields.List(fields.String(), required=True, metadata={"description": "Sources that `with` may name."})
    fields_ = fields.List(fields.Nested(FieldShape), data_key="fields")


class FormsShape(Shape):
    schemas = fields.List(fields.Nested(FormShape), required=True)


class SourceShape(Shape):
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


class SourcesShape(Shape):
    sources = fields.List(fields.Nested(SourceShape), required=True)


class CheckShape(Shape):
    name = fields.String(required=True)
    ok = fields.Boolean(required=True)
    message = fields.String(required=True)


class ReadinessShape(Shape):
    ready = fields.Boolean(required=True)
    sandbox = fields.Boolean(required=True)
    checks = fields.List(fields.Nested(CheckShape), required=True)


# -- rendering --------------------------------------------------------------------------------------


def render_prefill(prefill: Prefill, language: Language) -> dict[str, Any]:
    """Write a finished prefill as the JSON of the API."""
    form = prefill.request.form
    return dump(PrefillShape, {
        "siret": prefill.company.siret,
        "siren": prefill.company.siren,
        "form": form,
        "complete": prefill.filled.complete,
        **render_filled(form, prefill.filled, language),
        "sources": render_sources_asked(prefill.answers),
        "notices": render_notices(prefill.notices, language),
    })  # fmt: skip


def render_sources_asked(answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Say how each source answered."""
    return {name: _source_status(answer) for name, answer in _distinct(answers).items()}


def render_notices(notices: Iterable[Notice], language: Language) -> list[dict[str, Any]]:
    return [{"code": one.code, "message": one.message(language), **one.links} for one in notices]


def render_filled(form: Form, filled: Filled, language: Language) -> dict[str, Any]:
    """Write the fields alone, as far as they are known: the members that a progressive answer grows."""
    return {
        "data": filled.data,
        "provenance": {pointer: _provenance(pointer, one) for pointer, one in filled.provenance.items()},
        "missing": {path: _missing(gap, language) for path, gap in filled.missing.items()},
        "aliases": _aliases(form, filled),
    }


def render_progress(form: Form, answer: Answer, news: Filled, language: Language, **counts: int) -> dict[str, Any]:
    """Write what one answer brings: `news` holds only that, `counts` are `answered` and `expected`."""
    payload = render_filled(form, news, language)
    touched = {one.field for one in news.provenance.values()} | set(news.missing)
    named = {part.alias for part in form.fields if part.path in touched}
    aliases = {alias: place for alias, place in payload["aliases"].items() if alias in named}
    return dump(
        ProgressShape, {"source": answer.source, "status": answer.status, **counts, **payload, "aliases": aliases}
    )


def _provenance(pointer: str, one: Any) -> dict[str, Any]:
    return _known(
        source=one.source,
        producer=one.producer,
        retrievedAt=one.retrieved_at and one.retrieved_at.isoformat(),
        field=None if one.field == pointer else one.field,
        confirm=one.confirm or None,
        stale=one.stale or None,
    )


def _missing(gap: Missing, language: Language) -> dict[str, Any]:
    return _known(
        reason=gap.reason.value,
        source=gap.source,
        message=gap.message(language),
        retryAfter=gap.retry_after and float(gap.retry_after),
    )


def _known(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _aliases(form: Form, filled: Filled) -> dict[str, str]:
    places = {one.field: pointer for pointer, one in filled.provenance.items()}
    return {part.alias: places.get(part.path, part.path) for part in form.fields if part.alias}


def _distinct(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """One entry a call, in the catalogue's order: a head office's answer may stand for two sources."""
    found = {answer.source: answer for answer in answers.values()}
    return {name: found[name] for name in CATALOGUE if name in found}


def _source_status(answer: Answer) -> dict[str, Any]:
    return _known(
        status=answer.status.value,
        cause=answer.cause and answer.cause.value,
        code=answer.code,
        cached=answer.cached,
        seconds=float(answer.seconds),
        requestId=answer.request_id,
        retryAfter=answer.retry_after and float(answer.retry_after),
        stale=answer.stale or None,
    )


def render_form(form: Form) -> dict[str, Any]:
    parts = [
        {
            "path": part.path,
            "label": part.label,
            "type": part.type,
            "alias": part.alias,
            "confirm": part.confirm or None,
            "on_demand": part.on_demand or None,
            "sources": list(dict.fromkeys(origin.source for origin in part.origins)),
        }
        for part in form.fields
    ]
    header = {key: getattr(form, key) for key in ("id", "version", "title", "description", "audience")}
    return dump(FormShape, {**header, "sources": form.sources(), "onDemand": form.on_demand(), "fields_": parts})


def render_forms(forms: Mapping[str, Form]) -> dict[str, Any]:
    return {
        "schemas": [
            {key: value for key, value in render_form(form).items() if key != "fields"} for form in forms.values()
        ]
    }


def render_source(source: Source) -> dict[str, Any]:
    live = source.usable
    return dump(SourceShape, {
        "name": source.name,
        "title": source.title,
        "producer": source.producer,
        "path": source.path if live else None,
        "access": access_word(source),
        "on_demand": source.on_demand,
        "budget": source.budget.name if live else None,
        "callsPerMinute": source.budget.per_minute if live else None,
        "timeout": source.timeout if live else None,
        "fresh": source.fresh if live else None,
        "explanation": source.refusal or None,
    })  # fmt: skip


def render_sources() -> dict[str, Any]:
    return {"sources": [render_source(source) for source in CATALOGUE.values()]}


def access_word(source: Source) -> str:
    if source.withdrawn:
        return "withdrawn"
    if not source.tenders:
        return "forbidden"
    return "open" if source.open else "protected"


def render_problem(problem: Problem, language: Language, request_id: str | None = None) -> dict[str, Any]:
    """Write a refusal as RFC 9457 asks."""
    return dump(ProblemShape, {
        **problem.extensions(),
        "type": f"/docs#{problem.code}",
        "title": problem.title[language],
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail(language),
        "requestId": request_id,
    })  # fmt: skip


def write_prefill(payload: Mapping[str, Any]) -> tuple[str, str]:
    """Write a prefill as JSON, and name what it says: not what changes each time it is asked."""
    texts = {name: write(value) for name, value in payload.items()}
    body = ",".join(f"{write(name)}:{text}" for name, text in texts.items())
    sources = {
        name: {key: value for key, value in status.items() if key not in VOLATILE}
        for name, status in payload["sources"].items()
    }
    return f"{{{body}}}", etag("\n".join({**texts, "sources": write(sources)}.values()))


def write(value: Any) -> str:
    """Write JSON: accents as they are, keys in their order, no space."""
    return _WRITER.encode(value)


_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def etag(text: str) -> str:
    """Name a text by its content."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


_SHAPES: dict[type[Schema], Schema] = {}


def dump(shape: type[Schema], value: Mapping[str, Any]) -> dict[str, Any]:
    dumper = _SHAPES.get(shape) or _SHAPES.setdefault(shape, shape())
    dumped: dict[str, Any] = dumper.dump(value)
    return dumped


# -- the JSON Schema of a form's data ---------------------------------------------------------------


def json_schema(form: Form) -> dict[str, Any]:
    """Describe a form's `data`: JSON Schema, draft 2020-12; nothing is required, nothing else is allowed."""
    root: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/v1/schemas/{form.id}/schema.json",
        "title": form.title,
        **_object(),
    }
    for part in form.fields:
        *parents, last = part.place
        node = root
        for key in parents:
            node = node["properties"].setdefault(key, _object())
        node["properties"][last] = _with_entry(node["properties"].get(last), part) if part.entry else _leaf(part)
    return root


def _object(properties: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties or {}}


def _leaf(part: Field) -> dict[str, Any]:
    if part.type is not Type.LIST:
        return {"title": part.label, **JSON_TYPES[part.type]}
    items = {item.name: {"title": item.label, **JSON_TYPES[item.type]} for item in part.items}
    return {"title": part.label, "type": "array", "items": _object(items)}


def _with_entry(known: dict[str, Any] | None, part: Field) -> dict[str, Any]:
    constants = {key: {"const": value} for key, value in part.constants.items()}
    entry = {
        "title": part.label,
        **_object({**constants, "value": JSON_TYPES[part.type]}),
        "required": [*constants, "value"],
    }
    entries = known["items"]["anyOf"] if known else []
    return {"type": "array", "items": {"anyOf": [*entries, entry]}}


# -- OpenAPI ----------------------------------------------------------------------------------------


def openapi(
    forms: Mapping[str, Form],
    example: Mapping[str, Any],
    more: Mapping[str, Mapping[str, Any]] | None = None,
    security: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Make the OpenAPI document from the shapes; `example` is a real answer, `more` holds other operations."""
    spec = APISpec(
        title="prefill",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "From a SIRET to the fields of a public tender form (DUME), with provenance and reasons."},
        plugins=[MarshmallowPlugin(schema_name_resolver=lambda schema: _name(schema))],
        servers=[{"url": "/"}],
    )
    for name, scheme in (security or {}).items():
        spec.components.security_scheme(name, dict(scheme))
    for path, described in {**_operations(forms, example), **(more or {})}.items():
        spec.path(path=path, operations={"get": described})
    document: dict[str, Any] = spec.to_dict()
    return document


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Shape")


def _operations(forms: Mapping[str, Form], example: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    names = sorted(forms)
    on_demand = sorted({name for form in forms.values() for name in form.on_demand()})
    siret = parameter(
        "siret",
        "path",
        "SIRET (14 digits) or SIREN (9 digits: its head office); spaces and dots are allowed.",
        example["siret"],
    )
    form_id = parameter("id", "path", "The form's id.", names[0], enum=names)
    schema = parameter("schema", "query", "The form to fill.", "dume", enum=names, default="dume")
    extra = parameter(
        "with", "query", f"Sources asked only on demand, separated by commas: {', '.join(on_demand)}.", ""
    )
    only = parameter(
        "fields", "query",
        "The fields wanted, separated by commas: aliases, paths, or JSON pointers above or inside them. "
        "Only the sources that feed them are asked. All of the form by default.", "",
    )  # fmt: skip
    return {
        "/v1/prefill/{siret}": operation(
            "prefill", "Fill a form from a SIRET", PrefillShape, "The form, as far as the registers go.",
            [siret, schema, only, extra, ACCEPT_LANGUAGE, _IF_NONE_MATCH], example=example,
            problems=("siret_malformed", "siret_checksum", "field_unknown", "source_unknown", "source_refused",
                      "company_unknown", "schema_unknown", "company_undisclosed", "too_many_requests", "upstream_misconfigured"),
            more={"304": {"description": "The answer has not changed."}},
        ),
        "/v1/schemas": operation("listSchemas", "List the forms", FormsShape, "The forms."),
        "/v1/schemas/{id}": operation("showSchema", "Show a form", FormShape, "The form.", [form_id], problems=("schema_unknown",)),
        "/v1/schemas/{id}/schema.json": operation(
            "jsonSchema", "Give the JSON Schema of a form's data", None, "A JSON Schema.", [form_id],
            problems=("schema_unknown",), media="application/schema+json",
        ),
        "/v1/sources": operation("listSources", "List the catalogue", SourcesShape, "The sources."),
        "/healthz": operation("health", "Tell that the process is alive", None, "Alive."),
        "/readyz": operation(
            "readiness", "Tell whether the service can work, and what is wrong", ReadinessShape, "Ready.",
            more={"503": {"description": "Not ready.", "content": {"application/json": {"schema": ReadinessShape}}}},
        ),
        "/openapi.json": operation("openapi", "Give this document", None, "This document."),
    }  # fmt: skip


def operation(
    name: str,
    summary: str,
    shape: type[Schema] | None,
    description: str,
    parameters: list[dict[str, Any]] | None = None,
    *,
    problems: tuple[str, ...] = (),
    example: Mapping[str, Any] | None = None,
    media: str = "application/json",
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": shape or {"type": "object"}}
    if example:
        content["example"] = example
    by_status: dict[str, list[type[Problem]]] = {}
    for problem in every_problem():
        if problem.code in problems:
            by_status.setdefault(str(problem.status), []).append(problem)
    refusals = {status: _refusal(kinds) for status, kinds in by_status.items()}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": parameters or [],
        "responses": {
            "200": {"description": description, "content": {media: content}},
            **refusals,
            **(more or {}),
            "default": _refusal([Problem]),
        },
    }


def _refusal(kinds: list[type[Problem]]) -> dict[str, Any]:
    examples = {
        kind.code: {
            "summary": kind.title["en"],
            "value": {"code": kind.code, "title": kind.title["fr"], "status": kind.status},
        }
        for kind in kinds
    }
    return {
        "description": "; ".join(kind.title["en"] for kind in kinds) + ".",
        "content": {"application/problem+json": {"schema": ProblemShape, "examples": examples}},
    }


def parameter(name: str, place: str, description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": {"type": "string", **schema},
        **({"example": example} if example else {}),
    }


ACCEPT_LANGUAGE = parameter("Accept-Language", "header", "fr (default) or en: the language of sentences.", "fr")
_IF_NONE_MATCH = parameter("If-None-Match", "header", "The ETag of an earlier answer.", "")
