"""The shape of a register's answer: the type, the nullability and the meaning of each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    TEXT = "text"
    DATE = "date"  # an ISO date, as a text
    TIMESTAMP = "timestamp"  # Unix seconds of a midnight in Paris
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    OBJECT = "object"
    LIST = "list"
    ANY = "any"  # the register sends several types


@dataclass(frozen=True)
class Shape:
    """The type of a value.

    Attributes:
        kind: what it is.
        nullable: whether the register may send null.
        meaning: what it holds, in French.
        members: of an object, by key.
        item: of a list.
    """

    kind: Kind
    nullable: bool = False
    meaning: str = ""
    members: Mapping[str, Shape] = field(default_factory=dict)
    item: Shape | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """The keys of the objects inside, at whatever depth."""
        below = [*self.members.values(), *([self.item] if self.item else [])]
        return frozenset(self.members).union(*(shape.names for shape in below))

    def paths(self, above: str = "") -> Iterator[tuple[str, Shape]]:
        """List the keys as expressions write them, each with its shape: `adresse.code_postal`, `actes[].type`."""
        if self.item is not None:
            yield from self.item.paths(f"{above}[]")
        for key, shape in self.members.items():
            path = f"{above}.{key}" if above else key
            yield path, shape
            yield from shape.paths(path)


UNKNOWN = Shape(Kind.OBJECT)  # of a service that nobody asks
