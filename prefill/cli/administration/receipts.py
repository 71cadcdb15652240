"""`prefill receipt key` and `prefill verify`: signing keys, and receipts held against what was received."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

import click

from prefill.assembly import open_receipts, today
from prefill.cli.common import command_settings
from prefill.cli.errors import CliError
from prefill.cli.tables import text_table
from prefill.domain.identifiers import parse
from prefill.problems import Problem
from prefill.receipts.keys import new_seed
from prefill.web.rendering.agents.receipts import REFUSALS, STATES


@click.group(help="Faire les clés qui signent les reçus de préremplissage.")
def receipt() -> None:
    pass


@receipt.command("key", help="Faire une clé : mettez-la en tête de PREFILL_RECEIPT_KEYS, l'ancienne derrière elle.")
def make_key() -> None:
    click.echo(new_seed())


@click.command(help="Comparer un formulaire reçu à son reçu : un fichier JSON avec receipt, siret, values, procedure.")
@click.argument("file", metavar="FICHIER", type=click.File("r", encoding="utf-8"))
def verify(*, file: IO[str]) -> None:
    receipts = open_receipts(command_settings())
    if receipts is None:
        raise CliError("Ce service n'a pas de clé : donnez PREFILL_RECEIPT_KEYS.")
    try:
        body = json.load(file)
        text, number, values = body["receipt"], parse(body["siret"]), body["values"]
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise CliError(f"{Path(file.name).name} n'est pas un objet JSON avec receipt, siret et values.") from fault
    except Problem as problem:
        raise CliError(str(problem)) from problem
    found = receipts.verify(text, siret=number, values=values, today=today(), procedure=body.get("procedure"))
    if found.refusal is not None:
        raise CliError(REFUSALS[found.refusal]["fr"])
    rows = [(pointer, STATES[state]["fr"]) for pointer, state in (found.fields or {}).items()]
    click.echo("\n".join(text_table(("Champ", "État"), rows)))
