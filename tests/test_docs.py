"""The documentation tells the truth: its examples are replayed, its lists are held to the code's."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from prefill.app import create_app
from prefill.audit.trail import Outcome
from prefill.cli import main
from prefill.domain.answers import Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.dossier.states import State
from prefill.forms.reasons import Reason
from prefill.prefilling.notices import SENTENCES
from prefill.problems import every_problem
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings
from tools import count_words, docs
from tools.install_matrix import committed_files

ROOT = Path(__file__).resolve().parents[1]
SERVICE = "http://127.0.0.1:8000"
REPLAYED = ("README.md", "docs/api.md", "docs/deploy.md")
ELISION = "…"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def committed() -> tuple[Path, ...]:
    """List the files of the repository, those about to be committed included."""
    return tuple(sorted(ROOT / path for path in committed_files()))


@pytest.fixture(scope="module")
def pages(committed) -> tuple[Path, ...]:
    return tuple(path for path in committed if path.suffix == ".md")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page, and the one that follows it."""

    page: str
    line: int
    language: str
    text: str
    next: Block | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> tuple[Block, ...]:
    """Read the fenced blocks of a page; an answer belongs to the block right before it."""
    text = read(page)
    found: list[Block] = []
    following, end = None, len(text)
    for match in reversed(list(re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))):
        near = following if not text[match.end() : end].strip() else None
        following = Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2], near)
        end = match.start()
        found.insert(0, following)
    return tuple(found)


BLOCKS = tuple(block for page in REPLAYED for block in blocks(page))


def commands(block: Block, first: str) -> Iterator[list[str]]:
    """Give the words of the lines of a block that begin with a command."""
    for line in block.text.splitlines():
        if line.startswith(first + " "):
            yield shlex.split(line)[1:]


# What differs each time: only its type is compared.
VOLATILE = frozenset({"retrievedAt", "asOf", "requestId", "seconds"})


def difference(shown: Any, true: Any, place: str = "") -> str | None:
    """Say where an excerpt does not tell the truth; « … » stands for what was left out."""
    if shown == ELISION:
        return None
    if isinstance(shown, dict) and isinstance(true, dict):
        return _difference_of_members(shown, true, place)
    if isinstance(shown, list) and isinstance(true, list):
        return _difference_of_rows(shown, true, place)
    if isinstance(shown, str) and isinstance(true, str) and elided(shown, true):
        return None
    return None if shown == true and type(shown) is type(true) else f"{place}: {shown!r} is {true!r}"


def _difference_of_members(shown: Mapping[str, Any], true: Mapping[str, Any], place: str) -> str | None:
    named = shown.keys() - {ELISION}
    if named - true.keys() or (ELISION not in shown and true.keys() - named):
        return f"{place}: the members {sorted(named ^ true.keys())} differ"
    compared = (
        None
        if key in VOLATILE and type(shown[key]) is type(true[key])
        else difference(shown[key], true[key], f"{place}/{key}")
        for key in shown
        if key in named
    )
    return next(filter(None, compared), None)


def _difference_of_rows(shown: list[Any], true: list[Any], place: str) -> str | None:
    """Compare two by two, or find each row shown further on than the one before."""
    if ELISION not in shown:
        pairs = enumerate(zip(shown, true, strict=False))
        faults = (difference(one, other, f"{place}/{index}") for index, (one, other) in pairs)
        return next(
            filter(None, faults), None if len(shown) == len(true) else f"{place}: {len(shown)} rows are {len(true)}"
        )
    rest = iter(true)
    for row in shown:
        if row != ELISION and all(difference(row, one) is not None for one in rest):
            return f"{place}: {row!r} is not among the rows"
    return None


def elided(shown: str, true: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, shown.split(ELISION))), true, re.DOTALL) is not None


@pytest.mark.parametrize(
    ("shown", "true", "same"),
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "…": "…"}, {"a": 1, "b": 2}, True),
        ({"a": 1, "…": "…"}, {"b": 2}, False),
        ({"a": True}, {"a": 1}, False),
        (["a", "…"], ["a", "b"], True),
        (["b", "…"], ["a", "b"], True),
        (["b", "a", "…"], ["a", "b"], False),
        (["a"], ["a", "b"], False),
        (["a", "c"], ["a", "b"], False),
        ("a … d", "a b c d", True),
        ("a … d", "a b c", False),
        ({"seconds": 0.2}, {"seconds": 0.001}, True),
        ({"seconds": 0.2}, {}, False),
    ],
)
def test_an_ellipsis_forgives_what_it_stands_for_and_nothing_else(shown, true, same):
    assert (difference(shown, true) is None) is same


@pytest.fixture
def client() -> FlaskClient:
    """A service that was asked nothing yet."""
    return create_app(Settings()).test_client()


