"""A compiled form: fields, value sources and list items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Role
from prefill.domain.permissions import Audience
from prefill.domain.synonyms import SynonymTable
from prefill.forms.expressions import Expression

Labels = Mapping[str, Mapping[str, str]]  # texts by what they name, by language


class Type(StrEnum):
    STRING = "string"
    DATE = "date"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class ValueSource:
    """Where a value may come from: a source, and what to read in its answer."""

    source: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class ListItem:
    """One key of the objects of a list; a row without any identifying key is dropped, and so is one that `expires` and has."""

    name: str
    label: str
    expression: Expression
    type: Type = Type.STRING
    identifying: bool = False
    expires: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Field:
    """One place of the output. `path` is a JSON pointer under `data`.

    A path ending in `[name]` is a named entry of a list: an object made of `constants` and the value, or, where the field is
    itself a list, its rows, each with the `constants`. A `declared` field
    is the candidate's alone: no register fills it. An `optional` one is often empty, which is no gap. `only_for` names the
    companies (`PERIMETERS`) for which alone the field can exist. `roles` are those of the companies that the field is about; none
    means all. `synonyms` has other ways of writing its value. `labels` are the label in other languages, by code; `choices`
    translate what is read, written as a text, into the value: what they do not hold gives none. `choice_labels` are what
    people read of a value in other languages.
    """

    path: str
    label: str
    origins: tuple[ValueSource, ...] = ()
    type: Type = Type.STRING
    items: tuple[ListItem, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    alias: str | None = None
    on_demand: bool = False
    confirm: bool = False
    reserved: str | None = None
    declared: bool = False
    optional: bool = False
    only_for: str | None = None
    roles: frozenset[Role] = frozenset()
    synonyms: SynonymTable | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    choice_labels: Labels = field(default_factory=dict)

    @cached_property
    def entry(self) -> str | None:
        """The name of the entry, for a named entry of a list."""
        return self.path[len(list_of(self.path)) + 1 : -1] if self.path.endswith("]") else None

    @cached_property
    def place(self) -> tuple[str, ...]:
        """The keys that lead to the value, or to the list that an entry is in."""
        return pointer_keys(list_of(self.path))

    def label_in(self, language: str) -> str:
        """Give the label in a language, in French where the form has none."""
        return self.labels.get(language, self.label)

    def means(self, name: str) -> bool:
        """Tell whether a name means this field: its alias, its path, or a JSON pointer above it or inside its list."""
        if name in (self.alias, self.path):
            return True
        own, asked = list_of(self.path) + "/", name + "/"
        many = self.type is Type.LIST or self.entry is not None
        return own.startswith(asked) or (many and asked.startswith(own))


@dataclass(frozen=True)
class Form:
    """A form schema, compiled. `sections` are the titles of its parts, by path; `file` is where it was read.

    `titles` and `section_labels` are its title and those of its parts in other languages.
    """

    id: str
    title: str
    version: str
    audience: Audience
    fields: tuple[Field, ...] = field(hash=False)
    description: str = ""
    file: str = ""
    sections: Mapping[str, str] = field(default_factory=dict, hash=False)
    titles: Mapping[str, str] = field(default_factory=dict, hash=False)
    section_labels: Labels = field(default_factory=dict, hash=False)

    @cached_property
    def _by_default(self) -> tuple[str, ...]:
        return self._sources(frozenset())

    @cached_property
    def _on_demand(self) -> tuple[str, ...]:
        every = dict.fromkeys(origin.source for part in self.fields for origin in part.origins)
        return tuple(name for name in every if name not in self._by_default)

    def sources(self, extra: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Name the sources to ask, in the form's order: the default ones, and those asked for besides."""
        return self._sources(extra) if extra else self._by_default

    def on_demand(self) -> tuple[str, ...]:
        """Name the sources that this form asks only when the caller names them."""
        return self._on_demand

    def _sources(self, extra: frozenset[str]) -> tuple[str, ...]:
        wanted = [
            origin.source for field in self.fields for origin in field.origins if active(field, origin.source, extra)
        ]
        return tuple(dict.fromkeys(wanted))

    def only(self, names: frozenset[str]) -> Form:
        """Keep the fields that the names mean, in the form's order. Raise `KeyError` of a name that means none."""
        return _narrowed(self, names)

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that its fields name, in the order of `Role`: none for a form about one company."""
        named = frozenset[Role]().union(*(part.roles for part in self.fields))
        return tuple(role for role in Role if role in named)

    def for_role(self, role: Role) -> Form:
        """Keep the fields that are about a company of that role."""
        return _of_role(self, role) if self.roles else self


@lru_cache(maxsize=256)  # a page names the same fields each time
def _narrowed(form: Form, names: frozenset[str]) -> Form:
    kept: set[str] = set()
    for name in sorted(names):
        meant = [part.path for part in form.fields if part.means(name)]
        if not meant:
            raise KeyError(name)
        kept.update(meant)
    return replace(form, fields=tuple(part for part in form.fields if part.path in kept))


@lru_cache(maxsize=256)
def _of_role(form: Form, role: Role) -> Form:
    return replace(form, fields=tuple(part for part in form.fields if not part.roles or role in part.roles))


def active(field: Field, source: str, extra: frozenset[str]) -> bool:
    """Tell whether a field's origin is asked: always, or only when the caller names the source."""
    return source in extra or not (field.on_demand or CATALOGUE[source].on_demand)


def list_of(path: str) -> str:
    """Leave out the name of an entry: `/a/list[one]` is in `/a/list`."""
    return path.partition("[")[0]


def section_of(path: str, titles: Iterable[str]) -> str:
    """Find the innermost section that a field is in."""
    return max((title for title in titles if not title or f"{path}/".startswith((title + "/", title + "["))), key=len)


def pointer_keys(pointer: str) -> tuple[str, ...]:
    """Split a JSON pointer (RFC 6901).

    >>> pointer_keys("/partII/A/a~1b")
    ('partII', 'A', 'a/b')
    """
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:])


def value_at(data: Any, pointer: str) -> Any:
    """Follow a JSON pointer, in objects and lists. Raise `LookupError` where there is nothing.

    >>> value_at({"a": [{"b/c": 1}]}, "/a/0/b~1c")
    1
    """
    for key in pointer_keys(pointer):
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data
