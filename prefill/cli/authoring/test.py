"""`prefill schema test`: run the test cases that stand beside forms."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

import click

from prefill.authoring.case_writer import updated
from prefill.authoring.suite import FormResult, cases_beside, report, run_form
from prefill.authoring.trial import open_trials
from prefill.cli.authoring.choice import find_forms
from prefill.cli.common import command_settings
from prefill.forms.model import Form


@click.command(
    "test", help="Essayer les formulaires sur les cas écrits à côté d'eux (NOM.tests.yaml), dans le bac à sable."
)
@click.argument("names", metavar="[NOM|FICHIER]...", nargs=-1)
@click.option("--update", is_flag=True, help="Proposer d'écrire ce que les cas ont donné, là où ils échouent.")
def test_schemas(*, names: tuple[str, ...], update: bool) -> None:
    results = list(_run(find_forms(command_settings(), names)))
    click.echo("\n".join(report(results)))
    if update:
        for result in results:
            _offer(result)
    elif not all(result.passed for result in results):
        raise SystemExit(1)


def _run(forms: Mapping[str, Form]) -> Iterator[FormResult]:
    with open_trials() as trials:
        for form in forms.values():
            path = cases_beside(form)
            if path is None:
                click.echo(f"{form.id} : pas de tests", err=True)
            else:
                yield run_form(form, path, trials)


def _offer(result: FormResult) -> None:
    """Show what a file of cases would become, and write it when the author agrees."""
    if not result.failed:
        return
    path = result.file.path
    old = path.read_text(encoding="utf-8")
    new = updated(path, result.form, result.failed)
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), str(path), str(path), lineterm="")
    click.echo("\n".join(lines))
    if click.confirm(f"Écrire {path} ?"):
        path.write_text(new, encoding="utf-8")
