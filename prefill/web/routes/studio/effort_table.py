"""What a form leaves to type for the companies of the sandbox, as a table."""

from __future__ import annotations

from typing import Any

from prefill.authoring.effort import HEADINGS, Effort, means, measure_all, most_typed, sandbox_filler
from prefill.domain.company import Role
from prefill.forms.model import Form
from prefill.sandbox.companies import COMPANIES

TYPED = 8  # fields that are most often typed


def effort_table(form: Form, role: Role) -> dict[str, Any]:
    """Measure a form for companies of that role: a second of processor."""
    names = {company.siret: company.name for company in COMPANIES}
    with sandbox_filler(form, role) as fill:
        efforts = measure_all(names, fill)
    filled = [one for one in efforts if not one.refusal]
    return {
        "headings": HEADINGS,
        "fields": len(form.fields),
        "rows": [_effort_row(names[one.number], one) for one in efforts],
        "means": means(efforts),
        "typed": [{"label": label, "count": count} for label, count in most_typed(form, filled)[:TYPED]],
        "companies": len(filled),
    }


def _effort_row(name: str, effort: Effort) -> dict[str, Any]:
    return {"name": name, "refusal": effort.refusal or None, "counts": effort.counts}
