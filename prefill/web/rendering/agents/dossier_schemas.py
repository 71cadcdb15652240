"""The JSON of an agent's dossier, as marshmallow schemas."""

from __future__ import annotations

from marshmallow import fields

from prefill.domain.answers import Status
from prefill.dossier.states import State, Tone
from prefill.forms.model import Type
from prefill.web.openapi.texts import described
from prefill.web.rendering.schemas import FormHeader, NoticeSchema, ResponseSchema, SourceStatus, by_name


class ItemShape(ResponseSchema):
    name = fields.String(required=True)
    label = fields.String(required=True)
    type = fields.Enum(Type, by_value=True, required=True)


class DetailShape(ItemShape):
    value = fields.Raw(
        required=True,
        metadata=described(
            "De ce type ; pour une liste, des objets de ses éléments.",
            "Of that type; for a list, objects of its items.",
        ),
    )
    items = fields.List(
        fields.Nested(ItemShape),
        metadata=described("Ce que peuvent contenir les objets d'une liste.", "What the objects of a list may hold."),
    )
    source = fields.String(required=True, metadata={"example": "effectifs_boeth"})


class DocumentShape(ResponseSchema):
    n = fields.Integer(
        required=True,
        metadata=described(
            "Son numéro parmi ceux de sa source, à partir de 1.", "Its number among those of its source, from 1."
        ),
    )
    title = fields.String(required=True)
    href = fields.String(
        required=True,
        metadata=described(
            "Où ce service donne le fichier, ou le lien vers un autre site quand « host » est là.",
            "Where this service serves the file, or the link to another site when `host` is there.",
        ),
    )
    host = fields.String(
        metadata=described(
            "Le tiers qui garde le fichier, que ce service ne va pas chercher.",
            "The third party that keeps the file, which this service does not fetch.",
        )
    )


class FixShape(ResponseSchema):
    name = fields.String(required=True)
    href = fields.Url(required=True)


class OriginShape(ResponseSchema):
    source = fields.String(required=True)
    producer = fields.String(required=True)
    retrievedAt = fields.DateTime(attribute="retrieved_at")
    asOf = fields.Date(
        attribute="as_of",
        metadata=described(
            "Le jour où le registre lui-même a changé en dernier, quand il le dit.",
            "The day when the register itself last changed, where it says so.",
        ),
    )
    stale = fields.Boolean(
        metadata=described(
            "Gardée d'une réponse précédente : la source est en panne aujourd'hui.",
            "Kept from an earlier answer: the source fails today.",
        )
    )
    fix = fields.Nested(
        FixShape,
        metadata=described(
            "Où l'entreprise peut faire corriger le registre.", "Where the company can have the register corrected."
        ),
    )


