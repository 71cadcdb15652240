"""JSON text of a payload, written once, with its entity tag."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from prefill.web.rendering.schemas import VOLATILE


def prefill_to_json(payload: Mapping[str, Any]) -> tuple[str, str]:
    """Write a prefill as JSON, and name what it says: not what changes each time it is asked."""
    texts = {name: to_json(value) for name, value in payload.items()}
    body = ",".join(f"{to_json(name)}:{text}" for name, text in texts.items())
    sources = {
        name: {key: value for key, value in status.items() if key not in VOLATILE}
        for name, status in payload["sources"].items()
    }
    return f"{{{body}}}", etag("\n".join({**texts, "sources": to_json(sources)}.values()))


def to_json(value: Any) -> str:
    """Write JSON: accents as they are, keys in their order, no space. Half a character, which UTF-8 cannot hold, is a « ? »."""
    text = _WRITER.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def etag(text: str) -> str:
    """Name a text by its content."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


_INSTANCES: dict[type[Schema], Schema] = {}


def dump(shape: type[Schema], value: object) -> dict[str, Any]:
    dumper = _INSTANCES.get(shape) or _INSTANCES.setdefault(shape, shape())
    dumped: dict[str, Any] = dumper.dump(value)
    return dumped
