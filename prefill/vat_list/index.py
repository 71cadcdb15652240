"""The index file: a line of JSON that says its day, then 12.5 MB of bits, of which a look-up reads one byte."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from prefill.config_files.replacement import replace_file
from prefill.domain.identifiers import luhn
from prefill.vat_list.numbers import BYTES, place_of, usual_key

FORMAT = "prefill VAT list 1"
HEAD = 256  # bytes before the bits
READABLE = 0o644  # it holds what the State publishes
LASTS = timedelta(days=31)  # then numbers are asked again: one that was withdrawn meanwhile is still on the list


class InvalidIndex(ValueError):
    """The file is no index; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Index:
    """What an index says of itself, and of one SIREN.

    Attributes:
        day: of the list.
        count: how many numbers it holds.
        listed: whether that SIREN is among them.
    """

    day: date
    count: int
    listed: bool = False


class VatList:
    """The list that an index file holds. The file may be replaced at any time; an old list says nothing more."""

    def __init__(self, path: Path, *, today: Callable[[], date]) -> None:
        """Check that there is one. Raises `InvalidIndex`."""
        read_index(path)
        self._path = path
        self._today = today

    def number_of(self, siren: str) -> tuple[str, date] | None:
        """Return a SIREN's VAT number and the day of the list, when the list is recent and says it.

        It says nothing of a SIREN that is not on it, or not with the usual number alone.
        """
        try:
            index = read_index(self._path, siren)
        except InvalidIndex:  # it was replaced by something else: the number is asked as ever
            return None
        if not index.listed or self._today() - index.day > LASTS:
            return None
        return f"FR{usual_key(siren)}{siren}", index.day


def read_index(path: Path, siren: str | None = None) -> Index:
    """Read the head of an index, and whether a SIREN is in it. Raises `InvalidIndex`."""
    try:
        with path.open("rb", buffering=0) as stream:
            head = json.loads(stream.read(HEAD))
            whole = os.fstat(stream.fileno()).st_size == HEAD + BYTES
            if head["format"] == FORMAT and whole:
                listed = siren is not None and luhn(siren) and _bit(stream.fileno(), place_of(siren))
                return Index(date.fromisoformat(head["day"]), int(head["numbers"]), listed)
    except FileNotFoundError:
        raise InvalidIndex("ce fichier n'existe pas : « prefill vat import » le fait.") from None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise InvalidIndex("ce n'est pas un index de « prefill vat import ».") from fault
    raise InvalidIndex("cet index est incomplet ou d'une autre version : refaites-le avec « prefill vat import ».")


def _bit(descriptor: int, place: int) -> bool:
    byte = os.pread(descriptor, 1, HEAD + (place >> 3))
    return bool(byte) and bool(byte[0] >> (place & 7) & 1)


def write_index(path: Path, bits: bytes, day: date) -> int:
    """Write an index in one go, and return how many numbers it holds. Raises `OSError`."""
    count = int.from_bytes(bits, "little").bit_count()
    head = json.dumps({"format": FORMAT, "day": day.isoformat(), "numbers": count}).encode()
    replace_file(path, head.ljust(HEAD) + bits, READABLE)
    return count
