"""Marshmallow schemas of the JSON answers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_dump

from prefill.domain.answers import Status
from prefill.domain.company import PERIMETERS, Role
from prefill.forms.model import Type
from prefill.forms.reasons import Reason
from prefill.prefilling.notices import SENTENCES as NOTICES
from prefill.problems import every_problem

VOLATILE = ("seconds", "cached", "requestId", "retryAfter")
from prefill.web.openapi.texts import described


class ResponseSchema(Schema):
    @post_dump
    def without_none(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Leave out members without a value."""
        return {key: value for key, value in data.items() if value is not None}


class FormHeader(ResponseSchema):
    id = fields.String(required=True, metadata={"example": "dume"})
    version = fields.String(required=True, metadata={"example": "1"})
    title = fields.String(required=True, metadata={"example": "Document unique de marché européen"})


class ProvenanceSchema(ResponseSchema):
    source = fields.String(
        required=True,
        metadata=described("Son nom dans le catalogue.", "Name in the catalogue.", example="etablissements"),
    )
    producer = fields.String(required=True, metadata={"example": "Insee"})
    retrievedAt = fields.Date(
        metadata=described(
            "Le jour où le registre l'a dit (ISO 8601).", "The day when the register said so (ISO 8601)."
        )
    )
    asOf = fields.Date(
        metadata=described(
            "Le jour où le registre lui-même a changé en dernier, quand il le dit.",
            "The day when the register itself last changed, where it says so.",
        )
    )
    field = fields.String(
        metadata=described(
            "Le chemin du formulaire, quand ce n'est pas le pointeur lui-même (entrée d'une liste).",
            "The form's path, when it is not the pointer itself (entry of a list).",
        )
    )
    confirm = fields.Boolean(
        metadata=described("Le candidat devrait y regarder à deux fois.", "The candidate should look at it twice.")
    )
    stale = fields.Boolean(
        metadata=described(
            "Gardée d'une réponse précédente : la source est en panne aujourd'hui.",
            "Kept from an earlier answer: the source fails today.",
        )
    )
    fallback = fields.Boolean(
        metadata=described(
            "De l'annuaire ouvert Recherche d'entreprises, parce que l'Insee ne répond pas.",
            "From the open directory Recherche d'entreprises, because the Insee does not answer.",
        )
    )
    fix = fields.Url(
        metadata=described(
            "Où l'entreprise peut faire corriger le registre.", "Where the company can have the register corrected."
        )
    )


class MissingSchema(ResponseSchema):
    reason = fields.Enum(
        Reason,
        by_value=True,
        required=True,
        metadata=described("Pourquoi il n'y a pas de valeur.", "Why there is no value."),
    )
    source = fields.String(
        metadata=described(
            "La source qui l'aurait donnée.", "The source that would have given it.", example="extraits_rcs_infogreffe"
        )
    )
    message = fields.String(
        required=True, metadata=described("Une phrase pour le candidat.", "One sentence for the candidate.")
    )
    retryAfter = fields.Float(metadata=described("En secondes.", "Seconds."))
    fix = fields.Url(
        metadata=described(
            "Où l'entreprise peut faire compléter le registre.", "Where the company can have the register completed."
        )
    )


class SourceOutcome(ResponseSchema):
    status = fields.Enum(
        Status, by_value=True, required=True, metadata=described("Ce qu'est sa réponse.", "What its answer is.")
    )
    cause = fields.String(metadata=described("Pourquoi elle manque.", "Why it is missing.", example="timeout"))
    code = fields.String(
        metadata=described("Le code d'erreur d'API Entreprise.", "API Entreprise's own error code.", example="02002")
    )
    retryAfter = fields.Float(metadata=described("En secondes.", "Seconds."))
    stale = fields.Boolean()


class SourceStatus(SourceOutcome):
    """How an answer was had: for agents. A candidate would learn from it what others ask."""

    cached = fields.Boolean(required=True)
    seconds = fields.Float(required=True)
    requestId = fields.String(
        metadata=described("Ce que demande le support d'API Entreprise.", "What API Entreprise's support asks for.")
    )


class NoticeSchema(ResponseSchema):
    code = fields.String(
        required=True, metadata=described("Ce qu'il faut savoir.", "What there is to know.", enum=sorted(NOTICES))
    )
    message = fields.String(
        required=True, metadata=described("Une phrase pour le candidat.", "One sentence for the candidate.")
    )
    siret = fields.String(
        metadata=described(
            "Le SIRET répondu, quand un autre était demandé.",
            "The SIRET that was answered, when another was asked for.",
        )
    )
    successor = fields.String(
        metadata=described(
            "SIRET du successeur d'un établissement fermé.", "SIRET of a closed establishment's successor."
        )
    )


