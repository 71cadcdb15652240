"""`prefill vat import`: the DGFIP's list of VAT numbers, made into the index that the service reads."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from prefill.assembly import today
from prefill.cli.common import command_settings
from prefill.cli.errors import CliError
from prefill.vat_list.index import LASTS, write_index
from prefill.vat_list.published import InvalidList, PublishedList, read_published


@click.group(help="Faire un index des numéros de TVA, qui épargne un appel par entreprise.")
def vat() -> None:
    pass


@vat.command("import", help="Lire la liste CSV que la DGFIP publie sur data.gouv.fr, et en faire l'index.")
@click.argument("file", metavar="FICHIER", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "path", metavar="INDEX", help="Où l'écrire (PREFILL_VAT_LIST).")
@click.option("--date", "given", type=click.DateTime(["%Y-%m-%d"]), help="Le jour de la liste, si elle ne le dit pas.")
def import_list(*, file: Path, path: str | None, given: datetime | None) -> None:
    path = path or command_settings().vat_list
    if path is None:
        raise CliError("Dites où écrire l'index : --to, ou PREFILL_VAT_LIST.")
    try:
        published = read_published(file, today())
        day = _day(published, given)
        count = write_index(Path(path), published.bits(), day)
    except (InvalidList, OSError) as fault:
        raise CliError(f"{file.name} : {fault}" if isinstance(fault, InvalidList) else str(fault)) from fault
    click.echo(f"{count} numéros, au {day:%d/%m/%Y} ; {published.unreadable} lignes illisibles.")
    if today() - day > LASTS:
        click.echo(f"Cette liste a plus de {LASTS.days} jours : le service ne s'en servira pas.", err=True)


def _day(published: PublishedList, given: datetime | None) -> date:
    day = given.date() if given else published.day
    if day is None:
        raise InvalidList("Cette liste ne dit pas de quel jour elle est : donnez --date.")
    if day > today():
        raise InvalidList("Le jour de la liste est à venir.")
    return day
