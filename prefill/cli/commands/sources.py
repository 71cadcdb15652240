"""`prefill sources`: list the catalogue."""

from __future__ import annotations

from pathlib import Path

import click

from prefill.assembly import bundled_forms
from prefill.cli.common import command_forms, command_settings
from prefill.cli.errors import CliError
from prefill.cli.tables import markdown_table, text_table
from prefill.cli.use_case import use_case_tables
from prefill.config_files.diagnostics import short_name
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.sources import RateGroup, Source
from prefill.drift.comparison import compare
from prefill.drift.published import UnreadableDocument, read_document
from prefill.forms.registry import load_all
from prefill.web.rendering.catalogue import access_level

ACCESS = {"open": "ouverte", "protected": "protégée", "forbidden": "interdite", "withdrawn": "retirée"}
SOURCE_HEADINGS = (
    "Name", "Title", "Producer", "Access", "Asked", "Identifier", "Path", "Budget a minute", "Fresh for", "Timeout",
)  # fmt: skip
SOURCES_PAGE = """\
# Sources

One row per endpoint of API Entreprise, and one of Recherche d'entreprises, asked without a token, from the catalogue in `prefill/domain/catalogue.py`. This page is what
`prefill sources --markdown` prints: change the catalogue, not the page.

*Open* sources may reach a candidate's page; *protected* ones only an entitled agent of the buyer. A source *on demand*
is asked only when the caller names it (`with=`). A budget is per token: `json` is one budget for all its endpoints,
« each » is one for every endpoint. *Fresh for* is how long an answer is reused before the register is asked again.

{table}

## The tender use case, row by row

The rows that its list names. A row is answered by the protected call for an agent and by the open one for a candidate, where it
has both.

{use_case}

The rows of the catalogue beside them:

{beside}

## What no form may name

A form that names one of these does not load, and is told why (in French, as integrators read it).

{refused}
"""


@click.group(
    invoke_without_command=True,
    help="Lister le catalogue des sources, montrer ce que l'une contient, ou le comparer à ce qu'API Entreprise publie.",
)
@click.option("--markdown", is_flag=True, help="Le texte de docs/sources.md.")
@click.pass_context
def sources(context: click.Context, *, markdown: bool) -> None:
    if context.invoked_subcommand:
        return
    if markdown:
        click.echo(_sources_page(), nl=False)
        return
    rows = [
        (row.name, row.producer, ACCESS[access_level(row)], _asked_fr(row), row.title) for row in CATALOGUE.values()
    ]
    click.echo("\n".join(text_table(("Nom", "Fournisseur", "Accès", "Interrogée", "Titre"), rows)))


@sources.command(
    help="Comparer le catalogue et les formulaires à la description OpenAPI qu'API Entreprise publie (JSON ou YAML) : "
    "chemins, versions, dépréciations, clés lues, types, ouverture, budgets. Le code de sortie est 1 s'il y a une dérive."
)
@click.argument("openapi_file", type=click.Path(path_type=Path))
def check(openapi_file: Path) -> None:
    library = command_forms(command_settings())
    try:
        endpoints = read_document(openapi_file)
    except UnreadableDocument as fault:
        raise CliError(f"{short_name(openapi_file)} : {fault}.") from fault
    findings = compare(SOURCES, library.forms.values(), endpoints)
    if findings:
        rows = [(one.source, "dérive" if one.blocking else "remarque", one.kind.value, one.message) for one in findings]
        click.echo("\n".join(text_table(("Source", "Gravité", "Quoi", "Constat"), rows)))
    blocking = sum(finding.blocking for finding in findings)
    click.echo(
        f"{len(endpoints)} points d'accès publiés : {blocking} dérive(s), {len(findings) - blocking} remarque(s)."
    )
    if blocking:
        raise SystemExit(1)


def _asked_fr(row: Source) -> str:
    if not row.usable:
        return "jamais"
    return "à la demande" if row.on_demand else "par défaut"


def _sources_page() -> str:
    table = "\n".join(
        markdown_table(SOURCE_HEADINGS, map(_source_cells, (row for row in CATALOGUE.values() if row.usable)))
    )
    refused = "\n".join(
        f"- `{row.name}` ({row.title}, {row.producer}), {access_level(row)}: {row.refusal}"
        for row in SOURCES
        if row.refusal
    )
    use_case, beside = use_case_tables(load_all([bundled_forms()]).forms.values())
    return SOURCES_PAGE.format(table=table, refused=refused, use_case=use_case, beside=beside)


def _source_cells(row: Source) -> tuple[str, ...]:
    return (
        f"`{row.name}`",
        row.title,
        row.producer,
        access_level(row),
        "on demand" if row.on_demand else "by default",
        row.identifier.replace("_", " "),
        f"`{row.path}`",
        _budget(row.budget),
        _duration(row.fresh),
        f"{row.timeout:g} s",
    )


def _budget(budget: RateGroup) -> str:
    return f"{budget.per_minute} each" if budget.per_endpoint else f"{budget.per_minute} (`{budget.name}`)"


def _duration(seconds: int) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(seconds, length)
        if count and not rest:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "never"
