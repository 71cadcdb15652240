"""The command line: serve, fill a form, ask a source, and tell what the service knows of itself.

What is said of a prefill is what the API says: the commands ask it in this process, without a socket.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import re
import shutil
import socket
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import structlog

from prefill import __version__, telemetry
from prefill.app import (
    SANDBOX_BANNER,
    connection,
    create_app,
    form_folders,
    join,
    now,
    only_tenant,
    open_tenants,
    open_upstream,
    read_forms,
    session_opener,
)
from prefill.desk import Stop, audit, tenant, trace_asked
from prefill.errors import Language, Problem, SettingsInvalid
from prefill.health import Check, check_locally, check_redis, check_remotely, check_tenants
from prefill.identifiers import closest, parse, spaced
from prefill.mapping import Field, Form, pointer_keys
from prefill.payloads import access_word
from prefill.schemas import BadSchemas, Library, Mistake, check
from prefill.settings import Settings, describe, load
from prefill.shared import Shared
from prefill.sources import CATALOGUE, SOURCES, Answer, Budget, Company, Identifier, Source, Status
from prefill.tenants import BadTenants, Tenant
from prefill.web import create_web

UNWRAPPED = 1000  # columns of a pipe: one row a line, for grep
GAP = "  "
THREADS = 256  # requests at once in a process; most wait for the registers, and an event stream holds one
RNA = re.compile(r"W[0-9A-Z]{3}[0-9]{6}")


TENANT = click.option("--tenant", metavar="ACHETEUR", help="Pour quel acheteur, quand il y en a plusieurs.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="prefill")
def main() -> None:
    """Préremplir un formulaire de marché public à partir d'un SIRET."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign still shows the rest
    telemetry.configure("text")
    # A person reads the answer, not the calls that made it; only `serve` logs them.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


# -- serve ------------------------------------------------------------------------------------------


@main.command(help="Lancer le service.")
@click.option("--host", help="Adresse d'écoute (PREFILL_HOST).")
@click.option("--port", help="Port d'écoute (PORT).")
def serve(*, host: str | None, port: str | None) -> None:
    settings = _settings(PREFILL_HOST=host, PORT=port)
    _check_tenants(settings, _library(settings))
    _check_free(settings.host, settings.port)
    _run(settings, _processes(os.environ))


def _run(settings: Settings, processes: int) -> None:
    """Hand over to granian until it is told to stop; the parts are made in each process."""
    from granian import Granian  # no other command needs it
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "prefill.app:create_app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=round(settings.deadline) + 5,
        log_level=LogLevels.error,
    )
    server.on_startup(partial(_announce, settings))
    server.serve(target_loader=partial(create_app, settings), wrap_loader=False)


def _announce(settings: Settings) -> None:
    url = f"http://{_address(settings)}"
    click.echo(f"prefill écoute sur {url} ; la documentation est à {url}/docs. Ctrl+C pour arrêter.", err=True)


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


REFUSALS = {
    errno.EADDRINUSE: "ce port est déjà pris, donnez-en un autre avec --port",
    errno.EADDRNOTAVAIL: "cette machine n'a pas cette adresse",
    errno.EACCES: "ce port est réservé au système, donnez-en un autre avec --port",
}


