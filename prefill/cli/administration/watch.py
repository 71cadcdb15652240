"""`prefill watch`: ask again, for companies that won a contract, what the law and the proofs' own dates call for."""

from __future__ import annotations

import getpass
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click

from prefill import assembly
from prefill.cli.administration.audit import command_trail
from prefill.cli.common import VERBOSE, command_settings, open_command_forms
from prefill.cli.errors import CliError
from prefill.clock import Clock
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.domain.catalogue import CATALOGUE
from prefill.health import SANDBOX_BANNER
from prefill.prefilling.service import Service
from prefill.problems import AuditUnavailable, SettingsInvalid
from prefill.registers.transport.http import environment_options
from prefill.settings import Settings
from prefill.tenancy.model import Directory
from prefill.watch.asking import Asker
from prefill.watch.awards import Award, read_awards
from prefill.watch.connections import ReceiverRefused
from prefill.watch.files import before, rows_of, word, write_calendar, write_table
from prefill.watch.run import Watch
from prefill.watch.schedule import Due
from prefill.watch.state import StateFile, StateUnusable, write_private
from prefill.watch.webhooks import Receiver, Webhook, read_secret

FORM = "dossier"
PATIENCE = 65.0  # seconds that a company's calls may wait: until the next minute of the quota
UNFINISHED = 3  # exit code: something waits for the next run
WRITTEN = click.Path(dir_okay=False, path_type=Path)


