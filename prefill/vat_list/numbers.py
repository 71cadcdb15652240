"""French VAT numbers as bits: one for each SIREN that the Luhn check allows, by its first eight digits."""

from __future__ import annotations

BYTES = 10**8 // 8


def place_of(siren: str) -> int:
    """Return the place among the bits of a SIREN that passes the Luhn check.

    >>> place_of("552049447")
    55204944
    """
    return int(siren[:8])


def usual_key(siren: str) -> str:
    """Return the key that a French VAT number usually has before its SIREN.

    >>> usual_key("552081317")
    '03'
    """
    return f"{(12 + 3 * (int(siren) % 97)) % 97:02d}"
