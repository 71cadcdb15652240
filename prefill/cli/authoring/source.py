"""`prefill sources show`: what a form may read of a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from prefill.authoring.source_keys import HOLDERS, SourceKey, keys_of
from prefill.cli.authoring.choice import find_source
from prefill.cli.tables import terminal_width, text_table, wrap_cell
from prefill.domain.answer_shapes.model import Kind
from prefill.domain.sources import Source

HEADINGS = ("Clé", "Type", "Sens", "Exemple inventé", "Candidat")
TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "texte",
    Kind.DATE: "date (texte ISO)",
    Kind.TIMESTAMP: "horodatage : paris_date()",
    Kind.INTEGER: "entier",
    Kind.NUMBER: "nombre",
    Kind.BOOLEAN: "booléen",
    Kind.OBJECT: "objet",
    Kind.LIST: "liste",
    Kind.ANY: "nombre ou texte : amount()",
}


@click.command("show", help="Montrer les clés d'une source : type, sens, qui les voit, un exemple inventé.")
@click.argument("name", metavar="NOM")
def show_source(*, name: str) -> None:
    row = find_source(name)
    click.echo("\n".join(_lines(row)))


def _lines(row: Source) -> Iterator[str]:
    yield from wrap_cell(f"{row.title} ({row.name}, {row.producer}) — {_who(row)}", terminal_width())
    if row.usable:
        yield ""
        yield from text_table(HEADINGS, [_cells(row, key) for key in keys_of(row)])


def _who(row: Source) -> str:
    if row.refusal:
        return f"pour personne : {row.refusal}"
    if not row.open:
        return "pour les agents habilités de l'acheteur seulement"
    if row.names_people:
        return "pour tous ; pour un candidat, rien d'une entreprise qui limite sa diffusion"
    return "pour tous"


def _cells(row: Source, key: SourceKey) -> tuple[str, ...]:
    kind = TYPES[key.shape.kind] + (", ou null" if key.shape.nullable else "")
    example = "" if key.shape.kind in HOLDERS or key.example is None else _written(key.example)
    candidate = "non" if not row.open else "masqué en diffusion partielle" if key.masked else "oui"
    return key.path, kind, key.shape.meaning, example, candidate


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
