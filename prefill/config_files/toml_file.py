"""TOML files as plain values, with the line of each key."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from prefill.config_files.schema import Steps
from prefill.config_files.source_file import SourceFile, UnreadableFile

# What a part of tomllib's own message most often comes from.
TOML_FAULTS = (
    ("Cannot declare", "cette table est déjà écrite plus haut"),
    ("Cannot overwrite", "cette clé est déjà donnée plus haut"),
    ("Expected '='", "il manque « = » après une clé (une clé n'a ni espace ni accent)"),
    ("Invalid value", "cette valeur n'est pas lisible : un texte va entre guillemets, une date s'écrit 2027-12-31"),
    ("Unclosed array", "un crochet ouvert n'est pas fermé"),
    ("Unterminated string", "un guillemet ouvert n'est pas fermé"),
    ("Illegal character '\\n'", "un guillemet ouvert n'est pas fermé"),
    ("Expected newline", "il y a quelque chose de trop au bout de la ligne"),
    ("Expected ']", "un crochet n'est pas fermé"),
    ("Invalid statement", "une ligne est « clé = valeur » ou [table]"),
)
HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
ASSIGNMENT = re.compile(r"\s*([^=#\[\]{}]+?)\s*=")


def read_toml(file: SourceFile) -> dict[str, Any] | None:
    """Return the file's tables; None, and a diagnostic, when it cannot be read."""
    try:
        text = file.read_text()
    except UnreadableFile as fault:
        file.report((), str(fault), line=fault.line)
        return None
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        file.report((), _explained(fault))
        return None
    file.lines.update(_lines(text))
    return tree


def _explained(fault: tomllib.TOMLDecodeError) -> str:
    """Translate tomllib's message into French; it holds the line, and nothing of the file."""
    message = str(fault)
    place = re.search(r"line (\d+)", message)
    where = f"ligne {place[1]}, " if place else ""
    advice = next((advice for part, advice in TOML_FAULTS if part in message), "la syntaxe est fausse")
    return f"ce n'est pas du TOML : {where}{advice}"


def _lines(text: str) -> dict[Steps, int]:
    """Find the line of each key as far as headers and assignments show it: tomllib does not give lines."""
    lines: dict[Steps, int] = {}
    ranks: dict[Steps, int] = {}
    table: Steps = ()
    for number, line in enumerate(text.splitlines(), 1):
        header, assignment = HEADER.match(line), ASSIGNMENT.match(line)
        if header:
            table = _keys(header[2])
            if header[1] == "[[":
                ranks[table] = ranks.get(table, -1) + 1
                table = (*table, str(ranks[table]))
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], number)
        elif assignment:
            lines.setdefault((*table, *_keys(assignment[1])), number)
    return lines


def _keys(dotted: str) -> Steps:
    """Split a dotted key as TOML does.

    >>> _keys('tenants."ville-de-lyon".keys')
    ('tenants', 'ville-de-lyon', 'keys')
    """
    try:
        node: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    steps: list[str] = []
    while isinstance(node, dict):
        [(key, node)] = node.items()
        steps.append(key)
    return tuple(steps)
