"""Form schemas: from YAML files to checked, compiled forms.

One file per form, its name is the form's id. A form is checked whole before anything is served: every
mistake comes with its file, its line, its path and, where a word looks like another, a « did you mean ».
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from cachetools import LRUCache

from prefill import telemetry
from prefill.config_files.diagnostics import Diagnostic, InvalidConfigFile, short_name
from prefill.config_files.reloading import ReloadedFiles
from prefill.config_files.source_file import UnreadableFile, read_bytes
from prefill.forms.compiler import FormCompiler
from prefill.forms.form_file import FormFile, read_form_file
from prefill.forms.inheritance import resolve_inheritance
from prefill.forms.model import Form

SUFFIXES = (".yaml", ".yml")
CASES = ".tests"  # NAME.tests.yaml holds the test cases of the form NAME
REFUSED = "Les formulaires ont changé et ne peuvent pas être lus : les anciens restent en vigueur."


@dataclass(frozen=True, slots=True)
class FormRegistry:
    """Every compiled form by id, with the remarks made while reading them."""

    forms: Mapping[str, Form]
    remarks: tuple[Diagnostic, ...] = ()
    replaced: tuple[str, ...] = ()  # « dume : /a/dume.yaml remplace /b/dume.yaml »


class ReloadedForms(ReloadedFiles[FormRegistry]):
    """Every form of some folders, read again: all are replaced at once, or none when one has a mistake."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Read the forms. Raise `InvalidConfigFile`."""
        self.folders = tuple(folders)
        super().__init__(self._load, self._list, loaded=_log_loaded, refused=_log_refused)

    def _load(self) -> FormRegistry:
        return load_all(self.folders)

    def _list(self, _: FormRegistry | None) -> Iterable[Path]:
        for folder in self.folders:
            yield folder
            yield from sorted(path for path in folder.glob("*") if _is_form(path))


def _log_loaded(forms: FormRegistry) -> None:
    telemetry.gauge("forms_loaded", len(forms.forms))
    telemetry.event("forms.loaded", forms=sorted(forms.forms))
    for remark in forms.remarks:
        telemetry.warning("schemas.remark", remark=str(remark))


def _log_refused(invalid: InvalidConfigFile) -> None:
    telemetry.warning("forms.refused", message=REFUSED, mistakes=[str(one) for one in invalid.diagnostics])


# What the folders' files held, and the forms that they gave: a form never changes once it is compiled.
Contents = tuple[Path, tuple[tuple[Path, bytes], ...]]
_COMPILED: LRUCache[Contents, FormRegistry] = LRUCache(8)
_COMPILED_LOCK = Lock()


def load_all(folders: Iterable[Path]) -> FormRegistry:
    """Read every form of the folders, a later folder winning. Raise `InvalidConfigFile`.

    Files that hold what they held before are not compiled again.
    """
    folders = tuple(folders)
    contents = _contents(folders)
    with _COMPILED_LOCK:
        known = _COMPILED.get(contents) if contents else None
    if known is not None:
        return known
    registry = _load_all(folders)
    # A file that changed while it was read is read again.
    if contents and contents == _contents(folders):
        with _COMPILED_LOCK:
            _COMPILED[contents] = registry
    return registry


def _contents(folders: Sequence[Path]) -> Contents | None:
    """Read what the files hold, and the folder that their names are relative to; None when one cannot be read."""
    try:
        files = [path for folder in folders for path in sorted(folder.iterdir()) if _is_form(path)]
        return Path.cwd(), tuple((path, read_bytes(path)) for path in files)
    except (OSError, UnreadableFile):
        return None


def _load_all(folders: Sequence[Path]) -> FormRegistry:
    available = _gather(folders)
    forms, mistakes = _compile_all(available.files.values(), available.files)
    every = (*available.diagnostics, *mistakes)
    if any(mistake.blocking for mistake in every):
        raise InvalidConfigFile(sorted(every, key=lambda mistake: not mistake.blocking))
    return FormRegistry(forms, every, tuple(available.replaced))


def check(paths: Iterable[Path], folders: Iterable[Path]) -> tuple[Diagnostic, ...]:
    """Check files against the forms they may extend; remarks included."""
    available = _gather(folders)
    asked = [_take(available, path) for path in paths]
    return _compile_all(asked, available.files)[1]


