"""The lock of a folder of forms: what pages and programs rely on in each form, at the version where they found it.

`versions.json` stands beside the forms. A form may gain fields under its version; what breaks its consumers takes another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefill.authoring.versions.form_diff import Change, breaks_silently, compare_forms
from prefill.domain.company import Role
from prefill.domain.permissions import Audience
from prefill.forms.expressions import compile_expression
from prefill.forms.model import Field, Form, ListItem, Type

LOCK = "versions.json"
SUFFIXES = (".yaml", ".yml")
WHOLE = compile_expression("@")  # what is read is no part of the lock


class UnreadableLock(Exception):
    """The lock cannot be read; the message says why, in French."""


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A form that is not as its lock says. `breaking` are the changes that its consumers would see."""

    form: str
    message: str
    breaking: tuple[Change, ...] = ()


def locked_forms(folder: Path) -> Mapping[str, Form] | None:
    """Read a folder's lock as forms without origins; None where it has none. Raise `UnreadableLock`."""
    path = folder / LOCK
    if not path.is_file():
        return None
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        return {name: _read(name, entry) for name, entry in written.items()}
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as fault:
        raise UnreadableLock(f"{path} ne se lit pas : « prefill schema lock » le récrit.") from fault


def forms_of(folder: Path, forms: Mapping[str, Form]) -> dict[str, Form]:
    """The compiled forms whose file is in a folder."""
    names = sorted({path.stem for path in folder.iterdir() if path.suffix in SUFFIXES}) if folder.is_dir() else ()
    return {name: forms[name] for name in names if name in forms}


def compare_with_lock(locked: Mapping[str, Form], forms: Mapping[str, Form]) -> Iterator[Unlocked]:
    """Say which forms broke under their version, which have a version that is not locked, and which are gone."""
    for name, old in locked.items():
        new = forms.get(name)
        if new is None:
            yield Unlocked(name, f"Le formulaire {name} n'est plus là, et des pages l'emploient peut-être.")
            continue
        changes = compare_forms(old, new)
        if breaks_silently(old, new, changes):
            breaking = tuple(change for change in changes if change.breaking)
            yield Unlocked(
                name,
                f"Le formulaire {name} a changé pour les pages qui l'emploient et garde la version « {new.version} » "
                f"({_listed(breaking)}) : donnez-lui une autre version, puis « prefill schema lock ».",
                breaking,
            )
        elif old.version != new.version:
            yield Unlocked(
                name,
                f"La version « {new.version} » du formulaire {name} n'est pas verrouillée : « prefill schema lock ».",
            )
    for name in sorted(forms.keys() - locked.keys()):
        yield Unlocked(name, f"Le formulaire {name} n'est pas verrouillé : « prefill schema lock ».")


def write_lock(folder: Path, forms: Iterable[Form]) -> None:
    """Write what consumers rely on in each form."""
    written = ",\n".join(_written(form) for form in sorted(forms, key=lambda form: form.id))
    (folder / LOCK).write_text(f"{{\n{written}\n}}\n", encoding="utf-8")


def _listed(changes: tuple[Change, ...]) -> str:
    shown = "; ".join(f"{change.place} : {change.sentence}" for change in changes[:3])
    return shown + ("…" if len(changes) > 3 else "")


def _written(form: Form) -> str:
    """Write a form as JSON, a field a line: what changes is read in a comparison of the file."""
    parts = sorted(form.fields, key=lambda part: part.path)
    fields = ",\n".join(f"  {_json(part.path)}: {_json(_written_field(part))}" for part in parts)
    header = f'"version": {_json(form.version)}, "audience": {_json(form.audience.value)}'
    return f' {_json(form.id)}: {{{header}, "fields": {{\n{fields}\n }}}}'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _written_field(part: Field) -> dict[str, Any]:
    """Leave out what is at its default."""
    facts = {
        "type": part.type.value,
        "alias": part.alias,
        "constants": dict(part.constants),
        "choices": dict(part.choices),
        "items": {item.name: item.type.value for item in part.items},
        "onDemand": part.on_demand,
        "reserved": bool(part.reserved),
        "declared": part.declared,
        "roles": sorted(part.roles),
    }
    return {name: value for name, value in facts.items() if value and value != Type.STRING}


def _read(name: str, entry: Mapping[str, Any]) -> Form:
    fields = tuple(_read_field(path, facts) for path, facts in entry["fields"].items())
    return Form(name, "", entry["version"], Audience(entry["audience"]), fields)


def _read_field(path: str, facts: Mapping[str, Any]) -> Field:
    return Field(
        path,
        "",
        type=Type(facts.get("type", Type.STRING)),
        alias=facts.get("alias"),
        constants=facts.get("constants", {}),
        choices=facts.get("choices", {}),
        items=tuple(ListItem(item, "", WHOLE, Type(kind)) for item, kind in facts.get("items", {}).items()),
        on_demand=facts.get("onDemand", False),
        reserved="oui" if facts.get("reserved") else None,
        declared=facts.get("declared", False),
        roles=frozenset(map(Role, facts.get("roles", ()))),
    )
