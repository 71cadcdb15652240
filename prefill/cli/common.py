"""What several commands need: settings, tenants, options."""

from __future__ import annotations

import os
from dataclasses import replace

import click

from prefill import telemetry
from prefill.assembly import only_tenant, open_forms, open_tenants
from prefill.cli.errors import CliError
from prefill.config_files.diagnostics import InvalidConfigFile
from prefill.forms.registry import FormRegistry, ReloadedForms
from prefill.problems import SettingsInvalid
from prefill.settings import Settings, load
from prefill.tenancy.model import Tenant

TENANT = click.option("--tenant", metavar="ACHETEUR", help="Pour quel acheteur, quand il y en a plusieurs.")


def _show_log(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 (click's)
    if wanted:
        telemetry.configure("text")


VERBOSE = click.option(
    "-v", "--verbose", is_flag=True, expose_value=False, callback=_show_log, help="Montrer aussi le journal des appels."
)


def command_settings(**given: str | None) -> Settings:
    """Read the settings, options before the environment. A port given by hand tells of no PaaS."""
    options = {name: value for name, value in given.items() if value is not None}
    try:
        around = load(os.environ)
        return replace(load({**os.environ, **options}), proxies=around.proxies, environment=around.environment)
    except SettingsInvalid as fault:
        raise CliError(str(fault)) from fault


def command_tenant(settings: Settings, name: str | None) -> Tenant:
    try:
        return only_tenant(settings, name)
    except (SettingsInvalid, InvalidConfigFile) as fault:
        raise CliError(str(fault)) from fault


def check_tenants_file(settings: Settings, library: FormRegistry) -> None:
    try:
        open_tenants(settings, lambda: library)
    except InvalidConfigFile as bad:
        raise CliError(str(bad)) from bad


def command_forms(settings: Settings) -> FormRegistry:
    """Read the forms."""
    return open_command_forms(settings).content


def open_command_forms(settings: Settings) -> ReloadedForms:
    try:
        return open_forms(settings)
    except InvalidConfigFile as bad:
        raise CliError(str(bad)) from bad
