"""The layout that docs/architecture.md promises: small packages, short files, words of the field."""

from __future__ import annotations

import ast
import importlib
import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PREFILL = ROOT / "prefill"
MODULES = sorted(PREFILL.rglob("*.py"))
MAX_MODULES = 10  # in a package, its __init__ and __main__ apart
MAX_LINES = 350  # of code: without docstrings, comments and blank lines
TABLES = {"prefill/sandbox/companies.py"}  # data, whatever their length
PRIVATE_WORDS = re.compile(
    r"purse|landlord|treasury|crew|greet|hands|\bhouse|rooms?\b|desk(?!top)|shelf|shelves|punctual", re.IGNORECASE
)
TEXTS = (".py", ".md", ".html", ".css", ".js", ".mjs", ".yaml", ".toml", ".json")
NOT_OURS = ("package-lock.json", "releases/", "docs/examples/", "static/examples/", "test_structure.py")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of_code(path: Path) -> int:
    source = path.read_text(encoding="utf-8")
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            docstrings.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in layout:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - docstrings)


def test_no_package_has_more_than_ten_modules():
    sizes = {
        name_of(folder): len([module for module in folder.glob("*.py") if not module.name.startswith("__")])
        for folder in {module.parent for module in MODULES}
    }

    assert {name: size for name, size in sizes.items() if size > MAX_MODULES} == {}


@pytest.mark.slow
def test_no_file_is_long_but_tables():
    lengths = {name_of(module): lines_of_code(module) for module in MODULES if name_of(module) not in TABLES}

    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


@pytest.mark.parametrize("forbidden", ["object.__setattr__", "# -- "])
def test_no_module_needs_what_the_style_forbids(forbidden):
    assert [name_of(module) for module in MODULES if forbidden in module.read_text(encoding="utf-8")] == []


def test_no_private_word_is_left():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [
        name
        for name in listed.stdout.splitlines()
        if name.endswith(TEXTS) and not any(part in name for part in NOT_OURS)
    ]
    found = {
        name: word[0]
        for name in files
        if (ROOT / name).is_file() and (word := PRIVATE_WORDS.search((ROOT / name).read_text(encoding="utf-8")))
    }

    assert found == {}


@pytest.mark.slow
def test_no_module_imports_a_private_name_of_another():
    imported = [
        f"{name_of(path)}:{node.lineno} {alias.name}"
        for folder in ("prefill", "tests", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("prefill", "tests", "tools")
        for alias in node.names
        if re.match(r"_[^_]", alias.name)
    ]

    assert imported == []


def test_the_composition_root_fits_a_screen():
    assert lines_of_code(PREFILL / "app.py") <= 80


# Modules without a namesake are pieces of one subject: the test of their subject's door goes through them.
DOORS = {
    "app.py": "web/test_app.py",
    "assembly.py": "web/test_app.py",
    "audit/": "audit/test_trail.py",
    "auth/jwks.py": "auth/test_authenticator.py",
    "auth/signin/": "auth/signin/test_sign_in.py",
    "authoring/": "authoring/test_suite.py",
    "authoring/grammar/": "authoring/test_grammar.py",
    "authoring/skeleton/": "authoring/test_skeleton.py",
    "cli/": "cli/test_cli.py",
    "cli/authoring/": "cli/authoring/test_commands.py",
    "company_search/": "company_search/test_service.py",
    "company_search/upstream/": "company_search/upstream/test_client.py",
    "documents/": "documents/test_writers.py",
    "domain/answer_shapes/model.py": "domain/test_answer_shapes.py",
    "domain/catalogue/": "domain/test_catalogue.py",
    "domain/sources.py": "domain/test_catalogue.py",
    "dossier/": "dossier/test_builder.py",
    "drift/published.py": "drift/test_comparison.py",
    "espd/": "espd/test_writer.py",
    "forms/": "forms/test_registry.py",
    "forms/closures.py": "forms/test_expressions.py",
    "forms/static_types/": "forms/test_static_types.py",
    "health/": "health/test_health.py",
    "prefilling/service.py": "web/test_app.py",
    "registers/": "registers/test_client.py",
    "registers/quota/": "registers/quota/test_token_quota.py",
    "registers/scheduling/watchdog.py": "registers/scheduling/test_workers.py",
    "sandbox/": "sandbox/test_app.py",
    "sandbox/contract/": "sandbox/contract/test_api.py",
    "sandbox/directory/": "sandbox/directory/test_api.py",
    "telemetry/log_writer.py": "telemetry/test_events.py",
    "tenancy/": "tenancy/test_registry.py",
    "watch/": "watch/test_run.py",
    "web/": "web/test_app.py",
    "web/agents/": "dossier/test_builder.py",
    "web/agents/session.py": "auth/signin/test_sign_in.py",
    "web/openapi/texts.py": "web/openapi/test_document.py",
    "web/rendering/agents/": "dossier/test_builder.py",
    "web/routes/dossiers.py": "dossier/test_builder.py",
    "web/routes/signin.py": "auth/signin/test_sign_in.py",
}


def is_data(module: Path) -> bool:
    """Whether a module has no function and no method: tables, types and enumerations."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return not any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))


def has_namesake(module: Path) -> bool:
    """Whether the tests of a module's package have a file of its name."""
    package = module.relative_to(PREFILL).parts[:-1][:1]
    return any(ROOT.joinpath("tests", *package).rglob(f"test_{module.name}"))


def door_of(module: Path) -> str | None:
    """Find the test of the subject that a module is a piece of: the module's own line, else that of its nearest folder."""
    name = module.relative_to(PREFILL).as_posix()
    folders = [f"{folder.as_posix()}/" for folder in Path(name).parents]
    return next((DOORS[place] for place in (name, *folders) if place in DOORS), None)


def is_tested(module: Path) -> bool:
    return (
        has_namesake(module) or is_data(module) or ">>> " in module.read_text(encoding="utf-8") or bool(door_of(module))
    )


def test_every_module_has_its_namesake_or_its_doctests_or_the_test_of_its_subject():
    assert [name_of(module) for module in MODULES if not module.name.startswith("__") and not is_tested(module)] == []


def test_every_door_is_there_and_is_needed():
    alone = {door_of(module) for module in MODULES if not module.name.startswith("__") and not has_namesake(module)}

    assert [door for door in DOORS.values() if not (ROOT / "tests" / door).is_file()] == []
    assert set(DOORS.values()) <= alone


@pytest.mark.parametrize("tool", sorted(path.stem for path in (ROOT / "tools").glob("*.py")))
def test_every_tool_finds_what_it_imports(tool):
    assert importlib.import_module(f"tools.{tool}").__doc__
