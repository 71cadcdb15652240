"""Receipts: signed with an answer that asks for one, checked later, with the public keys that verify them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from prefill.domain.identifiers import holds_number, parse_entry
from prefill.forms.model import value_at
from prefill.prefilling.service import Prefill
from prefill.problems import NotFound, ParameterInvalid
from prefill.receipts.receipt import Receipts, Statement
from prefill.web.context import app_context, current_services
from prefill.web.openapi.operations import describe
from prefill.web.openapi.parameters import ACCEPT_LANGUAGE, REQUEST_ID
from prefill.web.openapi.texts import text
from prefill.web.params import language, read_json
from prefill.web.rendering.agents.receipts import VerificationSchema, VerifyBodySchema, render_verification
from prefill.web.responses import cacheable_json, json_response
from prefill.web.sse import Sign

KEY_SET = "application/jwk-set+json"
MAX_BODY = 256 * 1024  # bytes
MAX_PROCEDURE = 50  # characters

blueprint = Blueprint("receipts", __name__)


@blueprint.get("/v1/receipts/jwks.json")
@describe(
    "receiptKeys",
    text("Donner les clés publiques qui vérifient les reçus", "Give the public keys that verify receipts"),
    text("Un JSON Web Key Set.", "A JSON Web Key Set."),
    media=KEY_SET,
    problems=("not_found",),
)
def keys() -> AnyResponse:
    return cacheable_json(_receipts().jwks, media=KEY_SET)


@blueprint.post("/v1/verify")
@describe(
    "verify",
    text(
        "Confronter les valeurs d'un formulaire à son reçu",
        "Compare the values of a form with its receipt",
    ),
    text("Ce qu'est chaque valeur.", "What each value is."),
    VerificationSchema,
    (ACCEPT_LANGUAGE, REQUEST_ID),
    body={"application/json": {"schema": VerifyBodySchema}},
    problems=("not_found", "parameter_invalid", "siret_malformed", "siret_checksum"),
)
def verify() -> AnyResponse:
    body = read_json(MAX_BODY)
    return json_response(
        render_verification(verify_body(_receipts(), body if isinstance(body, dict) else {}), language())
    )


def verify_body(receipts: Receipts, body: Mapping[str, Any]) -> Any:
    """Hold `values` (by JSON pointer) of a `siret` against a `receipt`, for a `procedure` when it is given."""
    receipt, values, procedure = body.get("receipt"), body.get("values"), body.get("procedure")
    if not isinstance(receipt, str):
        raise ParameterInvalid(name="receipt", why="attend le reçu, un texte.", why_en="expects the receipt, a text.")
    if not isinstance(values, dict):
        raise ParameterInvalid(
            name="values",
            why="attend un objet JSON : les valeurs reçues, par pointeur JSON.",
            why_en="expects a JSON object: the values received, by JSON pointer.",
        )
    return receipts.verify(
        receipt,
        siret=parse_entry(str(body.get("siret", ""))),
        values=values,
        today=app_context().now().date(),
        procedure=None if procedure is None else str(procedure),
    )


def receipt_signer() -> Sign:
    """Give what signs the answer of this request: nothing, unless `receipt` names a procedure and there are keys."""
    procedure = request.args.get("receipt")
    receipts = app_context().receipts
    if procedure is None or receipts is None:
        return lambda _: None
    if not 0 < len(procedure) <= MAX_PROCEDURE or not procedure.isprintable() or holds_number(procedure):
        raise ParameterInvalid(
            name="receipt",
            why="attend la référence de la procédure : 50 caractères au plus, sans numéro d'entreprise.",
            why_en="expects the procedure's reference: 50 characters at most, without a company's number.",
        )
    return partial(
        _sign, receipts, procedure, buyer=current_services().tenant.recipient, day=app_context().now().date()
    )


def _sign(receipts: Receipts, procedure: str, prefill: Prefill, **issued: Any) -> str:
    filled = prefill.filled
    values = {
        pointer: (
            value_at(filled.data, pointer),
            Statement(one.source, one.as_of or (one.retrieved_at and one.retrieved_at.date())),
        )
        for pointer, one in filled.provenance.items()
    }
    company = prefill.company
    return receipts.issue(company.number, values, form=prefill.request.form.id, procedure=procedure, **issued)


def _receipts() -> Receipts:
    receipts = app_context().receipts
    if receipts is None:
        raise NotFound
    return receipts
