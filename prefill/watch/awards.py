"""The file of awarded contracts, in CSV or YAML, read and checked: every mistake at once, with its line.

A YAML file is a list under `awards`; a CSV one has the same keys as headings, with commas or semicolons.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import marshmallow
from marshmallow import fields

from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.config_files.schema import FRENCH, FileSchema, listed, nested, text
from prefill.config_files.source_file import SourceFile, UnreadableFile
from prefill.config_files.yaml_file import read_yaml
from prefill.domain.identifiers import holds_number, parse
from prefill.problems import Problem

LIST = "awards"
MAX_AWARDS = 5000
MAX_PROCEDURE, MAX_REFERENCE = 49, 50  # characters; the first by API Entreprise's rule
YAML = (".yaml", ".yml")
DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d)/(\d\d)/(\d{4})")


@dataclass(frozen=True, slots=True)
class Award:
    """A contract and the company that won it.

    Attributes:
        reference: how the buyer calls the contract in what is written; never a person's address.
        object: the procedure, sent to the registers and written in the audit trail.
        tenant: the buyer's id.
        ends: the last day of the contract.
    """

    reference: str
    siret: str
    object: str
    tenant: str
    awarded: date
    ends: date

    @property
    def key(self) -> str:
        return f"{self.tenant}/{self.siret}/{self.object}"

    def runs_on(self, day: date) -> bool:
        return self.awarded <= day <= self.ends


class _Day(fields.Field[date]):
    """A day as people write it: 2026-12-31 or 31/12/2026."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> date:
        found = DAY.fullmatch(value.strip()) if isinstance(value, str) else None
        if found:
            year, month, day, *french = found.groups()
            written = "-".join((year, month, day) if year else reversed(french))
            try:
                return datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 (a day has no zone)
            except ValueError:
                pass
        raise marshmallow.ValidationError("attend une date comme 2026-12-31 ou 31/12/2026")


def _siret(value: str) -> None:
    try:
        whole = len(parse(value)) == 14
    except Problem as problem:
        raise marshmallow.ValidationError(problem.detail("fr")) from problem
    if not whole:
        raise marshmallow.ValidationError("attend un SIRET (14 chiffres), pas un SIREN")


def _procedure(value: str) -> None:
    if len(value) > MAX_PROCEDURE or not value.isprintable():
        raise marshmallow.ValidationError("attend moins de 50 caractères, sans caractère de contrôle")


def _reference(value: str) -> None:
    if len(value) > MAX_REFERENCE or not value.isprintable():
        raise marshmallow.ValidationError("attend 50 caractères au plus, sans caractère de contrôle")
    if "@" in value or holds_number(value):
        raise marshmallow.ValidationError("attend une référence du marché, sans adresse ni numéro d'entreprise")


class AwardSchema(FileSchema):
    siret = text(_siret, required=True)
    object = text(_procedure, required=True)
    tenant = text()
    awarded = _Day(required=True, error_messages=FRENCH)
    ends = _Day(required=True, error_messages=FRENCH)
    reference = text(_reference)


class AwardsSchema(FileSchema):
    awards = listed(nested(AwardSchema), "marchés", required=True)


def read_awards(path: Path, tenants: Iterable[str]) -> tuple[Award, ...]:
    """Read the file; a contract names its buyer where there are several. Raises `InvalidConfigFile`."""
    file, known = SourceFile(path), tuple(tenants)
    tree = read_yaml(file) if path.suffix.lower() in YAML else _read_csv(file)
    rows = file.load(AwardsSchema(), tree).get(LIST) or [] if file.is_valid() else []
    awards = [award for rank, row in enumerate(rows) if (award := _award(file, rank, row, known))]
    _check(file, awards)
    if not file.is_valid():
        raise InvalidConfigFile(file.diagnostics)
    return tuple(awards)


def _award(file: SourceFile, rank: int, row: Mapping[str, Any], tenants: tuple[str, ...]) -> Award | None:
    place = (LIST, str(rank))
    if not file.is_valid(place):
        return None
    tenant = row.get("tenant") or (tenants[0] if len(tenants) == 1 else "")
    if tenant not in tenants:
        file.report((*place, "tenant"), f"attend un acheteur parmi {', '.join(tenants)}")
    if row["ends"] < row["awarded"]:
        file.report((*place, "ends"), "la fin du marché est avant son attribution")
    return Award(
        reference=(row.get("reference") or row["object"]).strip(),
        siret=parse(row["siret"]),
        object=row["object"].strip(),
        tenant=tenant,
        awarded=row["awarded"],
        ends=row["ends"],
    )


def _check(file: SourceFile, awards: list[Award]) -> None:
    if len(awards) > MAX_AWARDS:
        file.report((LIST,), f"attend {MAX_AWARDS} marchés au plus")
    seen: set[str] = set()
    for rank, award in enumerate(awards):
        if award.key in seen:
            file.report((LIST, str(rank)), "ce marché et cette entreprise y sont déjà : gardez une ligne")
        seen.add(award.key)


def _read_csv(file: SourceFile) -> dict[str, Any] | None:
    try:
        lines = file.read_text().splitlines()
        return {LIST: list(_csv_rows(file, lines))}
    except UnreadableFile as fault:
        file.report((), str(fault), line=fault.line)
    except csv.Error as fault:
        file.report((), f"ce n'est pas du CSV : {fault}")
    return None


def _check_headings(file: SourceFile, names: list[str]) -> None:
    known = AwardSchema().fields
    required = [name for name, one in known.items() if one.required]
    if not set(required) <= set(names) <= set(known):
        optional = [name for name in known if name not in required]
        file.report((), f"attend les en-têtes {', '.join(required)}, et s'il le faut {', '.join(optional)}", line=1)


def _csv_rows(file: SourceFile, lines: list[str]) -> Iterator[dict[str, str]]:
    """Yield the rows that are not empty, by heading; an empty cell is no value."""
    heading = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=";" if heading.count(";") >= heading.count(",") else ",", strict=True)
    names = [name.strip().lower() for name in next(reader, [])]
    _check_headings(file, names)
    for rank, cells in enumerate(row for row in reader if any(cell.strip() for cell in row)):
        file.lines[(LIST, str(rank))] = reader.line_num
        if len(cells) > len(names):
            file.report((LIST, str(rank)), "la ligne a plus de cellules que d'en-têtes")
        yield {name: cell.strip() for name, cell in zip(names, cells, strict=False) if cell.strip()}
