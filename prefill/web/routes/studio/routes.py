"""The studio of form authors: each form as a page, its text with what the checker says, and what it leaves to type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from prefill.authoring.drafts.filled import Trial
from prefill.authoring.drafts.isolated import try_draft
from prefill.authoring.markup import KITS, Script, lay_out, write_page
from prefill.config_files.diagnostics import Diagnostic
from prefill.domain.company import Role
from prefill.domain.permissions import CANDIDATE, Audience
from prefill.forms.model import Form
from prefill.forms.registry import Draft, check_draft
from prefill.problems import NotFound, ParameterInvalid, TooManyRequests
from prefill.sandbox.companies import COMPANIES
from prefill.web.context import app_context, current_forms
from prefill.web.page import FormsCache, render_page
from prefill.web.params import BUSY_SECONDS, check_page_limit, read_body, read_json, visible_forms
from prefill.web.protection.request_guard import refuse_cross_site
from prefill.web.protection.slots import Slots
from prefill.web.responses import json_response
from prefill.web.routes.studio.effort_table import effort_table
from prefill.web.routes.studio.examples import examples_of
from prefill.web.widget_releases import current_script

MAX_DRAFT = 64 * 1024  # bytes of a form that is being written
MAX_MESSAGES = 100
TRIAL_KEYS = ("text", "company", "role")
EFFORTS = "prefill.efforts"  # tables by form and role: a second of processor each
MAX_EFFORTS = 32
KIT_NAMES = {"plain": "HTML", "dsfr": "DSFR", "react": "React"}

blueprint = Blueprint("studio", __name__)


@blueprint.get("/studio")
def studio() -> AnyResponse:
    return render_page("studio.html", forms=list(_forms().values()), agent=Audience.AGENT)


@blueprint.get("/studio/<name>")
def form_page(name: str) -> AnyResponse:
    form = _form(name)
    sandbox = app_context().settings.sandbox
    return render_page(
        "studio_form.html",
        variant=name,
        form=form,
        fillable=form.audience is Audience.CANDIDATE,
        parts={role: lay_out(form.for_role(role)) for role in form.roles or (Role.SOLE_TENDERER,)},
        examples=list(examples_of(form)) if sandbox else [],
        companies=COMPANIES if sandbox else (),
        text=_text(form),
        script=current_script(),
        kits=KIT_NAMES,
    )


@blueprint.get("/studio/<name>/code/<kit>")
def code(name: str, kit: str) -> AnyResponse:
    """The markup of a form's page, as text to copy."""
    check_page_limit()
    form = _form(name)
    if kit not in KITS:
        raise NotFound
    release = current_script()
    script = Script(request.url_root.rstrip("/"), release.path, release.integrity)
    return _private(Response(write_page(form, _role(form), kit, script), mimetype="text/plain"))


@blueprint.get("/studio/<name>/effort")
def effort(name: str) -> AnyResponse:
    """What the form leaves to type for each company of the sandbox."""
    check_page_limit()
    form, role = _form(name), _role(_form(name)) or Role.SOLE_TENDERER
    tables: FormsCache[dict[str, Any]] = current_app.extensions.setdefault(EFFORTS, FormsCache(MAX_EFFORTS))
    table = tables.get(current_forms(), (name, role))
    if table is None:
        table = effort_table(form.for_role(role), role)
        tables.put(current_forms(), (name, role), table)
    return _private(json_response(table))


@blueprint.post("/studio/<name>/check")
def check(name: str) -> AnyResponse:
    """Check a draft in place of the form: it is neither kept nor filled."""
    refuse_cross_site(request.headers, request.host, None)
    check_page_limit()
    form = _form(name)
    text = read_body(MAX_DRAFT)
    with _slot_of(app_context().draft_slots):
        draft = _checked(form, text)
    return _private(json_response(_verdict(draft)))


@blueprint.post("/studio/<name>/trial")
def trial(name: str) -> AnyResponse:
    """Check a draft in place of the form, and fill it for an invented company: it is not kept."""
    refuse_cross_site(request.headers, request.host, None)
    check_page_limit()
    form, context = _form(name), app_context()
    if not context.settings.sandbox:
        raise NotFound
    asked = read_json(2 * MAX_DRAFT)
    text, company, role = (str(asked.get(key, "")) if isinstance(asked, dict) else "" for key in TRIAL_KEYS)
    if company not in {one.siret for one in COMPANIES}:
        raise ParameterInvalid(
            name="company", why="donnez une entreprise du bac à sable.", why_en="give a company of the sandbox."
        )
    # Not the checks' own slots: the page checks what is typed while its author asks for this.
    with _slot_of(context.trial_slots):
        draft = _checked(form, text.encode(errors="replace"))
        body = _verdict(draft)
        if draft.form:
            folders = tuple(str(folder.absolute()) for folder in context.forms.folders)
            day = context.now().date().isoformat()
            body["filled"] = try_draft(Trial(form.id, text, folders, company, role, day))
    return _private(json_response(body))


def _checked(form: Form, draft: bytes) -> Draft:
    if len(draft) > MAX_DRAFT:
        raise RequestEntityTooLarge
    return check_draft(form.id, draft.decode("utf-8", errors="replace"), app_context().forms.folders)


@contextmanager
def _slot_of(slots: Slots) -> Iterator[None]:
    """Hold a slot. Raise `TooManyRequests` while none is free."""
    if not slots.acquire():
        raise TooManyRequests(retry_after=BUSY_SECONDS, retryAfter=BUSY_SECONDS)
    try:
        yield
    finally:
        slots.release()


def _verdict(draft: Draft) -> dict[str, Any]:
    return {
        "valid": draft.form is not None,
        "fields": len(draft.form.fields) if draft.form else 0,
        "total": len(draft.diagnostics),
        "messages": [_message(one) for one in draft.diagnostics[:MAX_MESSAGES]],
    }


def _forms() -> dict[str, Form]:
    """The forms shown: those of candidates and, in the sandbox, those of agents too."""
    candidates = visible_forms(CANDIDATE)
    forms = current_forms().forms
    agents = {name: form for name, form in forms.items() if form.audience is Audience.AGENT}
    return {**candidates, **(agents if app_context().settings.sandbox else {})}


def _form(name: str) -> Form:
    form = _forms().get(name)
    if form is None:
        raise NotFound
    return form


def _role(form: Form) -> Role | None:
    """The role that is asked for, of those of the form; its first one when none is."""
    asked = request.args.get("role", "")
    return next((role for role in form.roles if role == asked), form.roles[0] if form.roles else None)


def _text(form: Form) -> str:
    """The form as it is written; nothing when its file is gone since it was read."""
    try:
        return Path(form.file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _message(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "file": Path(diagnostic.file).name,
        "line": diagnostic.line,
        "path": diagnostic.path,
        "message": diagnostic.message,
        "blocking": diagnostic.blocking,
    }


def _private(response: AnyResponse) -> AnyResponse:
    response.headers["Cache-Control"] = "private, no-store"
    return response
