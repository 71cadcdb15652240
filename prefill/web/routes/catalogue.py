"""What can be asked: forms, sources, and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.authoring.grammar.form_grammar import form_grammar
from prefill.domain.permissions import CANDIDATE, Caller
from prefill.problems import Language
from prefill.web.context import app_context, current_caller, current_forms
from prefill.web.openapi.document import build_document
from prefill.web.openapi.operations import Facts, describe
from prefill.web.openapi.parameters import form_names, parameter
from prefill.web.openapi.texts import text
from prefill.web.params import find_form, visible_forms
from prefill.web.rendering.catalogue import render_form, render_forms, render_sources
from prefill.web.rendering.json_schema import json_schema as form_json_schema
from prefill.web.rendering.prefill import render_prefill
from prefill.web.rendering.schemas import FormSchema, FormsSchema, SourcesSchema
from prefill.web.responses import cacheable_json

DOCUMENTS = "prefill.openapi"  # built, by language
FORM_ID = parameter("name", "path", text("L'identifiant du formulaire.", "The form's id."), "dume", enum=form_names)

blueprint = Blueprint("catalogue", __name__)


@blueprint.get("/v1/schemas")
@describe(
    "listSchemas", text("Lister les formulaires", "List the forms"), text("Les formulaires.", "The forms."), FormsSchema
)
def schemas() -> AnyResponse:
    return _for_caller(render_forms(visible_forms(_caller())))


@blueprint.get("/v1/schemas/grammar.json")
@describe(
    "formGrammar",
    text(
        "Donner le JSON Schema des fichiers de formulaires, pour un éditeur",
        "Give the JSON Schema of form files, for an editor",
    ),
    text("Un JSON Schema.", "A JSON Schema."),
    media="application/schema+json",
)
def grammar() -> AnyResponse:
    """The JSON Schema of form files."""
    return cacheable_json(form_grammar(), media="application/schema+json")


@blueprint.get("/v1/schemas/<name>")
@describe(
    "showSchema",
    text("Montrer un formulaire", "Show a form"),
    text("Le formulaire.", "The form."),
    FormSchema,
    (FORM_ID,),
    problems=("schema_unknown",),
)
def schema(name: str) -> AnyResponse:
    return _for_caller(render_form(find_form(name, _caller())))


@blueprint.get("/v1/schemas/<name>/schema.json")
@describe(
    "jsonSchema",
    text("Donner le JSON Schema des données d'un formulaire", "Give the JSON Schema of a form's data"),
    text("Un JSON Schema.", "A JSON Schema."),
    None,
    (FORM_ID,),
    media="application/schema+json",
    problems=("schema_unknown",),
)
def json_schema(name: str) -> AnyResponse:
    return _for_caller(form_json_schema(find_form(name, _caller())), media="application/schema+json")


def _caller() -> Caller:
    """An agent who presents its credentials is shown the forms for agents, anybody else those for candidates."""
    return current_caller() if "Authorization" in request.headers else CANDIDATE


def _for_caller(payload: Mapping[str, Any], media: str = "application/json") -> AnyResponse:
    response = cacheable_json(payload, media=media)
    response.vary.add("Authorization")
    return response


@blueprint.get("/v1/sources")
@describe(
    "listSources",
    text("Lister le catalogue des sources", "List the catalogue"),
    text("Les sources.", "The sources."),
    SourcesSchema,
)
def sources() -> AnyResponse:
    return cacheable_json(render_sources())


@blueprint.get("/openapi.json")
@describe(
    "openapi",
    text("Donner la description OpenAPI", "Give this document"),
    text("La description OpenAPI.", "This document."),
    parameters=(
        parameter(
            "Accept-Language",
            "header",
            text(
                "en (par défaut) ou fr : la langue des descriptions.",
                "en (default) or fr: the language of descriptions.",
            ),
            "en",
        ),
    ),
)
def openapi() -> AnyResponse:
    french = request.accept_languages.best_match(["en", "fr"], default="en") == "fr"
    response = cacheable_json(openapi_document("fr" if french else "en"))
    response.vary.add("Accept-Language")
    return response


def openapi_document(language: Language) -> dict[str, Any]:
    """Return the OpenAPI document of the application, built once for each language and each reading of the forms."""
    forms, documents = current_app.extensions.get(DOCUMENTS, (None, {}))
    if forms is not current_forms():
        documents = {}
        current_app.extensions[DOCUMENTS] = current_forms(), documents
    if language not in documents:
        facts = Facts(visible_forms(CANDIDATE), render_prefill(app_context().example(), "fr"))
        rules, views = current_app.url_map.iter_rules(), current_app.view_functions
        documents[language] = build_document(rules, views, facts, language)
    document: dict[str, Any] = documents[language]
    return document
