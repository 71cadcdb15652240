"""What a form takes from the form that it extends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prefill.config_files.schema import Steps, hint
from prefill.domain.permissions import Audience
from prefill.forms.form_file import HEADER, FormFile, did_you_mean_form
from prefill.forms.model import Labels


@dataclass(frozen=True, slots=True)
class FieldDeclaration:
    """A field as it is written, in the file that declares it, for that file's audience."""

    file: FormFile
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

    def report(self, message: str, *steps: str, blocking: bool = True) -> None:
        self.file.report((*self.here, *steps), message, blocking=blocking)


@dataclass(frozen=True, slots=True)
class ResolvedForm:
    """A form with what it inherits, not compiled yet.

    `lineage` goes from the form without parent down to the file itself; without one of them the form is
    not `whole`, and what it lacks is not its own mistake.
    """

    lineage: tuple[FormFile, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, FieldDeclaration] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    section_labels: Labels = field(default_factory=dict)
    synonyms: Mapping[str, list[list[str]]] = field(default_factory=dict)
    whole: bool = True

    @property
    def audience(self) -> Audience:
        return Audience(self.header.get("audience", Audience.CANDIDATE))


def resolve_inheritance(file: FormFile, files: Mapping[str, FormFile], children: tuple[str, ...]) -> ResolvedForm:
    """Lay a file over the form it extends."""
    below = _parent(file, files, children) if "extends" in file.own else ResolvedForm()
    kept = _kept(file, below)
    header = {**below.header, **{key: file.own[key] for key in HEADER if key in file.own}}
    whole = below.whole and file.readable and file.is_valid(("extends",))
    sections = {**below.sections, **file.own.get("sections", {})}
    titles = file.own.get("titles", {}) if "title" in file.own else {**below.titles, **file.own.get("titles", {})}
    section_labels = _section_labels(file, below)
    synonyms = dict(below.synonyms)
    for table, groups in file.own.get("synonyms", {}).items():
        synonyms[table] = [*groups, *synonyms.get(table, [])]
    inherited = ResolvedForm((*below.lineage, file), header, kept, sections, titles, section_labels, synonyms, whole)
    own = {
        path: FieldDeclaration(file, path, tree, inherited.audience, replaces=path in kept)
        for path, tree in file.own.get("form_fields", {}).items()
    }
    return replace(inherited, fields={**kept, **own})


def _section_labels(file: FormFile, below: ResolvedForm) -> Labels:
    """Lay the labels of a file over the inherited ones; those of a part that it names anew are its own."""
    renamed, own = file.own.get("sections", {}), file.own.get("section_labels", {})
    languages = dict.fromkeys((*below.section_labels, *own))
    return {
        language: {
            **{path: text for path, text in below.section_labels.get(language, {}).items() if path not in renamed},
            **own.get(language, {}),
        }
        for language in languages
    }


def _parent(file: FormFile, files: Mapping[str, FormFile], children: tuple[str, ...]) -> ResolvedForm:
    name = file.own["extends"]
    if name == file.id and file.base:
        return resolve_inheritance(file.base, files, children)
    chain = (*children, file.id)
    if name in chain:
        loop = " → ".join((*chain[chain.index(name) :], name))
        file.report(("extends",), f"aucun formulaire ne peut s'étendre lui-même : {loop}")
    elif name not in files:
        others = [other for other in files if other != file.id]
        file.report(("extends",), f"il n'y a pas de formulaire « {name} »{did_you_mean_form(name, others)}")
    else:
        return resolve_inheritance(files[name], files, chain)
    return ResolvedForm(whole=False)


def _kept(file: FormFile, below: ResolvedForm) -> dict[str, FieldDeclaration]:
    """Take away the fields that the file removes, each with all that is inside it."""
    kept = dict(below.fields)
    removed = file.own.get("remove", [])
    if removed and "extends" not in file.own:
        file.report(("remove",), "« remove » ne va qu'avec « extends » : il n'y a rien à retirer")
        return kept
    sound = file.is_valid(("remove",))
    for place, path in enumerate(removed):
        inside = [known for known in below.fields if known == path or known.startswith((path + "/", path + "["))]
        if not inside and below.whole:
            steps = ("remove", str(place)) if sound else ("remove",)
            file.report(steps, f"il n'y a pas de champ « {path} » à retirer{hint(path, below.fields)}")
        for known in inside:
            kept.pop(known, None)
    return kept
