"""The JSON Schema of a form file: generated from the checker's own schemas, with the rules between keys that it can express."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from prefill.authoring.grammar.expressions import definition_of, expression_definitions
from prefill.authoring.grammar.marshmallow_schema import field_schema, names_schema, object_schema
from prefill.domain.catalogue import SOURCES
from prefill.domain.permissions import Audience, can_query
from prefill.domain.sources import Source
from prefill.forms.form_file import POINTER, REQUIRED, FieldSchema, FormSchema, ItemSchema
from prefill.forms.model import Type

Node = dict[str, Any]
FORM = {
    "title": "Le nom du formulaire, en français.",
    "titles": "Le nom dans d'autres langues : {en: Site sheet}.",
    "version": "Un texte de l'auteur, rendu dans chaque réponse : changez-le quand un changement casse les pages.",
    "description": "Une phrase de plus.",
    "audience": "candidate : pour tous, sources ouvertes seulement. agent : pour les agents habilités de l'acheteur.",
    "extends": "Le formulaire que celui-ci reprend, par son identifiant.",
    "remove": "Avec extends : les chemins à retirer, chacun avec tout ce qu'il contient.",
    "sections": "Les titres des parties, par le chemin sous lequel elles sont.",
    "section_labels": "Ces titres dans d'autres langues : {en: {/entreprise: The company}}.",
    "synonyms": "D'autres façons d'écrire une valeur, par table : ajoutées à celles du service, ou nouvelles.",
    "fields": "Les champs, chacun sous son chemin : un pointeur JSON comme /entreprise/nom.",
}
FIELD = {
    "label": "Ce que les gens lisent à côté du champ, en français.",
    "labels": "Le libellé dans d'autres langues, par leur code : {en: Name}.",
    "choices": "Une table de ce qui est lu vers la valeur : {'5710': SAS}. Ce qu'elle n'a pas ne donne rien.",
    "choice_labels": "Ce que les gens lisent d'une valeur dans d'autres langues : {en: {SAS: Simplified company}}.",
    "type": "Le type de la valeur : string si rien n'est dit.",
    "from": "D'où vient la valeur, dans l'ordre : « source: expression », la première qui en a une l'emporte.",
    "items": "Pour une liste : les clés de ses objets.",
    "constants": "Pour une entrée nommée : des textes à côté de la valeur, ou dans chaque ligne.",
    "alias": "Un nom court, unique dans le formulaire, qu'une page emploie à la place du chemin.",
    "on_demand": "true : demandé seulement quand l'appelant nomme la source (with=).",
    "confirm": "true : la valeur est à vérifier par le candidat.",
    "reserved": "La source protégée que l'acheteur peut demander lui-même : à fournir seulement s'il le demande.",
    "declared": "true : le candidat seul le dit, aucun registre n'est lu.",
    "optional": "true : le champ est souvent vide, et ce n'est pas un manque.",
    "only_for": "Les entreprises que le champ concerne, en un mot : associations, share_capital, trade_register ou vat ; pour les autres il est sans objet.",
    "roles": "Les rôles des entreprises dont parle le champ ; aucun : toutes.",
    "synonyms": "La table des autres façons d'écrire la valeur, pour que la page trouve l'option d'une liste.",
}
ITEM = {
    "label": FIELD["label"],
    "labels": FIELD["labels"],
    "type": FIELD["type"],
    "from": "Une expression sur la ligne.",
    "identifying": "true : une ligne où aucune de ces clés n'a de valeur est laissée de côté.",
    "expires": "true : une ligne dont cette date est passée est laissée de côté.",
}
LIST_TYPE: Node = {"required": ["type"], "properties": {"type": {"const": Type.LIST.value}}}
DECLARED: Node = {"required": ["declared"], "properties": {"declared": {"const": True}}}
NOT_TRUE: Node = {"const": False}
FLAGS = ("confirm", "on_demand", "optional")  # not of a declared field


@lru_cache(maxsize=1)
def form_grammar() -> Node:
    """Give the JSON Schema (draft 7) of a form file."""
    titles = {name: field_schema(FormSchema().fields[name]) for name in ("sections", "section_labels")}
    given: dict[str, Node] = {"fields": _fields(), **titles}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "/v1/schemas/grammar.json",
        "title": "Formulaire de préremplissage",
        **object_schema(FormSchema, FORM, given),
        "dependencies": {"remove": ["extends"]},
        "allOf": [_whole_form(), _candidate_reads_open_sources()],
        "definitions": {
            "item": object_schema(ItemSchema, ITEM, {}),
            "field": _field(entry=False),
            "entry": _field(entry=True),
            "any-from": _from(_is_usable),
            "open-from": _from(lambda source: can_query(Audience.CANDIDATE, source)),
            "protected": _names(source for source in SOURCES if source.usable and not source.open),
            **expression_definitions(),
        },
    }


def _is_usable(source: Source) -> bool:
    return source.usable


def _whole_form() -> Node:
    """A form that extends none has all its header and some field."""
    return {
        "if": {"not": {"required": ["extends"]}},
        "then": {"required": [*REQUIRED, "fields"], "properties": {"fields": {"minProperties": 1}}},
    }


def _candidate_reads_open_sources() -> Node:
    reads = {"properties": {"from": {"$ref": "#/definitions/open-from"}}}
    return {
        "if": {"required": ["audience"], "properties": {"audience": {"const": Audience.CANDIDATE.value}}},
        "then": {"properties": {"fields": {"additionalProperties": reads}}},
    }


def _fields() -> Node:
    """A path that ends with `]` is an entry of a list."""
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^(?:{POINTER.pattern})$"},
        "patternProperties": {r"\]$": {"$ref": "#/definitions/entry"}, r"[^\]]$": {"$ref": "#/definitions/field"}},
        "additionalProperties": False,
    }


def _field(*, entry: bool) -> Node:
    given: dict[str, Node] = {
        "from": {"$ref": "#/definitions/any-from"},
        "items": {
            "type": "object",
            "propertyNames": names_schema(FieldSchema().fields["items"]),
            "additionalProperties": {"$ref": "#/definitions/item"},
        },
        "reserved": {"$ref": "#/definitions/protected"},
    }
    node = object_schema(FieldSchema, FIELD, given)
    if entry:
        node["properties"]["constants"]["not"] = {"required": ["value"]}
    else:
        del node["properties"]["constants"]
    return {**node, "allOf": [_one_origin(), _declared(), _list()]}


def _one_origin() -> Node:
    """A field is read somewhere, reserved or declared: one of the three."""
    return {"oneOf": [{"required": ["from"]}, {"required": ["reserved"]}, DECLARED]}


def _declared() -> Node:
    """What the candidate declares is one value, and nothing asks for it."""
    return {
        "if": DECLARED,
        "then": {
            "not": {"anyOf": [LIST_TYPE, {"required": ["only_for"]}]},
            "properties": dict.fromkeys(FLAGS, NOT_TRUE),
        },
    }


def _list() -> Node:
    """A list that is read has items, and nothing else has."""
    return {
        "if": LIST_TYPE,
        "then": {"anyOf": [{"required": ["items"]}, {"required": ["reserved"]}, DECLARED]},
        "else": {"properties": {"items": {"maxProperties": 0}}},
    }


def _from(reads: Callable[[Source], bool]) -> Node:
    """One mapping, or a list of mappings of one source each."""
    sources = {
        source.name: {
            "$ref": f"#/definitions/{definition_of(source)}",
            "description": f"{source.title} ({source.producer})",
        }
        for source in SOURCES
        if source.usable and reads(source)
    }
    origin: Node = {"type": "object", "additionalProperties": False, "properties": sources, "minProperties": 1}
    return {"anyOf": [origin, {"type": "array", "minItems": 1, "items": {**origin, "maxProperties": 1}}]}


def _names(sources: Iterable[Source]) -> Node:
    return {
        "anyOf": [{"const": source.name, "description": f"{source.title} ({source.producer})"} for source in sources]
    }
