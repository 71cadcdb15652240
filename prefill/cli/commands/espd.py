"""`prefill espd`: write the ESPD of a company, read one that somebody sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from prefill.app import build_context
from prefill.cli.common import VERBOSE, _library, _settings
from prefill.cli.errors import CliError
from prefill.espd.reader import MAX_BYTES, Summary
from prefill.espd.reader import read as read_document
from prefill.problems import Problem
from prefill.web.app import create_web

KINDS = {"request": "Demande de l'acheteur", "response": "Réponse d'un candidat"}


@click.group(help="Écrire le DUME d'une entreprise en ESPD (XML), ou lire un document ESPD.")
def espd() -> None:
    pass


@espd.command("write", help="Écrire sur la sortie standard le profil ESPD d'une entreprise.")
@click.argument("siret", nargs=-1, required=True)
@click.option("--size", help="Taille : micro, small, medium, sme ou large.")
@click.option("--lot", help="Lot, comme LOT-0001.")
@click.option("--procedure", help="Référence de la consultation.")
@VERBOSE
def write(*, siret: tuple[str, ...], size: str | None, lot: str | None, procedure: str | None) -> None:
    given = {"size": size, "lot": lot, "procedure": procedure, "format": "espd"}
    query = {name: value for name, value in given.items() if value}
    settings = _settings()
    context = build_context(replace(settings, rate_limit=0), _library(settings))  # the operator is not a visitor
    reply = create_web(context).test_client().get(f"/v1/prefill/{' '.join(siret)}", query_string=query)
    context.close()
    if reply.status_code != 200:
        remaining = [f"  {note['message']}" for note in (reply.get_json() or {}).get("missing", ())]
        raise CliError("\n".join([(reply.get_json() or {}).get("detail", "Erreur."), *remaining]))
    click.echo(reply.get_data())


@espd.command("read", help="Montrer ce que dit une demande ou une réponse ESPD.")
@click.argument("file", metavar="FICHIER", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def read(*, file: Path) -> None:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    try:
        summary = read_document(content)
    except Problem as problem:
        raise CliError(problem.detail("fr")) from problem
    for line in lines_of(summary):
        click.echo(line)


def lines_of(summary: Summary) -> Iterator[str]:
    """Write a summary for a terminal: the document, the operator, then each criterion with its answers."""
    yield f"{KINDS[summary.kind]}, ESPD-EDM {summary.version}"
    yield f"Consultation : {summary.procedure or 'non indiquée'}"
    if summary.buyer:
        yield f"Acheteur : {summary.buyer}"
    yield f"Lots : {', '.join(summary.lots) or 'aucun'}"
    for name, value in summary.operator.items():
        yield f"{name} : {value}"
    for criterion in summary.criteria:
        answers = " ; ".join(criterion.answers) or "sans réponse"
        yield f"{criterion.code or criterion.id} ({criterion.name}) : {answers}"
