"""A verification as JSON, and the description of the receipts' routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from prefill.problems import Language
from prefill.receipts.receipt import FieldState, Refusal, Verification
from prefill.web.openapi import ACCEPT_LANGUAGE, REQUEST_ID, operation
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import ResponseSchema

STATES: Mapping[FieldState, Mapping[Language, str]] = {
    FieldState.VERIFIED: {"fr": "vérifié", "en": "verified"},
    FieldState.EXPIRED: {"fr": "périmé", "en": "expired"},
    FieldState.MODIFIED: {"fr": "modifié", "en": "modified"},
    FieldState.TYPED: {"fr": "saisi", "en": "typed"},
}
REFUSALS: Mapping[Refusal, Mapping[Language, str]] = {
    Refusal.UNREADABLE: {"fr": "Ce texte n'est pas un reçu.", "en": "This text is no receipt."},
    Refusal.UNKNOWN_KEY: {
        "fr": "Ce reçu n'est pas signé par ce service, ou sa clé n'y est plus.",
        "en": "This receipt is not signed by this service, or its key is no longer there.",
    },
    Refusal.SIGNATURE: {"fr": "Ce reçu a été changé depuis sa signature.", "en": "This receipt was changed after it was signed."},
    Refusal.OTHER_COMPANY: {"fr": "Ce reçu est celui d'une autre entreprise.", "en": "This receipt is about another company."},
    Refusal.OTHER_PROCEDURE: {"fr": "Ce reçu a été fait pour une autre procédure.", "en": "This receipt was made for another procedure."},
}  # fmt: skip


class FieldVerificationSchema(ResponseSchema):
    state = fields.Enum(FieldState, by_value=True, required=True)
    label = fields.String(required=True, metadata={"example": "vérifié"})
    source = fields.String(metadata={"description": "The register that gave the value, by its name."})
    asOf = fields.Date(
        attribute="as_of", metadata={"description": "The register's own day, or the day when it was asked."}
    )


class VerificationSchema(ResponseSchema):
    valid = fields.Boolean(required=True, metadata={"description": "False when the receipt proves nothing."})
    reason = fields.Enum(Refusal, by_value=True)
    message = fields.String(metadata={"description": "Why it proves nothing, in a sentence."})
    day = fields.Date(metadata={"description": "When the registers were asked, or their answers served."})
    buyer = fields.String(metadata={"description": "SIRET of the buyer."})
    form = fields.String()
    procedure = fields.String()
    sandbox = fields.Boolean(metadata={"description": "Made in the sandbox: everything in it is invented."})
    values_ = fields.Dict(
        data_key="values",
        keys=fields.String(),
        values=fields.Nested(FieldVerificationSchema),
        metadata={"description": "What each value is, by its JSON pointer."},
    )


class VerifyBodySchema(Schema):
    receipt = fields.String(required=True)
    siret = fields.String(required=True, metadata={"description": "The company that sent the form."})
    procedure = fields.String(metadata={"description": "The procedure it was sent for; not checked when left out."})
    values = fields.Dict(
        keys=fields.String(), required=True, metadata={"description": "The values received, by JSON pointer."}
    )


def render_verification(found: Verification, language: Language) -> dict[str, Any]:
    receipt = found.receipt
    about = {} if receipt is None else {
        "day": receipt.day, "buyer": receipt.buyer, "form": receipt.form, "procedure": receipt.procedure,
        "sandbox": receipt.sandbox or None,
    }  # fmt: skip
    if found.refusal is not None:
        return dump(VerificationSchema, {
            "valid": False, "reason": found.refusal, "message": REFUSALS[found.refusal][language], **about,
        })  # fmt: skip
    return dump(VerificationSchema, {"valid": True, **about, "values_": _values(found, language)})


def _values(found: Verification, language: Language) -> dict[str, Any]:
    rendered = {}
    for pointer, state in (found.fields or {}).items():
        said = found.receipt.statements.get(pointer) if found.receipt else None
        rendered[pointer] = {
            "state": state, "label": STATES[state][language], "source": said and said.source, "as_of": said and said.day,
        }  # fmt: skip
    return rendered


def operations() -> dict[str, Any]:
    """Describe the receipts' operations for the OpenAPI document."""
    return {
        "/v1/receipts/jwks.json": {
            "get": operation(
                "receiptKeys", "Give the public keys that verify receipts", None, "A JSON Web Key Set.",
                problems=("not_found",), media="application/jwk-set+json",
            )
        },
        "/v1/verify": {
            "post": operation(
                "verify", "Hold the values of a form against its receipt", VerificationSchema, "What each value is.",
                [ACCEPT_LANGUAGE, REQUEST_ID], problems=("not_found", "parameter_invalid", "siret_malformed", "siret_checksum"),
                body={"application/json": {"schema": VerifyBodySchema}},
            )
        },
    }  # fmt: skip
