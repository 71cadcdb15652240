"""`prefill ask`: put one question to one source."""

from __future__ import annotations

import re
from typing import Any

import click

from prefill.assembly import opened_registers
from prefill.cli.administration.audit import trace_asked
from prefill.cli.authoring.choice import find_source
from prefill.cli.commands.fill import read_number
from prefill.cli.common import TENANT, VERBOSE, command_settings, command_tenant
from prefill.cli.errors import CliError
from prefill.cli.tables import pretty_json
from prefill.config_files.schema import hint
from prefill.domain.answers import Answer
from prefill.domain.company import Company
from prefill.domain.identifiers import spaced
from prefill.domain.sources import Identifier, Source
from prefill.forms.expressions import BadExpression, Expression, compile_expression, function_names
from prefill.forms.functions import Unreadable
from prefill.problems import CompanyNotInvented
from prefill.sandbox.companies import is_invented
from prefill.settings import Settings

RNA = re.compile(r"W[0-9A-Z]{3}[0-9]{6}")


@click.command(help="Poser une question à une source et montrer sa réponse brute. Code 0 si elle répond, 1 sinon.")
@click.argument("source")
@click.argument("identifier", metavar="NUMERO", nargs=-1, required=True)
@click.option("--protected", is_flag=True, help="J'ai le droit de lire cette donnée protégée.")
@click.option("--expr", metavar="EXPRESSION", help="Une expression de formulaire à essayer sur la réponse.")
@TENANT
@VERBOSE
def ask(*, source: str, identifier: tuple[str, ...], protected: bool, expr: str | None, tenant: str | None) -> None:
    row = _row(source)
    expression = _expression(expr) if expr is not None else None
    if not row.open and not protected:
        raise CliError(
            f"« {row.name} » est une donnée protégée, réservée aux agents habilités de l'acheteur. Le jeton du service "
            "ouvre aussi cet accès : ajoutez --protected si vous êtes habilité à la lire."
        )
    settings = command_settings()
    _check_invented(settings, " ".join(identifier))
    chosen, company = command_tenant(settings, tenant), _company(row, " ".join(identifier))
    with opened_registers(settings, chosen, fallback=False) as registers:
        answer = registers.submit(row, company, patience=settings.deadline).result()
    if not row.open:
        trace_asked(settings, chosen, answer, company.siret or company.siren or company.rna or "")
    click.echo(pretty_json(_raw(answer)) if expression is None else _evaluated(expression, answer))
    raise SystemExit(0 if answer.ok else 1)


def _check_invented(settings: Settings, text: str) -> None:
    """Say in the sandbox that a real company is not there, rather than that its register does not know it."""
    if settings.sandbox and not RNA.fullmatch(text):
        number = read_number(text, "fr")
        if not is_invented(number):
            raise CliError(CompanyNotInvented(number=spaced(number)).detail("fr"))


def _row(name: str) -> Source:
    row = find_source(name)
    if row.refusal:
        raise CliError(f"La source « {name} » ne peut pas être demandée : {row.refusal}")
    return row


def _expression(text: str) -> Expression:
    try:
        return compile_expression(text)
    except BadExpression as fault:
        raise CliError(f"{fault}{hint(fault.name, function_names()) if fault.name else ''}") from fault


def _evaluated(expression: Expression, answer: Answer) -> str:
    """Show what a form would read, as JSON; without an answer there is nothing to read."""
    if not answer.ok:
        raise CliError(f"La source ne répond pas ({answer.status}) : l'expression n'a rien à lire.")
    try:
        return pretty_json(expression(answer.data))
    except Unreadable as fault:
        raise CliError(f"La réponse n'a pas la forme que « {expression.text} » attend.") from fault


def _company(row: Source, text: str) -> Company:
    if row.identifier is Identifier.RNA_OR_SIRET and RNA.fullmatch(text):
        return Company("", rna=text)
    company = Company.unread(read_number(text, "fr"))
    if row.identify(company) is None:
        raise CliError(f"La source « {row.name} » demande un SIRET (14 chiffres), pas un SIREN.")
    return company


def _raw(answer: Answer) -> dict[str, Any]:
    return {
        "source": answer.source,
        "status": answer.status,
        "cause": answer.cause,
        "code": answer.code,
        "httpStatus": answer.http_status,
        "requestId": answer.request_id,
        "retryAfter": answer.retry_after,
        "seconds": answer.seconds,
        "cached": answer.cached,
        "stale": answer.stale,
        "data": answer.data,
        "meta": dict(answer.meta),
    }
