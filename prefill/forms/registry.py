"""Form schemas: from YAML files to checked, compiled forms.

One file per form, its name is the form's id. A form is checked whole before anything is served: every
mistake comes with its file, its line, its path and, where a word looks like another, a « did you mean ».
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prefill.config_files.schema import (
    Diagnostic,
    short_name,
)
from prefill.forms.compiler import _Compiler
from prefill.forms.inheritance import _resolve
from prefill.forms.model import Form
from prefill.forms.yaml_reader import _File, _read

SUFFIXES = (".yaml", ".yml")


class BadSchemas(Exception):
    """Some forms cannot be loaded; the message lists every mistake, one a line."""

    def __init__(self, mistakes: Iterable[Diagnostic]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True, slots=True)
class FormRegistry:
    """Every compiled form by id, with the remarks made while reading them."""

    forms: Mapping[str, Form]
    remarks: tuple[Diagnostic, ...] = ()
    replaced: tuple[str, ...] = ()  # « dume : /a/dume.yaml remplace /b/dume.yaml »


def load_all(folders: Iterable[Path]) -> FormRegistry:
    """Read every form of the folders, a later folder winning. Raise `BadSchemas`."""
    shelf = _gather(folders)
    forms, mistakes = _compile_all(shelf.files.values(), shelf.files)
    every = (*shelf.mistakes, *mistakes)
    if any(mistake.blocking for mistake in every):
        raise BadSchemas(sorted(every, key=lambda mistake: not mistake.blocking))
    return FormRegistry(forms, every, tuple(shelf.replaced))


def check(paths: Iterable[Path], folders: Iterable[Path]) -> tuple[Diagnostic, ...]:
    """Check files against the forms they may extend; remarks included."""
    shelf = _gather(folders)
    asked = [_take(shelf, path) for path in paths]
    return _compile_all(asked, shelf.files)[1]


@dataclass(slots=True)
class FormFiles:
    """The files found: the winning one of each id, what it replaces, and what is wrong with the folders."""

    files: dict[str, _File] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    mistakes: list[Diagnostic] = field(default_factory=list)


def _gather(folders: Iterable[Path]) -> FormFiles:
    shelf = FormFiles()
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


def _forms_in(folder: Path, shelf: FormFiles) -> list[Path]:
    """List a folder's forms; editors keep their hidden copies there too."""
    name = short_name(folder)
    if not folder.is_dir():
        shelf.mistakes.append(Diagnostic(name, 0, "", "ce dossier de formulaires n'existe pas (PREFILL_SCHEMAS)"))
        return []
    try:
        every = sorted(folder.iterdir())
    except OSError as fault:
        shelf.mistakes.append(Diagnostic(name, 0, "", f"ce dossier ne peut pas être lu : {fault.strerror}"))
        return []
    forms = [path for path in every if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if not forms:
        remark = "ce dossier ne contient aucun formulaire (fichiers .yaml)"
        shelf.mistakes.append(Diagnostic(name, 0, "", remark, blocking=False))
    return forms


def _take(shelf: FormFiles, path: Path) -> _File:
    """Find a file among those of the folders, or lay it over them."""
    file = shelf.files.get(path.stem)
    while file:
        if file.path.resolve() == path.resolve():
            return file
        file = file.base
    file = shelf.files[path.stem] = _read(path, shelf.files.get(path.stem))
    return file


def _compile_all(asked: Iterable[_File], files: Mapping[str, _File]) -> tuple[dict[str, Form], tuple[Diagnostic, ...]]:
    """Compile some files; give their forms and all that is wrong in them and in those they extend."""
    forms: dict[str, Form] = {}
    read: dict[str, _File] = {}
    for file in asked:
        resolved = _resolve(file, files, ())
        forms[file.id] = _Compiler(file, resolved).form()
        read.update({one.name: one for one in resolved.lineage})
    mistakes = (mistake for file in read.values() for mistake in sorted(file.mistakes, key=lambda one: one.line))
    return forms, tuple(dict.fromkeys(mistakes))
