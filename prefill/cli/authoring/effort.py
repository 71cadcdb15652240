"""`prefill schema effort`: what a form leaves to type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from prefill.assembly import open_service, opened_registers
from prefill.authoring.effort import HEADINGS, Effort, count_calls, means, measure_all, most_typed, sandbox_filler
from prefill.cli.authoring.choice import find_form
from prefill.cli.common import TENANT, command_forms, command_settings, command_tenant
from prefill.cli.errors import CliError
from prefill.cli.tables import text_table
from prefill.domain.company import Role
from prefill.domain.identifiers import parse, spaced
from prefill.domain.permissions import Audience
from prefill.forms.model import Form
from prefill.prefilling.service import Prefill, Request
from prefill.problems import Problem
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings

SHOWN = 10  # fields that are most often typed

Fill = Callable[[str], tuple[Prefill, int]]


@click.command(
    "effort", help="Dire ce qu'un formulaire laisse à saisir, entreprise par entreprise, et les appels qu'il coûte."
)
@click.argument("name", metavar="NOM")
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="SIRET à employer, un par ligne, en place du bac à sable.")  # fmt: skip
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.SOLE_TENDERER.value,
    help="Rôle des entreprises.",
)
@TENANT
def effort(*, name: str, path: Path | None, role: str, tenant: str | None) -> None:
    settings = command_settings()
    form = find_form(command_forms(settings), name).for_role(Role(role))
    names = _numbers(path) if path else {company.siret: company.name for company in COMPANIES}
    opened = (
        sandbox_filler(form, Role(role)) if path is None or settings.sandbox else _registers(settings, form, tenant)
    )
    with opened as fill:
        efforts = measure_all(names, fill)
    click.echo("\n".join(_lines(form, names, efforts)))


def _numbers(path: Path) -> dict[str, str]:
    try:
        numbers = [parse(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except Problem as problem:
        raise CliError(f"{path} : {problem.detail('fr')}") from problem
    return {number: spaced(number) for number in numbers}


@contextmanager
def _registers(settings: Settings, form: Form, tenant: str | None) -> Iterator[Fill]:
    """Ask the registers themselves; protected data is read for a procedure, never to measure a form."""
    if form.audience is Audience.AGENT:
        raise CliError(f"« {form.id} » lit des données protégées : il ne se mesure que dans le bac à sable.")
    with opened_registers(settings, command_tenant(settings, tenant)) as registers:
        service = open_service(settings, registers)

        def fill(number: str) -> tuple[Prefill, int]:
            prefill = service.prefill(Request(number, form))
            return prefill, count_calls(prefill.answers.values())

        yield fill


def _lines(form: Form, names: dict[str, str], efforts: list[Effort]) -> Iterator[str]:
    filled = [one for one in efforts if not one.refusal]
    yield f"{form.title} ({form.id} {form.version}) : {len(form.fields)} champs, {len(names)} entreprises"
    yield ""
    yield from text_table(
        ("Entreprise", *HEADINGS), [*(_row(names[one.number], one) for one in efforts), *_mean(filled)]
    )
    told = most_typed(form, filled)[:SHOWN]
    if told:
        yield ""
        yield "Le plus souvent à saisir :"
        yield from (f"  {label} ({count} sur {len(filled)})" for label, count in told)


def _row(name: str, effort: Effort) -> tuple[str, ...]:
    if effort.refusal:
        return (name, f"— {effort.refusal}", *[""] * (len(HEADINGS) - 1))
    return (name, *map(str, effort.counts))


def _mean(efforts: list[Effort]) -> list[tuple[str, ...]]:
    if not efforts:
        return []
    return [("Moyenne", *(f"{mean:.1f}".replace(".", ",") for mean in means(efforts)))]
