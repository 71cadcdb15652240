"""Form schemas: from YAML files to checked, compiled forms.

One file per form, its name is the form's id. A form is checked whole before anything is served: every
mistake comes with its file, its line, its path and, where a word looks like another, a « did you mean ».
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import marshmallow
import yaml
from marshmallow import fields, validate

from prefill.access import Audience, refusal
from prefill.expressions import BadExpression, Expression, compile_expression, function_names
from prefill.identifiers import closest
from prefill.mapping import Field, Form, Item, Origin, Type
from prefill.sources import CATALOGUE, Source

POINTER = re.compile(r"(/([^/~\[\]]|~[01])+)+(\[[A-Za-z][A-Za-z0-9_-]*\])?")
SUFFIXES = (".yaml", ".yml")
LARGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a form, where, and what to do. A remark does not prevent loading."""

    file: str
    line: int
    path: str
    message: str
    blocking: bool = True

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        kind = "" if self.blocking else "remarque : "
        return f"{where}: {kind}{self.path + ' : ' if self.path else ''}{self.message}"


class BadSchemas(Exception):
    """Some forms cannot be loaded; the message lists every mistake, one a line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True, slots=True)
class Library:
    """Every compiled form by id, with the remarks made while reading them."""

    forms: Mapping[str, Form]
    remarks: tuple[Mistake, ...] = ()
    replaced: tuple[str, ...] = ()  # « dume : /a/dume.yaml remplace /b/dume.yaml »


# -- the file's grammar -----------------------------------------------------------------------------

_FRENCH: dict[str, Any] = {
    "required": "clé obligatoire",
    "null": "valeur manquante",
    "invalid": "valeur d'un autre type",
    "type": "valeur d'un autre type",
    "unknown": "clé inconnue",
}


class _Grammar(marshmallow.Schema):
    error_messages = _FRENCH


def _text(**options: Any) -> fields.String:
    return fields.String(error_messages={**_FRENCH, "invalid": "attend un texte"}, **options)


def _flag() -> fields.Boolean:
    messages = {**_FRENCH, "invalid": "attend true ou false"}
    return fields.Boolean(truthy={True}, falsy={False}, load_default=False, error_messages=messages)


def _one_of(known: Iterable[str], **options: Any) -> fields.String:
    names = list(known)
    return _text(validate=validate.OneOf(names, error=f"attend l'une de ces valeurs : {', '.join(names)}"), **options)


def _mapping(values: fields.Field[Any], **options: Any) -> fields.Dict:
    messages = {**_FRENCH, "invalid": "attend un dictionnaire « clé: valeur »"}
    return fields.Dict(keys=fields.String(), values=values, error_messages=messages, **options)


class _ItemGrammar(_Grammar):
    label = _text(required=True)
    type = _one_of([kind.value for kind in Type if kind is not Type.LIST], load_default=Type.STRING.value)
    origin = _text(required=True, data_key="from")
    identifying = _flag()


class _FieldGrammar(_Grammar):
    label = _text(required=True)
    type = _one_of([kind.value for kind in Type], load_default=Type.STRING.value)
    origins = fields.Raw(data_key="from")
    items = _mapping(fields.Nested(_ItemGrammar), load_default=dict)
    constants = _mapping(_text(), load_default=dict)
    alias = _text(validate=validate.Regexp(r"^[a-zA-Z][\w-]*$", error="attend un mot : lettres, chiffres, - ou _"))
    on_demand = _flag()
    confirm = _flag()
    reserved = _text()


class _FormGrammar(_Grammar):
    title = _text()
    version = fields.Raw()
    description = _text(load_default="")
    audience = _one_of([audience.value for audience in Audience])
    extends = _text()
    remove = fields.List(_text(), load_default=list, error_messages={**_FRENCH, "invalid": "attend une liste de chemins"})
    form_fields = _mapping(fields.Nested(_FieldGrammar), load_default=dict, data_key="fields")


# -- reading a file with its lines ------------------------------------------------------------------

Path_ = tuple[str, ...]


@dataclass(slots=True)
class _File:
    """One YAML file as read: plain values, and the line of each path."""

    id: str
    name: str
    tree: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    base: _File | None = None  # the file of the same id that this one replaces

    def line(self, path: Path_) -> int:
        """Find the line of a path, or of the nearest thing above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def blame(self, path: Path_, message: str, *, blocking: bool = True) -> None:
        self.mistakes.append(Mistake(self.name, self.line(path), " → ".join(path), message, blocking))


