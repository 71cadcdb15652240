"""`prefill schema diff`: what changed between two versions of a form."""

from __future__ import annotations

from pathlib import Path

import click

from prefill.assembly import form_folders
from prefill.authoring.versions.form_diff import breaks_silently, compare_forms
from prefill.cli.authoring.choice import SUFFIXES, find_form
from prefill.cli.common import command_forms, command_settings
from prefill.cli.errors import CliError
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.forms.model import Form
from prefill.forms.registry import load_file
from prefill.settings import Settings


@click.command(
    "diff", help="Dire ce qui change d'une version d'un formulaire à l'autre pour les pages qui l'emploient."
)
@click.argument("old", metavar="ANCIEN")
@click.argument("new", metavar="NOUVEAU")
def diff(*, old: str, new: str) -> None:
    settings = command_settings()
    before, after = _form(settings, old), _form(settings, new)
    changes = compare_forms(before, after)
    for change in changes:
        click.echo(f"{'!' if change.breaking else ' '} {change.place} : {change.sentence}")
    if breaks_silently(before, after, changes):
        raise CliError(
            f"Ce qui est marqué « ! » casse les pages qui emploient ce formulaire, et la version reste "
            f"« {after.version} » : donnez-lui une autre « version »."
        )
    click.echo("Rien ne casse." if not any(change.breaking for change in changes) else "La version a changé.")


def _form(settings: Settings, name: str) -> Form:
    """Read a form by its name, or from a file wherever it is."""
    if not name.endswith(SUFFIXES):
        return find_form(command_forms(settings), name)
    try:
        return load_file(Path(name), form_folders(settings))
    except InvalidConfigFile as bad:
        raise CliError(str(bad)) from bad
