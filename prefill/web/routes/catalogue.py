"""What can be asked: forms, sources, and the OpenAPI document."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app
from werkzeug.wrappers import Response as AnyResponse

from prefill.domain.permissions import CANDIDATE
from prefill.web.context import parts
from prefill.web.openapi import openapi as build_openapi
from prefill.web.params import _form, _forms
from prefill.web.rendering import dossier as dossier_rendering
from prefill.web.rendering.catalogue import render_form, render_forms, render_sources
from prefill.web.rendering.json_schema import json_schema as form_json_schema
from prefill.web.rendering.prefill import render_prefill
from prefill.web.responses import _answer

routes = Blueprint("catalogue", __name__)


@routes.get("/v1/schemas")
def schemas() -> AnyResponse:
    return _answer(render_forms(_forms(CANDIDATE)))


@routes.get("/v1/schemas/<name>")
def schema(name: str) -> AnyResponse:
    return _answer(render_form(_form(name, CANDIDATE)))


@routes.get("/v1/schemas/<name>/schema.json")
def json_schema(name: str) -> AnyResponse:
    return _answer(form_json_schema(_form(name, CANDIDATE)), media="application/schema+json")


@routes.get("/v1/sources")
def sources() -> AnyResponse:
    return _answer(render_sources())


@routes.get("/openapi.json")
def openapi() -> AnyResponse:
    return _answer(openapi_document())


def openapi_document() -> dict[str, Any]:
    """Give the OpenAPI document, made once."""
    cached: dict[str, Any] | None = current_app.extensions.get("prefill.openapi")
    if cached is None:
        example = render_prefill(parts().example(), "fr")
        cached = current_app.extensions["prefill.openapi"] = build_openapi(
            _forms(CANDIDATE), example, dossier_rendering.operations(), dossier_rendering.SECURITY
        )
    return cached
