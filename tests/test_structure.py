"""The layout that docs/architecture.md promises: small packages, short files, words of the field."""

from __future__ import annotations

import ast
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