@click.command(
    help="Redemander, pour les titulaires d'un fichier de marchés (CSV, YAML), ce que la loi et les dates des preuves "
    "demandent. Pour cron. Code 0 si rien n'attend, 3 si le reste attend l'exécution suivante, 1 en cas d'erreur."
)
@click.argument("file", metavar="FICHIER", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--csv", "table", type=WRITTEN, help="Écrire le tableau des preuves suivies.")
@click.option("--calendar", type=WRITTEN, help="Écrire les échéances (iCalendar).")
@click.option("--webhook", metavar="ADRESSE", help="Envoyer chaque changement, signé, à cette adresse.")
@click.option("--webhook-private", "private", is_flag=True, help="Le récepteur est sur un réseau privé.")
@click.option("--secret-env", default="WATCH_SECRET", show_default=True, help="La variable qui tient le secret.")
@click.option("--minutes", type=click.IntRange(1, 600), default=15, show_default=True, help="Durée de l'exécution.")
@click.option("--dry-run", is_flag=True, help="Dire ce qui serait demandé, sans rien demander ni écrire.")
@VERBOSE
def watch(
    *,
    file: Path,
    table: Path | None,
    calendar: Path | None,
    webhook: str | None,
    private: bool,
    secret_env: str,
    minutes: int,
    dry_run: bool,
) -> None:
    settings = command_settings()
    if settings.open_only:
        raise CliError(
            "Les preuves sont protégées : « prefill watch » demande le jeton d'API Entreprise de l'acheteur."
        )
    state = StateFile(file)
    try:
        tenants = assembly.open_tenants(settings, lambda: open_command_forms(settings).content).directory()
        awards = read_awards(file, tenants.tenants)
        if dry_run:
            _show_plan(Watch(awards, state, assembly.today()))
            return
        sender = _webhook(settings, webhook, secret_env, private=private) if webhook else None
        with state.locked():
            _run(settings, tenants, Watch(awards, state, assembly.today()), table, calendar, sender, 60.0 * minutes)
    except (InvalidConfigFile, SettingsInvalid, StateUnusable, ReceiverRefused) as fault:
        raise CliError(str(fault)) from fault
    except AuditUnavailable as fault:
        raise CliError(fault.detail("fr")) from fault


def _run(
    settings: Settings,
    tenants: Directory,
    run: Watch,
    table: Path | None,
    calendar: Path | None,
    sender: Webhook | None,
    seconds: float,
) -> None:
    if settings.sandbox:
        click.echo(SANDBOX_BANNER, err=True)
    end = time.monotonic() + seconds
    run.note_expiries()
    with _opened_services(settings, tenants) as service:
        asker = Asker(
            service,
            open_command_forms(settings).content.forms[FORM],
            command_trail(settings),
            now=assembly.now,
            agent=f"watch:{getpass.getuser()}",
            run=uuid.uuid4().hex,
        )
        for _ in run.ask(asker, lambda: time.monotonic() < end):
            pass
    _show_changes(run)
    if table:
        write_private(table, write_table(run))
    if calendar:
        write_private(calendar, write_calendar(run, assembly.now()))
    run.mark_written()
    run.deliver(sender.send if sender else None)
    _show_report(run)
    raise SystemExit(0 if run.report.whole else UNFINISHED)


@contextmanager
def _opened_services(settings: Settings, tenants: Directory) -> Iterator[Callable[[str], Service]]:
    """Give the service of each buyer, opened once, on its own habilitation."""
    resources = assembly.open_shared_resources(settings)
    opened: dict[str, Service] = {}

    def service(tenant: str) -> Service:
        if tenant not in opened:
            upstream = assembly.open_upstream(settings, tenants.tenants[tenant], resources)
            opened[tenant] = Service(upstream, deadline=PATIENCE, clock=time.monotonic, today=assembly.today)
        return opened[tenant]

    try:
        yield service
    finally:
        resources.thread_pools.close()


def _webhook(settings: Settings, url: str, secret_env: str, *, private: bool) -> Webhook:
    secret = os.environ.get(secret_env, "").strip()
    if not secret:
        raise CliError(
            f"La variable {secret_env} est vide : donnez-y le secret du récepteur, ou nommez-la avec --secret-env."
        )
    receiver = Receiver(url, read_secret(secret), assembly.user_agent(settings), private=private)
    return Webhook(receiver, Clock(), options=environment_options(url), sandbox=settings.sandbox)


def _show_plan(run: Watch) -> None:
    due = run.due()
    for one in due:
        names = ", ".join(CATALOGUE[name].title for name in one.sources)
        click.echo(f"{one.award.reference} ({one.award.tenant}), depuis le {_french(one.since)} : {names}")
    click.echo(f"{len(due)} entreprises à interroger, {sum(map(_calls, due))} appels au plus ; rien n'a été demandé.")


def _calls(due: Due) -> int:
    """The proofs, and the establishment, which tells which of them concern such a company."""
    return 1 + len(due.sources)


def _show_changes(run: Watch) -> None:
    for award, proof, seen, change in rows_of(run):
        if change:
            until = f" jusqu'au {_french(seen.until)}" if seen.until else ""
            label = f"{award.reference} : {CATALOGUE[proof].title}, {word(proof, seen.state)}{until}"
            click.echo(f"{label} ({before(change)})")


def _show_report(run: Watch) -> None:
    report = run.report
    click.echo(f"{_companies(run.awards, run.today)} marchés en cours, {report.asked} entreprises interrogées.")
    for state, count in report.unanswered.items():
        click.echo(f"{count} preuves sans réponse ({state.value}) : redemandées à la prochaine exécution.", err=True)
    if report.held_back:
        click.echo("Le quota ne laissait plus d'appels : le reste attend la prochaine exécution.", err=True)
    by_hand = sum(seen.by_hand for _, _, seen, _ in rows_of(run))
    if by_hand:
        click.echo(f"{by_hand} preuves à demander à la main : le tableau (--csv) les nomme.", err=True)
    for problem, references in report.problems.items():
        click.echo(f"{problem} : {', '.join(references)}.", err=True)
    if report.left:
        click.echo(f"{report.left} entreprises attendent la prochaine exécution (--minutes).", err=True)
    if report.undelivered:
        click.echo(f"{report.undelivered} changements gardés pour la prochaine exécution : {report.fault}.", err=True)


def _companies(awards: tuple[Award, ...], today: date) -> int:
    return sum(award.runs_on(today) for award in awards)


def _french(day: date) -> str:
    return day.strftime("%d/%m/%Y")
