"""The OpenAPI description of the HTTP interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from prefill import __version__
from prefill.forms.model import Form
from prefill.problems import Problem, every_problem
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
            "prefill", "Fill a form from a SIRET", PrefillSchema, "The form, as far as the registers go.",
            [siret, schema, only, extra, ACCEPT_LANGUAGE, _IF_NONE_MATCH], example=example,
            problems=("siret_malformed", "siret_checksum", "field_unknown", "source_unknown", "source_refused",
                      "company_unknown", "schema_unknown", "company_undisclosed", "too_many_requests", "upstream_misconfigured"),
            more={"304": {"description": "The answer has not changed."}},
        ),
        "/v1/schemas": operation("listSchemas", "List the forms", FormsSchema, "The forms."),
        "/v1/schemas/{id}": operation("showSchema", "Show a form", FormSchema, "The form.", [form_id], problems=("schema_unknown",)),
        "/v1/schemas/{id}/schema.json": operation(
            "jsonSchema", "Give the JSON Schema of a form's data", None, "A JSON Schema.", [form_id],
            problems=("schema_unknown",), media="application/schema+json",
        ),
        "/v1/sources": operation("listSources", "List the catalogue", SourcesSchema, "The sources."),
        "/healthz": operation("health", "Tell that the process is alive", None, "Alive."),
        "/readyz": operation(
            "readiness", "Tell whether the service can work, and what is wrong", ReadinessSchema, "Ready.",
            more={"503": {"description": "Not ready.", "content": {"application/json": {"schema": ReadinessSchema}}}},
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
_IF_NONE_MATCH = parameter("If-None-Match", "header", "The ETag of an earlier answer.", "")