def _check_free(host: str, port: int) -> None:
    """Try the address first: the server would say in its own words that it cannot have it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as fault:
        why = REFUSALS.get(fault.errno or 0, fault.strerror)
        raise Stop(f"prefill ne peut pas écouter sur {host}, port {port} : {why}.") from fault


def _processes(environ: Mapping[str, str]) -> int:
    text = environ.get("WEB_CONCURRENCY", "").strip() or "1"
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text):
        raise Stop(f"WEB_CONCURRENCY attend un nombre de processus de 1 à 999 (reçu : « {text[:80]} »).")
    return int(text)


# -- fill -------------------------------------------------------------------------------------------

WORDS: Mapping[Language, Mapping[str, Any]] = {
    "fr": {
        "headings": ("Champ", "Valeur", "Source"),
        "yes": "oui",
        "no": "non",
        "confirm": "à vérifier",
        "stale": "réponse gardée",
        "notice": "Note : ",
        "failed": "Source en défaut : ",
    },
    "en": {
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


@main.command(help="Remplir un formulaire pour un SIRET (ou un SIREN : son siège).")
@click.argument("siret", nargs=-1, required=True)
@click.option("--schema", default="dume", show_default=True, help="Le formulaire.")
@click.option("--with", "extra", default="", help="Sources à la demande, séparées par des virgules.")
@click.option("--json", "as_json", is_flag=True, help="La réponse de l'API, telle quelle.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Langue des phrases.")
@TENANT
def fill(*, siret: tuple[str, ...], schema: str, extra: str, as_json: bool, lang: Language, tenant: str | None) -> None:
    settings = _settings()
    library = _library(settings)
    number = _number(" ".join(siret), lang)
    prefill = _fetch(
        settings, library, f"/v1/prefill/{number}", lang, {"schema": schema, "with": extra, "tenant": tenant or ""}
    )
    if settings.sandbox:
        click.echo(SANDBOX_BANNER, err=True)
    lines = [_pretty(prefill)] if as_json else _prefill_lines(library.forms[schema], prefill, lang)
    click.echo("\n".join(lines))


def _fetch(
    settings: Settings, library: Library, path: str, language: Language = "fr", query: Mapping[str, str] | None = None
) -> Any:
    """Ask the API for JSON, as a page would; a refusal is said and ends the command."""
    try:
        parts = join(replace(settings, visits=0), library)  # the operator is not a visitor
    except (SettingsInvalid, BadTenants) as fault:
        raise Stop(str(fault)) from fault
    client = create_web(parts).test_client()
    response = client.get(path, query_string=query, headers={"Accept-Language": language})
    parts.close()
    body = response.get_json()
    if response.status_code != 200:
        raise Stop(body["detail"])
    return body


def _number(text: str, language: Language) -> str:
    try:
        return parse(text)
    except Problem as problem:
        raise Stop(problem.detail(language)) from problem


def _prefill_lines(form: Form, prefill: Mapping[str, Any], language: Language) -> Iterator[str]:
    words = WORDS[language]
    number = spaced(prefill.get("siret") or prefill["siren"])
    yield from _wrap(f"{number} · {form.title} ({form.id} {form.version})", _width())
    yield ""
    yield from _table(words["headings"], _field_rows(form, prefill, words))
    for line in _remarks(prefill, words):
        yield ""
        yield from _wrap(line, _width())


def _remarks(prefill: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[str]:
    for notice in prefill["notices"]:
        yield words["notice"] + notice["message"]
    for name, one in prefill["sources"].items():
        if one["status"] not in HARMLESS:
            yield f"{words['failed']}{name} ({_failure(one)})"


def _field_rows(form: Form, prefill: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Give each field's label with its value and who says so, or with the reason why it has none."""
    pointers = {one.get("field", pointer): pointer for pointer, one in prefill["provenance"].items()}
    for part in form.fields:
        pointer = pointers.get(part.path)
        if pointer is None:
            yield part.label, f"— {prefill['missing'][part.path]['message']}", ""
            continue
        origin = prefill["provenance"][pointer]
        remarks = [words[key] for key in ("confirm", "stale") if origin.get(key)]
        signed = f"{origin['source']} ({', '.join(remarks)})" if remarks else origin["source"]
        yield part.label, _written(_value_at(prefill["data"], pointer), words), signed


def _value_at(data: Any, pointer: str) -> Any:
    for key in pointer_keys(pointer):
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data["value"] if isinstance(data, dict) else data


def _written(value: Any, words: Mapping[str, Any]) -> str:
    """Write a value for people: a list takes a line for each of its rows."""
    if isinstance(value, list):
        return "\n".join(", ".join(_written(part, words) for part in row.values()) for row in value)
    if isinstance(value, bool):
        return str(words["yes" if value else "no"])
    return str(value)


def _failure(status: Mapping[str, Any]) -> str:
    return ", ".join(str(status[key]) for key in ("status", "cause", "code", "requestId") if status.get(key))


# -- ask --------------------------------------------------------------------------------------------


