"""Fill a draft for a company of the sandbox, within limits of memory, processor and time; nothing can be written."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from prefill.authoring.cases import Case, Expectation
from prefill.authoring.trial import open_trials
from prefill.domain.company import Role
from prefill.forms.filling import Provenance
from prefill.forms.model import Form
from prefill.forms.reasons import Missing
from prefill.forms.registry import check_draft
from prefill.prefilling.service import Prefill

TOO_COSTLY = 3  # the exit status of a draft that takes too much
MAX_RESULT = 512 * 1024  # characters of JSON
# Four times what a shipped form takes, the interpreter and its imports included.
LIMITS: Mapping[int, int] = {
    resource.RLIMIT_CPU: 3,  # seconds
    resource.RLIMIT_DATA: 192 * 1024 * 1024,  # bytes
    resource.RLIMIT_FSIZE: 0,  # no file is written
    resource.RLIMIT_CORE: 0,
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What to fill: the draft's text in place of the form of that id, and for whom.

    Attributes:
        form: the id of the form.
        text: the draft.
        folders: where the forms are that it may extend.
        company: the number of a company of the sandbox.
        role: the company's role; of a form that has not this one, its first.
        day: the day on which the form is filled, ISO.
    """

    form: str
    text: str
    folders: tuple[str, ...]
    company: str
    role: str
    day: str


def fill_draft(trial: Trial) -> dict[str, Any]:
    """Fill a draft that the checker accepts: its fields, values, provenance, gaps and notices, or the refusal of the company."""
    form = check_draft(trial.form, trial.text, [Path(folder) for folder in trial.folders]).form
    if form is None:
        return {"refusal": "Le vérificateur refuse ce brouillon."}
    role = next(
        (role for role in form.roles if role == trial.role), form.roles[0] if form.roles else Role.SOLE_TENDERER
    )
    with open_trials() as trials:
        outcome = trials.run(form, Case("", trial.company, Expectation(), role, date.fromisoformat(trial.day)))
    if outcome.prefill is None:
        return {"refusal": outcome.problem.detail("fr") if outcome.problem else ""}
    return _written(form.for_role(role), outcome.prefill, outcome.calls)


def _written(form: Form, prefill: Prefill, calls: int) -> dict[str, Any]:
    filled = prefill.filled
    return {
        "fields": {part.path: {"label": part.label, "type": part.type.value} for part in form.fields},
        "data": filled.data,
        "provenance": {pointer: _signature(one) for pointer, one in filled.provenance.items()},
        "missing": {path: _gap(gap) for path, gap in filled.missing.items()},
        "notices": [notice.message("fr") for notice in prefill.notices],
        "calls": calls,
    }


def _signature(one: Provenance) -> dict[str, Any]:
    return {
        "field": one.field,
        "source": one.source,
        "producer": one.producer,
        "confirm": one.confirm,
        "asOf": one.as_of.isoformat() if one.as_of else None,
    }


def _gap(gap: Missing) -> dict[str, Any]:
    return {"reason": gap.reason.value, "source": gap.source, "message": gap.message("fr")}


def main() -> None:
    """Read a trial as JSON, write what it gives as JSON; exit with `TOO_COSTLY` when a limit is met."""
    for limit, most in LIMITS.items():
        with contextlib.suppress(OSError, ValueError):  # some systems have no such limit
            resource.setrlimit(limit, (most, most))
    asked = json.load(sys.stdin)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            filled = fill_draft(Trial(**{**asked, "folders": tuple(asked["folders"])}))
        text = json.dumps(filled)
    except (MemoryError, RecursionError):
        sys.exit(TOO_COSTLY)
    if len(text) > MAX_RESULT:
        sys.exit(TOO_COSTLY)
    sys.stdout.write(text)
