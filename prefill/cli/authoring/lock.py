"""`prefill schema lock`: what the consumers of a folder's forms rely on, written beside them."""

from __future__ import annotations

from pathlib import Path

import click

from prefill.assembly import form_folders
from prefill.authoring.versions.lock import (
    LOCK,
    UnreadableLock,
    compare_with_lock,
    forms_of,
    locked_forms,
    write_lock,
)
from prefill.cli.common import command_forms, command_settings
from prefill.cli.errors import CliError


@click.command(
    "lock", help="Verrouiller la version des formulaires d'un dossier : ce que les pages en emploient, dans versions.json. "
    "Refuse ce qui casse une page sans changer de version."
)  # fmt: skip
@click.argument("folder", metavar="[DOSSIER]", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Comparer seulement ; le code de sortie est 1 s'il y a une différence.")
def lock(*, folder: Path | None, check: bool) -> None:
    settings = command_settings()
    folder = folder or form_folders(settings)[-1]
    forms = forms_of(folder, command_forms(settings).forms)
    if not forms:
        raise CliError(f"{folder} n'a pas de formulaire que le service connaît (PREFILL_SCHEMAS).")
    try:
        found = list(compare_with_lock(locked_forms(folder) or {}, forms))
    except UnreadableLock as fault:
        if check:
            raise CliError(str(fault)) from fault
        found = []
    refused = [one for one in found if check or one.breaking]
    for one in refused:
        click.echo(one.message)
    if refused:
        raise SystemExit(1)
    if not check:
        write_lock(folder, forms.values())
    click.echo(f"{folder / LOCK} : {', '.join(f'{form.id} {form.version}' for form in forms.values())}.")