class StateShape(ResponseSchema):
    source = fields.String(required=True, metadata={"example": "attestations_sociales_acoss"})
    title = fields.String(required=True)
    producer = fields.String(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    word = fields.String(
        required=True,
        metadata=described("L'état, tel qu'un agent le dit.", "The state as an agent says it.", example="délivrée"),
    )
    message = fields.String(
        required=True, metadata=described("Une phrase pour l'agent.", "One sentence for the agent.")
    )
    tone = fields.Enum(
        Tone,
        by_value=True,
        required=True,
        metadata=described("Comment une page marque l'état.", "How a page marks the state."),
    )
    folded = fields.Boolean(
        required=True, metadata=described("Si une page peut replier la ligne.", "Whether a page may fold the row away.")
    )
    queryable = fields.Boolean(
        metadata=described(
            "Vrai d'un registre qui le serait, nommé par « with ».", "True of one that `with` would have queried."
        )
    )
    retryIn = fields.Float(attribute="retry_in", metadata=described("En secondes.", "Seconds."))


class ProofShape(StateShape):
    validUntil = fields.Date(
        attribute="valid_until", metadata=described("La prochaine fin de validité.", "The next end of validity.")
    )
    expiresSoon = fields.Boolean(
        attribute="expires_soon", metadata=described("Dans les trente jours.", "Within thirty days.")
    )
    details = fields.List(fields.Nested(DetailShape), required=True)
    documents = fields.List(fields.Nested(DocumentShape), required=True)
    link = fields.String(metadata=described("Où le public peut chercher.", "Where the public may search."))
    proves = fields.String(metadata=described("Ce que la preuve atteste.", "What the proof states."))
    holdsUntil = fields.String(
        attribute="holds_until", metadata=described("Jusqu'à quand elle vaut.", "Until when it holds.")
    )
    cautions = fields.List(
        fields.String(),
        required=True,
        metadata=described("Ce qu'un lecteur pourrait conclure à tort.", "What a reader could wrongly conclude."),
    )
    perimeter = fields.List(
        fields.String(),
        required=True,
        metadata=described(
            "Qui n'a jamais cette preuve, même en règle : pourquoi elle a pu ne pas être délivrée.",
            "Who never has this proof, though in order: why it may not have been delivered.",
        ),
    )
    alternative = fields.String(metadata=described("L'autre moyen de l'obtenir.", "The other way to get it."))
    provenance = fields.List(fields.Nested(OriginShape), required=True)
    replacements = fields.List(
        fields.Nested(StateShape),
        metadata=described(
            "Ce qui est servi à la place d'un service retiré.", "What is served in place of a withdrawn service."
        ),
    )


class ThemeShape(ResponseSchema):
    id = fields.String(required=True)
    title = fields.String(required=True)
    proofs = fields.List(fields.Nested(ProofShape), required=True)


class ExpiryShape(ResponseSchema):
    source = fields.String(required=True)
    title = fields.String(required=True)
    validUntil = fields.Date(attribute="valid_until", required=True)


class MentionShape(ResponseSchema):
    source = fields.String(required=True, metadata={"example": "extraits_rcs_infogreffe"})
    text = fields.String(required=True, metadata=described("Les mots du registre.", "The register's own words."))
    date = fields.Date(
        attribute="day",
        metadata=described("La date de l'inscription, d'après le registre.", "The register's date of the entry."),
    )


class MentionsShape(ResponseSchema):
    """Entries of the registers of companies to be read: quoted, never judged."""

    article = fields.String(required=True, metadata={"example": "L2141-3"})
    explanation = fields.String(required=True)
    entries = fields.List(fields.Nested(MentionShape), required=True)


class ArticleShape(ResponseSchema):
    """A ground of exclusion: where to look, never what follows."""

    article = fields.String(required=True, metadata={"example": "L2141-2"})
    title = fields.String(required=True)
    sources = fields.List(
        fields.String(),
        required=True,
        metadata=described("Les preuves du dossier qui portent sur lui.", "The proofs of the dossier that bear on it."),
    )
    declaration = fields.String(metadata=described("Quand aucun registre ne le dit.", "Where no register says it."))


class CountShape(ResponseSchema):
    state = fields.Enum(State, by_value=True, required=True)
    word = fields.String(required=True)
    tone = fields.Enum(Tone, by_value=True, required=True)
    number = fields.Integer(required=True)


class DossierShape(ResponseSchema):
    siret = fields.String(metadata={"example": "55204944776279"})
    siren = fields.String(
        metadata=described(
            "Absent d'une association qui n'en a pas.", "Absent of an association that has none.", example="552049447"
        )
    )
    rna = fields.String(metadata=described("Le numéro RNA d'une association.", "The RNA number of an association."))
    object = fields.String(required=True, metadata=described("La procédure.", "The procedure.", example="2026-TRX-014"))
    form = fields.Nested(FormHeader, data_key="schema", required=True)
    complete = fields.Boolean(
        required=True,
        metadata=described(
            "Faux quand une source a failli : redemander peut apporter davantage.",
            "False when a source failed: asking again may bring more.",
        ),
    )
    company = fields.List(fields.Nested(DetailShape), required=True)
    mentions = fields.Nested(
        MentionsShape,
        metadata=described(
            "Absent quand aucun registre n'a une telle mention.", "Absent when no register has such an entry."
        ),
    )
    articles = fields.List(
        fields.Nested(ArticleShape),
        required=True,
        metadata=described(
            "Les motifs d'exclusion du code de la commande publique.", "The grounds of exclusion of the French code."
        ),
    )
    counts = fields.List(
        fields.Nested(CountShape),
        required=True,
        metadata=described(
            "Combien de preuves dans chaque état, celles à demander au candidat d'abord.",
            "How many proofs are in each state, those to ask of the candidate first.",
        ),
    )
    expiring = fields.List(
        fields.Nested(ExpiryShape),
        required=True,
        metadata=described("Ce qui expire bientôt, le plus proche d'abord.", "What expires soon, the soonest first."),
    )
    themes = fields.List(fields.Nested(ThemeShape), required=True)
    notices = fields.List(fields.Nested(NoticeSchema), required=True)
    sources = by_name(
        SourceStatus, "Comment chaque source a répondu, par son nom.", "How each source answered, by its name."
    )


class DossierProgressShape(ResponseSchema):
    """What one source brings, as long as others are awaited."""

    source = fields.String(required=True)
    status = fields.Enum(Status, by_value=True, required=True)
    answered = fields.Integer(required=True)
    expected = fields.Integer(required=True)
    company = fields.List(fields.Nested(DetailShape), required=True)
    mentions = fields.Nested(MentionsShape)
    themes = fields.List(fields.Nested(ThemeShape), required=True)
