"""The notice to candidates as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from prefill.privacy.notice import PrivacyNotice, Register, controller
from prefill.problems import Language
from prefill.web.openapi.texts import described
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import FormHeader, ResponseSchema


class ControllerSchema(ResponseSchema):
    name = fields.String(required=True, metadata={"example": "Ville de Lyon"})
    recipient = fields.String(
        required=True,
        metadata=described("Le SIRET de l'acheteur habilité.", "SIRET of the buyer entitled to the data."),
    )
    contact = fields.String(metadata=described("Où s'exercent les droits.", "Where rights are exercised."))
    dpo = fields.String(
        metadata=described(
            "Comment joindre le délégué à la protection des données.", "How the data protection officer is reached."
        )
    )
    privacyUrl = fields.String()


class CorrectionSchema(ResponseSchema):
    url = fields.String(required=True)
    text = fields.String(required=True)


class RegisterSchema(ResponseSchema):
    producer = fields.String(required=True, metadata={"example": "Insee"})
    sources = fields.List(fields.String(), required=True)
    titles = fields.List(fields.String(), required=True)
    data = fields.List(
        fields.String(),
        required=True,
        metadata=described("Les libellés des champs qu'il peut remplir.", "Labels of the fields it may fill."),
    )
    onDemand = fields.Boolean(
        required=True,
        metadata=described("Interrogé seulement quand « with » le nomme.", "Queried only when `with` names it."),
    )
    fix = fields.Nested(
        CorrectionSchema,
        metadata=described("Où l'entreprise peut le faire corriger.", "Where the company can have it corrected."),
    )


class RetentionSchema(ResponseSchema):
    serviceSeconds = fields.Integer(
        required=True,
        metadata=described("Combien de temps une réponse est gardée en mémoire.", "For how long an answer is cached."),
    )
    buyerMonths = fields.Integer(
        metadata=described(
            "Combien de temps l'acheteur garde le formulaire déposé.",
            "For how long the buyer keeps the submitted form.",
        )
    )


class PrivacyNoticeSchema(ResponseSchema):
    """What a candidate is told before the first call."""

    version = fields.String(
        required=True,
        metadata=described(
            "Une empreinte de la notice, quelle que soit la langue.", "A digest of the notice, whatever the language."
        ),
    )
    title = fields.String(required=True)
    text = fields.List(
        fields.String(), required=True, metadata=described("Les paragraphes à montrer.", "Paragraphs to show.")
    )
    consent = fields.Boolean(
        required=True,
        metadata=described("S'il faut attendre l'accord du candidat.", "Whether to wait for the candidate's consent."),
    )
    form = fields.Nested(FormHeader, data_key="schema", required=True)
    controller = fields.Nested(ControllerSchema, required=True)
    registers = fields.List(fields.Nested(RegisterSchema), required=True)
    retention = fields.Nested(RetentionSchema, required=True)


def render_notice(notice: PrivacyNotice, language: Language) -> dict[str, Any]:
    information = notice.tenant.information
    return dump(PrivacyNoticeSchema, {
        "version": notice.version,
        "title": notice.title,
        "text": notice.text,
        "consent": notice.consent,
        "form": notice.form,
        "controller": {
            "name": controller(notice.tenant, language),
            "recipient": notice.tenant.recipient,
            "contact": information.contact or None,
            "dpo": information.dpo or None,
            "privacyUrl": information.privacy_url or None,
        },
        "registers": [_register(register, language) for register in notice.registers],
        "retention": {"serviceSeconds": notice.cache_seconds, "buyerMonths": information.retention_months},
    })  # fmt: skip


def _register(register: Register, language: Language) -> dict[str, Any]:
    fix = register.fix
    return {
        "producer": register.producer,
        "sources": register.sources,
        "titles": register.titles,
        "data": register.labels[language],
        "onDemand": register.on_demand,
        "fix": {"url": fix.url, "text": fix.en if language == "en" else fix.fr} if fix else None,
    }