@main.command(help="Poser une question à une source et montrer sa réponse brute. Code 0 si elle répond, 1 sinon.")
@click.argument("source")
@click.argument("identifier", metavar="NUMERO", nargs=-1, required=True)
@click.option("--protected", is_flag=True, help="J'ai le droit de lire cette donnée protégée.")
@TENANT
def ask(*, source: str, identifier: tuple[str, ...], protected: bool, tenant: str | None) -> None:
    row = _row(source)
    if not row.open and not protected:
        raise Stop(
            f"« {row.name} » est une donnée protégée, réservée aux agents habilités de l'acheteur. Le jeton du service "
            "ouvre aussi cet accès : ajoutez --protected si vous êtes habilité à la lire."
        )
    settings = _settings()
    chosen, company = _tenant(settings, tenant), _company(row, " ".join(identifier))
    upstream = open_upstream(settings, chosen)
    answer = upstream.ask(row, company)
    upstream.close()
    if not row.open:
        trace_asked(settings, chosen, answer, company.siret or company.siren or company.rna or "")
    click.echo(_pretty(_raw(answer)))
    raise SystemExit(0 if answer.ok else 1)


def _row(name: str) -> Source:
    row = CATALOGUE.get(name)
    if row is None:
        guess = closest(name, CATALOGUE)
        hint = f" Vouliez-vous dire « {guess} » ?" if guess else ""
        raise Stop(f"Il n'y a pas de source « {name} ».{hint} « prefill sources » les liste.")
    if row.refusal:
        raise Stop(f"La source « {name} » ne peut pas être demandée : {row.refusal}")
    return row


def _company(row: Source, text: str) -> Company:
    if row.identifier is Identifier.RNA_OR_SIRET and RNA.fullmatch(text):
        return Company("", rna=text)
    company = Company.unread(_number(text, "fr"))
    if row.identify(company) is None:
        raise Stop(f"La source « {row.name} » demande un SIRET (14 chiffres), pas un SIREN.")
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


# -- sources ----------------------------------------------------------------------------------------

ACCESS = {"open": "ouverte", "protected": "protégée", "forbidden": "interdite", "withdrawn": "retirée"}
SOURCE_HEADINGS = (
    "Name", "Title", "Producer", "Access", "Asked", "Identifier", "Path", "Budget a minute", "Fresh for", "Timeout",
)  # fmt: skip
SOURCES_PAGE = """\
# Sources

One row per endpoint of API Entreprise, from the catalogue in `prefill/sources.py`. This page is what
`prefill sources --markdown` prints: change the catalogue, not the page.

*Open* sources may reach a candidate's page; *protected* ones only an entitled agent of the buyer. A source *on demand*
is asked only when the caller names it (`with=`). A budget is per token: `json` is one budget for all its endpoints,
« each » is one for every endpoint. *Fresh for* is how long an answer is reused before the register is asked again.

{table}

## What no form may name

A form that names one of these does not load, and is told why (in French, as integrators read it).

{refused}
"""


@main.command(help="Lister le catalogue des sources.")
@click.option("--markdown", is_flag=True, help="Le texte de docs/sources.md.")
def sources(*, markdown: bool) -> None:
    if markdown:
        click.echo(_sources_page(), nl=False)
        return
    rows = [(row.name, row.producer, ACCESS[access_word(row)], _asked_fr(row), row.title) for row in SOURCES]
    click.echo("\n".join(_table(("Nom", "Fournisseur", "Accès", "Interrogée", "Titre"), rows)))


def _asked_fr(row: Source) -> str:
    if not row.usable:
        return "jamais"
    return "à la demande" if row.on_demand else "par défaut"


def _sources_page() -> str:
    table = "\n".join(_markdown(SOURCE_HEADINGS, map(_source_cells, (row for row in SOURCES if row.usable))))
    refused = "\n".join(
        f"- `{row.name}` ({row.title}, {row.producer}), {access_word(row)}: {row.refusal}"
        for row in SOURCES
        if row.refusal
    )
    return SOURCES_PAGE.format(table=table, refused=refused)


def _source_cells(row: Source) -> tuple[str, ...]:
    return (
        f"`{row.name}`",
        row.title,
        row.producer,
        access_word(row),
        "on demand" if row.on_demand else "by default",
        row.identifier.replace("_", " "),
        f"`{row.path}`",
        _budget(row.budget),
        _duration(row.fresh),
        f"{row.timeout:g} s",
    )


