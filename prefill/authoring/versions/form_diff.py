"""What changed between two versions of a form, for the pages and programs that read its answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prefill.domain.company import Role
from prefill.forms.model import Field, Form, ListItem


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in French; a breaking one asks consumers to change too."""

    place: str
    sentence: str
    breaking: bool = False


def compare_forms(old: Form, new: Form) -> tuple[Change, ...]:
    """List the changes from one form to another, the breaking ones first."""
    changes = [*_header(old, new), *_fields(old, new)]
    return tuple(sorted(changes, key=lambda change: not change.breaking))


def breaks_silently(old: Form, new: Form, changes: tuple[Change, ...]) -> bool:
    """Tell whether something breaks for consumers while the version says that nothing changed."""
    return old.version == new.version and any(change.breaking for change in changes)


def _header(old: Form, new: Form) -> Iterator[Change]:
    if old.audience is not new.audience:
        yield Change("audience", f"{old.audience} devient {new.audience}", breaking=True)
    if old.version != new.version:
        yield Change("version", f"« {old.version} » devient « {new.version} »")
    if old.title != new.title:
        yield Change("title", f"« {old.title} » devient « {new.title} »")


def _fields(old: Form, new: Form) -> Iterator[Change]:
    before, after = ({part.path: part for part in form.fields} for form in (old, new))
    for path in [path for path in before if path not in after]:
        yield Change(path, "champ retiré", breaking=True)
    for path in [path for path in after if path not in before]:
        yield Change(path, "champ ajouté")
    for path, part in after.items():
        if path in before:
            yield from _field(before[path], part)


def _field(old: Field, new: Field) -> Iterator[Change]:
    path = new.path
    if old.type is not new.type:
        yield Change(path, f"type {old.type} devient {new.type}", breaking=True)
    if old.alias != new.alias:
        yield Change(path, f"alias {old.alias or '(aucun)'} devient {new.alias or '(aucun)'}", bool(old.alias))
    if old.constants != new.constants:
        yield Change(path, f"constantes {_written(old.constants)} deviennent {_written(new.constants)}", breaking=True)
    if bool(old.reserved) is not bool(new.reserved):
        verb = "devient réservé à l'acheteur" if new.reserved else "n'est plus réservé à l'acheteur"
        yield Change(path, verb, breaking=bool(new.reserved))
    if old.on_demand is not new.on_demand:
        verb = "n'est plus donné qu'à la demande" if new.on_demand else "est donné sans qu'on le demande"
        yield Change(path, verb, breaking=new.on_demand)
    if old.declared is not new.declared:
        told = (
            "n'est plus rempli : le candidat le déclare" if new.declared else "n'est plus déclaré par le candidat seul"
        )
        yield Change(path, told, breaking=new.declared)
    if old.roles != new.roles:
        lost = bool(new.roles) and not old.roles <= new.roles if old.roles else bool(new.roles)
        yield Change(path, f"rôles {_roles(old)} deviennent {_roles(new)}", breaking=lost)
    if old.optional is not new.optional:
        yield Change(
            path, "n'est plus dit manquant quand il est vide" if new.optional else "est dit manquant quand il est vide"
        )
    if old.only_for != new.only_for:
        yield Change(
            path, f"n'existe que pour {new.only_for}" if new.only_for else "existe pour toutes les entreprises"
        )
    if old.confirm is not new.confirm:
        yield Change(path, "est à vérifier" if new.confirm else "n'est plus à vérifier")
    if old.choices != new.choices:
        yield Change(
            path,
            "table des choix changée",
            breaking=bool(set(old.choices.values()) - set(new.choices.values())) or not old.choices,
        )
    if old.label != new.label:
        yield Change(path, f"libellé « {old.label} » devient « {new.label} »")
    yield from _origins(old, new)
    yield from _items(old, new)


def _origins(old: Field, new: Field) -> Iterator[Change]:
    read = [[(origin.source, origin.expression.text) for origin in part.origins] for part in (old, new)]
    if read[0] != read[1]:
        sources = [", ".join(dict.fromkeys(source for source, _ in pairs)) or "aucune source" for pairs in read]
        told = f"lu dans {sources[1]}, et non plus {sources[0]}" if sources[0] != sources[1] else "lu autrement"
        yield Change(new.path, told)


def _items(old: Field, new: Field) -> Iterator[Change]:
    before, after = ({item.name: item for item in part.items} for part in (old, new))
    for name in [name for name in before if name not in after]:
        yield Change(new.path, f"clé « {name} » retirée des lignes", breaking=True)
    for name in [name for name in after if name not in before]:
        yield Change(new.path, f"clé « {name} » ajoutée aux lignes")
    for name in [name for name in before if name in after]:
        yield from _item(new.path, before[name], after[name])


def _item(path: str, old: ListItem, new: ListItem) -> Iterator[Change]:
    if old.type is not new.type:
        yield Change(path, f"clé « {new.name} » : type {old.type} devient {new.type}", breaking=True)
    if old.expression.text != new.expression.text:
        yield Change(path, f"clé « {new.name} » : lue autrement")


def _roles(part: Field) -> str:
    return ", ".join(role for role in Role if role in part.roles) or "(tous)"


def _written(constants: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in constants.items()) or "(aucune)"
