"""What the caller declares for an ESPD document, and what remains of one, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from prefill.domain.countries import COUNTRIES
from prefill.espd.elements import text_of
from prefill.espd.model import Declared, Draft, Note
from prefill.espd.versions import CURRENCIES, ROLES, SIZES
from prefill.problems import EspdIncomplete, ParameterInvalid
from prefill.web.openapi.texts import described
from prefill.web.rendering.schemas import ResponseSchema

MAX_TEXT = 400  # characters
MAX_CERTIFICATES = 200


class WrittenText(fields.String):
    """A text as XML can hold it; one of which nothing is left is no text."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **rest: Any) -> Any:
        return text_of(super()._deserialize(value, attr, data, **rest))


def _text() -> fields.String:
    return WrittenText(validate=validate.Length(1, MAX_TEXT))


def _country() -> fields.String:
    return fields.String(validate=validate.OneOf(sorted(COUNTRIES)))


class ResidenceSchema(Schema):
    """The country of residence of one representative, by its index in the JSON."""

    index = fields.Integer(required=True, validate=validate.Range(0, 200))
    country = fields.String(data_key="residenceCountry", required=True, validate=validate.OneOf(sorted(COUNTRIES)))


class DeclaredSchema(Schema):
    """What the caller declares: checked against the code lists, never taken for a register's."""

    class Meta:
        unknown = EXCLUDE

    role = fields.String(validate=validate.OneOf(ROLES))
    lot = fields.String(validate=validate.Regexp(r"(LOT|GLO)-\d{4}\Z"))
    procedure = _text()
    buyer = _text()
    group = _text()
    name = _text()
    size = fields.String(validate=validate.OneOf(SIZES))
    country = fields.String(data_key="countryCode", validate=validate.OneOf(sorted(COUNTRIES)))
    currency = fields.String(data_key="currencyID", validate=validate.OneOf(sorted(CURRENCIES)))
    set_up_date = fields.Date(data_key="setUpDate")
    residence = fields.List(fields.Nested(ResidenceSchema), data_key="representatives")
    certificates = fields.List(
        _text(),
        validate=validate.Length(max=MAX_CERTIFICATES),
        metadata=described(
            "Les certificats que le candidat confirme, par le nom que leur donne « certificate » dans « leftOut ».",
            "The certificates that the candidate confirms, by the name that `certificate` gives them in `leftOut`.",
        ),
    )

    professional_register = fields.Boolean(
        data_key="professionalRegister",
        metadata=described(
            "Si le candidat confirme le registre professionnel du JSON.",
            "Whether the candidate confirms the professional register of the JSON.",
        ),
    )

    @post_load
    def _declared(self, values: dict[str, Any], **_: object) -> Declared:
        residence = {row["index"]: row["country"] for row in values.pop("residence", ())}
        date = values.pop("set_up_date", None)
        certificates = frozenset(values.pop("certificates", ()))
        return Declared(
            **values, residence=residence, set_up_date=date.isoformat() if date else None, certificates=certificates
        )


class NoteSchema(ResponseSchema):
    pointer = fields.String(required=True)
    message = fields.String(required=True)
    certificate = fields.String(
        metadata=described(
            "Le certificat dont il s'agit : son organisme et son code.", "The certificate meant: its body and its code."
        )
    )


class EspdStatusSchema(ResponseSchema):
    available = fields.Boolean(
        required=True,
        metadata=described(
            "Si un document valide peut être obtenu maintenant.", "Whether a valid document can be had now."
        ),
    )
    remaining = fields.List(
        fields.Nested(NoteSchema), required=True, metadata=described("Ce qui lui manque.", "What it lacks.")
    )
    leftOut = fields.List(
        fields.Nested(NoteSchema),
        required=True,
        metadata=described("Ce qu'il ne peut pas porter tel quel.", "What it cannot carry as it is."),
    )
    toConfirm = fields.List(fields.Nested(NoteSchema), required=True)


class DeclaredBodySchema(Schema):
    declared = fields.Nested(DeclaredSchema, required=True)


def read_declared(values: Mapping[str, Any]) -> Declared:
    """Read what the caller declares. Raise `ParameterInvalid` with the first value that cannot be used."""
    try:
        declared: Declared = DeclaredSchema().load(dict(values))
    except ValidationError as error:
        name = str(next(iter(error.messages_dict)))
        raise ParameterInvalid(
            name=name, why="valeur hors des listes de l'ESPD, ou mal écrite.", why_en="not in the ESPD's lists."
        ) from None
    return declared


def render_status(draft: Draft) -> dict[str, Any]:
    """Say whether a document can be had, what remains, what is left out and what to confirm."""
    return {
        "available": not draft.remaining,
        "remaining": _notes(draft.remaining),
        "leftOut": _notes(draft.left_out),
        "toConfirm": _notes(draft.to_confirm),
    }


def incomplete(draft: Draft) -> EspdIncomplete:
    return EspdIncomplete(count=len(draft.remaining), missing=_notes(draft.remaining))


def _notes(notes: Iterable[Note]) -> list[dict[str, str]]:
    return [{name: text for name, text in asdict(note).items() if text} for note in notes]