def replay(client: FlaskClient, words: list[str]) -> Any:
    """Send what a curl command would."""
    headers, url, body = {}, "", None
    words = list(words)
    while words:
        word = words.pop(0)
        if word in ("-H", "--header"):
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "--json":
            body = json.loads(words.pop(0))
        elif not word.startswith("-"):
            url = word
    path = url.removeprefix(SERVICE)
    if body is not None:
        return client.post(path, json=body, headers=headers)
    if ELISION in headers.get("If-None-Match", ""):
        headers["If-None-Match"] = client.get(path).headers["ETag"]
    return client.get(path, headers=headers)


CURLS = [block for block in BLOCKS if block.language == "sh" and f" {SERVICE}/" in block.text.replace("'", " ")]


@pytest.mark.parametrize("block", CURLS, ids=str)
def test_a_curl_of_the_documentation_answers_as_it_says(client, block):
    for words in commands(block, "curl"):
        answer = replay(client, words)

        if block.next is None:
            assert answer.status_code == 200
        elif block.next.language == "json":
            assert difference(json.loads(block.next.text), answer.json) is None
        else:
            lines = [f"HTTP/1.1 {answer.status}", *map(": ".join, answer.headers), *answer.text.splitlines()]
            for line in block.next.text.splitlines():
                assert any(elided(line, one) for one in lines), line


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "json"], ids=str)
def test_every_json_of_the_documentation_follows_the_command_that_gives_it(block):
    json.loads(block.text)

    assert any(block == other.next for other in CURLS)


def test_the_examples_are_many():
    assert len(CURLS) >= 15


COMMANDS = [block for block in BLOCKS if block.language == "sh" and re.search(r"^prefill ", block.text, re.MULTILINE)]


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_a_command_of_the_documentation_says_what_it_shows(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files(block.page)
    for words in commands(block, "prefill"):
        result = CliRunner().invoke(main, words, env=dict.fromkeys(names_of_settings()))

        if block.next is None:
            assert result.exit_code == 0, result.output
        else:
            shown = block.next.text.splitlines()
            assert all(any(elided(line, one) for one in result.output.splitlines()) for line in shown), result.output


def write_files(page: str) -> None:
    """Write the YAML files of a page: their first line is their name."""
    for block in blocks(page):
        if block.language == "yaml":
            name = block.text.split("\n")[0].removeprefix("# ")
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(block.text, encoding="utf-8")


def test_the_form_of_the_readme_can_be_filled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files("README.md")
    answer = (
        create_app(Settings(schemas=(str(tmp_path / "forms"),)))
        .test_client()
        .get("/v1/prefill/00000500900014?schema=fiche")
    )

    assert answer.json["data"] == {"candidat": {"nom": "LEMARQUERON SOLENE"}}


@pytest.fixture
def address(client) -> Iterator[str]:
    """Serve on a free port of this machine."""
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"], ids=str)
def test_a_program_of_the_documentation_prints_what_it_shows(address, block):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.text.replace(SERVICE, address), str(block), "exec"), {})

    assert block.next is not None
    assert printed.getvalue() == block.next.text


@pytest.fixture
def page(browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def html_of(document: str) -> str:
    return next(block.text for block in blocks(document) if block.language == "html")


@pytest.mark.parametrize(
    ("document", "name", "value"),
    [("README.md", "streetName", "23 RUE DE LA FONTAINE SECHE"), ("docs/api.md", "postalZone", "31000")],
)
def test_a_page_of_the_documentation_fills_its_form_and_keeps_what_was_typed(page, address, document, name, value):
    page.set_content(html_of(document).replace(SERVICE, address))
    page.fill("[name=name]", "Chez nous")
    ask(page, "000 013 003 00017")

    expect(page.locator(f"[name={name}]")).to_have_value(value)
    assert page.input_value("[name=name]") == "Chez nous"


def ask(page: Page, number: str) -> None:
    page.fill("[name=siret]", number)
    page.dispatch_event("[name=siret]", "change")


def test_the_page_of_the_api_says_why_a_field_stays_empty(page, address):
    page.set_content(html_of("docs/api.md").replace(SERVICE, address))
    ask(page, "000 013 003 00017")

    expect(page.locator("label", has_text="Immatriculation")).to_contain_text("Infogreffe ne répond pas : à saisir.")


@pytest.mark.parametrize(
    ("number", "reached", "sentence"),
    [
        ("5520494477627", True, "celui-ci en compte 13"),
        ("000 013 003 00017", False, "remplissez le formulaire"),
    ],
)
def test_the_page_of_the_api_stays_a_form_whatever_happens(page, address, number, reached, sentence):
    page.set_content(html_of("docs/api.md").replace(SERVICE, address if reached else "http://127.0.0.1:9"))
    ask(page, number)

    expect(page.get_by_role("status")).to_contain_text(sentence)


def names_of_settings() -> list[str]:
    return [one.metadata["name"] for one in fields(Settings)]


def names_of_commands(group: click.Group, prefix: str = "prefill") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from names_of_commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}"


