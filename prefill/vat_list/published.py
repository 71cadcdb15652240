"""Read the list that the DGFIP publishes on data.gouv.fr (« Numéros de TVA intracommunautaire français »).

CSV with semicolons. `vat_no` is a number without its « FR »: a key of two characters and the SIREN; a SIREN with several
numbers has several lines. `issued_date` and `validity_date`, where they are, are ISO days.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from prefill.vat_list.numbers import BYTES, place_of, usual_key

NUMBER = re.compile(r"[0-9A-Z]{2}[0-9]{9}", re.ASCII)
VAT, ISSUED, VALID = "vat_no", "issued_date", "validity_date"
KNOWN_COLUMNS = {VAT, ISSUED, VALID}
UNREADABLE_PART = 0.01  # of the lines: beyond, the file is not what it seems


class InvalidList(ValueError):
    """The file is not the list; the message is a sentence for the operator."""


@dataclass(slots=True)
class PublishedList:
    """What a list says.

    Attributes:
        day: the newest day on which it says that a number was given.
        lines: how many numbers it holds, `unreadable` how many of its lines are none.
        sure: a bit for each SIREN with the usual number; `unsure` for those that have another, or one to come.
    """

    day: date | None = None
    lines: int = 0
    unreadable: int = 0
    sure: bytearray = field(default_factory=lambda: bytearray(BYTES), repr=False)
    unsure: bytearray = field(default_factory=lambda: bytearray(BYTES), repr=False)

    def bits(self) -> bytes:
        """A bit for each SIREN whose only number is the usual one: what the others have is asked of the DGFIP."""
        sure, unsure = (int.from_bytes(bits, "little") for bits in (self.sure, self.unsure))
        return (sure & ~unsure).to_bytes(BYTES, "little")


def read_published(path: Path, today: date) -> PublishedList:
    """Read the list. Raises `InvalidList` when it is not one, or not understood, and `OSError`."""
    found = PublishedList()
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(stream, delimiter=";")
            _check_columns(lines.fieldnames or ())
            for line in lines:
                _add(found, line, today.isoformat())
    except (UnicodeDecodeError, csv.Error) as fault:
        raise InvalidList("Ce fichier n'est pas un texte CSV en UTF-8.") from fault
    if not found.lines:
        raise InvalidList("Cette liste est vide.")
    if found.unreadable > UNREADABLE_PART * found.lines:
        raise InvalidList(f"{found.unreadable} lignes sur {found.lines + found.unreadable} ne sont pas des numéros.")
    return found


def _check_columns(names: object) -> None:
    columns = set(names) if isinstance(names, list) else set()
    if VAT not in columns:
        raise InvalidList(f"Ce n'est pas la liste de la DGFIP : sa première ligne ne nomme pas la colonne « {VAT} ».")
    unknown = sorted(columns - KNOWN_COLUMNS)
    if unknown:
        raise InvalidList(f"Cette liste a des colonnes que prefill ne connaît pas : {', '.join(unknown)[:200]}.")


def _add(found: PublishedList, line: dict[str, str], today: str) -> None:
    number = line[VAT] or ""
    if not NUMBER.fullmatch(number) or not _luhn(number[2:]):
        found.unreadable += 1
        return
    place = place_of(number[2:])
    found.lines += 1
    issued, valid = line.get(ISSUED) or "", line.get(VALID) or ""
    certain = number[:2] == usual_key(number[2:]) and max(issued, valid) <= today
    (found.sure if certain else found.unsure)[place >> 3] |= 1 << (place & 7)
    if issued <= today and (found.day is None or issued > found.day.isoformat()):
        found.day = _day(issued) or found.day


def _partial_sum(four: int) -> int:
    """The part of the Luhn sum that four digits of a SIREN bring, the second and the fourth doubled."""
    digits = [int(digit) for digit in f"{four:04d}"]
    return digits[0] + digits[2] + sum(2 * digit - 9 * (digit > 4) for digit in (digits[1], digits[3]))


SUMS = tuple(_partial_sum(four) for four in range(10_000))


def _luhn(siren: str) -> bool:
    """The Luhn check of nine digits, quick enough for millions of them."""
    return (SUMS[int(siren[:4])] + SUMS[int(siren[4:8])] + int(siren[8])) % 10 == 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
