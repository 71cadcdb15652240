"""A verification as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from prefill.problems import Language
from prefill.receipts.receipt import FieldState, Refusal, Verification
from prefill.web.openapi.texts import described
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
    source = fields.String(
        metadata=described(
            "Le registre qui a donné la valeur, par son nom.", "The register that gave the value, by its name."
        )
    )
    asOf = fields.Date(
        attribute="as_of",
        metadata=described(
            "Le jour du registre lui-même, ou celui où il a été interrogé.",
            "The register's own day, or the day when it was asked.",
        ),
    )


class VerificationSchema(ResponseSchema):
    valid = fields.Boolean(
        required=True,
        metadata=described("Faux quand le reçu ne prouve rien.", "False when the receipt proves nothing."),
    )
    reason = fields.Enum(Refusal, by_value=True)
    message = fields.String(
        metadata=described("Pourquoi il ne prouve rien, en une phrase.", "Why it proves nothing, in a sentence.")
    )
    day = fields.Date(
        metadata=described(
            "Quand les registres ont été interrogés, ou leurs réponses servies.",
            "When the registers were asked, or their answers served.",
        )
    )
    buyer = fields.String(metadata=described("Le SIRET de l'acheteur.", "SIRET of the buyer."))
    form = fields.String()
    procedure = fields.String()
    sandbox = fields.Boolean(
        metadata=described(
            "Fait dans le bac à sable : tout y est inventé.", "Made in the sandbox: everything in it is invented."
        )
    )
    values_ = fields.Dict(
        data_key="values",
        keys=fields.String(),
        values=fields.Nested(FieldVerificationSchema),
        metadata=described("Ce qu'est chaque valeur, par pointeur JSON.", "What each value is, by its JSON pointer."),
    )


class VerifyBodySchema(Schema):
    receipt = fields.String(required=True)
    siret = fields.String(
        required=True, metadata=described("L'entreprise qui a envoyé le formulaire.", "The company that sent the form.")
    )
    procedure = fields.String(
        metadata=described(
            "La procédure visée ; non vérifiée si elle manque.",
            "The procedure it was sent for; not checked when left out.",
        )
    )
    values = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata=described("Les valeurs reçues, par pointeur JSON.", "The values received, by JSON pointer."),
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
