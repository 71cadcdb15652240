"""A group of commands whose modules are imported when they are called: `serve` starts without the others' libraries."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Finds a command by the name of its module; `modules` is in the order of the help page."""

    def __init__(self, *args: Any, modules: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._modules = dict(modules)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, attribute = self._modules.get(cmd_name, "").partition(":")
        found: click.Command | None = getattr(import_module(module), attribute) if module else None
        return found
