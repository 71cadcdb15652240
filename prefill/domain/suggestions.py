"""The known name that is closest to a misspelt one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(name: str, known: Iterable[str]) -> str | None:
    """Guess which known name was meant, for a « did you mean »."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), None)
