"""The command line."""

from __future__ import annotations

import gc
import io
import logging
import sys

import click

from prefill import __version__, telemetry
from prefill.cli.lazy_group import LazyGroup

__all__ = ["main"]

COMMANDS = {
    "serve": "prefill.cli.commands.serve:serve",
    "sandbox": "prefill.cli.commands.sandbox:sandbox",
    "fill": "prefill.cli.commands.fill:fill",
    "document": "prefill.cli.commands.document:document",
    "espd": "prefill.cli.commands.espd:espd",
    "ask": "prefill.cli.commands.ask:ask",
    "sources": "prefill.cli.groups:sources",
    "schema": "prefill.cli.groups:schema",
    "tenant": "prefill.cli.groups:tenant",
    "session": "prefill.cli.administration.session:session",
    "receipt": "prefill.cli.administration.receipts:receipt",
    "verify": "prefill.cli.administration.receipts:verify",
    "watch": "prefill.cli.administration.watch:watch",
    "audit": "prefill.cli.administration.audit:audit",
    "vat": "prefill.cli.administration.vat:vat",
    "settings": "prefill.cli.commands.doctor:show_settings",
    "openapi": "prefill.cli.commands.doctor:openapi",
    "doctor": "prefill.cli.commands.doctor:doctor",
}


@click.group(cls=LazyGroup, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="prefill")
def main() -> None:
    """Préremplir un formulaire de marché public à partir d'un SIRET."""
    gc.freeze()  # what is imported stays: no collection has to walk through it
    gc.enable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a sign still shows the rest
    # A person reads the answer, not the calls that made it; `serve` logs them, and `-v` shows them.
    telemetry.configure("text", logging.ERROR)
