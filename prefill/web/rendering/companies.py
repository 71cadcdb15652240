"""Companies found and their establishments as JSON; what the law withholds has no member."""

from __future__ import annotations

import math
from typing import Any

from marshmallow import fields

from prefill.company_search.establishments import Establishments
from prefill.company_search.service import Suggestions
from prefill.company_search.suggestions import Why
from prefill.web.openapi.texts import described
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import ResponseSchema

SOURCE = "API Recherche d'entreprises (DINUM), d'après Insee (Sirene) et INPI (RNE)"


class FoundEstablishmentSchema(ResponseSchema):
    siret = fields.String(required=True)
    city = fields.String()
    postalCode = fields.String(attribute="postal_code")
    headOffice = fields.Boolean(attribute="head_office", required=True)
    closed = fields.Boolean(required=True)
    street = fields.String()
    name = fields.String(metadata=described("Son enseigne ou son nom usuel.", "Its sign or usual name."))


class FoundCompanySchema(ResponseSchema):
    siren = fields.String(required=True)
    name = fields.String(metadata=described("Absent quand la loi le protège.", "Absent where the law withholds it."))
    tradeName = fields.String(attribute="trade_name")
    city = fields.String(
        metadata=described("Celle du siège, comme « postalZone ».", "Of the head office, as `postalZone`.")
    )
    postalZone = fields.String(attribute="postal_code")
    headOffice = fields.String(
        attribute="head_office", metadata=described("Le SIRET du siège.", "SIRET of the head office.")
    )
    activity = fields.String(metadata=described("Le code NAF.", "NAF code.", example="43.32A"))
    closed = fields.Boolean(required=True, metadata=described("L'entreprise a cessé.", "The company has ceased."))
    rna = fields.String(metadata=described("Connu quand un numéro a été saisi.", "Known where a number was typed."))
    openEstablishments = fields.Integer(attribute="open_establishments", required=True)
    establishments = fields.List(
        fields.Nested(FoundEstablishmentSchema),
        required=True,
        metadata=described("Ceux qui correspondent, non tous.", "Those that matched, not all."),
    )
    why = fields.Enum(
        Why,
        by_value=True,
        required=True,
        metadata=described("Ce qui, de l'entreprise, correspond.", "What of the company matched."),
    )


class FoundCompaniesSchema(ResponseSchema):
    companies = fields.List(fields.Nested(FoundCompanySchema), required=True)
    incompleteWord = fields.Boolean(
        attribute="incomplete_word",
        required=True,
        metadata=described(
            "Le dernier mot ne trouve rien tel quel : l'index ne connaît que des mots entiers, ce n'est donc pas « inconnu ».",
            "The last word finds nothing as it is: the index knows whole words only, so it is not « unknown ».",
        ),
    )
    partial_ = fields.Boolean(
        attribute="partial",
        data_key="partial",
        required=True,
        metadata=described(
            "Il y en a d'autres, ou peut-être : trop nombreuses, ou la source ne peut être interrogée (« Retry-After »).",
            "There are more, or may be: too many, or the upstream cannot be asked (`Retry-After`).",
        ),
    )
    retryAfter = fields.Integer(metadata=described("En secondes, comme « Retry-After ».", "Seconds, as `Retry-After`."))
    source = fields.Constant(
        SOURCE,
        metadata=described(
            "À montrer, comme le demande la licence des données.", "To be shown, as the licence of the data asks."
        ),
    )


class CompanyEstablishmentsSchema(ResponseSchema):
    siren = fields.String(required=True)
    establishments = fields.List(
        fields.Nested(FoundEstablishmentSchema),
        required=True,
        metadata=described(
            "Le siège d'abord, puis ceux qui sont ouverts.", "Head office first, then those that are open."
        ),
    )
    partial_ = fields.Boolean(
        attribute="partial",
        data_key="partial",
        required=True,
        metadata=described(
            "Il y en a d'autres : précisez par « q », ou saisissez le SIRET.",
            "There are others: narrow by `q`, or type the SIRET.",
        ),
    )
    total = fields.Integer(
        metadata=described("Combien il y en a, fermés compris.", "How many there are, closed ones included.")
    )
    retryAfter = fields.Integer(metadata=described("En secondes, comme « Retry-After ».", "Seconds, as `Retry-After`."))
    source = fields.Constant(
        SOURCE,
        metadata=described(
            "À montrer, comme le demande la licence des données.", "To be shown, as the licence of the data asks."
        ),
    )


def render_suggestions(found: Suggestions) -> dict[str, Any]:
    return {**dump(FoundCompaniesSchema, found), **_retry_after(found.retry_after)}


def render_establishments(listed: Establishments) -> dict[str, Any]:
    return {**dump(CompanyEstablishmentsSchema, listed), **_retry_after(listed.retry_after)}


def _retry_after(seconds: float) -> dict[str, int]:
    return {"retryAfter": max(1, math.ceil(seconds))} if seconds else {}
