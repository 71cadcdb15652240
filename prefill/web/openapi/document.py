"""The OpenAPI document of an application, in one language: its routes, as they are described beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from werkzeug.routing import Rule

from prefill import __version__
from prefill.problems import Language
from prefill.web.openapi.operations import DESCRIPTION, Facts
from prefill.web.openapi.texts import text

IMPLICIT = ("HEAD", "OPTIONS")  # methods that a route answers without being asked to
INFO = text(
    "D'un SIRET aux champs d'un formulaire de marché public (DUME) : chaque valeur avec sa source, chaque absence avec sa "
    "raison.",
    "From a SIRET to the fields of a public tender form (DUME), with provenance and reasons.",
)
SECURITY_SCHEMES = {
    "operatorToken": {
        "type": "http",
        "scheme": "bearer",
        "description": text("La valeur de « PREFILL_METRICS_TOKEN ».", "The value of `PREFILL_METRICS_TOKEN`."),
    },
    "integratorKey": {
        "type": "http",
        "scheme": "bearer",
        "description": text(
            "La clé d'un serveur qui remplit des formulaires, faite par « prefill tenant key new … --calls » (pfk_…).",
            "The key of a server that fills forms, made by `prefill tenant key new … --calls` (pfk_…).",
        ),
    },
    "agentKey": {
        "type": "http",
        "scheme": "bearer",
        "description": text(
            "La clé d'un agent, faite par « prefill tenant key new » (pfk_…).",
            "An agent's key, made by `prefill tenant key new` (pfk_…).",
        ),
    },
    "identityToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": text(
            "Un jeton OpenID Connect d'un fournisseur d'identité reconnu par l'acheteur.",
            "An OpenID Connect token of an identity provider that the tenant trusts.",
        ),
    },
    "agentSession": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-prefill-session",
        "description": text(
            "La session ouverte par /signin ; chaque requête porte aussi X-Prefill-CSRF, que donne /v1/session.",
            "The session that /signin opens; each request also carries X-Prefill-CSRF, which /v1/session gives.",
        ),
    },
}


def build_document(
    rules: Iterable[Rule], views: Mapping[str, Callable[..., Any]], facts: Facts, language: Language
) -> dict[str, Any]:
    """Build the document of the routes that are described; `views` are the view functions by endpoint."""
    spec = APISpec(
        title="prefill",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": INFO},
        plugins=[MarshmallowPlugin(schema_name_resolver=_schema_name)],
        servers=[{"url": "/"}],
    )
    for name, scheme in SECURITY_SCHEMES.items():
        spec.components.security_scheme(name, dict(scheme))
    for path, method, operation in _operations(rules, views):
        spec.path(path=path, operations={method: dict(operation)})
    document: dict[str, Any] = _resolve(spec.to_dict(), facts, language)
    return document


def _operations(
    rules: Iterable[Rule], views: Mapping[str, Callable[..., Any]]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for rule in rules:
        described = getattr(views[rule.endpoint], DESCRIPTION, {})
        for method in sorted(rule.methods or ()):
            operation = described.get(method.lower()) or (described.get(None) if method not in IMPLICIT else None)
            if operation is not None:
                yield openapi_path(rule.rule), method.lower(), operation


def openapi_path(rule: str) -> str:
    """Write a rule of the router as OpenAPI does.

    >>> openapi_path("/v1/prefill/<path:number>")
    '/v1/prefill/{number}'
    >>> openapi_path("/v1/documents/<name>.<any(pdf, odt):kind>")
    '/v1/documents/{name}.{kind}'
    """
    return re.sub(r"<(?:[^<>:]+:)?(\w+)>", r"{\1}", rule)


def _schema_name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema").removesuffix("Shape")


def _resolve(node: Any, facts: Facts, language: Language) -> Any:
    """Choose the language of each text, and call what depends on the facts."""
    if callable(node):
        node = node(facts)
    if isinstance(node, Mapping):
        if node.keys() == {"fr", "en"}:
            return node[language]
        return {key: _resolve(value, facts, language) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_resolve(value, facts, language) for value in node]
    return node
