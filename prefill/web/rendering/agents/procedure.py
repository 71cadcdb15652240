"""What an agent sends about a whole procedure."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from prefill.web.openapi.texts import described


class ArchiveBodySchema(Schema):
    sirets = fields.List(
        fields.String(),
        required=True,
        validate=validate.Length(1, 50),
        metadata=described("Les candidats.", "The candidates.", example=["00000100800010"]),
    )
    object = fields.String(
        required=True, metadata=described("La procédure.", "The procedure.", example="2026-TRX-014", maxLength=49)
    )
    from_ = fields.String(
        data_key="from",
        metadata=described(
            "Où reprendre : ce que donne l'en-tête « X-Prefill-Next » de l'archive précédente.",
            "Where to go on: what the header `X-Prefill-Next` of the archive before gives.",
            example="3.12",
        ),
    )


class TableBodySchema(Schema):
    object = fields.String(metadata={"example": "2026-TRX-014"})
    rows = fields.List(
        fields.List(fields.String()),
        required=True,
        validate=validate.Length(1, 51),
        metadata=described("Les lignes, l'en-tête d'abord.", "The rows, the heading first."),
    )
