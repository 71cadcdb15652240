"""`prefill espd`: write the ESPD of a company, read one that somebody sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from prefill.cli.commands.fill import fetch_espd, fetch_json, read_number
from prefill.cli.common import VERBOSE, command_settings, open_command_forms
from prefill.cli.errors import CliError
from prefill.cli.tables import pretty_json, text_table
from prefill.espd.reading.agreement import Verdict, compare, number_of
from prefill.espd.reading.reader import MAX_BYTES, Summary
from prefill.espd.reading.reader import read as read_document
from prefill.espd.reading.restored import restore
from prefill.problems import Problem

VERDICTS = {
    Verdict.SAME: "identique",
    Verdict.DIFFERENT: "différent",
    Verdict.UNKNOWN: "les registres ne le disent pas",
}
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
    declared = {"size": size or "", "lot": lot or "", "procedure": procedure or ""}
    settings = command_settings()
    click.echo(fetch_espd(settings, open_command_forms(settings), read_number(" ".join(siret), "fr"), declared))


@espd.command(
    "read", help="Montrer ce que dit une demande ou une réponse ESPD, et ce qu'en disent les registres aujourd'hui."
)
@click.argument("file", metavar="FICHIER", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--offline", is_flag=True, help="Ne pas interroger les registres.")
@click.option("--json", "as_json", is_flag=True, help="Écrire le document en JSON, comme un DUME rempli.")
@VERBOSE
def read(*, file: Path, offline: bool, as_json: bool) -> None:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    try:
        summary, restored = read_document(content), restore(content)
    except Problem as problem:
        raise CliError(problem.detail("fr")) from problem
    if as_json:
        declared = {name: value for name, value in asdict(restored.declared).items() if value}
        declared["certificates"] = sorted(restored.declared.certificates)
        click.echo(
            pretty_json({"kind": summary.kind, "version": summary.version, "declared": declared, "data": restored.data})
        )
        return
    for line in lines_of(summary):
        click.echo(line)
    number = number_of(restored.data)
    if number and not offline:
        for line in _agreement(restored.data, number):
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
    if summary.criteria:
        yield ""
        criteria = [
            (one.code or one.id, one.name, " ; ".join(one.answers) or "sans réponse") for one in summary.criteria
        ]
        yield from text_table(("Critère", "Intitulé", "Réponses"), criteria)


def _agreement(written: Mapping[str, Any], number: str) -> Iterator[str]:
    """Write which answers agree with the registers today; why not, where the registers cannot be asked."""
    settings = command_settings()
    yield ""
    try:
        prefill = fetch_json(settings, open_command_forms(settings), f"/v1/prefill/{number}", "fr", {"schema": "dume"})
    except CliError as refused:
        yield f"Registres : {refused.format_message()}"
        return
    found = compare(written, prefill["data"])
    rows = [(line.subject, line.written, line.known, VERDICTS[line.verdict]) for line in found]
    yield from text_table(("Élément", "Document", "Registres aujourd'hui", "Accord"), rows)
