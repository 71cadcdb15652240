"""`prefill schema`: check and show forms."""

from __future__ import annotations

from pathlib import Path

import click

from prefill.assembly import form_folders, read_forms
from prefill.cli.authoring.choice import find_form
from prefill.cli.common import command_forms, command_settings
from prefill.cli.tables import terminal_width, text_table, wrap_cell
from prefill.config_files.diagnostics import Diagnostic, InvalidConfigFile
from prefill.forms.model import Field
from prefill.forms.registry import FormRegistry, check
from prefill.settings import Settings

FORM_HEADINGS = ("Chemin", "Libellé", "Type", "Alias", "Origines", "Options")


@click.group(help="Vérifier ou montrer les formulaires.")
def schema() -> None:
    pass


@schema.command("check", help="Dire toutes les erreurs des formulaires : ceux donnés, ou tous ceux du service.")
@click.argument("files", metavar="[FICHIER]...", nargs=-1, type=click.Path(path_type=Path))
def check_schemas(*, files: tuple[Path, ...]) -> None:
    settings = command_settings()
    mistakes = check(files, form_folders(settings)) if files else forms_and_mistakes(settings)[1]
    for mistake in mistakes:
        click.echo(mistake)
    if any(mistake.blocking for mistake in mistakes):
        raise SystemExit(1)
    click.echo("Aucune erreur.")


@schema.command("show", help="Montrer un formulaire compilé.")
@click.argument("name", metavar="NOM")
def show_schema(*, name: str) -> None:
    form = find_form(command_forms(command_settings()), name)
    heading = f"{form.title} ({form.id} {form.version}, {form.audience}) — {form.file}"
    click.echo(
        "\n".join([*wrap_cell(heading, terminal_width()), "", *text_table(FORM_HEADINGS, map(_form_row, form.fields))])
    )


def _form_row(part: Field) -> tuple[str, ...]:
    options = {
        "à la demande": part.on_demand,
        "à vérifier": part.confirm,
        f"réservé ({part.reserved})": part.reserved,
        "à déclarer": part.declared,
        "souvent vide": part.optional,
        f"seulement pour {part.only_for}": part.only_for,
    }
    origins = [f"{origin.source}: {origin.expression.text}" for origin in part.origins]
    items = [f"· {item.name}: {item.expression.text}" for item in part.items]
    chosen = ", ".join(option for option, wanted in options.items() if wanted)
    return part.path, part.label, part.type, part.alias or "", "\n".join([*origins, *items]), chosen


def forms_and_mistakes(settings: Settings) -> tuple[FormRegistry, tuple[Diagnostic, ...]]:
    """Read the forms; when they cannot be used, give none and say why."""
    try:
        library = read_forms(settings)
    except InvalidConfigFile as bad:
        return FormRegistry({}), bad.diagnostics
    return library, library.remarks