def names_of_routes() -> set[str]:
    """Write the routes of the API as the documentation does."""
    rules = create_app(Settings()).url_map.iter_rules()
    api = (
        rule.rule for rule in rules if rule.endpoint.startswith(("prefill.", "catalogue.", "operations.", "dossiers."))
    )
    return {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule).replace("{name}", "{id}") for rule in api}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("docs/api.md", list(Reason)),
        ("docs/api.md", list(Status)),
        ("docs/api.md", list(Cause)),
        ("docs/api.md", list(SENTENCES)),
        ("docs/sandbox.md", [company.siret for company in COMPANIES]),
        ("docs/api.md", list(State)),
        ("docs/tenants.md", list(Outcome)),
        ("docs/api.md", [problem.code for problem in every_problem()]),
        ("docs/settings.md", names_of_settings()),
        ("docs/sources.md", list(CATALOGUE)),
        ("docs/deploy.md", list(names_of_commands(main))),
    ],
    ids=[
        "reasons",
        "statuses",
        "causes",
        "notices",
        "companies",
        "states",
        "outcomes",
        "errors",
        "settings",
        "sources",
        "commands",
    ],
)
def test_every_word_of_the_code_is_explained(page, words):
    explained = set(re.findall(r"^\| (`.*?`) \|", read(page), re.MULTILINE)) | set(
        re.findall(r"^- (`\w+`)", read(page), re.MULTILINE)
    )
    explained = {name for cell in explained for name in re.findall(r"`(.+?)`", cell)}

    assert set(words) <= explained


def test_every_route_is_explained():
    explained = set(re.findall(r"(/[\w./{}]*)`", read("docs/api.md")))

    assert names_of_routes() <= explained


def test_reasons_are_told_in_the_order_in_which_they_win():
    told = [
        name
        for name in re.findall(r"^\| `(\w+)` \|.*\|.*\|$", read("docs/api.md"), re.MULTILINE)
        if name in set(Reason)
    ]

    assert list(dict.fromkeys(told))[: len(Reason)] == list(Reason)


def test_errors_are_told_with_their_status():
    told = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", read("docs/api.md"), re.MULTILINE))

    assert told == {problem.code: str(problem.status) for problem in every_problem()}


MAX_WORDS = 14_000  # in all pages together: tell each thing once, in the page of whoever needs it


def test_the_documentation_stays_short():
    counted = count_words.pages()

    assert sum(counted.values()) <= MAX_WORDS, counted
    assert counted["README.md"] <= 600


GENERATED = dict(docs.files())


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_what_is_generated_is_what_the_code_says(path):
    assert path.read_text(encoding="utf-8") == GENERATED[path], "make docs"


def test_every_generated_table_stands_in_a_page():
    marked = [mark[2] for path in GENERATED for mark in docs.MARKED.finditer(path.read_text(encoding="utf-8"))]

    assert sorted(marked) == sorted(docs.TABLES)


def anchors(text: str) -> set[str]:
    """List the anchors of a page as code forges make them from its headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", unescape(heading).lower()).replace(" ", "-") for heading in headings}


def links(path: Path) -> Iterator[str]:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    yield from (target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", target))


def test_every_link_leads_somewhere(pages):
    broken = []
    for path in pages:
        for link in links(path):
            name, _, anchor = unquote(link).partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
                broken.append(f"{path.relative_to(ROOT)}: {link}")

    assert broken == []


def test_every_page_can_be_reached_from_the_readme(pages):
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        found = {(path.parent / link.split("#")[0]).resolve() for link in links(path)}
        waiting += [one for one in found if one.suffix == ".md" and one not in reached and one.exists()]

    assert {path for path in pages if path.is_relative_to(ROOT / "docs")} <= reached


UNFINISHED = re.compile(
    r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|TB" r"D|lorem ipsum|coming soon|not implemented)\b", re.IGNORECASE
)


def test_no_page_promises_what_is_not_there(pages):
    assert [path.name for path in pages if UNFINISHED.search(path.read_text(encoding="utf-8"))] == []


# A package index in a URL or an option, and the folders of somebody's machine.
INDEX = re.compile(
    r"https?://[^/\s]*(?:pypi|artifactory|nexus|devpi|jfrog|mirror)|--(?:extra-)?index-url[= ]\S+:/|/simple(?=/)",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w.:/])(?:/(?:work|home|Users|root)/|[A-Z]:\\\\)\w")


@pytest.mark.parametrize("pattern", [INDEX, MACHINE], ids=["a package index", "a folder of somebody's machine"])
def test_no_committed_file_names(committed, pattern):
    contents = {str(path.relative_to(ROOT)): path.read_bytes() for path in committed}
    texts = {name: content.decode("utf-8") for name, content in contents.items() if b"\0" not in content}

    assert [name for name, text in texts.items() if pattern.search(text)] == []


def test_the_picture_is_drawn_for_light_and_dark_and_can_be_read_aloud():
    picture = ElementTree.fromstring(read("docs/picture.svg"))
    names = {element.tag.split("}")[-1] for element in picture.iter()}

    assert {"title", "desc"} <= names
    assert names.isdisjoint({"script", "image", "foreignObject"})
    assert "prefers-color-scheme: dark" in read("docs/picture.svg")
