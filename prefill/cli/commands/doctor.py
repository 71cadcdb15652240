"""`prefill settings`, `openapi` and `doctor`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import click

from prefill.assembly import (
    connection,
    form_folders,
    now,
    open_audit,
    open_company_search,
    open_shared_resources,
    open_tenants,
    session_opener,
)
from prefill.auth.signin.providers import Providers, ProviderUnavailable
from prefill.authoring.versions.lock import UnreadableLock, compare_with_lock, forms_of, locked_forms
from prefill.cli.commands.fill import fetch_json
from prefill.cli.commands.schema import forms_and_mistakes
from prefill.cli.common import command_settings, open_command_forms
from prefill.cli.errors import CliError
from prefill.cli.tables import markdown_table, pretty_json, text_table
from prefill.clock import Clock
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.forms.registry import FormRegistry
from prefill.health import (
    Check,
    check_deployment,
    check_forms,
    check_information,
    check_locally,
    check_redis,
    check_remotely,
    check_tenants,
    check_trace,
    check_vat_list,
    probe_search,
)
from prefill.problems import SettingsInvalid
from prefill.process_limits import thread_limit
from prefill.redis_client import OptionalRedis
from prefill.settings import Settings, describe, refuse_unwanted_sandbox
from prefill.tenancy.model import Directory

SETTINGS_PAGE = """\
# Settings

Every setting is an environment variable; the table is the one in `prefill/settings.py`, and this page is what
`prefill settings --markdown` prints. Without `API_ENTREPRISE_TOKEN` the service runs on its sandbox, and no other
setting is needed; in production the sandbox must be asked for. A bad value stops the start with a sentence that names it; a secret is never printed. The meanings
are in French, as operators read them in the terminal.

{table}

Two more are read by what runs the service: `WEB_CONCURRENCY`, the number of processes (1 by default), and
`PROMETHEUS_MULTIPROC_DIR`, an empty folder where those processes put their metrics together.
"""


@click.command("settings", help="Lister les réglages, leur valeur (jamais un secret) et d'où elle vient.")
@click.option("--markdown", is_flag=True, help="Le texte de docs/settings.md.")
def show_settings(*, markdown: bool) -> None:
    if markdown:
        rows = [(f"`{one.name}`", one.value, one.meaning) for one in describe(Settings(), {})]
        click.echo(
            SETTINGS_PAGE.format(table="\n".join(markdown_table(("Variable", "Default", "Meaning"), rows))), nl=False
        )
        return
    shown = [(one.name, one.value, one.origin, one.meaning) for one in describe(command_settings(), os.environ)]
    click.echo("\n".join(text_table(("Réglage", "Valeur", "Origine", "Sens"), shown)))


@click.command(help="Donner la description OpenAPI de l'API.")
def openapi() -> None:
    settings = command_settings()
    click.echo(pretty_json(fetch_json(settings, open_command_forms(settings), "/openapi.json", "en")))


@click.command(help="Vérifier que le service peut fonctionner : formulaires, jeton, droits, fournisseurs.")
def doctor() -> None:
    settings = command_settings()
    try:
        refuse_unwanted_sandbox(settings, os.environ)
    except SettingsInvalid as fault:
        raise CliError(str(fault)) from fault
    library, mistakes = forms_and_mistakes(settings)
    for mistake in mistakes:
        click.echo(mistake)
    checks = [_tell(one) for one in _examine(settings, library)]
    if any(one.vital and not one.ok for one in checks):
        click.echo("Le service ne peut pas fonctionner.")
        raise SystemExit(1)
    click.echo("Le service peut fonctionner.")


def _examine(settings: Settings, library: FormRegistry) -> Iterator[Check]:
    yield from check_locally(settings, library, now())
    yield from check_forms(library)
    yield from _versions(settings, library)
    yield from check_redis(OptionalRedis(settings.redis_url, clock=Clock()))
    try:
        tenants = open_tenants(settings, lambda: library)
    except InvalidConfigFile as bad:
        yield Check("tenants", False, str(bad))
        return
    yield from check_tenants(settings, tenants, now())
    yield from check_deployment(settings, tenants, os.environ, threads_allowed=thread_limit())
    yield from check_information(settings, tenants)
    yield from check_vat_list(settings, now().date())
    yield from _sign_in(settings, tenants.directory())
    yield _audit(settings)
    yield from _search(settings)
    if settings.open_only:
        return
    for buyer in tenants.directory().tenants.values():
        for one in check_remotely(session_opener(settings)(), connection(settings, buyer), library, now):
            yield replace(one, message=f"{buyer.id} : {one.message}") if settings.tenants else one


def _sign_in(settings: Settings, directory: Directory) -> Iterator[Check]:
    """Ask each identity provider what it says of itself; a remark, since agents may also present a key."""
    issuers = sorted({own.issuer for _, own in directory.signing_in()})
    providers = Providers(open_session=session_opener(settings), clock=time.monotonic)
    for issuer in issuers:
        host = urlsplit(issuer).hostname
        try:
            metadata = providers.get(issuer)
        except ProviderUnavailable as fault:
            message = f"Le fournisseur d'identité {host} ne peut pas être employé ({fault})."
            yield Check("signin", False, message, vital=False)
            continue
        silent = len(issuers) > 1 and not metadata.says_issuer
        message = "ne se nomme pas dans ses réponses (iss) : avec plusieurs fournisseurs, elles sont refusées"
        told = message if silent else "répond"
        yield Check("signin", not silent, f"Le fournisseur d'identité {host} {told}.", vital=False)


def _search(settings: Settings) -> Iterator[Check]:
    resources = open_shared_resources(settings)
    try:
        yield from probe_search(open_company_search(settings, resources))
    finally:
        resources.thread_pools.close()


def _versions(settings: Settings, library: FormRegistry) -> Iterator[Check]:
    """Compare the forms with the lock that stands beside them, where one does; a form belongs to the last folder that has it."""
    left = dict(library.forms)
    for folder in reversed(form_folders(settings) if left else ()):
        own = forms_of(folder, left)
        left = {name: form for name, form in left.items() if name not in own}
        try:
            locked = locked_forms(folder)
        except UnreadableLock as fault:
            yield Check("versions", False, str(fault), vital=False)
            continue
        known = {name: form for name, form in (locked or {}).items() if name in own or name not in library.forms}
        if locked is not None:
            yield from (Check("versions", False, one.message, vital=False) for one in compare_with_lock(known, own))


def _audit(settings: Settings) -> Check:
    try:
        trace = open_audit(settings)
    except SettingsInvalid as fault:
        return Check("audit", False, str(fault))
    try:
        return check_trace(trace)
    finally:
        trace.close()


def _tell(one: Check) -> Check:
    """Say a check as soon as it is known: a provider may take its time."""
    mark = "ok" if one.ok else "échec" if one.vital else "à voir"
    click.echo(f"{mark:<8}{one.message}")
    return one
