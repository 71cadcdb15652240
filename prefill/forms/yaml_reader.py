"""Read one YAML form with the line of each value, under limits of size and nesting."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import marshmallow
import yaml
from marshmallow import fields

from prefill.config_files.schema import (
    FRENCH,
    Diagnostic,
    FileSchema,
    Steps,
    among,
    flag,
    flat,
    hint,
    listed,
    mapping,
    nested,
    short_name,
    text,
)
from prefill.domain.disclosure import masked
from prefill.domain.permissions import Audience
from prefill.domain.roles import Role
from prefill.forms.model import Type

LARGEST_FILE = 1_000_000  # bytes
LARGEST_TREE = 50_000  # values once the anchors are followed: a few lines of YAML can unfold into billions

POINTER = re.compile(r"(/([^/~\[\]\s]|~[01])+)+(\[[A-Za-z][A-Za-z0-9_-]*\])?")
POINTER_FAULTS = (
    (re.compile(r"(?!/)"), "un chemin commence par « / »"),
    (re.compile(r".*\s", re.DOTALL), "un chemin n'a pas d'espace"),
    (re.compile(r".*(//|/$|/\[)"), "il y a une clé vide dans ce chemin"),
    (re.compile(r".*~(?![01])"), "dans un chemin, « ~ » s'écrit ~0 et « / » s'écrit ~1"),
    (re.compile(r".*[\[\]]"), "les crochets entourent le nom d'une entrée, à la fin, comme identifiers[vat]"),
)
FORM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def _word(value: str) -> None:
    if not WORD.fullmatch(value):
        raise marshmallow.ValidationError("attend un mot : une lettre, puis lettres sans accent, chiffres, - ou _")


def _unmasked(value: str) -> None:
    if masked(value):
        raise marshmallow.ValidationError(f"« {value} » marque une donnée masquée : elle ne sort jamais du service")


class ItemSchema(FileSchema):
    label = text(required=True)
    type = text(among(kind.value for kind in Type if kind is not Type.LIST), load_default=Type.STRING.value)
    origin = text(required=True, data_key="from")
    identifying = flag()


class FieldSchema(FileSchema):
    label = text(required=True)
    type = text(among(kind.value for kind in Type), load_default=Type.STRING.value)
    origins = fields.Raw(data_key="from", allow_none=True)
    items = mapping(nested(ItemSchema), _word)
    constants = mapping(text(_unmasked), _word)
    alias = text(_word)
    on_demand = flag()
    confirm = flag()
    reserved = text()
    declared = flag()
    roles = listed(text(among(role.value for role in Role)), "rôles", load_default=list)


class FormSchema(FileSchema):
    title = text()
    version = text()
    description = fields.String(error_messages={**FRENCH, "invalid": "attend un texte"})
    audience = text(among(audience.value for audience in Audience))
    extends = text()
    remove = listed(text(), "chemins", load_default=list)
    sections = mapping(text())
    form_fields = mapping(nested(FieldSchema), data_key="fields")


HEADER = ("title", "version", "audience", "description")
REQUIRED = {
    "title": "le titre du formulaire",
    "version": "sa version, un texte",
    "audience": f"pour qui il est, {' ou '.join(Audience)}",
}


@dataclass(slots=True, eq=False)
class _File:
    """One YAML file as read: what of it follows the grammar, the line of each path, what is wrong.

    `base` is the file of the same id that this one replaces, and may extend.
    """

    id: str
    path: Path
    name: str
    base: _File | None = None
    own: dict[str, Any] = field(default_factory=dict)
    lines: dict[Steps, int] = field(default_factory=dict)
    mistakes: list[Diagnostic] = field(default_factory=list)
    broken: set[Steps] = field(default_factory=set)
    size: int = 0

    def line(self, steps: Steps) -> int:
        """Find the line of a path, or of the nearest thing above it."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 1)

    def blame(self, steps: Steps, message: str, *, blocking: bool = True) -> None:
        self.mistakes.append(Diagnostic(self.name, self.line(steps), " → ".join(steps), message, blocking))
        if blocking:
            self.broken |= {steps[:length] for length in range(len(steps) + 1)}

    def sound(self, steps: Steps) -> bool:
        """Tell whether nothing is wrong at a path and below it."""
        return steps not in self.broken

    @property
    def readable(self) -> bool:
        return bool(self.own)


