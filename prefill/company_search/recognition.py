"""What somebody typed to find a company: a SIRET, a SIREN, a VAT number, an RNA number, or a name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from prefill.domain.identifiers import luhn, valid_siret

MAX_LENGTH = 250  # characters that are read: the longest names have about two hundred

_LABEL = re.compile(r"(?:N\s*[°ºO]\s*)?(?:SIRET|SIREN|TVA|RNA)\b")
_NOISE = re.compile(r"[\W_]+")
_VAT = re.compile(r"FR([0-9A-Z]{2})([0-9]{9})")
_RNA = re.compile(r"W[0-9][0-9A-Z][0-9]{7}")
_BEGUN = re.compile(r"FR[0-9A-Z]{0,2}[0-9]*|W[0-9][0-9A-Z]*")


class Kind(StrEnum):
    EMPTY = "empty"
    SIRET = "siret"
    SIREN = "siren"
    VAT = "vat"
    RNA = "rna"
    PARTIAL = "partial"  # the beginning of a number: no name to look for
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Typed:
    """`value` is the bare number, or the text with single spaces; a number that cannot exist is not `valid`."""

    kind: Kind
    value: str
    valid: bool = True

    @property
    def siren(self) -> str:
        """The SIREN that a SIRET begins with and a VAT number ends with."""
        return self.value[-9:] if self.kind is Kind.VAT else self.value[:9]


def recognise(text: str) -> Typed:
    """Tell what was typed; numbers are cleaned of whatever stands between their digits.

    >>> recognise("SIRET : 000.001.008 00010"), recognise("fr 29000001008").kind.value
    (Typed(kind=<Kind.SIRET: 'siret'>, value='00000100800010', valid=True), 'vat')
    >>> recognise("  Menuiserie   du Val Doré ").value
    'Menuiserie du Val Doré'
    """
    plain = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text[:MAX_LENGTH])
    typed = " ".join(unicodedata.normalize("NFKC", plain).split())
    for candidate in (typed, _LABEL.sub("", typed.upper(), count=1)):
        number = _number(_NOISE.sub("", candidate.upper()))
        if number is not None:
            return number
    return Typed(Kind.NAME, typed, len(typed) > 2)


def _number(bare: str) -> Typed | None:
    """Read a bare text as a number; None when it is a name."""
    if not bare:
        return Typed(Kind.EMPTY, "", False)
    if re.fullmatch(r"[0-9]+", bare):
        return _digits(bare)
    if _VAT.fullmatch(bare):
        return Typed(Kind.VAT, bare, vat_may_exist(bare))
    if _RNA.fullmatch(bare):
        return Typed(Kind.RNA, bare)
    if _BEGUN.fullmatch(bare) and re.search(r"[0-9]", bare):
        return Typed(Kind.PARTIAL, bare, False)
    return None


def _digits(number: str) -> Typed:
    if len(number) == 9:
        return Typed(Kind.SIREN, number, luhn(number))
    if len(number) == 14:
        return Typed(Kind.SIRET, number, luhn(number[:9]) and valid_siret(number))
    return Typed(Kind.PARTIAL, number, False)


def vat_may_exist(number: str) -> bool:
    """Tell whether a French VAT number is made of a SIREN and, where its key has digits, of the key of that SIREN."""
    match = _VAT.fullmatch(number)
    if match is None or not luhn(match[2]):
        return False
    key = match[1]
    return not key.isdigit() or int(key) == (12 + 3 * (int(match[2]) % 97)) % 97
