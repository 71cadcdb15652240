"""What can be asked: forms, sources, and the OpenAPI document."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app
from werkzeug.wrappers import Response as AnyResponse

from prefill.domain.permissions import CANDIDATE
from prefill.web.context import app_context
from prefill.web.openapi import openapi as build_openapi
from prefill.web.params import find_form, visible_forms
from prefill.web.rendering import companies as companies_rendering
from prefill.web.rendering import dossier as dossier_rendering
from prefill.web.rendering import espd as espd_rendering
from prefill.web.rendering import receipts as receipt_rendering
from prefill.web.rendering import tender as tender_rendering
from prefill.web.rendering.catalogue import render_form, render_forms, render_sources
from prefill.web.rendering.json_schema import json_schema as form_json_schema
from prefill.web.rendering.prefill import render_prefill
from prefill.web.responses import cacheable_json

blueprint = Blueprint("catalogue", __name__)


@blueprint.get("/v1/schemas")
def schemas() -> AnyResponse:
    return cacheable_json(render_forms(visible_forms(CANDIDATE)))


@blueprint.get("/v1/schemas/<name>")
def schema(name: str) -> AnyResponse:
    return cacheable_json(render_form(find_form(name, CANDIDATE)))


@blueprint.get("/v1/schemas/<name>/schema.json")
def json_schema(name: str) -> AnyResponse:
    return cacheable_json(form_json_schema(find_form(name, CANDIDATE)), media="application/schema+json")


@blueprint.get("/v1/sources")
def sources() -> AnyResponse:
    return cacheable_json(render_sources())


@blueprint.get("/openapi.json")
def openapi() -> AnyResponse:
    return cacheable_json(openapi_document())


def openapi_document() -> dict[str, Any]:
    """Give the OpenAPI document, made once."""
    cached: dict[str, Any] | None = current_app.extensions.get("prefill.openapi")
    if cached is None:
        example = render_prefill(app_context().example(), "fr")
        cached = current_app.extensions["prefill.openapi"] = build_openapi(
            visible_forms(CANDIDATE),
            example,
            {
                **tender_rendering.operations(),
                **receipt_rendering.operations(),
                **companies_rendering.operations(),
                **espd_rendering.operations(),
                **dossier_rendering.operations(),
            },
            dossier_rendering.SECURITY,
        )
    return cached
