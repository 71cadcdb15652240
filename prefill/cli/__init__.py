"""The command line."""

from __future__ import annotations

import io
import logging
import sys

import click

from prefill import __version__, telemetry
from prefill.cli.administration.audit import audit
from prefill.cli.administration.delegations import sync_tenants
from prefill.cli.administration.receipts import receipt, verify
from prefill.cli.administration.tenant import tenant
from prefill.cli.authoring.diff import diff
from prefill.cli.authoring.effort import effort
from prefill.cli.authoring.grammar import grammar
from prefill.cli.authoring.lock import lock
from prefill.cli.authoring.new import new
from prefill.cli.authoring.source import show_source
from prefill.cli.authoring.test import test_schemas
from prefill.cli.commands.ask import ask
from prefill.cli.commands.doctor import doctor, openapi, show_settings
from prefill.cli.commands.document import document
from prefill.cli.commands.espd import espd
from prefill.cli.commands.fill import fill
from prefill.cli.commands.sandbox import sandbox
from prefill.cli.commands.schema import schema
from prefill.cli.commands.serve import serve
from prefill.cli.commands.sources import sources

__all__ = ["main"]

COMMANDS = (
    serve,
    sandbox,
    fill,
    document,
    espd,
    ask,
    sources,
    schema,
    tenant,
    receipt,
    verify,
    audit,
    show_settings,
    openapi,
    doctor,
)

OF_FORMS = (test_schemas, effort, diff, grammar, lock, new)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="prefill")
def main() -> None:
    """Préremplir un formulaire de marché public à partir d'un SIRET."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign still shows the rest
    # A person reads the answer, not the calls that made it; `serve` logs them, and `-v` shows them.
    telemetry.configure("text", logging.ERROR)


tenant.add_command(sync_tenants)
for _command in COMMANDS:
    main.add_command(_command)
for _command in OF_FORMS:
    schema.add_command(_command)
sources.add_command(show_source)
