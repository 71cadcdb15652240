"""Write what the documentation repeats from the code: the generated pages, and the tables between their marks.

    make docs          (or .venv/bin/python -m tools.docs)

A table stands between `<!-- generated: NAME -->` and `<!-- end -->` in a page of docs/. Asks no network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner
from prometheus_client import Counter

from prefill import telemetry
from prefill.app import create_app
from prefill.authoring.grammar.form_grammar import FIELD, FORM
from prefill.cli import main as prefill
from prefill.cli.tables import markdown_table
from prefill.domain.answers import CAUSE_MEANINGS, STATUS_MEANINGS, Cause, Status
from prefill.domain.sources import CALLS_PER_ADDRESS, RATE_GROUPS
from prefill.dossier import states
from prefill.forms.expressions import our_functions
from prefill.prefilling import notices
from prefill.problems import every_problem
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings
from prefill.telemetry.catalogue import EVENTS
from tests.support.wrong_forms import PAGE as WRONG_FORMS
from tests.support.wrong_forms import read_wrong_forms, render_wrong_forms

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MARKED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
PRINTED: Mapping[Path, Sequence[str]] = {  # files that a command prints whole
    DOCS / "settings.md": ("settings", "--markdown"),
    DOCS / "sources.md": ("sources", "--markdown"),
    ROOT / "schemas" / "grammar.json": ("schema", "grammar"),
}


# What answers hold of objects, and how one of them is named.
HELD: Mapping[str, str] = {"Provenance": "[…]", "Missing": "[…]", "SourceOutcome": "[…]", "Notice": "[]"}


def elide(sentence: str) -> str:
    """Show a sentence with « … » where the service puts a value, and without what it may add at the end of a phrase."""
    return re.sub(r"\{[^}]*\}", "…", re.sub(r"(?<=[.)])\{\w+\}", "", sentence))


def code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(markdown_table(headings, rows))


def errors() -> str:
    rows = sorted(
        (str(one.status), f"`{one.code}`", elide(one.sentence["en"]), code(sorted(one.shown)))
        for one in every_problem()
    )
    return table(("Code", "Status", "`detail`", "Members"), ((row[1], row[0], *row[2:]) for row in rows))


def statuses() -> str:
    return table(("Status", "Meaning"), ((f"`{one}`", STATUS_MEANINGS[one]) for one in Status))


def causes() -> str:
    return table(("Cause", "Meaning"), ((f"`{one}`", CAUSE_MEANINGS[one]) for one in Cause))


def notice_codes() -> str:
    return table(
        ("Code", "Sentence"), ((f"`{name}`", elide(sentence["en"])) for name, sentence in notices.SENTENCES.items())
    )


def proof_states() -> str:
    return table(
        ("State", "`word`", "`message`"),
        (
            (f"`{state}`", elide(states.WORDS[state]["en"]), elide(states.SENTENCES[state]["en"]))
            for state in states.State
        ),
    )


def events() -> str:
    rows = ((f"`{name}`", event.level, event.meaning) for name, event in EVENTS.items())
    return table(("Event", "Level", "Meaning, and fields"), rows)


@cache
def openapi() -> dict[str, Any]:
    """Give the OpenAPI document in English."""
    document: dict[str, Any] = (
        create_app(Settings()).test_client().get("/openapi.json", headers={"Accept-Language": "en"}).json
    )
    return document


def routes() -> str:
    rows = (
        (f"`{method.upper()} {path.replace('{name}', '{id}')}`", operation["summary"])
        for path, operations in openapi()["paths"].items()
        for method, operation in operations.items()
        if method in ("get", "post") and not path.startswith("/v1/prefill.") and not re.match("/v1/prefill[@-]", path)
    )
    return table(("Route", "Does"), rows)


def prefill_parameters() -> str:
    given = openapi()["paths"]["/v1/prefill/{number}"]["get"]["parameters"]
    shared = openapi()["components"].get("parameters", {})
    whole = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in given]
    return table(("Parameter", "In", "Meaning"), ((f"`{one['name']}`", one["in"], one["description"]) for one in whole))


def answer_members() -> str:
    return table(("Member", "Meaning"), _members("Prefill"))


def proof_members() -> str:
    return table(("Member", "Meaning"), _members("Proof"))


def _members(schema: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Give the members of a schema that say something of themselves, and of the objects that they hold."""
    for name, member in openapi()["components"]["schemas"][schema]["properties"].items():
        if "description" in member:
            yield f"`{prefix}{name}`", member["description"]
        held = re.search(r"#/components/schemas/(\w+)", str(member))
        if held and held[1] in HELD:
            yield from _members(held[1], f"{prefix}{name}{HELD[held[1]]}.")


