"""`prefill document`: write a form as a document, copy the templates that documents are written on."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import click

from prefill.app import build_context
from prefill.cli.common import VERBOSE, command_settings, open_command_forms
from prefill.cli.errors import CliError
from prefill.documents.templates_folder import OWN
from prefill.documents.writers import FORMATS
from prefill.domain.company import Role
from prefill.health import SANDBOX_BANNER
from prefill.problems import SettingsInvalid
from prefill.web.app import create_web


@click.group(help="Écrire un formulaire en document à signer (Word, OpenDocument, PDF).")
def document() -> None:
    pass


@document.command("write", help="Écrire un formulaire (dc1, dc2, dc4, dume…) dans un fichier .docx, .odt ou .pdf.")
@click.argument("form", metavar="FORMULAIRE")
@click.argument("siret", nargs=-1, required=True)
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Le fichier.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="Rôle de l'entreprise.")
@VERBOSE
def write(*, form: str, siret: tuple[str, ...], output: Path, role: str | None) -> None:
    kind = output.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise CliError(f"« {output.name} » : le fichier doit finir par .{', .'.join(FORMATS)}.")
    settings = command_settings()
    try:
        context = build_context(
            replace(settings, rate_limit=0), open_command_forms(settings)
        )  # the operator is not a visitor
    except SettingsInvalid as fault:
        raise CliError(str(fault)) from fault
    path = f"/v1/documents/{form}/{' '.join(siret)}.{kind}"
    reply = create_web(context).test_client().get(path, query_string={"role": role} if role else {})
    context.close()
    if reply.status_code != 200:
        raise CliError((reply.get_json() or {}).get("detail", "Erreur."))
    output.write_bytes(reply.get_data())
    if settings.sandbox:
        click.echo(SANDBOX_BANNER, err=True)
    click.echo(f"{output} : {len(reply.get_data())} octets.")


@document.command("templates", help="Copier dans un dossier les modèles du service, à changer pour PREFILL_TEMPLATES.")
@click.argument("folder", metavar="DOSSIER", type=click.Path(path_type=Path, file_okay=False))
def templates(*, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for template in sorted(OWN.iterdir()):
        target = folder / template.name
        if target.exists():
            raise CliError(f"{target} existe déjà : rien n'est écrasé.")
        shutil.copyfile(template, target)
        click.echo(str(target))
