"""`prefill sandbox`: serve the sandbox on loopback, as API Entreprise for other programs and their tests."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from prefill.cli.errors import CliError
from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.contract.cases import InvalidCaseError, read_file, read_list
from prefill.sandbox.contract.faults import InvalidFaultError, read_fault, read_latency
from prefill.sandbox.contract.quota import REFUSALS_BEFORE_BAN
from prefill.sandbox.contract.request import Rules
from prefill.sandbox.contract.tokens import DELEGATIONS, Delegation, TokenRules, read_grant
from prefill.sandbox.server import CONTROL, SandboxServer

PORT = 9080
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _each(read: Callable[[str], tuple[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Read a repeatable option whose values are `KEY=VALUE`."""

    def callback(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
        try:
            return dict(map(read, texts))
        except InvalidFaultError as error:
            raise click.BadParameter(f"{error}.") from error

    return callback


def _habilitation(text: str) -> tuple[str, str]:
    token, _, habilitation = text.rpartition("=")
    return token, habilitation


@click.command(help="Servir le bac à sable sur cette machine, comme une API Entreprise pour d'autres programmes.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 : un port libre.")
@click.option("--strict", is_flag=True, help="Compter aussi les User-Agent anonymes, refuser l'entreprise pour "
              "destinataire, et finir en erreur si une règle a été enfreinte.")  # fmt: skip
@click.option("--latency", "latencies", multiple=True, callback=_each(read_latency), metavar="[PART=]MS",
              help="Millisecondes de chaque réponse, ou des chemins qui contiennent PART. Répétable.")  # fmt: skip
@click.option("--fault", "faults", multiple=True, callback=_each(read_fault), metavar="PART=PANNE",
              help="Panne des chemins qui contiennent PART : rcs=504, insee=slow:5, rcs=502@0.5. Répétable.")  # fmt: skip
@click.option("--budget-scale", "scale", type=click.FloatRange(min=0, min_open=True), default=1.0,
              show_default=True, help="Multiplie tous les quotas ; 1000 : pratiquement aucun.")  # fmt: skip
@click.option("--window", type=click.FloatRange(min=0.1), default=60.0, show_default=True,
              help="Secondes d'une fenêtre de quota.")  # fmt: skip
@click.option("--ban-after", type=click.IntRange(0), default=REFUSALS_BEFORE_BAN, show_default=True,
              help="429 d'une même fenêtre après lesquels une adresse n'a plus aucune réponse.")  # fmt: skip
@click.option("--cases", "files", multiple=True, type=FILE, help="Réponses en JSON, avant celles des entreprises "
              "inventées. Répétable.")  # fmt: skip
@click.option("--grant", "grants", multiple=True, callback=_each(read_grant), metavar="JETON=DROIT,DROIT",
              help="Les seuls droits d'un jeton. Répétable.")  # fmt: skip
@click.option("--habilitation", "habilitations", multiple=True, callback=_each(_habilitation), metavar="JETON=ID",
              help="L'habilitation dont un jeton dépense les quotas. Répétable.")  # fmt: skip
@click.option("--delegations", type=FILE, help="Les délégations de l'éditeur, en JSON.")
@click.option("--gone", multiple=True, metavar="PART", help="Répondre 410 sur ces chemins. Répétable.")
def sandbox(
    *,
    port: int,
    strict: bool,
    latencies: dict[str, float],
    faults: dict[str, str],
    scale: float,
    window: float,
    ban_after: int,
    files: tuple[Path, ...],
    grants: dict[str, frozenset[str]],
    habilitations: dict[str, str],
    delegations: Path | None,
    gone: tuple[str, ...],
) -> None:
    rules = Rules(
        strict=strict,
        quota_scale=scale,
        window_seconds=window,
        ban_after=ban_after,
        gone=gone,
        tokens=TokenRules(grants, habilitations),
    )
    try:
        cases = [read_file(path) for path in files]
    except InvalidCaseError as error:
        raise CliError(f"{error}.") from error
    known = DELEGATIONS if delegations is None else _read_delegations(delegations)
    api = ApiEntreprise(rules, files=cases, faults=faults, latencies=latencies, delegations=known)
    asyncio.run(_serve(api, port))
    if strict and api.journal.violations:
        raise CliError(f"Règles enfreintes : {_listed(api.journal.report()['violations'])}.")


def _read_delegations(path: Path) -> list[Delegation]:
    try:
        return [Delegation.read(member) for member in read_list(json.loads(path.read_text(encoding="utf-8")))]
    except (TypeError, ValueError) as error:
        raise CliError(f"{path} : ce n'est pas une liste JSON de délégations.") from error


def _listed(violations: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(violations.items()))


async def _serve(api: ApiEntreprise, port: int) -> None:
    """Serve until a signal; the first line on standard output is the address alone, for the program that waits."""
    server = SandboxServer(api)
    try:
        await server.start(port)
    except OSError as error:
        raise CliError(
            f"prefill ne peut pas écouter sur 127.0.0.1, port {port} : {os.strerror(error.errno or 0)}."
        ) from error
    click.echo(server.url)
    click.echo(
        f"API Entreprise simulée, entreprises inventées. Pannes, latences et compteurs : {server.url}{CONTROL} "
        "(Ctrl+C pour arrêter).",
        err=True,
    )  # fmt: skip
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    await server.close()
