"""Form schemas: from YAML files to checked, compiled forms.

One file per form, its name is the form's id. A form is checked whole before anything is served: every
mistake comes with its file, its line, its path and, where a word looks like another, a « did you mean ».
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import marshmallow
import yaml
from marshmallow import fields

from prefill.access import Audience, masked, refusal
from prefill.expressions import BadExpression, Expression, compile_expression, function_names
from prefill.grammar import (
    FRENCH,
    Grammar,
    Mistake,
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
from prefill.mapping import Field, Form, Item, Origin, Type, list_of
from prefill.sources import CATALOGUE, Source

__all__ = ["BadSchemas", "Library", "Mistake", "check", "load_all"]

SUFFIXES = (".yaml", ".yml")
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


# -- the doors --------------------------------------------------------------------------------------


def load_all(folders: Iterable[Path]) -> Library:
    """Read every form of the folders, a later folder winning. Raise `BadSchemas`."""
    shelf = _gather(folders)
    forms, mistakes = _compile_all(shelf.files.values(), shelf.files)
    every = (*shelf.mistakes, *mistakes)
    if any(mistake.blocking for mistake in every):
        raise BadSchemas(sorted(every, key=lambda mistake: not mistake.blocking))
    return Library(forms, every, tuple(shelf.replaced))


def check(paths: Iterable[Path], folders: Iterable[Path]) -> tuple[Mistake, ...]:
    """Check files against the forms they may extend; remarks included."""
    shelf = _gather(folders)
    asked = [_take(shelf, path) for path in paths]
    return _compile_all(asked, shelf.files)[1]


@dataclass(slots=True)
class _Shelf:
    """The files found: the winning one of each id, what it replaces, and what is wrong with the folders."""

    files: dict[str, _File] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def _gather(folders: Iterable[Path]) -> _Shelf:
    shelf = _Shelf()
    for folder in folders:
        here: dict[str, _File] = {}
        for path in _forms_in(folder, shelf):
            file = _read(path, shelf.files.get(path.stem))
            twin = here.setdefault(path.stem, file)
            if twin is not file:
                twin.blame((), f"« {path.name} » est aussi le formulaire « {file.id} » : gardez l'un des deux")
        for name, file in here.items():
            if file.base:
                verb = "étend" if file.own.get("extends") == name else "remplace"
                shelf.replaced.append(f"{name} : {file.name} {verb} {file.base.name}")
        shelf.files |= here
    return shelf


def _forms_in(folder: Path, shelf: _Shelf) -> list[Path]:
    """List a folder's forms; editors keep their hidden copies there too."""
    name = short_name(folder)
    if not folder.is_dir():
        shelf.mistakes.append(Mistake(name, 0, "", "ce dossier de formulaires n'existe pas (PREFILL_SCHEMAS)"))
        return []
    try:
        every = sorted(folder.iterdir())
    except OSError as fault:
        shelf.mistakes.append(Mistake(name, 0, "", f"ce dossier ne peut pas être lu : {fault.strerror}"))
        return []
    forms = [path for path in every if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if not forms:
        remark = "ce dossier ne contient aucun formulaire (fichiers .yaml)"
        shelf.mistakes.append(Mistake(name, 0, "", remark, blocking=False))
    return forms


def _take(shelf: _Shelf, path: Path) -> _File:
    """Find a file among those of the folders, or lay it over them."""
    file = shelf.files.get(path.stem)
    while file:
        if file.path.resolve() == path.resolve():
            return file
        file = file.base
    file = shelf.files[path.stem] = _read(path, shelf.files.get(path.stem))
    return file


def _compile_all(asked: Iterable[_File], files: Mapping[str, _File]) -> tuple[dict[str, Form], tuple[Mistake, ...]]:
    """Compile some files; give their forms and all that is wrong in them and in those they extend."""
    forms: dict[str, Form] = {}
    read: dict[str, _File] = {}
    for file in asked:
        resolved = _resolve(file, files, ())
        forms[file.id] = _Compiler(file, resolved).form()
        read.update({one.name: one for one in resolved.lineage})
    mistakes = (mistake for file in read.values() for mistake in sorted(file.mistakes, key=lambda one: one.line))
    return forms, tuple(dict.fromkeys(mistakes))


# -- the file's grammar -----------------------------------------------------------------------------


def _word(value: str) -> None:
    if not WORD.fullmatch(value):
        raise marshmallow.ValidationError("attend un mot : une lettre, puis lettres sans accent, chiffres, - ou _")


def _unmasked(value: str) -> None:
    if masked(value):
        raise marshmallow.ValidationError(f"« {value} » marque une donnée masquée : elle ne sort jamais du service")


class _ItemGrammar(Grammar):
    label = text(required=True)
    type = text(among(kind.value for kind in Type if kind is not Type.LIST), load_default=Type.STRING.value)
    origin = text(required=True, data_key="from")
    identifying = flag()


class _FieldGrammar(Grammar):
    label = text(required=True)
    type = text(among(kind.value for kind in Type), load_default=Type.STRING.value)
    origins = fields.Raw(data_key="from", allow_none=True)
    items = mapping(nested(_ItemGrammar), _word)
    constants = mapping(text(_unmasked), _word)
    alias = text(_word)
    on_demand = flag()
    confirm = flag()
    reserved = text()


class _FormGrammar(Grammar):
    title = text()
    version = text()
    description = fields.String(error_messages={**FRENCH, "invalid": "attend un texte"})
    audience = text(among(audience.value for audience in Audience))
    extends = text()
    remove = listed(text(), "chemins", load_default=list)
    form_fields = mapping(nested(_FieldGrammar), data_key="fields")


HEADER = ("title", "version", "audience", "description")
REQUIRED = {
    "title": "le titre du formulaire",
    "version": "sa version, un texte",
    "audience": f"pour qui il est, {' ou '.join(Audience)}",
}


# -- reading a file with its lines ------------------------------------------------------------------


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
    mistakes: list[Mistake] = field(default_factory=list)
    broken: set[Steps] = field(default_factory=set)
    size: int = 0

    def line(self, steps: Steps) -> int:
        """Find the line of a path, or of the nearest thing above it."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 1)

    def blame(self, steps: Steps, message: str, *, blocking: bool = True) -> None:
        self.mistakes.append(Mistake(self.name, self.line(steps), " → ".join(steps), message, blocking))
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
        file.own = _FormGrammar().load(tree)
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


# -- inheritance ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Written:
    """A field as it is written, in the file that declares it, for that file's audience."""

    file: _File
    path: str
    tree: Mapping[str, Any]
    audience: Audience
    replaces: bool

    @property
    def here(self) -> Steps:
        return ("fields", self.path)

    @property
    def place(self) -> str:
        return f"{self.file.name}:{self.file.line(self.here)}"

    def blame(self, message: str, *steps: str, blocking: bool = True) -> None:
        self.file.blame((*self.here, *steps), message, blocking=blocking)


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A form with what it inherits, not compiled yet.

    `lineage` goes from the form without parent down to the file itself; without one of them the form is
    not `whole`, and what it lacks is not its own mistake.
    """

    lineage: tuple[_File, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, _Written] = field(default_factory=dict)
    whole: bool = True

    @property
    def audience(self) -> Audience:
        return Audience(self.header.get("audience", Audience.CANDIDATE))


def _resolve(file: _File, files: Mapping[str, _File], children: tuple[str, ...]) -> _Resolved:
    """Lay a file over the form it extends."""
    below = _parent(file, files, children) if "extends" in file.own else _Resolved()
    kept = _kept(file, below)
    header = {**below.header, **{key: file.own[key] for key in HEADER if key in file.own}}
    whole = below.whole and file.readable and file.sound(("extends",))
    inherited = _Resolved((*below.lineage, file), header, kept, whole)
    own = {
        path: _Written(file, path, tree, inherited.audience, replaces=path in kept)
        for path, tree in file.own.get("form_fields", {}).items()
    }
    return replace(inherited, fields={**kept, **own})


def _parent(file: _File, files: Mapping[str, _File], children: tuple[str, ...]) -> _Resolved:
    name = file.own["extends"]
    if name == file.id and file.base:
        return _resolve(file.base, files, children)
    chain = (*children, file.id)
    if name in chain:
        loop = " → ".join((*chain[chain.index(name) :], name))
        file.blame(("extends",), f"aucun formulaire ne peut s'étendre lui-même : {loop}")
    elif name not in files:
        others = [other for other in files if other != file.id]
        file.blame(("extends",), f"il n'y a pas de formulaire « {name} »{_choices(name, others)}")
    else:
        return _resolve(files[name], files, chain)
    return _Resolved(whole=False)


def _kept(file: _File, below: _Resolved) -> dict[str, _Written]:
    """Take away the fields that the file removes, each with all that is inside it."""
    kept = dict(below.fields)
    removed = file.own.get("remove", [])
    if removed and "extends" not in file.own:
        file.blame(("remove",), "« remove » ne va qu'avec « extends » : il n'y a rien à retirer")
        return kept
    sound = file.sound(("remove",))
    for place, path in enumerate(removed):
        inside = [known for known in below.fields if known == path or known.startswith((path + "/", path + "["))]
        if not inside and below.whole:
            steps = ("remove", str(place)) if sound else ("remove",)
            file.blame(steps, f"il n'y a pas de champ « {path} » à retirer{hint(path, below.fields)}")
        for known in inside:
            kept.pop(known, None)
    return kept


# -- compiling --------------------------------------------------------------------------------------


class _Compiler:
    """Check one form and compile it; each mistake lands in the file that makes it."""

    def __init__(self, file: _File, resolved: _Resolved) -> None:
        self._file = file
        self._resolved = resolved
        self._fields = resolved.fields

    def form(self) -> Form:
        """Compile what can be: a form with blocking mistakes is never served."""
        self._check_header()
        parts = tuple(self._field(written) for written in self._fields.values())
        self._check_clashes()
        self._check_aliases()
        header = self._resolved.header
        return Form(
            id=self._file.id,
            title=header.get("title", ""),
            version=header.get("version", ""),
            audience=self._resolved.audience,
            fields=tuple(part for part in parts if part),
            description=header.get("description", ""),
            file=self._file.name,
        )

    def _check_header(self) -> None:
        if not self._resolved.whole:
            return
        root = self._resolved.lineage[0]
        for key, meaning in REQUIRED.items():
            if key not in self._resolved.header and root.sound((key,)):
                root.blame((), f"clé obligatoire : {key} ({meaning})")
        if not self._fields and self._file.sound(("fields",)):
            self._file.blame((), "le formulaire n'a aucun champ (fields)")

    # one field

    def _field(self, written: _Written) -> Field | None:
        if not written.tree:
            return None
        path, tree = written.path, written.tree
        self._check_path(written)
        origins = tuple(self._origins(written))
        self._check_kind(written)
        self._check_source_of_value(written)
        items = tuple(self._items(written, origins))
        if not written.file.sound(written.here) or not (origins or "reserved" in tree):
            return None
        return Field(
            path=path, label=tree["label"], origins=origins, type=Type(tree["type"]), items=items,
            constants=tree["constants"], alias=tree.get("alias"), on_demand=tree["on_demand"],
            confirm=tree["confirm"], reserved=tree.get("reserved"),
        )  # fmt: skip

    def _check_path(self, written: _Written) -> None:
        if POINTER.fullmatch(written.path):
            return
        fault = next(
            (message for pattern, message in POINTER_FAULTS if pattern.match(written.path)), "chemin illisible"
        )
        written.blame(f"{fault} ; un chemin est comme /partII/A/economicOperator/name")

    def _check_kind(self, written: _Written) -> None:
        tree, entry = written.tree, written.path.endswith("]")
        is_list = tree.get("type") == Type.LIST
        if is_list and entry:
            written.blame("une entrée nommée porte une seule valeur, pas une liste", "type")
        elif is_list and not tree.get("items", True) and "reserved" not in tree:
            written.blame("une liste a besoin de « items » : les clés de ses objets")
        if "type" in tree and not is_list and tree.get("items"):
            written.blame("« items » ne va qu'avec « type: list »", "items")
        if tree.get("constants") and not entry:
            written.blame("« constants » ne va qu'avec une entrée nommée, comme /…/identifiers[vat]", "constants")
        if "value" in tree.get("constants", {}):
            written.blame("« value » est déjà la clé de la valeur elle-même", "constants", "value")

    def _check_source_of_value(self, written: _Written) -> None:
        """A field reads its value somewhere, or is reserved: one of the two."""
        given = written.tree.get("origins") not in (None, [], {})
        if "reserved" not in written.tree:
            if not given and written.file.sound((*written.here, "reserved")):
                whole = " ; un champ remplacé s'écrit en entier" if written.replaces else ""
                written.blame(f"clé obligatoire : from (une ou plusieurs « source: expression »), ou reserved{whole}")
            return
        if given:
            written.blame("« from » et « reserved » s'excluent : ce que l'acheteur obtient n'est pas lu", "reserved")
        row = self._row(written, written.tree["reserved"], "reserved")
        if row and row.refusal:
            written.blame(f"la source « {row.name} » est refusée : {row.refusal.rstrip('.')}", "reserved")
        elif row and row.open:
            written.blame(
                f"« {row.name} » est une source ouverte, à lire avec « from » : « reserved » annonce une donnée "
                "protégée, que l'acheteur obtient lui-même",
                "reserved",
            )

    # where its value comes from

    def _origins(self, written: _Written) -> Iterator[Origin]:
        several = written.tree.get("origins")
        if several in (None, [], {}):
            return
        if isinstance(several, dict):
            for name, code in several.items():
                yield from self._origin(written, name, code, "from", name)
            return
        if not isinstance(several, list):
            written.blame(_not_an_origin(several), "from")
            return
        for place, one in enumerate(several):
            if not isinstance(one, dict) or len(one) != 1:
                written.blame(_not_an_origin(one), "from", str(place))
                continue
            [(name, code)] = one.items()
            yield from self._origin(written, name, code, "from", str(place), name)

    def _origin(self, written: _Written, name: str, code: object, *steps: str) -> Iterator[Origin]:
        row = self._row(written, name, *steps)
        if row is None or self._refuses(written, row, *steps):
            return
        expression = self._expression(written, code, (row,), *steps)
        if expression is None:
            return
        if expression.invents():
            written.blame("rien ne s'invente : cette expression peut donner une valeur écrite d'avance", *steps)
        yield Origin(name, expression)

    def _row(self, written: _Written, name: str, *steps: str) -> Source | None:
        if name not in CATALOGUE:
            written.blame(f"source inconnue « {name} »{hint(name, CATALOGUE)}", *steps)
        return CATALOGUE.get(name)

    def _refuses(self, written: _Written, row: Source, *steps: str) -> bool:
        """Refuse a source where it is written, or where an overlay changed the audience above it."""
        twin = f" ; la source ouverte est « {row.twin_of} »" if row.twin_of else ""
        refused = refusal(written.audience, row)
        if refused:
            written.blame(f"la source « {row.name} » est refusée : {refused.rstrip('.')}{twin}", *steps)
            return True
        refused = refusal(self._resolved.audience, row)
        if refused:
            inherited = f"le champ hérité « {written.path} » ({written.place}) lit « {row.name} »"
            self._file.blame(("audience",), f"{inherited} : {refused.rstrip('.')}{twin} (remove le retire)")
        return refused is not None

    def _expression(
        self, written: _Written, code: object, rows: tuple[Source, ...], *steps: str, made: frozenset[str] = frozenset()
    ) -> Expression | None:
        if not isinstance(code, str):
            written.blame(
                "attend une expression JMESPath, comme adresse.code_postal ; entre guillemets si elle commence par "
                "un signe",
                *steps,
            )
            return None
        try:
            expression = compile_expression(code)
        except BadExpression as fault:
            written.blame(f"{fault}{hint(fault.name, function_names()) if fault.name else ''}", *steps)
            return None
        self._check_names(written, expression, rows, *steps, made=made)
        return expression

    def _check_names(
        self,
        written: _Written,
        expression: Expression,
        rows: tuple[Source, ...],
        *steps: str,
        made: frozenset[str],
    ) -> None:
        """Refuse personal keys; remark on a key that is neither the register's nor made by an expression."""
        personal = frozenset[str]().union(*(row.personal for row in rows))
        known = frozenset[str]().union(*(row.keys for row in rows))
        for name in sorted(expression.names()):
            if name in personal - known:
                written.blame(
                    f"« {name} » est une donnée personnelle dont un marché n'a pas besoin : le service ne la lit pas",
                    *steps,
                )
            elif known and name not in known | made | expression.makes():
                sources = ", ".join(dict.fromkeys(row.name for row in rows))
                remark = f"« {name} » n'est pas une clé connue de {sources}{hint(name, known)}"
                written.blame(remark, *steps, blocking=False)

    def _items(self, written: _Written, origins: tuple[Origin, ...]) -> Iterator[Item]:
        rows = tuple(CATALOGUE[origin.source] for origin in origins)
        made = frozenset[str]().union(*(origin.expression.makes() for origin in origins))
        for name, tree in written.tree.get("items", {}).items():
            if "origin" not in tree:
                continue
            expression = self._expression(written, tree["origin"], rows, "items", name, "from", made=made)
            if expression and tree.keys() >= {"label", "type", "identifying"}:
                yield Item(name, tree["label"], expression, Type(tree["type"]), identifying=tree["identifying"])

    # the form as a whole

    def _check_clashes(self) -> None:
        """No field may stand inside another; the named entries of a list share it with nothing else."""
        sound = [path for path in self._fields if POINTER.fullmatch(path)]
        lists = {list_of(path): path for path in sound if path.endswith("]")}
        for path in sound:
            for outer in _around(path):
                if outer in self._fields:
                    self._clash(path, outer)
                elif outer in lists and outer != list_of(path):
                    self._clash(path, lists[outer])

    def _clash(self, inner: str, outer: str) -> None:
        """Blame the newcomer: what is inherited was there first."""
        one, other = self._fields[inner], self._fields[outer]
        if one.file is not self._file and other.file is self._file:
            other.blame(f"ce champ contiendrait le champ hérité « {inner} » ({one.place})")
        else:
            where = f" ({other.place})" if other.file is not one.file else ""
            one.blame(f"ce champ serait à l'intérieur du champ « {outer} »{where}")

    def _check_aliases(self) -> None:
        seen: dict[str, _Written] = {}
        for written in self._fields.values():
            alias = written.tree.get("alias")
            first = seen.setdefault(alias, written) if alias else written
            if first is written:
                continue
            new, old = (first, written) if written.file is not self._file else (written, first)
            where = f" ({old.place})" if old.file is not new.file else ""
            new.blame(f"l'alias « {alias} » est déjà celui de {old.path}{where}", "alias")


def _around(path: str) -> list[str]:
    """List the paths that stand around one; a named entry stands in its list.

    >>> _around("/a/b[x]")
    ['/a', '/a/b']
    """
    keys = list_of(path).split("/")[1:]
    return ["/" + "/".join(keys[:length]) for length in range(1, len(keys) + path.endswith("]"))]


def _not_an_origin(written: object) -> str:
    """Say how an origin is written; guess the one that forgot its colon."""
    sentence = "une origine s'écrit « source: expression »"
    source, _, rest = str(written).replace(":", ".").partition(".")
    if isinstance(written, str) and source in CATALOGUE and rest.strip():
        return f"{sentence} ; vouliez-vous dire « {source}: {rest.strip()} » ?"
    if isinstance(written, dict) and len(written) > 1:
        return f"{sentence}, une seule par tiret"
    return f"{sentence}, comme « etablissements: siret »"


def _choices(name: str, known: list[str]) -> str:
    return hint(name, known) or f" ; il y a {', '.join(known) or 'aucun autre formulaire'}"
