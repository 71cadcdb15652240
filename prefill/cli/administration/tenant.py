"""`prefill tenant`: check the tenants file, make the keys of agents."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import click

from prefill.assembly import candidate_forms, read_forms, today
from prefill.cli.errors import CliError
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.domain.permissions import Scope
from prefill.problems import SettingsInvalid
from prefill.settings import load
from prefill.tenancy.api_keys import new_integrator_key, new_key
from prefill.tenancy.file_schema import MAX_CALLS, TENANT_ID
from prefill.tenancy.tenants_file import read_tenants


@click.group(help="Vérifier le fichier des acheteurs, faire les clés de leurs agents.")
def tenant() -> None:
    pass


@tenant.command("check", help="Dire toutes les erreurs du fichier des acheteurs : celui donné, ou PREFILL_TENANTS.")
@click.argument("file", metavar="[FICHIER]", required=False, type=click.Path(path_type=Path))
def check_tenants(*, file: Path | None) -> None:
    try:
        settings = load({**os.environ, **({"PREFILL_TENANTS": str(file)} if file else {})})
        if settings.tenants is None:
            raise CliError("Donnez un fichier, ou PREFILL_TENANTS.")
        known = read_tenants(Path(settings.tenants), os.environ, candidate_forms(read_forms(settings)), today())
    except (SettingsInvalid, InvalidConfigFile) as fault:
        raise CliError(str(fault)) from fault
    for remark in known.remarks:
        click.echo(remark)
    click.echo(f"Aucune erreur. Acheteurs : {', '.join(known.tenants)}.")


@tenant.group("key", help="Faire la clé d'un agent, ou du serveur d'un intégrateur.")
def key() -> None:
    pass


@key.command(
    "new",
    help="Faire une clé d'agent, ou de serveur avec --calls : elle n'est montrée qu'une fois, le fichier n'en garde que l'empreinte.",
)
@click.argument("tenant", metavar="ACHETEUR")
@click.argument("name", metavar="NOM")
@click.option("--days", type=click.IntRange(1, 1096), default=365, show_default=True, help="Durée, en jours.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Droit d'un agent ; tous par défaut.",
)
@click.option(
    "--calls",
    type=click.IntRange(1, MAX_CALLS),
    help="Clé d'un serveur qui préremplit pour des candidats : appels aux registres par minute qu'il peut causer.",
)
def make_key(*, tenant: str, name: str, days: int, scopes: tuple[str, ...], calls: int | None) -> None:
    if not TENANT_ID.fullmatch(tenant):
        raise CliError("L'identifiant d'un acheteur est fait de chiffres, de minuscules sans accent et de tirets.")
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise CliError("Le nom d'une clé est un texte d'une ligne, de 100 caractères au plus.")
    if calls and scopes:
        raise CliError("Une clé est celle d'un agent (--scope) ou celle d'un serveur (--calls).")
    expires = today() + timedelta(days=days)
    if calls:
        made, lines = new_integrator_key(tenant, name, expires, calls)
    else:
        made, lines = new_key(tenant, name, expires, map(Scope, scopes or Scope))
    click.echo("La clé, à remettre à qui l'emploiera ; elle ne sera plus montrée :", err=True)
    click.echo(made)
    click.echo("\nÀ ajouter au fichier des acheteurs :\n", err=True)
    click.echo(lines, nl=False)