def load_file(path: Path, folders: Iterable[Path]) -> Form:
    """Compile one file, over the forms that it may extend. Raise `InvalidConfigFile`."""
    available = _gather(folders)
    file = _take(available, path)
    forms, diagnostics = _compile_all([file], available.files)
    if any(diagnostic.blocking for diagnostic in diagnostics):
        raise InvalidConfigFile(diagnostics)
    return forms[file.id]


@dataclass(frozen=True, slots=True)
class Draft:
    """A form that somebody is writing: all that is wrong with it, and the form itself when nothing is."""

    diagnostics: tuple[Diagnostic, ...]
    form: Form | None


def check_draft(form_id: str, text: str, folders: Iterable[Path]) -> Draft:
    """Check a text in place of the file of that form. Nothing is written, no expression is evaluated."""
    available = _gather(folders)
    known = available.files.get(form_id)
    path, base = (known.path, known.base) if known else (Path(f"{form_id}.yaml"), None)
    file = available.files[form_id] = read_form_file(path, base, text)
    forms, diagnostics = _compile_all([file], available.files)
    blocked = any(diagnostic.blocking for diagnostic in diagnostics)
    return Draft(diagnostics, None if blocked else forms[form_id])


@dataclass(slots=True)
class FormFiles:
    """The files available: the winning one of each id, what it replaces, and what is wrong with the folders."""

    files: dict[str, FormFile] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def _gather(folders: Iterable[Path]) -> FormFiles:
    available = FormFiles()
    for folder in folders:
        here: dict[str, FormFile] = {}
        for path in _forms_in(folder, available):
            file = read_form_file(path, available.files.get(path.stem))
            twin = here.setdefault(path.stem, file)
            if twin is not file:
                twin.report((), f"« {path.name} » est aussi le formulaire « {file.id} » : gardez l'un des deux")
        for name, file in here.items():
            if file.base:
                verb = "étend" if file.own.get("extends") == name else "remplace"
                available.replaced.append(f"{name} : {file.name} {verb} {file.base.name}")
        available.files |= here
    return available


def _forms_in(folder: Path, available: FormFiles) -> list[Path]:
    """List a folder's forms; editors keep their hidden copies there too."""
    name = short_name(folder)
    if not folder.is_dir():
        available.diagnostics.append(
            Diagnostic(name, 0, "", "ce dossier de formulaires n'existe pas (PREFILL_SCHEMAS)")
        )
        return []
    try:
        every = sorted(folder.iterdir())
    except OSError as fault:
        available.diagnostics.append(Diagnostic(name, 0, "", f"ce dossier ne peut pas être lu : {fault.strerror}"))
        return []
    forms = [path for path in every if _is_form(path)]
    if not forms:
        remark = "ce dossier ne contient aucun formulaire (fichiers .yaml)"
        available.diagnostics.append(Diagnostic(name, 0, "", remark, blocking=False))
    return forms


def _is_form(path: Path) -> bool:
    """Recognise a form by its name: not a hidden copy, nor the test cases that stand beside a form."""
    if path.name.startswith(".") or path.stem.endswith(CASES):
        return False
    return path.suffix.lower() in SUFFIXES


def _take(available: FormFiles, path: Path) -> FormFile:
    """Find a file among those of the folders, or lay it over them."""
    file = available.files.get(path.stem)
    while file:
        if file.path.resolve() == path.resolve():
            return file
        file = file.base
    file = available.files[path.stem] = read_form_file(path, available.files.get(path.stem))
    return file


def _compile_all(
    asked: Iterable[FormFile], files: Mapping[str, FormFile]
) -> tuple[dict[str, Form], tuple[Diagnostic, ...]]:
    """Compile some files; give their forms and all that is wrong in them and in those they extend."""
    forms: dict[str, Form] = {}
    read: dict[str, FormFile] = {}
    for file in asked:
        resolved = resolve_inheritance(file, files, ())
        forms[file.id] = FormCompiler(file, resolved).form()
        read.update({one.name: one for one in resolved.lineage})
    mistakes = (mistake for file in read.values() for mistake in sorted(file.diagnostics, key=lambda one: one.line))
    return forms, tuple(dict.fromkeys(mistakes))