class Prerendered(fields.Dict):
    """Objects by name that are rendered already: marshmallow would take a millisecond for the hundred of an answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **_: Any) -> Any:
        return value


def by_name(shape: type[Schema], fr: str, en: str) -> Prerendered:
    return Prerendered(keys=fields.String(), values=fields.Nested(shape), required=True, metadata=described(fr, en))


class PrefillSchema(ResponseSchema):
    siret = fields.String(
        metadata=described(
            "L'établissement dont voici les données : pas toujours le numéro saisi.",
            "The establishment whose data these are: not always the number typed.",
            example="55204944776279",
        )
    )
    siren = fields.String(
        metadata=described(
            "Absent d'une association qui n'en a pas.", "Absent of an association that has none.", example="552049447"
        )
    )
    form = fields.Nested(FormHeader, data_key="schema", required=True)
    complete = fields.Boolean(
        required=True,
        metadata=described(
            "Faux quand une source a failli : redemander peut apporter davantage.",
            "False when a source failed: asking again may bring more.",
        ),
    )
    data = fields.Dict(
        required=True,
        metadata=described(
            "Ce qui est connu, dans la forme propre au formulaire (voir son JSON Schema).",
            "What is known, in the form's own shape (see its JSON Schema).",
        ),
    )
    provenance = by_name(
        ProvenanceSchema, "Qui le dit, par pointeur JSON sous « data ».", "Who says so, by JSON pointer under `data`."
    )
    missing = by_name(
        MissingSchema,
        "Tous les autres champs du formulaire, par leur chemin, et pourquoi ils n'ont pas de valeur.",
        "Every other field of the form, by its path, and why it has no value.",
    )
    sources = by_name(
        SourceOutcome, "Comment chaque source a répondu, par son nom.", "How each source answered, by its name."
    )
    notices = fields.List(fields.Nested(NoticeSchema), required=True)
    aliases = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True,
        metadata=described("Les noms courts du formulaire, et où se trouve la valeur de chacun dans cette réponse.", "The form's short names, and where each one's value stands in this answer."),
    )  # fmt: skip
    synonyms = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()),
        metadata=described("D'autres écritures d'une valeur, par pointeur JSON : pour une liste qui a « France » ou « FR » pour « FRA ».", "Other ways of writing a value, by its JSON pointer: for a list that has `France` or `FR` for `FRA`."),
    )  # fmt: skip
    receipt = fields.String(
        metadata=described(
            "Un reçu signé de ce que les registres ont dit (JWS), quand « receipt » en demande un.",
            "A signed receipt of what the registers said (JWS), when `receipt` asks for one.",
        )
    )


class ProgressSchema(ResponseSchema):
    """What one source brings, as long as others are awaited: members as in the whole answer."""

    source = fields.String(required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    answered = fields.Integer(
        required=True, metadata=described("Combien de sources ont répondu.", "How many sources have answered.")
    )
    expected = fields.Integer(
        required=True,
        metadata=described(
            "Combien sont interrogées, autant qu'on le sache.", "How many are asked, as far as is known."
        ),
    )
    data = fields.Dict(required=True)
    provenance = by_name(
        ProvenanceSchema, "Celle des valeurs que cette source apporte.", "Of the values that this source brings."
    )
    missing = by_name(
        MissingSchema,
        "Les champs dont on sait maintenant qu'ils n'ont pas de valeur.",
        "The fields that are now known to have no value.",
    )
    aliases = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    synonyms = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class ProblemSchema(ResponseSchema):
    """RFC 9457."""

    type = fields.String(required=True, metadata={"example": "/docs#siret_malformed"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"enum": sorted({one.code for one in every_problem()})})
    detail = fields.String(required=True)
    requestId = fields.String()
    suggestion = fields.String(
        metadata=described("Le nom qui était sans doute voulu.", "The name that was probably meant.", example="dume")
    )
    unknownFields = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String(allow_none=True)),
        metadata=described(
            "Les noms inconnus, dix au plus : « name » et « suggestion ».",
            "The unknown names, ten at most: `name` and `suggestion`.",
        ),
    )
    digits = fields.Integer(metadata=described("Le nombre de chiffres vus.", "How many digits were seen."))
    retryAfter = fields.Float(metadata=described("En secondes.", "Seconds."))
    group = fields.String(
        metadata=described("La clé qui est fausse.", "Which check digit fails.", enum=["siren", "siret"])
    )
    missing = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()),
        metadata=described(
            "Ce qui reste à donner : « pointer » et « message ».", "What remains to be given: `pointer` and `message`."
        ),
    )


def _texts(french: str, english: str) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), metadata=described(french, english))


def _labels(name: str, french: str, english: str) -> fields.Dict:
    """Texts by what they name, by language; `name` is the attribute that holds them."""
    texts = fields.Dict(keys=fields.String(), values=fields.String())
    return fields.Dict(keys=fields.String(), values=texts, attribute=name, metadata=described(french, english))


class ListItemSchema(ResponseSchema):
    name = fields.String(required=True)
    label = fields.String(required=True)
    labels = _texts("Le libellé dans d'autres langues.", "The label in other languages.")
    type = fields.Enum(Type, by_value=True, required=True)


class FieldSchema(ResponseSchema):
    path = fields.String(required=True)
    label = fields.String(required=True)
    labels = _texts("Le libellé dans d'autres langues.", "The label in other languages.")
    choices = fields.List(
        fields.String(), metadata=described("Les seules valeurs possibles.", "The only values possible.")
    )
    choiceLabels = _labels(
        "choice_labels",
        "Ces valeurs dans d'autres langues, par langue.",
        "These values in other languages, by language.",
    )
    items = fields.List(
        fields.Nested(ListItemSchema),
        metadata=described("Les clés des objets d'une liste.", "The keys of a list's objects."),
    )
    type = fields.Enum(Type, by_value=True, required=True)
    alias = fields.String()
    confirm = fields.Boolean()
    onDemand = fields.Boolean(attribute="on_demand")
    declared = fields.Boolean(
        metadata=described(
            "Au candidat seul : aucun registre ne le remplit.", "For the candidate alone: no register fills it."
        )
    )
    optional = fields.Boolean(
        metadata=described(
            "Souvent vide : sans valeur, il n'est ni dans « provenance » ni dans « missing ».",
            "Often empty: without a value, it is in neither `provenance` nor `missing`.",
        )
    )
    onlyFor = fields.String(
        attribute="only_for",
        metadata=described(
            "Les entreprises pour lesquelles seules il peut exister.",
            "The companies for which alone it can exist.",
            enum=sorted(PERIMETERS),
        ),
    )
    roles = fields.List(
        fields.Enum(Role, by_value=True),
        metadata=described(
            "Les rôles des entreprises qu'il concerne ; toutes s'il n'y en a pas.",
            "The roles of the companies that it is about; all when left out.",
        ),
    )
    sources = fields.List(fields.String(), required=True)


class FormSchema(FormHeader):
    description = fields.String()
    audience = fields.String(required=True)
    sources = fields.List(fields.String(), required=True)
    onDemand = fields.List(
        fields.String(),
        required=True,
        metadata=described("Les sources que « with » peut nommer.", "Sources that `with` may name."),
    )
    titles = _texts("Son titre dans d'autres langues.", "Its title in other languages.")
    sections = _texts("Les titres de ses parties, par chemin.", "Titles of its parts, by path.")
    sectionLabels = _labels(
        "section_labels",
        "Ces titres dans d'autres langues, par langue.",
        "These titles in other languages, by language.",
    )
    roles = fields.List(
        fields.Enum(Role, by_value=True),
        metadata=described("Les rôles que ses champs nomment.", "The roles that its fields name."),
    )
    fields_ = fields.List(fields.Nested(FieldSchema), data_key="fields")


class FormsSchema(ResponseSchema):
    schemas = fields.List(fields.Nested(FormSchema), required=True)


class SourceSchema(ResponseSchema):
    name = fields.String(required=True)
    title = fields.String(required=True)
    producer = fields.String(required=True)
    path = fields.String()
    access = fields.String(required=True, metadata={"enum": ["open", "protected", "forbidden", "withdrawn"]})
    onDemand = fields.Boolean(attribute="on_demand", required=True)
    budget = fields.String(
        metadata=described(
            "Le groupe d'appels qu'API Entreprise compte ensemble.",
            "The group of calls that API Entreprise counts together.",
        )
    )
    callsPerMinute = fields.Integer()
    timeoutSeconds = fields.Float(attribute="timeout")
    freshSeconds = fields.Integer(attribute="fresh")
    explanation = fields.String()


class SourcesSchema(ResponseSchema):
    sources = fields.List(fields.Nested(SourceSchema), required=True)


class CheckSchema(ResponseSchema):
    name = fields.String(required=True)
    ok = fields.Boolean(required=True)
    message = fields.String(required=True)


class ReadinessSchema(ResponseSchema):
    ready = fields.Boolean(required=True)
    sandbox = fields.Boolean(required=True)
    checks = fields.List(
        fields.Nested(CheckSchema),
        metadata=described("Avec le jeton de l'exploitant seulement.", "With the operator's token only."),
    )
