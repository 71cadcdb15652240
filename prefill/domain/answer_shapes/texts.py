"""Texts as registers send them, made fit to be shown: entities decoded, accents composed, invisible characters dropped."""

from __future__ import annotations

import html
import re
import unicodedata

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_BREAKS = re.compile(r"[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
# Controls, and the marks that change the direction of what follows or have no width.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
ENTITY_DEPTH = 2  # registers escape what was escaped already


def clean_text(text: str) -> str:
    r"""Clean a text of a register; an address of a file is left as it is, and one of spaces alone is empty.

    >>> clean_text("L'ATELIER &quot;PARTAGE&quot; \u202eDU\u202c GIER\x07")
    'L\'ATELIER "PARTAGE" DU GIER'
    """
    if text.startswith(("https://", "http://")):
        return text
    if _is_plain(text):
        return text if text.strip() else ""
    decoded = text
    for _ in range(ENTITY_DEPTH):
        decoded = _ENTITY.sub(lambda entity: html.unescape(entity[0]), decoded)
    shown = unicodedata.normalize("NFC", _INVISIBLE.sub("", _BREAKS.sub(" ", decoded)))
    return shown if shown.strip() else ""


def _is_plain(text: str) -> bool:
    """Tell, quickly, the texts that need nothing."""
    return "&" not in text and text.isprintable() and unicodedata.is_normalized("NFC", text)