def metrics() -> str:
    rows = (
        (
            f"`{metric.name}{'_total' if metric.kind is Counter else ''}`",
            metric.kind.__name__.lower(),
            code(metric.labels),
            metric.meaning,
        )
        for metric in telemetry.METRICS.values()
    )
    return table(("Metric", "Type", "Labels", "Meaning"), rows)


def rate_groups() -> str:
    rows = [
        (f"`{group.name}`", str(group.per_minute), "for each endpoint" if group.per_endpoint else "together")
        for group in RATE_GROUPS
    ]
    last = ("`address`", str(CALLS_PER_ADDRESS), "everything that leaves from one IP address, whatever the token")
    return table(("Group", "Calls a minute", "Counted"), (*rows, last))


def companies() -> str:
    rows = ((f"`{company.siret}`", company.name, company.shows_en) for company in COMPANIES)
    return table(("SIRET", "Name", "Shows"), rows)


def commands() -> str:
    return table(("Command", "Does"), ((f"`{name}`", does) for name, does in _commands(prefill, "prefill")))


def sandbox_options() -> str:
    options = (one for one in _command(prefill, "sandbox").params if isinstance(one, click.Option))
    return table(("Option", "Does"), ((code(one.opts), one.help or "") for one in options))


def _commands(group: click.Group, prefix: str) -> Iterator[tuple[str, str]]:
    for name in list(group.commands) or group.list_commands(click.Context(group)):
        command, full = _command(group, name), f"{prefix} {name}"
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield full, command.help or ""
        if isinstance(command, click.Group):
            yield from _commands(command, full)


def _command(group: click.Group, name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None
    return found


def form_functions() -> str:
    return table(("Function", "Gives"), ((f"`{usage}`", gives) for usage, gives in our_functions().items()))


def form_keys() -> str:
    return table(("Key", "Holds"), ((f"`{key}`", holds) for key, holds in FORM.items()))


def field_keys() -> str:
    return table(("Key", "Holds"), ((f"`{key}`", holds) for key, holds in FIELD.items()))


TABLES: Mapping[str, Callable[[], str]] = {
    function.__name__: function
    for function in (
        errors,
        statuses,
        causes,
        notice_codes,
        proof_states,
        proof_members,
        routes,
        prefill_parameters,
        answer_members,
        events,
        metrics,
        rate_groups,
        companies,
        commands,
        sandbox_options,
        form_functions,
        form_keys,
        field_keys,
    )
}


def renew(page: str) -> str:
    """Give a page with its marked tables written anew."""
    return MARKED.sub(lambda mark: f"{mark[1]}{TABLES[mark[2]]()}\n{mark[3]}", page)


def files() -> Iterator[tuple[Path, str]]:
    """Give every generated file with what it must hold."""
    for path, arguments in PRINTED.items():
        yield path, CliRunner().invoke(prefill, arguments, catch_exceptions=False).output
    for path in sorted(DOCS.glob("*.md")):
        if path not in PRINTED:
            yield path, renew(path.read_text(encoding="utf-8"))
    yield WRONG_FORMS, render_wrong_forms(read_wrong_forms())


def main() -> None:
    for path, text in files():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: written anew")


if __name__ == "__main__":
    main()
