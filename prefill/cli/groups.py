"""The commands that have commands of their own."""

from __future__ import annotations

from prefill.cli.administration.delegations import sync_tenants
from prefill.cli.administration.tenant import tenant
from prefill.cli.authoring.diff import diff
from prefill.cli.authoring.effort import effort
from prefill.cli.authoring.grammar import grammar
from prefill.cli.authoring.lock import lock
from prefill.cli.authoring.new import new
from prefill.cli.authoring.source import show_source
from prefill.cli.authoring.test import test_schemas
from prefill.cli.commands.schema import schema
from prefill.cli.commands.sources import sources

__all__ = ["schema", "sources", "tenant"]

tenant.add_command(sync_tenants)
for _command in (test_schemas, effort, diff, grammar, lock, new):
    schema.add_command(_command)
sources.add_command(show_source)
