"""`prefill schema grammar`: the JSON Schema of form files, for an editor."""

from __future__ import annotations

import json
from pathlib import Path

import click

from prefill.authoring.grammar.form_grammar import form_grammar


@click.command("grammar", help="Écrire le JSON Schema des formulaires, pour qu'un éditeur les complète et les vérifie.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Dans ce fichier.")
def grammar(*, output: Path | None) -> None:
    text = grammar_text()
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def grammar_text() -> str:
    """Give the file that the first line of a form names for editors."""
    return json.dumps(form_grammar(), ensure_ascii=False, indent=1) + "\n"