class _NotYaml(Exception):
    """The file cannot be read further; `line` is where."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def _read(path: Path, base: _File | None = None) -> _File:
    file = _File(path.stem, path, short_name(path), base)
    try:
        tree = _plain(file, _nodes(path), ())
    except _NotYaml as fault:
        file.lines[()] = fault.line
        file.blame((), str(fault))
        return file
    except RecursionError:
        file.blame((), "le fichier est trop imbriqué")
        return file
    _load(file, tree)
    if not FORM_ID.fullmatch(file.id):
        file.blame((), f"« {file.id} », le nom du fichier, est l'identifiant : lettres sans accent, chiffres, - et _")
    return file


def _load(file: _File, tree: Any) -> None:
    """Keep of the file what follows the grammar; the rest is a mistake."""
    if tree is None:
        file.blame((), f"le fichier est vide : il lui faut {', '.join(REQUIRED)} et fields")
        return
    if not isinstance(tree, dict):
        file.blame((), f"{FRENCH['type']} : {', '.join(REQUIRED)} et fields")
        return
    try:
        file.own = FormSchema().load(tree)
    except marshmallow.ValidationError as fault:
        for steps, message in flat(fault.messages):
            file.blame(steps, message)
        file.own = dict(fault.valid_data) if isinstance(fault.valid_data, dict) else {}


def _nodes(path: Path) -> yaml.Node | None:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _NotYaml(f"le fichier dépasse {LARGEST_FILE} octets")
        written = path.read_bytes()
        return yaml.compose(written.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except OSError as fault:
        raise _NotYaml(f"le fichier ne peut pas être lu : {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        line = written.count(b"\n", 0, fault.start) + 1
        raise _NotYaml("le fichier n'est pas en UTF-8 : enregistrez-le dans cet encodage", line) from fault
    except yaml.reader.ReaderError as fault:
        line = written.decode("utf-8-sig").count("\n", 0, fault.position) + 1
        raise _NotYaml(
            "ce n'est pas du YAML : il y a un caractère interdit ; est-ce bien de l'UTF-8 ?", line
        ) from fault
    except yaml.MarkedYAMLError as fault:
        raise _explained(fault) from fault


# What a part of PyYAML's own message most often comes from, in a form.
YAML_FAULTS = (
    ("quoted scalar", "un guillemet ouvert ici n'est pas fermé, ou une barre \\ est mal placée"),
    ("a flow ", "un crochet ou une accolade ouvert ici n'est pas fermé, ou une virgule manque"),
    ("'\\t'", "il y a une tabulation : YAML n'accepte que des espaces"),
    ("mapping values are not allowed", "un « : » de trop, ou une ligne mal alignée ; un texte va entre guillemets"),
    ("cannot start any token", "un texte qui commence par @, %, ` ou un autre signe va entre guillemets"),
    ("alias", "un texte qui commence par * va entre guillemets"),
    ("anchor", "un texte qui commence par & va entre guillemets"),
    ("a tag", "un texte qui commence par ! va entre guillemets"),
    ("could not find expected ':'", "il manque « : » après une clé"),
    ("another document", "un fichier ne contient qu'un formulaire : retirez « --- »"),
    ("expected <block end>", "cette ligne n'est pas alignée avec les autres, ou un texte déborde de ses guillemets"),
)


def _explained(fault: yaml.MarkedYAMLError) -> _NotYaml:
    """Say in French what PyYAML saw, at the line where it begins."""
    seen = ": ".join(filter(None, (fault.context, fault.problem)))
    opened = "quoted scalar" in seen or "a flow " in seen
    mark = fault.context_mark if opened else fault.problem_mark
    advice = next((advice for part, advice in YAML_FAULTS if part in seen), seen)
    return _NotYaml(f"ce n'est pas du YAML : {advice}", mark.line + 1 if mark else 1)


def _plain(file: _File, node: yaml.Node | None, steps: Steps, above: frozenset[int] = frozenset()) -> Any:
    """Turn nodes into plain values, noting lines."""
    if node is None:
        return None
    file.lines.setdefault(steps, node.start_mark.line + 1)
    file.size += 1
    if file.size > LARGEST_TREE:
        raise _NotYaml(f"le fichier compte plus de {LARGEST_TREE} valeurs, ancres dépliées", file.line(steps))
    if id(node) in above:
        file.blame(steps, "l'ancre se contient elle-même")
        return None
    above |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(file, node, steps, above)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(file, child, (*steps, str(place)), above) for place, child in enumerate(node.value)]
    return _scalar(file, node, steps)


def _plain_mapping(file: _File, node: yaml.MappingNode, steps: Steps, above: frozenset[int]) -> dict[str, Any]:
    """Read the keys; one given twice is a mistake."""
    plain: dict[str, Any] = {}
    for key_node, child in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if not isinstance(key, str):
            file.blame(steps, f"ligne {line}, une clé doit être un simple texte")
            continue
        here = (*steps, key)
        first = file.lines.get(here)
        file.lines[here] = line
        if key in plain:
            file.blame(here, f"clé donnée deux fois (déjà à la ligne {first})")
        elif key == "<<":
            file.blame(here, "« << » n'est pas lu ici : recopiez les clés, ou étendez un formulaire avec extends")
        else:
            plain[key] = _plain(file, child, here, above)
    return plain


def _scalar(file: _File, node: yaml.Node, steps: Steps) -> Any:
    """Only true, false and null are not texts: a number would lose its zeros, `no` is a word."""
    if not node.tag.startswith("tag:yaml.org,2002:"):
        file.blame(steps, f"« {node.tag} » serait une étiquette YAML : mettez le texte entre guillemets")
        return f"{node.tag} {node.value}"
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    words: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
    return words.get(node.value, node.value) if plain else node.value


def _choices(name: str, known: list[str]) -> str:
    return hint(name, known) or f" ; il y a {', '.join(known) or 'aucun autre formulaire'}"
