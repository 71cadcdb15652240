"""The OpenAPI document that the upstream publishes: its endpoints and the shapes of their answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from prefill.drift.reading_paths import Path as KeyPath

MAX_BYTES = 20_000_000
TRACING = frozenset({"context", "object", "recipient"})
COMPOSED = ("allOf", "anyOf", "oneOf")
ANY_KEY = "*"


class UnreadableDocument(Exception):
    """The file is not an OpenAPI document; the message says why, in French."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint as it is published.

    Attributes:
        path: with its parameters in braces.
        deprecated: whether the document says so.
        limit: the calls a minute that it gives as an example; None when it gives none.
        required: the query parameters it requires, those of tracing left out.
        answer: the JSON Schema of the body of a 200.
        document: the whole document, for references.
    """

    path: str
    deprecated: bool
    limit: int | None
    required: frozenset[str]
    answer: Mapping[str, Any]
    document: Mapping[str, Any]

    def holds(self, path: KeyPath) -> bool:
        """Tell whether an answer may have a value at this path; an object without declared keys may have any."""
        return self._holds(self.answer, path)

    def key_names(self) -> frozenset[str]:
        """List every key of an answer's `data`, at whatever depth."""
        data = self._resolve(self.answer).get("properties", {}).get("data", {})
        return frozenset(self._names(data))

    def types(self, path: KeyPath) -> frozenset[str]:
        """List the JSON types that a value may have there; empty where the document does not say."""
        schemas = [self.answer]
        for key in path:
            schemas = [self._resolve(inner)["properties"][key] for inner in schemas
                       if key in self._resolve(inner).get("properties", {})]  # fmt: skip
        return frozenset(kind for schema in schemas for kind in self._types(self._resolve(schema)))

    def _types(self, schema: Mapping[str, Any]) -> Iterator[str]:
        declared = schema.get("type", [])
        yield from declared if isinstance(declared, list) else [declared]
        if schema.get("nullable"):
            yield "null"

    def _holds(self, schema: Mapping[str, Any], path: KeyPath) -> bool:
        schema = self._resolve(schema)
        if not path:
            return True
        if "items" in schema:
            return self._holds(schema["items"], path)
        composed = [part for word in COMPOSED for part in schema.get(word, ())]
        if composed and "properties" not in schema:
            return any(self._holds(part, path) for part in composed)
        if "properties" not in schema:
            return schema.get("type") in (None, "object") and schema.get("additionalProperties") is not False
        key, *rest = path
        inner = schema["properties"].values() if key == ANY_KEY else filter(None, [schema["properties"].get(key)])
        return any(self._holds(part, tuple(rest)) for part in inner)

    def _names(self, schema: Mapping[str, Any]) -> Iterator[str]:
        schema = self._resolve(schema)
        parts = [schema["items"]] if "items" in schema else []
        parts += [part for word in COMPOSED for part in schema.get(word, ())]
        for key, inner in schema.get("properties", {}).items():
            yield key
            parts.append(inner)
        for part in parts:
            yield from self._names(part)

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for step in str(schema["$ref"]).removeprefix("#/").split("/"):
                found = found.get(step, {}) if isinstance(found, Mapping) else {}
            schema = found
        return schema


def read_document(path: Path) -> dict[str, Endpoint]:
    """Read a document, JSON or YAML, as its endpoints by path. Raise `UnreadableDocument`."""
    document = _load(path)
    paths = document.get("paths") if isinstance(document, Mapping) else None
    if not isinstance(paths, Mapping) or not paths:
        raise UnreadableDocument("ce n'est pas une description OpenAPI : elle n'a pas de « paths »")
    try:
        return {path: _endpoint(path, item["get"], document) for path, item in paths.items() if "get" in item}
    except (TypeError, ValueError, AttributeError, LookupError) as fault:
        raise UnreadableDocument("sa description d'un point d'accès ne se lit pas") from fault


def _load(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableDocument(f"il dépasse {MAX_BYTES} octets")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise UnreadableDocument(f"il ne peut pas être lu : {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise UnreadableDocument("il n'est pas en UTF-8") from fault
    try:
        return json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=_LOADER)  # noqa: S506 a safe one
    except (ValueError, yaml.YAMLError, RecursionError) as fault:
        raise UnreadableDocument("ce n'est ni du JSON ni du YAML") from fault


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, where libyaml is there


def _endpoint(path: str, operation: Mapping[str, Any], document: Mapping[str, Any]) -> Endpoint:
    found = operation["responses"].get("200") or operation["responses"].get(200) or {}
    content: Mapping[str, Any] = next(iter(found.get("content", {}).values()), {})
    limit = found.get("headers", {}).get("RateLimit-Limit", {}).get("example")
    required = (
        parameter["name"]
        for parameter in operation.get("parameters", ())
        if parameter.get("in") == "query" and parameter.get("required")
    )
    return Endpoint(
        path,
        deprecated=bool(operation.get("deprecated")),
        limit=limit if isinstance(limit, int) else None,
        required=frozenset(required) - TRACING,
        answer=content.get("schema", {}),
        document=document,
    )