def _read(path: Path, base: _File | None = None) -> _File:
    file = _File(path.stem, _short_name(path), base=base)
    try:
        if path.stat().st_size > LARGEST_FILE:
            file.blame((), f"le fichier dépasse {LARGEST_FILE} octets")
            return file
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as fault:
        file.blame((), f"le fichier ne peut pas être lu : {fault.strerror}")
    except UnicodeDecodeError:
        file.blame((), "le fichier n'est pas en UTF-8")
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        file.lines[()] = mark.line + 1 if mark else 1
        file.blame((), f"ce n'est pas du YAML : {getattr(fault, 'problem', None) or fault}")
    else:
        file.tree = _plain(file, node, ())
    return file


def _short_name(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _plain(file: _File, node: yaml.Node | None, path: Path_, seen: frozenset[int] = frozenset()) -> Any:
    """Turn nodes into plain values, noting lines; a key given twice is a mistake."""
    if node is None:
        return None
    file.lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in seen:
        file.blame(path, "l'ancre se contient elle-même")
        return None
    seen |= {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(file, node, path, seen)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(file, child, (*path, str(place)), seen) for place, child in enumerate(node.value)]
    return _scalar(node)


def _plain_mapping(file: _File, node: yaml.MappingNode, path: Path_, seen: frozenset[int]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key_node, child in node.value:
        key = str(key_node.value)
        here = (*path, key)
        if key in plain:
            first = file.lines.get(here, 0)
            file.lines[here] = key_node.start_mark.line + 1
            file.blame(here, f"clé donnée deux fois (déjà à la ligne {first})")
            continue
        file.lines[here] = key_node.start_mark.line + 1
        plain[key] = _plain(file, child, here, seen)
    return plain


def _scalar(node: yaml.Node) -> Any:
    """Only true, false and null are not texts: a number would lose its zeros, `no` is a word."""
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    words: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
    return words.get(node.value, node.value) if plain else node.value


# -- compiling --------------------------------------------------------------------------------------


def load_all(folders: Iterable[Path]) -> Library:
    """Read every form of the folders, a later folder winning. Raise `BadSchemas`."""
    files: dict[str, _File] = {}
    replaced: list[str] = []
    missing: list[Mistake] = []
    for folder in folders:
        if not folder.is_dir():
            missing.append(Mistake(str(folder), 0, "", "ce dossier de formulaires n'existe pas (PREFILL_SCHEMAS)"))
            continue
        for path in sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES):
            earlier = files.get(path.stem)
            files[path.stem] = _read(path, base=earlier)
            if earlier:
                replaced.append(f"{path.stem} : {files[path.stem].name} remplace {earlier.name}")
    return _compile_all(files, tuple(replaced), missing)


def check(paths: Iterable[Path], folders: Iterable[Path]) -> tuple[Mistake, ...]:
    """Check files against the forms they may extend; remarks included."""
    files: dict[str, _File] = {}
    for folder in folders:
        for path in sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES):
            files[path.stem] = _read(path, base=files.get(path.stem))
    for path in paths:
        files[path.stem] = _read(path, base=files.get(path.stem))
    try:
        return _compile_all(files, (), []).remarks
    except BadSchemas as bad:
        return bad.mistakes


def _compile_all(files: Mapping[str, _File], replaced: tuple[str, ...], mistakes: list[Mistake]) -> Library:
    compiled: dict[str, Form] = {}
    for file in files.values():
        form = _Compiler(file, files).form()
        if form:
            compiled[file.id] = form
    every = dict.fromkeys(mistake for file in _with_bases(files.values()) for mistake in file.mistakes)
    blocking = [*mistakes, *(mistake for mistake in every if mistake.blocking)]
    remarks = tuple(mistake for mistake in every if not mistake.blocking)
    if blocking:
        raise BadSchemas([*blocking, *remarks])
    return Library(compiled, remarks, replaced)


def _with_bases(files: Iterable[_File]) -> Iterator[_File]:
    for file in files:
        if file.base:
            yield from _with_bases([file.base])
        yield file


@dataclass(frozen=True, slots=True)
class _Raw:
    """A field's checked tree and the file it was written in."""

    file: _File
    path: Path_
    tree: Mapping[str, Any]


@dataclass(slots=True)
class _Resolved:
    """A form with what it inherits, not compiled yet."""

    header: dict[str, Any]
    fields: dict[str, _Raw]


