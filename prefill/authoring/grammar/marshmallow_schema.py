"""A marshmallow schema of a configuration file as a JSON Schema (draft 7), for editors that complete and check YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from prefill.config_files.schema import Among, Matching

Node = dict[str, Any]
# Our reader takes a number for a text: `version: 1` is "1". An editor sees a number.
TEXT: Mapping[str, Any] = {"type": ["string", "number"], "pattern": r"\S"}


def object_schema(schema: type[Schema], descriptions: Mapping[str, str], given: Mapping[str, Node]) -> Node:
    """Describe the keys of a table; `given` are the parts that marshmallow leaves open, by key."""
    keys = {field.data_key or name: field for name, field in schema().fields.items()}
    required = [key for key, field in keys.items() if field.required]
    properties = {
        key: {"description": descriptions.get(key, ""), **(given.get(key) or field_schema(field))}
        for key, field in keys.items()
    }
    node: Node = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**node, "required": required} if required else node


def field_schema(field: fields.Field[Any]) -> Node:
    """Describe one value; what is nested is given by the caller, who knows its descriptions."""
    if isinstance(field, fields.Boolean):
        return {"type": "boolean"}
    if isinstance(field, fields.List):
        return {"type": "array", "items": field_schema(field.inner)}
    if isinstance(field, fields.Dict):
        values = field_schema(field.value_field) if field.value_field else {}
        names = names_schema(field)
        return {"type": "object", "additionalProperties": values, **({"propertyNames": names} if names else {})}
    if isinstance(field, fields.String):
        return text_schema(field)
    raise TypeError(f"no JSON Schema for {type(field).__name__}")


def names_schema(field: fields.Field[Any]) -> Node:
    """Describe the keys of a dictionary."""
    names = field.key_field if isinstance(field, fields.Dict) else None
    rules = [rule for rule in (names.validators if names else []) if isinstance(rule, Matching)]
    return {"pattern": f"^(?:{rules[0].pattern.pattern})$"} if rules else {}


def text_schema(field: fields.Field[Any]) -> Node:
    for rule in field.validators:
        if isinstance(rule, Among):
            return {"enum": list(rule.names)}
        if isinstance(rule, Matching):
            return {"type": "string", "pattern": f"^(?:{rule.pattern.pattern})$"}
    return dict(TEXT) if field.validators else {"type": TEXT["type"]}
