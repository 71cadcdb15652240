"""Forms and sources as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Role
from prefill.domain.sources import Source
from prefill.forms.model import Form
from prefill.web.rendering.json_writer import dump
from prefill.web.rendering.schemas import FormSchema, SourceSchema


def render_form(form: Form) -> dict[str, Any]:
    form_fields = [
        {
            "path": field.path,
            "label": field.label,
            "labels": dict(field.labels) or None,
            "choices": list(dict.fromkeys(field.choices.values())) or None,
            "choice_labels": field.choice_labels or None,
            "items": [
                {"name": item.name, "label": item.label, "labels": item.labels or None, "type": item.type}
                for item in field.items
            ]
            or None,
            "type": field.type,
            "alias": field.alias,
            "confirm": field.confirm or None,
            "on_demand": field.on_demand or None,
            "declared": field.declared or None,
            "optional": field.optional or None,
            "only_for": field.only_for,
            "roles": [role for role in Role if role in field.roles] or None,
            "sources": list(dict.fromkeys(origin.source for origin in field.origins)),
        }
        for field in form.fields
    ]
    header = {key: getattr(form, key) for key in ("id", "version", "title", "description", "audience")}
    asked = {"sources": form.sources(), "onDemand": form.on_demand()}
    parts = {
        "titles": form.titles or None,
        "sections": form.sections or None,
        "section_labels": form.section_labels or None,
        "roles": form.roles or None,
    }
    return dump(FormSchema, {**header, **asked, **parts, "fields_": form_fields})


def render_forms(forms: Mapping[str, Form]) -> dict[str, Any]:
    return {
        "schemas": [
            {key: value for key, value in render_form(form).items() if key != "fields"} for form in forms.values()
        ]
    }


def render_source(source: Source) -> dict[str, Any]:
    live = source.usable
    return dump(SourceSchema, {
        "name": source.name,
        "title": source.title,
        "producer": source.producer,
        "path": source.path if live else None,
        "access": access_level(source),
        "on_demand": source.on_demand,
        "budget": source.budget.name if live else None,
        "callsPerMinute": source.budget.per_minute if live else None,
        "timeout": source.timeout if live else None,
        "fresh": source.fresh if live else None,
        "explanation": source.refusal or None,
    })  # fmt: skip


def render_sources() -> dict[str, Any]:
    return {"sources": [render_source(source) for source in CATALOGUE.values()]}


def access_level(source: Source) -> str:
    if source.withdrawn:
        return "withdrawn"
    if not source.tenders:
        return "forbidden"
    return "open" if source.open else "protected"
