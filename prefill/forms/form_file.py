"""The schema of a form file, and its reading."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import marshmallow
from marshmallow import fields

from prefill.config_files.schema import FRENCH, FileSchema, Matching, among, flag, hint, listed, mapping, nested, text
from prefill.config_files.source_file import SourceFile
from prefill.config_files.yaml_file import read_yaml
from prefill.domain.company import PERIMETERS, Role
from prefill.domain.disclosure import masked
from prefill.domain.permissions import Audience
from prefill.forms.model import Type

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


_word = Matching(WORD, "un mot : une lettre, puis lettres sans accent, chiffres, - ou _")


def _unmasked(value: str) -> None:
    if masked(value):
        raise marshmallow.ValidationError(
            f"« {value} » marque une donnée masquée, qui ne sort jamais du service : écrivez un autre texte"
        )


OTHER_LANGUAGES = ("en",)


class ItemSchema(FileSchema):
    label = text(required=True)
    labels = mapping(text(), among(OTHER_LANGUAGES))
    type = text(among(kind.value for kind in Type if kind is not Type.LIST), load_default=Type.STRING.value)
    origin = text(required=True, data_key="from")
    identifying = flag()
    expires = flag()


class FieldSchema(FileSchema):
    label = text(required=True)
    labels = mapping(text(), among(OTHER_LANGUAGES))
    type = text(among(kind.value for kind in Type), load_default=Type.STRING.value)
    origins = fields.Raw(data_key="from", allow_none=True)
    items = mapping(nested(ItemSchema), _word)
    constants = mapping(text(_unmasked), _word)
    choices = mapping(text(_unmasked))
    choice_labels = mapping(mapping(text()), among(OTHER_LANGUAGES))
    alias = text(_word)
    on_demand = flag()
    confirm = flag()
    reserved = text()
    declared = flag()
    optional = flag()
    only_for = text(among(PERIMETERS))
    roles = listed(text(among(role.value for role in Role)), "rôles", load_default=list)
    synonyms = text()


class FormSchema(FileSchema):
    title = text()
    titles = mapping(text(), among(OTHER_LANGUAGES))
    version = text()
    description = fields.String(error_messages={**FRENCH, "invalid": "attend un texte"})
    audience = text(among(audience.value for audience in Audience))
    extends = text()
    remove = listed(text(), "chemins", load_default=list)
    sections = mapping(text())
    section_labels = mapping(mapping(text()), among(OTHER_LANGUAGES))
    synonyms = mapping(listed(listed(text(), "textes"), "listes de synonymes"), _word)
    form_fields = mapping(nested(FieldSchema), data_key="fields")


HEADER = ("title", "version", "audience", "description")
REQUIRED = {
    "title": "le titre du formulaire",
    "version": "sa version, un texte",
    "audience": f"pour qui il est, {' ou '.join(Audience)}",
}


@dataclass(slots=True, eq=False)
class FormFile(SourceFile):
    """One form file as read: `own` is what of it follows the schema.

    `base` is the file of the same id that this one replaces, and may extend. `text` stands for what is on the disk.
    """

    base: FormFile | None = None
    text: str | None = None
    own: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.path.stem

    @property
    def readable(self) -> bool:
        return bool(self.own)

    def read_text(self) -> str:
        return SourceFile.read_text(self) if self.text is None else self.text


def read_form_file(path: Path, base: FormFile | None = None, text: str | None = None) -> FormFile:
    """Read a form, from its file or from the text that is to replace it."""
    file = FormFile(path, base=base, text=text)
    tree = read_yaml(file)
    if tree is None and not file.is_valid():
        return file
    if tree is None:
        file.report((), f"le fichier est vide : il lui faut {', '.join(REQUIRED)} et fields")
    elif not isinstance(tree, dict):
        file.report((), f"{FRENCH['type']} : {', '.join(REQUIRED)} et fields")
    else:
        file.own = file.load(FormSchema(), tree)
    if not FORM_ID.fullmatch(file.id):
        file.report((), f"« {file.id} », le nom du fichier, est l'identifiant : lettres sans accent, chiffres, - et _")
    return file


def did_you_mean_form(name: str, known: list[str]) -> str:
    others = f"il y a {', '.join(known)}" if known else "il n'y en a pas d'autre"
    return hint(name, known) or f" ; {others}"
