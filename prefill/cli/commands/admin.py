"""The commands of who looks after tenants and the trace: keys, checks, exports."""

from __future__ import annotations

import csv
import getpass
import io
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import click

from prefill.assembly import candidate_forms, now, open_audit, read_forms, today
from prefill.audit.export import csv_rows
from prefill.audit.sinks import STDOUT, StreamSink
from prefill.audit.trail import AccessRecord, AuditTrail, AuditWriteError, Outcome, Purge
from prefill.cli.errors import CliError
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.domain.answers import Answer
from prefill.domain.permissions import Scope
from prefill.problems import AuditUnavailable, SettingsInvalid
from prefill.settings import Settings, load
from prefill.tenancy.api_keys import new_key
from prefill.tenancy.file_schema import TENANT_ID
from prefill.tenancy.model import Tenant
from prefill.tenancy.tenants_file import read_tenants

DAY = click.DateTime(formats=["%Y-%m-%d"])


# -- tenants ----------------------------------------------------------------------------------------


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


@tenant.group("key", help="Faire la clé d'un agent.")
def key() -> None:
    pass


@key.command(
    "new", help="Faire une clé d'agent : elle n'est montrée qu'une fois, le fichier n'en garde que l'empreinte."
)
@click.argument("tenant", metavar="ACHETEUR")
@click.argument("name", metavar="NOM")
@click.option("--days", type=click.IntRange(1, 1096), default=365, show_default=True, help="Durée, en jours.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Droit ; tous par défaut.",
)
def make_key(*, tenant: str, name: str, days: int, scopes: tuple[str, ...]) -> None:
    if not TENANT_ID.fullmatch(tenant):
        raise CliError("L'identifiant d'un acheteur est fait de chiffres, de minuscules sans accent et de tirets.")
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise CliError("Le nom d'une clé est un texte d'une ligne, de 100 caractères au plus.")
    made, lines = new_key(tenant, name, today() + timedelta(days=days), map(Scope, scopes or Scope))
    click.echo("La clé, à remettre à l'agent ; elle ne sera plus montrée :", err=True)
    click.echo(made)
    click.echo("\nÀ ajouter au fichier des acheteurs :\n", err=True)
    click.echo(lines, nl=False)


# -- the trace --------------------------------------------------------------------------------------


@click.group(help="Lire ou purger la trace des accès aux données protégées.")
def audit() -> None:
    pass


def trace_asked(settings: Settings, tenant: Tenant, answer: Answer, number: str) -> None:
    """Trace what the operator asks of a protected source, before it is shown; on standard error by default."""
    outcome = Outcome.COMPLETE if answer.ok else Outcome.PARTIAL
    agent, sources = f"cli:{getpass.getuser()}", (answer.source,)
    access = AccessRecord(now(), tenant.id, agent, number, sources, tenant.object, outcome, answer.request_id or "")
    try:
        (AuditTrail(StreamSink(2)) if settings.audit in (None, STDOUT) else open_audit(settings)).write(access)
    except (AuditUnavailable, SettingsInvalid) as fault:
        raise CliError(str(fault)) from fault


@audit.command("export", help="Donner les accès de ces jours, le premier et le dernier compris.")
@click.option("--from", "since", type=DAY, required=True, help="Premier jour, comme 2026-01-01.")
@click.option("--to", "until", type=DAY, required=True, help="Dernier jour.")
@click.option("--format", "style", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
def export(*, since: datetime, until: datetime, style: str) -> None:
    if until < since:
        raise CliError("Le dernier jour (--to) est avant le premier (--from).")
    try:
        accesses = _begun(_trace().read(since.date(), until.date()))
        for text in (_as_csv if style == "csv" else _as_json)(accesses):
            click.echo(text, nl=False)
    except AuditWriteError as lost:
        raise CliError(f"La trace ne peut pas être lue : {lost}.") from lost


def _begun(accesses: Iterator[AccessRecord]) -> Iterator[AccessRecord]:
    """Read the first one at once: what cannot be read is said before anything is written."""
    return chain([first], accesses) if (first := next(accesses, None)) else iter(())


def _as_csv(accesses: Iterable[AccessRecord]) -> Iterator[str]:
    for row in csv_rows(accesses):
        text = io.StringIO()
        csv.writer(text).writerow(row)
        yield text.getvalue()


def _as_json(accesses: Iterable[AccessRecord]) -> Iterator[str]:
    """Write an array, an access a line, as they come."""
    before = "["
    for access in accesses:
        yield f"{before}\n{json.dumps(access.plain(), ensure_ascii=False)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


@audit.command(
    "purge", help="Supprimer, dans la base, les accès de plus de 36 mois, par l'horloge de la base. Une ligne le dit."
)
@click.option("--confirm", "confirmed", is_flag=True, help="Supprimer bien qu'une horloge paraisse fausse.")
def purge(*, confirmed: bool) -> None:
    try:
        deleted = _trace().purge(Purge(now(), f"cli:{getpass.getuser()}", confirmed))
    except AuditWriteError as lost:
        raise CliError(f"La trace ne peut pas être purgée : {lost}.") from lost
    click.echo(f"{deleted} accès supprimés.")


def _trace() -> AuditTrail:
    try:
        return open_audit(load(os.environ))
    except SettingsInvalid as fault:
        raise CliError(str(fault)) from fault
