"""Schemas of configuration files: marshmallow fields whose error messages are French and say what is possible."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import marshmallow
from marshmallow import fields

from prefill.domain.suggestions import closest

Steps = tuple[str, ...]
Rule = Callable[[str], None]

FRENCH: dict[str, Any] = {
    "required": "clé obligatoire : ajoutez-la",
    "null": "valeur manquante : écrivez-la, ou retirez la clé",
    "invalid": "valeur d'un autre type",
    "type": "attend un dictionnaire « clé: valeur »",
    "unknown": "clé inconnue",
}


class FileSchema(marshmallow.Schema):
    """What a table of the file may hold; `refused` says of some unknown keys why they are not there."""

    error_messages = FRENCH
    refused: ClassVar[Mapping[str, str]] = {}

    def handle_error(self, error: marshmallow.ValidationError, data: Any, **_: Any) -> None:
        """Say of an unknown key what was meant and what is possible."""
        if not isinstance(error.messages, dict):
            return
        known = [one.data_key or name for name, one in self.fields.items()]
        for key, messages in error.messages.items():
            if messages == [FRENCH["unknown"]]:
                error.messages[key] = [self.refused.get(key) or _unknown(str(key), known)]


def _unknown(key: str, known: list[str]) -> str:
    return f"{FRENCH['unknown']} « {key} »{hint(key, known)} (clés possibles : {', '.join(known)})"


class Entries(fields.Dict):
    """A dictionary whose messages stand at its keys, without marshmallow's own level for keys and values."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> Any:
        try:
            return super()._deserialize(value, attr, data, **rest)  # type: ignore[no-untyped-call]
        except marshmallow.ValidationError as fault:
            messages: Any = fault.messages
            if isinstance(messages, dict):
                messages = {key: _of_key_and_value(levels) for key, levels in messages.items()}
            raise marshmallow.ValidationError(messages, valid_data=fault.valid_data) from fault


def _of_key_and_value(levels: Mapping[str, Any]) -> Any:
    key, value = levels.get("key", []), levels.get("value", [])
    return {"_schema": key, **value} if isinstance(value, dict) else [*key, *value]


def text(*rules: Rule, **options: Any) -> fields.String:
    messages = {**FRENCH, "invalid": "attend un texte"}
    return fields.String(error_messages=messages, validate=[_filled, *rules], **options)


def _filled(value: str) -> None:
    if not value.strip():
        raise marshmallow.ValidationError("ne peut pas être vide : écrivez un texte, ou retirez la clé")


@dataclass(frozen=True, slots=True)
class Among:
    """The rule of a text that is one of some names."""

    names: tuple[str, ...]

    def __call__(self, value: str) -> None:
        if value not in self.names:
            names = " ou ".join(self.names)
            raise marshmallow.ValidationError(f"attend {names}, pas « {value} »{hint(value, self.names)}")


def among(known: Iterable[str]) -> Rule:
    return Among(tuple(known))


@dataclass(frozen=True, slots=True)
class Matching:
    """The rule of a text that matches a pattern whole; `wanted` says what it should be."""

    pattern: re.Pattern[str]
    wanted: str

    def __call__(self, value: str) -> None:
        if not self.pattern.fullmatch(value):
            raise marshmallow.ValidationError(f"attend {self.wanted}")


def whole(least: int, most: int, **options: Any) -> fields.Integer:
    messages = {**FRENCH, "invalid": f"attend un nombre entier de {least} à {most}"}
    bounds = marshmallow.validate.Range(least, most, error=messages["invalid"])
    return fields.Integer(strict=True, error_messages=messages, validate=bounds, **options)


def flag() -> fields.Boolean:
    messages = {**FRENCH, "invalid": "attend true ou false"}
    return fields.Boolean(truthy={True}, falsy={False}, load_default=False, error_messages=messages)


def mapping(values: fields.Field[Any], *rules: Rule, **options: Any) -> Entries:
    messages = {**FRENCH, "invalid": FRENCH["type"]}
    keys = fields.String(validate=list(rules))
    return Entries(keys=keys, values=values, load_default=dict, error_messages=messages, **options)


def listed(values: fields.Field[Any], wanted: str, **options: Any) -> fields.List[Any]:
    return fields.List(values, error_messages={**FRENCH, "invalid": f"attend une liste de {wanted}"}, **options)


def nested(grammar: type[FileSchema], **options: Any) -> fields.Nested:
    return fields.Nested(grammar, error_messages=FRENCH, **options)


def flat(messages: Any, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """Flatten marshmallow's nested messages to paths."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from flat(inner, steps if key == "_schema" else (*steps, str(key)))
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield steps, str(message)


def hint(name: str, known: Iterable[str]) -> str:
    guess = closest(name, known)
    return f" ; vouliez-vous dire « {guess} » ?" if guess else ""