def _budget(budget: Budget) -> str:
    return f"{budget.per_minute} each" if budget.per_endpoint else f"{budget.per_minute} (`{budget.name}`)"


def _duration(seconds: int) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, rest = divmod(seconds, length)
        if count and not rest:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "never"


# -- schema -----------------------------------------------------------------------------------------


FORM_HEADINGS = ("Chemin", "Libellé", "Type", "Alias", "Origines", "Options")


@main.group(help="Vérifier ou montrer les formulaires.")
def schema() -> None:
    pass


@schema.command("check", help="Dire toutes les erreurs des formulaires : ceux donnés, ou tous ceux du service.")
@click.argument("files", metavar="[FICHIER]...", nargs=-1, type=click.Path(path_type=Path))
def check_schemas(*, files: tuple[Path, ...]) -> None:
    settings = _settings()
    mistakes = check(files, form_folders(settings)) if files else _forms_and_mistakes(settings)[1]
    for mistake in mistakes:
        click.echo(mistake)
    if any(mistake.blocking for mistake in mistakes):
        raise SystemExit(1)
    click.echo("Aucune erreur.")


@schema.command("show", help="Montrer un formulaire compilé.")
@click.argument("name", metavar="NOM")
def show_schema(*, name: str) -> None:
    forms = _library(_settings()).forms
    if name not in forms:
        guess = closest(name, forms)
        hint = f" Vouliez-vous dire « {guess} » ?" if guess else ""
        raise Stop(f"Il n'y a pas de formulaire « {name} ».{hint} Formulaires connus : {', '.join(forms)}.")
    form = forms[name]
    heading = f"{form.title} ({form.id} {form.version}, {form.audience}) — {form.file}"
    click.echo("\n".join([*_wrap(heading, _width()), "", *_table(FORM_HEADINGS, map(_form_row, form.fields))]))


def _form_row(part: Field) -> tuple[str, ...]:
    options = {"à la demande": part.on_demand, "à vérifier": part.confirm, f"réservé ({part.reserved})": part.reserved}
    origins = [f"{origin.source}: {origin.expression.text}" for origin in part.origins]
    items = [f"· {item.name}: {item.expression.text}" for item in part.items]
    chosen = ", ".join(option for option, wanted in options.items() if wanted)
    return part.path, part.label, part.type, part.alias or "", "\n".join([*origins, *items]), chosen


def _forms_and_mistakes(settings: Settings) -> tuple[Library, tuple[Mistake, ...]]:
    """Read the forms; when they cannot be used, give none and say why."""
    try:
        library = read_forms(settings)
    except BadSchemas as bad:
        return Library({}), bad.mistakes
    return library, library.remarks


# -- settings, openapi, doctor ----------------------------------------------------------------------

SETTINGS_PAGE = """\
# Settings

Every setting is an environment variable; the table is the one in `prefill/settings.py`, and this page is what
`prefill settings --markdown` prints. Without `API_ENTREPRISE_TOKEN` the service runs on its sandbox, and no other
setting is needed. A bad value stops the start with a sentence that names it; a secret is never printed. The meanings
are in French, as operators read them in the terminal.

{table}

Two more are read by what runs the service: `WEB_CONCURRENCY`, the number of processes (1 by default), and
`PROMETHEUS_MULTIPROC_DIR`, an empty folder where those processes put their metrics together.
"""


@main.command("settings", help="Lister les réglages, leur valeur (jamais un secret) et d'où elle vient.")
@click.option("--markdown", is_flag=True, help="Le texte de docs/settings.md.")
def show_settings(*, markdown: bool) -> None:
    if markdown:
        rows = [(f"`{one.name}`", one.value, one.meaning) for one in describe(Settings(), {})]
        click.echo(SETTINGS_PAGE.format(table="\n".join(_markdown(("Variable", "Default", "Meaning"), rows))), nl=False)
        return
    shown = [(one.name, one.value, one.origin, one.meaning) for one in describe(_settings(), os.environ)]
    click.echo("\n".join(_table(("Réglage", "Valeur", "Origine", "Sens"), shown)))


@main.command(help="Donner la description OpenAPI de l'API.")
def openapi() -> None:
    settings = _settings()
    click.echo(_pretty(_fetch(settings, _library(settings), "/openapi.json")))


