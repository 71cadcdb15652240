"""The notice to candidates as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from prefill.privacy.notice import PrivacyNotice, Register, controller
from prefill.problems import Language
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import FormHeader, ResponseSchema


class ControllerSchema(ResponseSchema):
    name = fields.String(required=True, metadata={"example": "Ville de Lyon"})
    recipient = fields.String(required=True, metadata={"description": "SIRET of the buyer entitled to the data."})
    contact = fields.String(metadata={"description": "Where rights are exercised."})
    dpo = fields.String(metadata={"description": "How the data protection officer is reached."})
    privacyUrl = fields.String()


class CorrectionSchema(ResponseSchema):
    url = fields.String(required=True)
    text = fields.String(required=True)


class RegisterSchema(ResponseSchema):
    producer = fields.String(required=True, metadata={"example": "Insee"})
    sources = fields.List(fields.String(), required=True)
    titles = fields.List(fields.String(), required=True)
    data = fields.List(fields.String(), required=True, metadata={"description": "Labels of the fields it may fill."})
    onDemand = fields.Boolean(required=True, metadata={"description": "Queried only when `with` names it."})
    fix = fields.Nested(CorrectionSchema, metadata={"description": "Where the company can have it corrected."})


class RetentionSchema(ResponseSchema):
    serviceSeconds = fields.Integer(required=True, metadata={"description": "For how long an answer is cached."})
    buyerMonths = fields.Integer(metadata={"description": "For how long the buyer keeps the submitted form."})


class PrivacyNoticeSchema(ResponseSchema):
    """What a candidate is told before the first call."""

    version = fields.String(required=True, metadata={"description": "A digest of the notice, whatever the language."})
    title = fields.String(required=True)
    text = fields.List(fields.String(), required=True, metadata={"description": "Paragraphs to show."})
    consent = fields.Boolean(required=True, metadata={"description": "Whether to wait for the candidate's consent."})
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
        "data": register.labels,
        "onDemand": register.on_demand,
        "fix": {"url": fix.url, "text": fix.en if language == "en" else fix.fr} if fix else None,
    }
