"""The OpenAPI description of the HTTP interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from prefill import __version__
from prefill.domain.roles import Role
from prefill.forms.model import Form
from prefill.problems import Problem, every_problem
from prefill.web.rendering.privacy import PrivacyNoticeSchema
from prefill.web.rendering.schemas import (
    FormSchema,
    FormsSchema,
    PrefillSchema,
    ProblemSchema,
    ReadinessSchema,
    SourcesSchema,
)


def openapi(
    forms: Mapping[str, Form],
    example: Mapping[str, Any],
    more: Mapping[str, Mapping[str, Any]] | None = None,
    security: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Make the OpenAPI document from the shapes; `example` is a real answer.

    `more` holds other operations by path: the one of GET, or one by method.
    """
    spec = APISpec(
        title="prefill",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "From a SIRET to the fields of a public tender form (DUME), with provenance and reasons."},
        plugins=[MarshmallowPlugin(schema_name_resolver=lambda schema: _name(schema))],
        servers=[{"url": "/"}],
    )
    for name, scheme in {**SECURITY, **(security or {})}.items():
        spec.components.security_scheme(name, dict(scheme))
    for path, described in {**_operations(forms, example), **(more or {})}.items():
        spec.path(path=path, operations=dict(described) if described.keys() <= METHODS else {"get": described})
    document: dict[str, Any] = spec.to_dict()
    return document


METHODS = frozenset({"get", "post"})


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema").removesuffix("Shape")


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
    role = parameter(
        "role", "query", "Whose fields of a form about several companies: a role of the ESPD.", "",
        enum=[one.value for one in Role], default=Role.SOLE_TENDERER.value,
    )  # fmt: skip
    extra = parameter(
        "with", "query", f"Sources asked only on demand, separated by commas: {', '.join(on_demand)}.", ""
    )
    receipt = parameter(
        "receipt",
        "query",
        "The procedure's reference: the answer then holds a signed receipt of what the registers said.",
        "",
    )
    only = parameter(
        "fields", "query",
        "The fields wanted, separated by commas: aliases, paths, or JSON pointers above or inside them. "
        "Only the sources that feed them are asked. All of the form by default.", "",
    )  # fmt: skip
    return {
        "/v1/prefill/{siret}": {**operation(
            "prefill", "Fill a form from a SIRET", PrefillSchema, "The form, as far as the registers go.",
            [siret, schema, role, only, extra, receipt, *TENANT, ACCEPT_LANGUAGE, _IF_NONE_MATCH, _LAST_EVENT_ID, REQUEST_ID], example=example,
            problems=("siret_malformed", "siret_checksum", "field_unknown", "source_unknown", "source_refused", "cross_site_request", "tenant_unknown",
                      "company_unknown", "schema_unknown", "company_undisclosed", "too_many_requests", "unauthorized", "forbidden", "too_many_attempts", "upstream_misconfigured"),
            more={"304": {"description": "The answer has not changed."}}, events=PREFILL_EVENTS,
        ), "security": [{}, {"integratorKey": []}]},
        "/v1/schemas": operation("listSchemas", "List the forms", FormsSchema, "The forms."),
        "/v1/schemas/{id}": operation("showSchema", "Show a form", FormSchema, "The form.", [form_id], problems=("schema_unknown",)),
        "/v1/schemas/{id}/schema.json": operation(
            "jsonSchema", "Give the JSON Schema of a form's data", None, "A JSON Schema.", [form_id],
            problems=("schema_unknown",), media="application/schema+json",
        ),
        "/v1/notice": operation(
            "notice", "Tell what a candidate is informed of before the first call", PrivacyNoticeSchema,
            "Who asks, for which buyer, which registers, for how long, with which rights.",
            [schema, *TENANT, ACCEPT_LANGUAGE, _IF_NONE_MATCH], problems=("schema_unknown", "tenant_unknown"),
            more={"304": {"description": "The notice has not changed."}},
        ),
        "/v1/sources": operation("listSources", "List the catalogue", SourcesSchema, "The sources."),
        "/healthz": operation("health", "Tell that the process is alive", None, "Alive."),
        "/readyz": operation(
            "readiness", "Tell whether the service can work, and what is wrong", ReadinessSchema, "Ready.",
            more={"503": {"description": "Not ready.", "content": {"application/json": {"schema": ReadinessSchema}}}},
        ),
        "/openapi.json": operation("openapi", "Give this document", None, "This document."),
        "/metrics": {
            **operation("metrics", "Give the metrics", None, "Prometheus text.", problems=("not_found",), media="text/plain"),
            "security": [{}, {"operatorToken": []}],
        },
        "/v1/prefill.js.json": operation("script", "Name the release of the form script", None, "Path, version, integrity."),
        "/v1/prefill.js": operation("scriptLatest", "Give the form script", None, "The script.", media="text/javascript"),
        "/v1/prefill.mjs": operation("moduleLatest", "Give the form script as a module", None, "The module.", media="text/javascript"),
        "/v1/prefill.css": operation("style", "Give the style of the form script", None, "The style sheet.", media="text/css"),
        "/v1/prefill@{name}": operation(
            "scriptByVersion", "Give a release of the script by its version", None, "The script.", [_RELEASE],
            problems=("not_found",), media="text/javascript",
        ),
        "/v1/prefill-{name}": operation(
            "scriptByContent", "Give a release of the script by its content", None, "The script.", [_RELEASE],
            problems=("not_found",), media="text/javascript",
        ),
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
    events: str | None = None,
    body: Mapping[str, Any] | None = None,
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
        **({"requestBody": {"required": True, "content": dict(body)}} if body else {}),
        "responses": {
            "200": {
                "description": description,
                "content": {media: content, **_event_stream(events)},
                "headers": RESPONSE_HEADERS,
            },
            **refusals,
            **(more or {}),
            "default": _refusal([Problem]),
        },
    }


def _event_stream(events: str | None) -> dict[str, Any]:
    return {"text/event-stream": {"schema": {"type": "string", "description": events}}} if events else {}


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
        "content": {"application/problem+json": {"schema": ProblemSchema, "examples": examples}},
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
REQUEST_ID = parameter(
    "X-Request-ID", "header", "Names the request in the log and in the answer; one is made when it is absent.", ""
)
TENANT = (
    parameter("tenant", "query", "The buyer, where the page's origin does not tell.", ""),
    parameter("X-Prefill-Tenant", "header", "The buyer, as `tenant`.", ""),
)
SECURITY = {
    "operatorToken": {"type": "http", "scheme": "bearer", "description": "The value of `PREFILL_METRICS_TOKEN`."},
    "integratorKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "The key of a server that fills forms, made by `prefill tenant key new … --calls` (pfk_…).",
    },
}
RESPONSE_HEADERS = {"X-Request-ID": {"description": "Names the request in the log.", "schema": {"type": "string"}}}
PREFILL_EVENTS = (
    "Server-sent events, when `Accept` prefers them: `fields` (Progress) as each source answers, `done` with the whole "
    "answer, or `problem`. Beyond the streams that a process holds, the plain answer is given."
)
_LAST_EVENT_ID = parameter(
    "Last-Event-ID", "header", "The last event that was received: those before are left out.", ""
)
_RELEASE = parameter("name", "path", "A version or a hash, with its extension.", "0.1.0.js")
_IF_NONE_MATCH = parameter("If-None-Match", "header", "The ETag of an earlier answer.", "")