@main.command(help="Vérifier que le service peut fonctionner : formulaires, jeton, droits, fournisseurs.")
def doctor() -> None:
    settings = _settings()
    library, mistakes = _forms_and_mistakes(settings)
    for mistake in mistakes:
        click.echo(mistake)
    checks = [_tell(one) for one in _examine(settings, library)]
    if any(one.vital and not one.ok for one in checks):
        click.echo("Le service ne peut pas fonctionner.")
        raise SystemExit(1)
    click.echo("Le service peut fonctionner.")


def _examine(settings: Settings, library: Library) -> Iterator[Check]:
    yield from check_locally(settings, library, now())
    yield from check_redis(Shared(settings.redis_url, clock=time.monotonic))
    try:
        tenants = open_tenants(settings, library)
    except BadTenants as bad:
        yield Check("tenants", False, str(bad))
        return
    yield from check_tenants(settings, tenants, now())
    for buyer in tenants.directory().tenants.values():
        for one in check_remotely(session_opener(settings)(), connection(settings, buyer)):
            yield replace(one, message=f"{buyer.id} : {one.message}") if settings.tenants else one


def _tell(one: Check) -> Check:
    """Say a check as soon as it is known: a provider may take its time."""
    mark = "ok" if one.ok else "échec" if one.vital else "à voir"
    click.echo(f"{mark:<8}{one.message}")
    return one


main.add_command(tenant)
main.add_command(audit)

# -- what every command needs -----------------------------------------------------------------------


def _settings(**given: str | None) -> Settings:
    """Read the settings, options before the environment. A port given by hand tells of no proxy, as a PaaS's does."""
    options = {name: value for name, value in given.items() if value is not None}
    try:
        return replace(load({**os.environ, **options}), proxies=load(os.environ).proxies)
    except SettingsInvalid as fault:
        raise Stop(str(fault)) from fault


def _tenant(settings: Settings, name: str | None) -> Tenant:
    try:
        return only_tenant(settings, name)
    except (SettingsInvalid, BadSchemas, BadTenants) as fault:
        raise Stop(str(fault)) from fault


def _check_tenants(settings: Settings, library: Library) -> None:
    try:
        open_tenants(settings, library)
    except BadTenants as bad:
        raise Stop(str(bad)) from bad


def _library(settings: Settings) -> Library:
    try:
        return read_forms(settings)
    except BadSchemas as bad:
        raise Stop(str(bad)) from bad


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (headings, ["---"] * len(headings), *rows):
        cells = [cell.replace("|", "\\|") for cell in row]
        yield f"| {' | '.join(cells)} |"


def _width() -> int:
    return shutil.get_terminal_size(fallback=(UNWRAPPED, 24)).columns


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Align cells in columns as wide as the terminal allows; where words would break, one block a row."""
    rows = list(rows)
    widths = _widths([headings, *rows], _width())
    if widths is None:
        for row in rows:
            yield from _block(headings, row, _width())
        return
    for row in (headings, ["-" * width for width in widths], *rows):
        yield from _lines(row, widths)


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Narrow the widest column until all fit, never below its longest word; None when that is not enough."""
    columns = list(zip(*rows, strict=True))
    widths = [max(len(line) for cell in column for line in cell.split("\n")) for column in columns]
    least = [max(len(word) for cell in column for word in re.split(r"[ \n]", cell)) for column in columns]
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        wide = [place for place, own in enumerate(widths) if own > least[place]]
        if not wide:
            return None
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [_wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
    for place in range(max(map(len, cells))):
        parts = [cell[place] if place < len(cell) else "" for cell in cells]
        yield GAP.join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _block(headings: Sequence[str], row: Sequence[str], width: int) -> Iterator[str]:
    margin = max(map(len, headings)) + len(GAP)
    for heading, cell in zip(headings, row, strict=True):
        if cell:
            first, *rest = _wrap(cell, max(20, width - margin))
            yield heading.ljust(margin) + first
            yield from (" " * margin + line for line in rest)
    yield ""


def _wrap(cell: str, width: int) -> list[str]:
    return [part for line in cell.split("\n") for part in textwrap.wrap(line, width, break_on_hyphens=False) or [""]]


if __name__ == "__main__":
    main(prog_name="prefill")
