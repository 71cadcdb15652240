"""The corpus of wrong forms: a page that people read, with what the checker says of each, and whether an editor sees it."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import jsonschema
import yaml

from prefill.authoring.grammar.form_grammar import form_grammar
from prefill.forms.registry import check

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "tests" / "forms" / "wrong_forms.md"
HEAD = """\
# Les formulaires faux

Ce que le vérificateur dit de chacun : ligne, chemin, phrase, remède. Un test compare cette page à ce qu'il dit vraiment, et
à ce que voit un éditeur muni de `schemas/grammar.json` ; `python tools/wrong_forms.py` la récrit.
"""
SEEN = "L'éditeur la voit."
UNSEEN = "L'éditeur ne la voit pas."


@dataclass(frozen=True, slots=True)
class WrongForm:
    """A form of the page; `told` is what the checker is said to say, `seen` whether an editor is said to notice."""

    section: str
    title: str
    text: str
    told: str
    seen: bool

    def __str__(self) -> str:
        return self.title


def read_wrong_forms() -> tuple[WrongForm, ...]:
    forms, section = [], ""
    page = PAGE.read_text(encoding="utf-8")
    pattern = r"^## ([^\n]+)$|^### ([^\n]+)\n\n```yaml\n(.*?)```\n\n```text\n(.*?)```\n\n([^\n]+)$"
    for match in re.finditer(pattern, page, re.DOTALL | re.MULTILINE):
        if match[1]:
            section = match[1]
        else:
            forms.append(WrongForm(section, match[2], match[3], match[4], match[5] == SEEN))
    return tuple(forms)


def observed(form: WrongForm) -> WrongForm:
    """Return the form with what the checker and an editor say of it now."""
    return replace(form, told=checker_says(form.text), seen=editor_sees(form.text))


def render_wrong_forms(forms: tuple[WrongForm, ...]) -> str:
    """Write the page."""
    lines, section = [HEAD], ""
    for form in forms:
        if form.section != section:
            section = form.section
            lines.append(f"## {section}\n")
        seen = SEEN if form.seen else UNSEEN
        lines.append(f"### {form.title}\n\n```yaml\n{form.text}```\n\n```text\n{form.told}```\n\n{seen}\n")
    return "\n".join(lines)


def checker_says(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fiche.yaml"
        path.write_text(text, encoding="utf-8")
        told = "".join(f"{mistake}\n" for mistake in check([path], [ROOT / "schemas"]))
    return re.sub(r"[^\s:]*/fiche\.yaml", "fiche.yaml", re.sub(r"\S*schemas/(\w+\.yaml):\d+", r"schemas/\1", told))


class EditorLoader(yaml.SafeLoader):
    """YAML 1.2 as an editor reads it: of plain scalars only null, booleans and numbers are not texts; keys are merged."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError("Map keys must be unique")
        super().flatten_mapping(node)


EditorLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("merge", r"<<", ["<"]),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    EditorLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})$"), _first)


def editor_sees(text: str) -> bool:
    """Tell whether an editor would underline something: the YAML itself, or what the JSON Schema refuses."""
    try:
        trees = list(yaml.load_all(text, Loader=EditorLoader))
    except yaml.YAMLError:
        return True
    return not all(_validator().is_valid(tree) for tree in trees)


@cache
def _validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(form_grammar())
