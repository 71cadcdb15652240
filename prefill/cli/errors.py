"""How a command ends when it cannot go on."""

from __future__ import annotations

from typing import Any

import click


class CliError(click.ClickException):
    """End the command with a sentence on standard error and exit code 1."""

    def show(self, file: Any = None) -> None:
        click.echo(self.format_message(), file=file, err=True)
