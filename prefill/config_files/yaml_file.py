"""YAML files as plain values: texts, true, false, null, lists and dictionaries, with the line of each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import yaml

from prefill.config_files.schema import Steps
from prefill.config_files.source_file import SourceFile, UnreadableFile

MAX_VALUES = 50_000  # once the anchors are followed: a few lines of YAML can unfold into billions
# libyaml's composer calls itself for each level, whatever is left of the stack: too many end the process.
MAX_DEPTH = 100
# libyaml's parser, where PyYAML has it: eight times faster. It begins; the messages are those of PyYAML's own.
FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PLAIN_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}

# What a part of PyYAML's own message most often comes from.
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


def read_yaml(file: SourceFile) -> Any:
    """Return the file's values; what cannot be read is reported, and None stands for it."""
    try:
        text = file.read_text()
        _check_depth(text)
        return _YamlReader(file).plain(_compose(text), ())
    except UnreadableFile as fault:
        file.lines[()] = fault.line or file.default_line
        file.report((), str(fault))
    return None


def _check_depth(text: str) -> None:
    """Raise `UnreadableFile` at the first value that is too deep; what is no YAML is found when it is composed."""
    depth = 0
    with suppress(yaml.YAMLError):
        for event in yaml.parse(text, Loader=FAST_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise UnreadableFile("le fichier est trop imbriqué", line)


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=FAST_LOADER)
    except yaml.YAMLError:
        return _compose_or_explain(text)


def _compose_or_explain(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as fault:
        line = text.count("\n", 0, fault.position) + 1
        message = "ce n'est pas du YAML : il y a un caractère interdit ; est-ce bien de l'UTF-8 ?"
        raise UnreadableFile(message, line) from fault
    except yaml.MarkedYAMLError as fault:
        raise _explained(fault) from fault


def _explained(fault: yaml.MarkedYAMLError) -> UnreadableFile:
    """Translate PyYAML's message into French, at the line where the mistake begins."""
    message = ": ".join(filter(None, (fault.context, fault.problem)))
    opened = "quoted scalar" in message or "a flow " in message
    mark = fault.context_mark if opened else fault.problem_mark
    advice = next((advice for part, advice in YAML_FAULTS if part in message), message)
    return UnreadableFile(f"ce n'est pas du YAML : {advice}", mark.line + 1 if mark else 1)


class _YamlReader:
    """Turns nodes into plain values, under a limit of their number, noting lines."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._count = 0

    def plain(self, node: yaml.Node | None, steps: Steps, above: frozenset[int] = frozenset()) -> Any:
        if node is None:
            return None
        self._file.lines.setdefault(steps, node.start_mark.line + 1)
        self._count += 1
        if self._count > MAX_VALUES:
            message = f"le fichier compte plus de {MAX_VALUES} valeurs, ancres dépliées"
            raise UnreadableFile(message, self._file.line(steps))
        if id(node) in above:
            self._file.report(steps, "l'ancre se contient elle-même")
            return None
        above |= {id(node)}
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, steps, above)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(child, (*steps, str(rank)), above) for rank, child in enumerate(node.value)]
        return self._scalar(node, steps)

    def _mapping(self, node: yaml.MappingNode, steps: Steps, above: frozenset[int]) -> dict[str, Any]:
        """Read the keys; one given twice is reported."""
        plain: dict[str, Any] = {}
        for key_node, child in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key, str):
                self._file.report(steps, f"ligne {line}, une clé doit être un simple texte")
                continue
            place = (*steps, key)
            first = self._file.lines.get(place)
            self._file.lines[place] = line
            if key in plain:
                self._file.report(place, f"clé donnée deux fois (déjà à la ligne {first}) : gardez l'une des deux")
            elif key == "<<":
                message = "« << » n'est pas lu ici : recopiez les clés, ou étendez un formulaire avec extends"
                self._file.report(place, message)
            else:
                plain[key] = self.plain(child, place, above)
        return plain

    def _scalar(self, node: yaml.Node, steps: Steps) -> Any:
        """Only true, false and null are not texts: a number would lose its zeros, `no` is a word."""
        if not node.tag.startswith("tag:yaml.org,2002:"):
            message = f"« {node.tag} » serait une étiquette YAML : mettez le texte entre guillemets"
            self._file.report(steps, message)
            return f"{node.tag} {node.value}"
        is_plain = isinstance(node, yaml.ScalarNode) and not node.style
        return PLAIN_WORDS.get(node.value, node.value) if is_plain else node.value
