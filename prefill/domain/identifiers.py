"""SIRET, SIREN and RNA numbers, from what people type to what the registers know.

A number stays a string: leading zeros matter. The check digits follow ISO/IEC 7812 (Luhn), with
La Poste's exception, whose establishments sum to a multiple of five instead.
"""

from __future__ import annotations

import re
import unicodedata

from prefill.problems import SiretChecksum, SiretMalformed

LA_POSTE = "356000000"
LA_POSTE_HEAD_OFFICE = "35600000000048"
LONGEST_INPUT = 100

# What people type between the digits, and the invisible marks that come along when they paste.
_SEPARATORS = re.compile(r"[\s.\-_/\u00ad\u200b-\u2015\u202a-\u202e\u2060-\u2069\u2212\ufeff]+")
_RNA = re.compile(r"W[0-9][0-9A-Z][0-9]{7}")
_GROUPS = {
    "siren": ("sa clé SIREN (les 9 premiers chiffres) est fausse", "its SIREN (the first 9 digits) fails the check"),
    "siret": ("sa clé SIRET (les 14 chiffres) est fausse", "its 14 digits fail the SIRET check"),
}


def parse(text: str) -> str:
    """Read a SIRET (14 digits) or a SIREN (9 digits) as people write it.

    >>> parse("552 049 447 76279")
    '55204944776279'
    >>> parse("552.049.447")
    '552049447'

    Raise `SiretMalformed` or `SiretChecksum`, which say what was seen.
    """
    number = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text[:LONGEST_INPUT]))
    if not re.fullmatch(r"[0-9]{14}|[0-9]{9}", number) or len(text) > LONGEST_INPUT:
        raise _malformed(number)
    if not luhn(number[:9]):
        raise _checksum(number, "siren")
    if len(number) == 14 and not valid_siret(number):
        raise _checksum(number, "siret")
    return number


def parse_entry(text: str) -> str:
    """Read what names a company: a SIRET, a SIREN, or the RNA number of an association.

    >>> parse_entry(" w751 234567 "), parse_entry("552 049 447")
    ('W751234567', '552049447')
    """
    number = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text[:LONGEST_INPUT])).upper()
    return number if is_rna(number) and len(text) <= LONGEST_INPUT else parse(text)


def is_rna(number: str) -> bool:
    """Tell whether a number is one of the national register of associations.

    >>> is_rna("W9M1000123"), is_rna("552049447")
    (True, False)
    """
    return _RNA.fullmatch(number) is not None


def luhn(number: str) -> bool:
    """Tell whether a string of digits passes the Luhn check.

    >>> luhn("732829320"), luhn("732829321")
    (True, False)
    """
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def valid_siren(siren: str) -> bool:
    """Tell whether a text can be a SIREN.

    >>> valid_siren("732829320"), valid_siren("732829321"), valid_siren("99999999")
    (True, False, False)
    """
    return re.fullmatch(r"[0-9]{9}", siren) is not None and luhn(siren)


def valid_siret(siret: str) -> bool:
    """Tell whether 14 digits can be a SIRET, La Poste's own rule included.

    >>> valid_siret("35600000000048"), valid_siret("35600000049837"), valid_siret("35600000009076")
    (True, True, False)
    """
    if not re.fullmatch(r"[0-9]{14}", siret):
        return False
    if siret.startswith(LA_POSTE):
        return siret == LA_POSTE_HEAD_OFFICE or sum(map(int, siret)) % 5 == 0
    return luhn(siret)


def holds_number(text: str) -> bool:
    """Tell whether somebody wrote a SIRET or a SIREN in what should hold none.

    >>> holds_number("form-552049447_76279"), holds_number("dce1f5a0-9a3b"), holds_number("123456789")
    (True, False, False)
    >>> holds_number("５５２０４９４４７"), holds_number("³" * 9)  # read as they are typed elsewhere
    (True, False)
    """
    text = unicodedata.normalize("NFKC", text)
    runs = (_SEPARATORS.sub("", text.replace(":", "")), *re.findall(r"[0-9]+", text))
    return any((len(run) == 9 and luhn(run)) or valid_siret(run) for run in runs if re.fullmatch(r"[0-9]+", run))


def siren_of(number: str) -> str:
    """Give the SIREN that a SIRET begins with."""
    return number[:9]


def spaced(number: str) -> str:
    """Write a SIRET or a SIREN in the usual groups; an RNA number has none.

    >>> spaced("55204944776279"), spaced("W751234567")
    ('552 049 447 76279', 'W751234567')
    """
    if is_rna(number):
        return number
    return " ".join(part for part in (number[:3], number[3:6], number[6:9], number[9:]) if part)


def _malformed(number: str) -> SiretMalformed:
    digits = sum(character in "0123456789" for character in number)
    others = len(number) - digits
    seen = f"celui-ci en compte {digits}" + (f" et {others} autre(s) caractère(s)" if others else "")
    seen_en = f"this one has {digits}" + (f" and {others} other character(s)" if others else "")
    return SiretMalformed(seen=seen, seen_en=seen_en, digits=digits)


def _checksum(number: str, group: str) -> SiretChecksum:
    french, english = _GROUPS[group]
    return SiretChecksum(number=spaced(number), group=group, group_fr=french, group_en=english)