class _Compiler:
    """Check one file and compile its form; the mistakes land in the files."""

    def __init__(self, file: _File, files: Mapping[str, _File]) -> None:
        self._file = file
        self._files = files

    def form(self) -> Form | None:
        resolved = self._resolve(self._file, ())
        if resolved is None:
            return None
        self._need(resolved.header)
        audience = Audience(resolved.header.get("audience") or Audience.CANDIDATE.value)
        parts = tuple(self._field(path, raw, audience) for path, raw in resolved.fields.items())
        self._check_clashes(resolved.fields)
        self._check_aliases(parts, resolved.fields)
        return Form(
            id=self._file.id,
            title=str(resolved.header.get("title")),
            version=str(resolved.header.get("version")),
            audience=audience,
            fields=tuple(part for part in parts if part),
            description=resolved.header.get("description") or "",
            file=self._file.name,
        )

    # inheritance

    def _resolve(self, file: _File, children: tuple[str, ...]) -> _Resolved | None:
        """Lay a file over the form it extends."""
        own = self._checked(file)
        if own is None:
            return None
        below = _Resolved({}, {})
        if "extends" in own:
            parent = self._parent(file, own["extends"], children)
            if parent is None:
                return None
            below = parent
        self._remove(file, own["remove"], below)
        header = {**below.header, **{key: own[key] for key in ("title", "version", "audience", "description") if own.get(key)}}
        mine = {path: _Raw(file, ("fields", path), tree) for path, tree in own["form_fields"].items()}
        return _Resolved(header, {**below.fields, **mine})

    def _parent(self, file: _File, name: str, children: tuple[str, ...]) -> _Resolved | None:
        if name == file.id and file.base:
            return self._resolve(file.base, children)
        if name in (*children, file.id):
            file.blame(("extends",), f"« {name} » s'étend lui-même")
            return None
        if name not in self._files:
            file.blame(("extends",), f"il n'y a pas de formulaire « {name} »{_hint(name, self._files)}")
            return None
        parent = self._files[name]
        resolved = self._resolve(parent, (*children, file.id))
        if resolved is None:
            file.blame(("extends",), f"le formulaire « {name} » a des erreurs")
        return resolved

    def _remove(self, file: _File, paths: list[str], below: _Resolved) -> None:
        for place, path in enumerate(paths):
            inside = [known for known in below.fields if known == path or known.startswith((path + "/", path + "["))]
            if not inside:
                file.blame(("remove", str(place)), f"il n'y a pas de champ « {path} » à retirer{_hint(path, below.fields)}")
            for known in inside:
                del below.fields[known]

    def _checked(self, file: _File) -> dict[str, Any] | None:
        """Check the file against the grammar."""
        if file.mistakes and any(mistake.blocking for mistake in file.mistakes):
            return None
        if not isinstance(file.tree, dict):
            file.blame((), "le fichier est vide ou n'est pas un dictionnaire : il lui faut title, version, audience et fields")
            return None
        try:
            loaded: dict[str, Any] = _FormGrammar().load(file.tree)
        except marshmallow.ValidationError as fault:
            for path, message in _flat(fault.messages):
                file.blame(path, message)
            return None
        return loaded

    def _need(self, header: Mapping[str, Any]) -> None:
        for key in ("title", "version"):
            if not header.get(key):
                self._file.blame((), f"clé obligatoire : {key}")

    # fields

    def _field(self, path: str, raw: _Raw, audience: Audience) -> Field | None:
        before = len(raw.file.mistakes)
        tree = raw.tree
        if not POINTER.fullmatch(path):
            raw.file.blame(raw.path, "ce n'est pas un chemin : il en faut un comme /partII/A/economicOperator/name")
        origins = tuple(self._origins(raw, audience))
        kind = Type(tree["type"])
        self._check_kind(raw, path, kind, origins)
        items = tuple(self._items(raw, origins))
        if len(raw.file.mistakes) > before and any(one.blocking for one in raw.file.mistakes[before:]):
            return None
        return Field(
            path=path, label=tree["label"], origins=origins, type=kind, items=items, constants=tree["constants"],
            alias=tree.get("alias"), on_demand=tree["on_demand"], confirm=tree["confirm"], reserved=tree.get("reserved"),
        )  # fmt: skip

    def _check_kind(self, raw: _Raw, path: str, kind: Type, origins: tuple[Origin, ...]) -> None:
        tree, blame = raw.tree, raw.file.blame
        if kind is Type.LIST and not tree["items"]:
            blame(raw.path, "une liste a besoin de « items » : les clés de ses objets")
        if kind is not Type.LIST and tree["items"]:
            blame((*raw.path, "items"), "« items » ne va qu'avec « type: list »")
        if tree["constants"] and not path.endswith("]"):
            blame((*raw.path, "constants"), "« constants » ne va qu'avec une entrée de liste nommée, comme /…/identifiers[vat]")
        if "reserved" in tree:
            self._row(raw, (*raw.path, "reserved"), tree["reserved"])
        elif not origins and tree.get("origins") in (None, []):
            blame(raw.path, "clé obligatoire : from (une ou plusieurs « source: expression »), ou reserved")

    def _origins(self, raw: _Raw, audience: Audience) -> Iterator[Origin]:
        written = raw.tree.get("origins")
        if written is None:
            return
        several = written if isinstance(written, list) else [written]
        for place, one in enumerate(several):
            here = (*raw.path, "from", str(place)) if isinstance(written, list) else (*raw.path, "from")
            if not isinstance(one, dict) or (isinstance(written, list) and len(one) != 1):
                raw.file.blame(here, "une origine s'écrit « source: expression »")
                continue
            for name, text in one.items():
                origin = self._origin(raw, (*here, name), audience, name, text)
                if origin:
                    yield origin

    def _origin(self, raw: _Raw, here: Path_, audience: Audience, name: str, text: object) -> Origin | None:
        row = self._row(raw, here, name)
        if row is None:
            return None
        refused = refusal(audience, row)
        if refused:
            raw.file.blame(here, f"la source « {name} » est refusée : {refused}")
            return None
        expression = self._expression(raw, here, text, row)
        return Origin(name, expression) if expression else None

    def _row(self, raw: _Raw, here: Path_, name: str) -> Source | None:
        if name not in CATALOGUE:
            raw.file.blame(here, f"source inconnue « {name} »{_hint(name, CATALOGUE)}")
            return None
        return CATALOGUE[name]

    def _expression(self, raw: _Raw, here: Path_, text: object, *rows: Source) -> Expression | None:
        if not isinstance(text, str):
            raw.file.blame(here, "attend une expression JMESPath, comme « adresse.code_postal »")
            return None
        try:
            expression = compile_expression(text)
        except BadExpression as fault:
            hint = _hint(fault.name, function_names()) if fault.name else ""
            raw.file.blame(here, f"{fault}{hint}")
            return None
        self._check_names(raw, here, expression, rows)
        return expression

    def _check_names(self, raw: _Raw, here: Path_, expression: Expression, rows: tuple[Source, ...]) -> None:
        personal = frozenset[str]().union(*(row.personal for row in rows if row.open))
        known = frozenset[str]().union(*(row.keys for row in rows))
        for name in sorted(expression.names()):
            if name in personal and name not in known:
                raw.file.blame(here, f"« {name} » est une donnée personnelle dont un marché n'a pas besoin : le service ne la lit pas")
            elif known and name not in known:
                raw.file.blame(here, f"« {name} » n'est pas une clé connue de cette source{_hint(name, known)}", blocking=False)

    def _items(self, raw: _Raw, origins: tuple[Origin, ...]) -> Iterator[Item]:
        rows = tuple(CATALOGUE[origin.source] for origin in origins)
        for name, tree in raw.tree["items"].items():
            here = (*raw.path, "items", name, "from")
            expression = self._expression(raw, here, tree["origin"], *rows)
            if expression:
                yield Item(name, tree["label"], expression, Type(tree["type"]), identifying=tree["identifying"])

    # the form as a whole

    def _check_clashes(self, every: Mapping[str, _Raw]) -> None:
        """No field may stand inside another; named entries share their list."""
        for path, raw in every.items():
            parents = [path[: place.start()] for place in re.finditer(r"/", path) if place.start()]
            parents += [path.split("[")[0]] if "[" in path else []
            for parent in parents:
                if parent in every:
                    raw.file.blame(raw.path, f"ce champ est à l'intérieur du champ « {parent} »")
            inside = path.split("[")[0] + "/"
            if "[" in path and any(other.startswith(inside) for other in every):
                raw.file.blame(raw.path, "des champs sont déclarés à l'intérieur de cette liste")

    def _check_aliases(self, parts: Iterable[Field | None], every: Mapping[str, _Raw]) -> None:
        seen: dict[str, str] = {}
        for part in parts:
            if part is None or part.alias is None:
                continue
            if part.alias in seen:
                raw = every[part.path]
                raw.file.blame((*raw.path, "alias"), f"l'alias « {part.alias} » est déjà celui de {seen[part.alias]}")
            seen.setdefault(part.alias, part.path)


def _hint(name: str | None, known: Iterable[str]) -> str:
    guess = closest(name, known) if name else None
    return f" ; vouliez-vous dire « {guess} » ?" if guess else ""


def _flat(messages: Any, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    """Flatten marshmallow's nested messages to paths, with a guess for unknown keys."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _flat(inner, path if key == "_schema" else _step(path, key))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield path, _guess(path, str(message))


def _step(path: Path_, key: object) -> Path_:
    """A dictionary's messages stand one level lower, under `value`."""
    return path if key in ("key", "value") and path[-2:-1] in (("fields",), ("items",), ("constants",)) else (*path, str(key))


def _guess(path: Path_, message: str) -> str:
    if message != _FRENCH["unknown"]:
        return message
    grammar: type[_Grammar] = _FormGrammar
    if len(path) >= 2 and path[-2:-1] != () and "items" in path[:-1]:
        grammar = _ItemGrammar
    elif len(path) > 1:
        grammar = _FieldGrammar
    known = [one.data_key or name for name, one in grammar().fields.items()]
    return f"{message} « {path[-1]} »{_hint(path[-1], known)} (clés possibles : {', '.join(known)})"
