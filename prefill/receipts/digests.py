"""Salted digests of values: a receipt holds no value, and tells whether one is still the same.

The salt stands in the receipt, so that a digest hides a value only from who does not hold the receipt: a value of a
small set (a town, a legal form) can be found by trying. The candidate who holds it has the values anyway.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from base64 import urlsafe_b64encode
from typing import Any

DIGEST_BYTES = 16
MAX_NESTED = 6  # lists and objects in each other: no register's value has more, and each level doubles the marks of the one below


def digest(salt: str, pointer: str, value: Any) -> str:
    """Digest a value at a JSON pointer, in 22 characters."""
    text = "\n".join((salt, pointer, canonical(value)))
    return encode(hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES])


def is_nested(value: Any, most: int = MAX_NESTED) -> bool:
    """Whether more lists and objects stand in each other than in any value that was signed.

    >>> is_nested([[1]], 2), is_nested({"a": [[1]]}, 2)
    (False, True)
    """
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return most == 0 or any(is_nested(one, most - 1) for one in inner)


def canonical(value: Any) -> str:
    """Write a value as a form field holds it: whoever reads it from an HTML form finds the same.

    >>> canonical(12.0), canonical(True), canonical("  MENUISERIE   DU VAL "), canonical(["b", 1])
    ('12', 'true', 'MENUISERIE DU VAL', '["b","1"]')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return json.dumps([canonical(one) for one in value], ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, dict):
        members = {key: canonical(one) for key, one in sorted(value.items())}
        return json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return " ".join(unicodedata.normalize("NFC", str(value)).split())


def encode(data: bytes) -> str:
    """Write bytes as base64url without padding, as JOSE does."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
