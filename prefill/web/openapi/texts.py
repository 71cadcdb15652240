"""Descriptions in both languages: the document speaks one of them, chosen when it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefill.problems import Language

Text = Mapping[Language, str]


def text(fr: str, en: str) -> Text:
    return {"fr": fr, "en": en}


def described(fr: str, en: str, **metadata: Any) -> dict[str, Any]:
    """The metadata of a marshmallow field: its description, and what else the document shows of it."""
    return {"description": text(fr, en), **metadata}
