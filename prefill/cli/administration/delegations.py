"""`prefill tenant sync`: the delegations of an editor's token beside the tenants file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from prefill.assembly import candidate_forms, read_forms, session_opener, today, upstream_url
from prefill.cli.errors import CliError
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.problems import SettingsInvalid
from prefill.registers.transport.delegations import DelegationsUnreadable, list_delegations
from prefill.settings import Settings, load
from prefill.tenancy.delegations import ACTIVE, Delegation, Difference, compare
from prefill.tenancy.model import Tenant
from prefill.tenancy.tenants_file import read_tenants


@click.command("sync", help="Comparer le fichier des acheteurs aux délégations du jeton d'un éditeur.")
@click.option(
    "--token-env", default="EDITOR_TOKEN", show_default=True, help="La variable qui tient le jeton de l'éditeur."
)
@click.option("--write", is_flag=True, help="Ajouter au fichier les acheteurs qui ont délégué et n'y sont pas.")
def sync_tenants(*, token_env: str, write: bool) -> None:
    token = os.environ.get(token_env, "").strip()
    if not token:
        raise CliError(
            f"La variable {token_env} est vide : donnez-y le jeton de l'éditeur, ou nommez-la avec --token-env."
        )
    settings = _settings()
    path = Path(settings.tenants or "")
    tenants = [one for one in _read(path, settings) if one.token == token and one.delegation]
    try:
        rows = list(list_delegations(session_opener(settings)(), upstream_url(settings), token))
    except DelegationsUnreadable as fault:
        raise CliError(f"Les délégations ne peuvent pas être lues : {fault}.") from fault
    delegations = [_delegation(row) for row in rows]
    differences = list(compare(tenants, delegations, token_env=token_env))
    for difference in differences:
        click.echo(difference.message)
        click.echo(difference.lines, nl=False)
    if write:
        _append(path, settings, differences)
    elif not differences:
        click.echo(f"Le fichier suit les {sum(one.active for one in delegations)} délégations actives.")


def _settings() -> Settings:
    try:
        settings = load(os.environ)
    except SettingsInvalid as fault:
        raise CliError(str(fault)) from fault
    if settings.tenants is None:
        raise CliError("Donnez le fichier des acheteurs avec PREFILL_TENANTS.")
    return settings


def _read(path: Path, settings: Settings) -> list[Tenant]:
    if not path.exists():  # an editor begins with its delegations
        return []
    try:
        forms = candidate_forms(read_forms(settings))
        return list(read_tenants(path, os.environ, forms, today()).tenants.values())
    except InvalidConfigFile as fault:
        raise CliError(str(fault)) from fault


def _delegation(row: dict[str, object]) -> Delegation:
    title = "".join(letter for letter in str(row.get("intitule") or "") if letter.isprintable())[:100]
    return Delegation(str(row["id"]), str(row["siret"]), title, row.get("statut") == ACTIVE)


def _append(path: Path, settings: Settings, differences: list[Difference]) -> None:
    """Add the missing tenants at the end, in one replacement of the file; the result is read before it counts."""
    added = "".join(difference.lines for difference in differences)
    if not added:
        click.echo("Rien à ajouter.")
        return
    beside = path.with_name(f"{path.name}.new")
    before = path.read_text("utf-8").rstrip("\n") + "\n" if path.exists() else ""
    beside.write_text((before + added).lstrip("\n"), "utf-8")
    beside.chmod(path.stat().st_mode if before else 0o640)
    try:
        _read(beside, settings)
    except CliError:
        beside.unlink()
        raise
    beside.replace(path)
    click.echo("Le fichier est complété : donnez à chacun ses « origins ».")
