"""`prefill schema new`: begin a form."""

from __future__ import annotations

from pathlib import Path

import click

from prefill.authoring.case_file import path_of_cases
from prefill.authoring.skeleton.page_fields import read_page
from prefill.authoring.skeleton.writer import new_cases, new_form
from prefill.cli.authoring.choice import find_form
from prefill.cli.authoring.grammar import grammar_text
from prefill.cli.common import command_forms, command_settings
from prefill.cli.errors import CliError
from prefill.forms.form_file import FORM_ID

FOLDER = Path("forms")
GRAMMAR = "grammar.json"  # that the first line of a form names, for editors


@click.command(
    "new", help="Commencer un formulaire et ses cas : un squelette commenté, ou ce qu'une page laisse deviner."
)
@click.argument("name", metavar="NOM")
@click.option("--from", "page", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Une page HTML : ses champs, avec ce qu'ils sont sans doute.")  # fmt: skip
@click.option("--extends", metavar="FORMULAIRE", help="Le formulaire à reprendre.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True,
              help="Où l'écrire.")  # fmt: skip
def new(*, name: str, page: Path | None, extends: str | None, folder: Path) -> None:
    if not FORM_ID.fullmatch(name):
        raise CliError(f"« {name} » ne peut pas être un identifiant : lettres sans accent, chiffres, - et _.")
    path = folder / f"{name}.yaml"
    if path.exists():
        raise CliError(f"{path} existe déjà.")
    library = command_forms(command_settings())
    if extends:
        find_form(library, extends)
    fields = read_page(page.read_text(encoding="utf-8", errors="replace")) if page else None
    if page and not fields:
        raise CliError(f"{page} n'a pas de champ à remplir.")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(new_form(name, page=fields, extends=extends, known=find_form(library, "dume")), encoding="utf-8")
    path_of_cases(path).write_text(new_cases(), encoding="utf-8")
    (folder / GRAMMAR).write_text(grammar_text(), encoding="utf-8")
    click.echo(f"{path} et {path_of_cases(path)} sont écrits. Ensuite :\n  prefill schema check {path}")
    click.echo(f"  prefill schema test {path} --update")
