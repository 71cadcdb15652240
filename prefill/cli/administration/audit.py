"""`prefill audit`: read or purge the audit trail."""

from __future__ import annotations

import csv
import getpass
import io
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

import click

from prefill.assembly import now, open_audit
from prefill.audit.export import csv_rows
from prefill.audit.sinks import STDOUT, StreamSink
from prefill.audit.trail import AccessRecord, AuditTrail, AuditWriteError, Outcome, Purge
from prefill.cli.errors import CliError
from prefill.domain.answers import Answer
from prefill.problems import AuditUnavailable, SettingsInvalid
from prefill.settings import Settings, load
from prefill.tenancy.model import Tenant

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(help="Lire ou purger la trace des accès aux données protégées.")
def audit() -> None:
    pass


def trace_asked(settings: Settings, tenant: Tenant, answer: Answer, number: str) -> None:
    """Trace what the operator asks of a protected source, before it is shown; on standard error by default."""
    outcome = Outcome.COMPLETE if answer.ok else Outcome.PARTIAL
    agent, sources = f"cli:{getpass.getuser()}", (answer.source,)
    access = AccessRecord(now(), tenant.id, agent, number, sources, tenant.object, outcome, answer.request_id or "")
    try:
        command_trail(settings).write(access)
    except (AuditUnavailable, SettingsInvalid) as fault:
        raise CliError(str(fault)) from fault


def command_trail(settings: Settings) -> AuditTrail:
    """Open the trail for a command, whose standard output is its answer. Raises `SettingsInvalid`."""
    return AuditTrail(StreamSink(2)) if settings.audit in (None, STDOUT) else open_audit(settings)


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
    "verify", help="Vérifier que rien n'a été changé, retiré ni ajouté dans la trace depuis qu'elle est écrite."
)
@click.option(
    "--head", metavar="EMPREINTE", help="La tête notée lors d'une vérification passée : elle doit y être encore."
)
def verify(*, head: str | None) -> None:
    try:
        report = _trace().verify(head)
    except AuditWriteError as lost:
        raise CliError(f"La trace ne peut pas être lue : {lost}.") from lost
    click.echo(f"{report.records} accès lus.")
    if report.unchained:
        click.echo(f"{report.unchained} accès d'avant le chaînage : rien ne dit s'ils ont été changés.")
    if report.truncated_start:
        click.echo("La trace commence après une purge ou une rotation : ce qui précède n'est plus là.")
    if not report.intact:
        places = ", ".join(map(str, report.broken_at[:20]))
        why = f"elle est rompue aux lignes {places}" if report.broken_at else "la tête notée n'y est plus"
        raise CliError(f"La trace a été modifiée : {why}.")
    click.echo(f"La trace est intacte. Tête, à noter ailleurs : {report.head or '(vide)'}")


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
