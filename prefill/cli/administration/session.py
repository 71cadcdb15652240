"""`prefill session`: list the sessions of signed-in agents, end those of one who leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from prefill.assembly import open_sessions
from prefill.auth.signin.sessions import Session, Sessions, SessionsUnavailable
from prefill.cli.common import command_settings
from prefill.cli.errors import CliError
from prefill.clock import Clock
from prefill.domain.dates import PARIS
from prefill.redis_client import OptionalRedis

TENANT = click.option("--tenant", metavar="ACHETEUR", help="Celles d'un acheteur seul.")
IN_MEMORY = (
    "Sans REDIS_URL, les sessions sont dans la mémoire du service : le redémarrer les termine toutes, et retirer un agent "
    "de la liste « agents » de son acheteur termine les siennes."
)


@click.group(help="Lister les sessions des agents connectés, terminer celles d'un agent qui part.")
def session() -> None:
    pass


@session.command("list", help="Lister les sessions ouvertes, la plus ancienne d'abord.")
@TENANT
def list_sessions(*, tenant: str | None) -> None:
    with _opened() as sessions:
        for one in _of_tenant(sessions.all(), tenant):
            began = datetime.fromtimestamp(one.started_at, PARIS)
            click.echo(f"{one.tenant}  {one.agent}  {one.name} <{one.email}>  depuis le {began:%d/%m/%Y à %H:%M}")


@session.command("end", help="Terminer toutes les sessions d'un agent : son adresse, ou oidc:… comme l'écrit la trace.")
@click.argument("agent", metavar="AGENT")
@TENANT
def end(*, agent: str, tenant: str | None) -> None:
    with _opened() as sessions:
        found = [one for one in _of_tenant(sessions.all(), tenant) if agent == one.agent or _same(agent, one.email)]
        for one in found:
            sessions.end_agent(one)
    if not found:
        raise CliError("Cet agent n'a pas de session ouverte.")
    click.echo(f"Sessions terminées : {len(found)}.")
    click.echo("L'agent peut se reconnecter tant que son fournisseur d'identité et la liste « agents » l'admettent.")


@contextmanager
def _opened() -> Iterator[Sessions]:
    settings = command_settings()
    if settings.redis_url is None:
        raise CliError(IN_MEMORY)
    try:
        yield open_sessions(settings, OptionalRedis(settings.redis_url, clock=Clock()))
    except SessionsUnavailable as fault:
        raise CliError("Redis, qui tient les sessions, ne répond pas.") from fault


def _of_tenant(sessions: Iterable[Session], tenant: str | None) -> Iterator[Session]:
    return (one for one in sessions if tenant in (None, one.tenant))


def _same(text: str, email: str) -> bool:
    return bool(email) and text.casefold() == email.casefold()
