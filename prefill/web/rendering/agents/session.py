"""Who is signed in, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from prefill.web.openapi.texts import described
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import ResponseSchema


class SignInOfferShape(ResponseSchema):
    label = fields.String(required=True, metadata={"example": "ProConnect"})
    href = fields.String(required=True, metadata={"example": "/signin"})


class SessionShape(ResponseSchema):
    agent = fields.String(
        metadata=described("Comment la trace des accès nomme l'agent.", "How the audit trail names the agent.")
    )
    name = fields.String(
        metadata=described("Son nom, d'après son fournisseur d'identité.", "The name its provider gives.")
    )
    buyer = fields.String(metadata={"example": "Ville de Lyon"})
    scopes = fields.List(fields.String(), metadata={"example": ["dossier:read"]})
    csrf = fields.String(
        metadata=described(
            "Pour une session : le jeton que chaque requête porte dans X-Prefill-CSRF.",
            "For a session: the token that each request carries in X-Prefill-CSRF.",
        )
    )
    until = fields.AwareDateTime(
        metadata=described("Quand la session s'arrête si elle ne sert pas.", "When the session ends if it is not used.")
    )
    signIn = fields.Nested(
        SignInOfferShape,
        attribute="sign_in",
        metadata=described("Comment se connecter, quand il y a un moyen.", "How to sign in, where there is a way."),
    )


def render_session(told: Mapping[str, Any]) -> dict[str, Any]:
    return dump(SessionShape, told)
