"""The JSON Schema of a form's data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefill.forms.model import Field, Form, Type

JSON_TYPES: Mapping[Type, dict[str, Any]] = {
    Type.STRING: {"type": "string"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
}


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
        choices = {"enum": list(dict.fromkeys(part.choices.values()))} if part.choices else {}
        return {"title": part.label, **JSON_TYPES[part.type], **choices}
    return {"title": part.label, "type": "array", "items": _object(_keys(part))}


def _keys(part: Field) -> dict[str, Any]:
    return {item.name: {"title": item.label, **JSON_TYPES[item.type]} for item in part.items}


def _with_entry(known: dict[str, Any] | None, part: Field) -> dict[str, Any]:
    constants = {key: {"const": value} for key, value in part.constants.items()}
    if part.type is Type.LIST:
        entry = {"title": part.label, **_object({**constants, **_keys(part)}), "required": [*constants]}
    else:
        entry = {
            "title": part.label,
            **_object({**constants, "value": JSON_TYPES[part.type]}),
            "required": [*constants, "value"],
        }
    entries = known["items"]["anyOf"] if known else []
    return {"type": "array", "items": {"anyOf": [*entries, entry]}}
