"""`prefill fill`: fill a form for a company."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import click
from werkzeug.test import TestResponse

from prefill.app import build_context
from prefill.cli.common import TENANT, VERBOSE, command_settings, open_command_forms
from prefill.cli.errors import CliError
from prefill.cli.tables import pretty_json, terminal_width, text_table, wrap_cell
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.domain.answers import Status
from prefill.domain.company import Role
from prefill.domain.identifiers import parse_entry, spaced
from prefill.forms.model import Field, Form, Type, value_at
from prefill.forms.registry import FormRegistry, ReloadedForms
from prefill.health import SANDBOX_BANNER
from prefill.problems import Language, Problem, SettingsInvalid
from prefill.settings import Settings
from prefill.web.app import create_web

WORDS: Mapping[Language, Mapping[str, Any]] = {
    "fr": {
        "language": "fr",
        "headings": ("Champ", "Valeur", "Source"),
        "yes": "oui",
        "no": "non",
        "confirm": "à vérifier",
        "stale": "réponse gardée",
        "notice": "Note : ",
        "failed": "Source en défaut : ",
    },
    "en": {
        "language": "en",
        "headings": ("Field", "Value", "Source"),
        "yes": "yes",
        "no": "no",
        "confirm": "to confirm",
        "stale": "kept answer",
        "notice": "Note: ",
        "failed": "Failed source: ",
    },
}
HARMLESS = frozenset({Status.OK, Status.ABSENT, Status.WITHHELD, Status.NOT_APPLICABLE, Status.NOT_REQUESTED})


@click.command(help="Remplir un formulaire pour un SIRET (ou un SIREN : son siège).")
@click.argument("siret", nargs=-1, required=True)
@click.option("--schema", default="dume", show_default=True, help="Le formulaire.")
@click.option("--role", default="", help="Rôle de l'entreprise (group-lead, subcont…), pour un formulaire à plusieurs.")
@click.option("--with", "extra", default="", help="Sources à la demande, séparées par des virgules.")
@click.option("--json", "as_json", is_flag=True, help="La réponse de l'API, telle quelle.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Langue des phrases.")
@click.option("--format", "kind", type=click.Choice(["espd"]), help="Le DUME en ESPD (XML), sur la sortie standard.")
@TENANT
@VERBOSE
def fill(
    *,
    siret: tuple[str, ...],
    schema: str,
    role: str,
    extra: str,
    as_json: bool,
    lang: Language,
    kind: str | None,
    tenant: str | None,
) -> None:
    settings = command_settings()
    forms = open_command_forms(settings)
    number = read_number(" ".join(siret), lang)
    if kind:
        declared = {"role": role, "with": extra, "tenant": tenant or ""}
        click.echo(fetch_espd(settings, forms, number, declared))
        return
    query = {"schema": schema, "role": role, "with": extra, "tenant": tenant or ""}
    prefill = fetch_json(settings, forms, f"/v1/prefill/{number}", lang, query)
    if settings.sandbox:
        click.echo(SANDBOX_BANNER, err=True)
    lines = (
        [pretty_json(prefill)] if as_json else _prefill_lines(_form(forms.content, schema, role), number, prefill, lang)
    )
    click.echo("\n".join(lines))


def _form(library: FormRegistry, schema: str, role: str) -> Form:
    return library.forms[schema].for_role(Role(role or Role.SOLE_TENDERER))


def fetch_json(
    settings: Settings,
    forms: ReloadedForms,
    path: str,
    language: Language = "fr",
    query: Mapping[str, str] | None = None,
) -> Any:
    """Ask the API for JSON, as a page would; a refusal is said and ends the command."""
    response = _ask(settings, forms, path, language, query)
    body = response.get_json()
    if response.status_code != 200:
        raise CliError(body["detail"])
    return body


def fetch_espd(settings: Settings, forms: ReloadedForms, number: str, query: Mapping[str, str]) -> bytes:
    """Ask the API for the ESPD of a company; what remains to be given is said and ends the command."""
    given = {name: value for name, value in query.items() if value}
    response = _ask(settings, forms, f"/v1/prefill/{number}", "fr", {**given, "format": "espd"})
    if response.status_code != 200:
        problem = response.get_json() or {}
        remaining = [f"  {note['message']}" for note in problem.get("missing", ())]
        raise CliError("\n".join([problem.get("detail", "Erreur."), *remaining]))
    return response.get_data()


def _ask(
    settings: Settings, forms: ReloadedForms, path: str, language: Language, query: Mapping[str, str] | None
) -> TestResponse:
    try:
        context = build_context(replace(settings, rate_limit=0), forms)  # the operator is not a visitor
    except (SettingsInvalid, InvalidConfigFile) as fault:
        raise CliError(str(fault)) from fault
    client = create_web(context).test_client()
    response = client.get(path, query_string=query, headers={"Accept-Language": language})
    context.close()
    return response


def read_number(text: str, language: Language) -> str:
    try:
        return parse_entry(text)
    except Problem as problem:
        raise CliError(problem.detail(language)) from problem


def _prefill_lines(form: Form, number: str, prefill: Mapping[str, Any], language: Language) -> Iterator[str]:
    words = WORDS[language]
    answered = spaced(prefill.get("siret") or prefill.get("siren") or number)
    yield from wrap_cell(f"{answered} · {form.title} ({form.id} {form.version})", terminal_width())
    yield ""
    yield from text_table(words["headings"], _field_rows(form, prefill, words))
    for line in _remarks(prefill, words):
        yield ""
        yield from wrap_cell(line, terminal_width())


def _remarks(prefill: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[str]:
    for notice in prefill["notices"]:
        yield words["notice"] + notice["message"]
    for name, one in prefill["sources"].items():
        if one["status"] not in HARMLESS:
            yield f"{words['failed']}{name} ({_failure(one)})"


def _field_rows(form: Form, prefill: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Give each field's label with its value and who says so, or with the reason why it has none."""
    pointers: dict[str, list[str]] = {}
    for pointer, one in prefill["provenance"].items():
        pointers.setdefault(one.get("field", pointer), []).append(pointer)
    for part in form.fields:
        if part.path not in pointers:
            gap = prefill["missing"].get(part.path, {})
            yield part.label_in(words["language"]), f"— {gap.get('message', '')}".strip(), ""
            continue
        origin = prefill["provenance"][pointers[part.path][0]]
        remarks = [words[key] for key in ("confirm", "stale") if origin.get(key)]
        signed = f"{origin['source']} ({', '.join(remarks)})" if remarks else origin["source"]
        yield (
            part.label_in(words["language"]),
            _written(_value_of(part, prefill["data"], pointers[part.path]), words),
            signed,
        )


def _value_of(part: Field, data: Any, pointers: list[str]) -> Any:
    """Read a value where it stands; of a list under a named entry, its rows."""
    values = [value_at(data, pointer) for pointer in pointers]
    return values if part.entry and part.type is Type.LIST else values[0]


def _written(value: Any, words: Mapping[str, Any]) -> str:
    """Write a value for people: a list takes a line for each of its rows."""
    if isinstance(value, list):
        return "\n".join(", ".join(_written(part, words) for part in row.values()) for row in value)
    if isinstance(value, bool):
        return str(words["yes" if value else "no"])
    return str(value)


def _failure(status: Mapping[str, Any]) -> str:
    return ", ".join(str(status[key]) for key in ("status", "cause", "code") if status.get(key))
