"""Find the form or the source that a command names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from prefill.cli.common import command_forms
from prefill.cli.errors import CliError
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.sources import Source
from prefill.domain.suggestions import closest
from prefill.forms.model import Form
from prefill.forms.registry import FormRegistry
from prefill.settings import Settings

SUFFIXES = (".yaml", ".yml")


def find_source(name: str) -> Source:
    row = CATALOGUE.get(name)
    if row is None:
        guess = closest(name, CATALOGUE)
        hint = f" Vouliez-vous dire « {guess} » ?" if guess else ""
        raise CliError(f"Il n'y a pas de source « {name} ».{hint} « prefill sources » les liste.")
    return row


def find_form(library: FormRegistry, name: str) -> Form:
    forms = library.forms
    if name in forms:
        return forms[name]
    guess = closest(name, forms)
    hint = f" Vouliez-vous dire « {guess} » ?" if guess else ""
    raise CliError(f"Il n'y a pas de formulaire « {name} ».{hint} Formulaires connus : {', '.join(forms)}.")


def find_forms(settings: Settings, names: tuple[str, ...]) -> Mapping[str, Form]:
    """Load the forms asked for: all, by name, or by a file, whose folder is then read after the others."""
    files = [Path(name) for name in names if name.endswith(SUFFIXES)]
    folders = tuple(dict.fromkeys(str(file.parent) for file in files))
    library = command_forms(replace(settings, schemas=(*settings.schemas, *folders)))
    wanted = [_id(name) for name in names] or list(library.forms)
    return {name: find_form(library, name) for name in wanted}


def _id(name: str) -> str:
    """Take the id out of a file's name, a file of tests included."""
    return Path(name).stem.removesuffix(".tests") if name.endswith(SUFFIXES) else name
