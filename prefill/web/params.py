"""The parameters of a request: the form, its fields, the company, the language."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask import g, request

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Role
from prefill.domain.identifiers import parse_entry, spaced
from prefill.domain.permissions import Audience, Caller, can_query
from prefill.domain.requester import SERVICE, Requester
from prefill.domain.sources import Source
from prefill.domain.suggestions import closest
from prefill.forms.model import Form
from prefill.prefilling.service import Request
from prefill.problems import (
    CompanyNotInvented,
    FieldUnknown,
    Language,
    ParameterInvalid,
    SchemaUnknown,
    SourceRefused,
    SourceUnknown,
    TooManyRequests,
)
from prefill.web.context import (
    app_context,
    candidate_service,
    current_caller,
    current_forms,
    current_requester,
    may_wait,
)
from prefill.web.protection.request_guard import refuse_cross_site

DEFAULT_FORM = "dume"
BUSY_SECONDS = 2.0  # after which to come back to a process whose threads are taken
MAX_QUOTED = 100  # characters of a wrong name that a problem quotes
MAX_GUESSED = 10  # wrong names that a problem tells at once: each guess reads the whole form


def read_prefill_request(number: str) -> Request:
    """Read the query of a candidate. An agent's credentials only name the tenant here."""
    candidate = current_candidate()
    form = find_form(request.args.get("schema", DEFAULT_FORM), candidate)
    asked = Request(
        read_entry(number),
        narrow_form(form.for_role(read_role(request.args.get("role"))), read_names("fields")),
        candidate,
        read_extra_sources(form, candidate, read_names("with")),
        requester=candidate_requester(),
    )
    g.company = app_context().rate_limiter.name(asked.number)
    check_rate_limit(cached=candidate_service().holds(asked))
    return asked


def current_candidate() -> Caller:
    """The candidate who asks; refuse what no page of the buyer sends."""
    candidate = current_caller().as_candidate()
    tenant = app_context().tenants.directory().tenants.get(candidate.tenant)
    refuse_cross_site(request.headers, request.host, tenant)
    return candidate


def candidate_requester() -> Requester:
    """On whose behalf registers are called; the sandbox's are not scarce."""
    return SERVICE if app_context().settings.sandbox else current_requester()


def read_role(text: str | None) -> Role:
    """Read the role of a company; the sole tenderer's when none is given."""
    try:
        return Role(text or Role.SOLE_TENDERER)
    except ValueError:
        known = ", ".join(Role)
        raise ParameterInvalid(
            name="role", why=f"attend un rôle de l'ESPD : {known}.", why_en=f"expects a role of the ESPD: {known}."
        ) from None


def read_entry(text: str) -> str:
    """Read what names a company: a SIRET, a SIREN or an RNA number.

    Raise the problems of these numbers and, in the sandbox, that of a company which nobody invented.
    """
    number = parse_entry(text)
    if app_context().settings.sandbox:
        from prefill.sandbox.companies import is_invented  # production starts without it

        if not is_invented(number):
            raise CompanyNotInvented(number=spaced(number))
    return number


def check_rate_limit(*, cached: bool, companies: int = 1) -> None:
    """Limit the companies that a caller asks for in a minute, and its calls; those in the cache are limited less."""
    context, requester = app_context(), current_requester()
    wait = context.rate_limiter.check(requester, cached=cached, companies=companies)
    if not wait and not cached:
        wait = context.call_limits.retry_after(requester)
    if wait:
        raise TooManyRequests(retry_after=wait, retryAfter=wait)


def refuse_unless_may_wait() -> None:
    """Raise `TooManyRequests` when as many requests wait for others as this process has threads for."""
    if not may_wait(agent=False):
        raise TooManyRequests(retry_after=BUSY_SECONDS, retryAfter=BUSY_SECONDS)


def read_body(max_bytes: int, requester: Requester | None = None) -> bytes:
    """Read the body of the request, of its caller or of whoever is given. Raise `TooManyRequests` while too many others come: each holds a thread.

    The server reads a body as slowly as its client sends it, and no deadline can be set: the slots are what bounds it.
    """
    request.max_content_length = max_bytes
    slots = app_context().body_slots
    slot = slots.acquire(requester or current_requester())
    if slot is None:
        raise TooManyRequests(retry_after=BUSY_SECONDS, retryAfter=BUSY_SECONDS)
    try:
        return request.get_data()
    finally:
        slots.release(slot)


def read_json(max_bytes: int) -> Any:
    """Read the body of the request as JSON; None when it is none, or nested beyond what can be followed, or holds half a character."""
    body = read_body(max_bytes)
    try:
        found = request.get_json(silent=True)
        if rb"\u" in body:
            json.dumps(found, ensure_ascii=False).encode()
    except (RecursionError, UnicodeEncodeError):
        return None
    return found


def check_page_limit() -> None:
    """Limit the pages that an address asks for in a minute."""
    limiter = app_context().rate_limiter
    wait = limiter.check(limiter.requester(request.remote_addr or ""), cached=True)
    if wait:
        raise TooManyRequests(retry_after=wait, retryAfter=wait)


def visible_forms(caller: Caller) -> dict[str, Form]:
    """The forms for this caller's audience: all of them for agents, those that its tenant offers for candidates."""
    tenant = app_context().tenants.directory().tenants.get(caller.tenant)
    agent = caller.audience is Audience.AGENT
    forms = {name: form for name, form in current_forms().forms.items() if form.audience is caller.audience}
    return {name: form for name, form in forms.items() if tenant is None or agent or tenant.offers(name)}


def find_form(name: str, caller: Caller) -> Form:
    forms = visible_forms(caller)
    if name in forms:
        return forms[name]
    raise SchemaUnknown(name=name[:MAX_QUOTED], **_suggestion(name, forms))


def read_names(parameter: str) -> frozenset[str]:
    """Read a list of names separated by commas."""
    return frozenset(name.strip() for name in request.args.get(parameter, "").split(",") if name.strip())


def narrow_form(form: Form, names: frozenset[str]) -> Form:
    """Keep the fields that the names mean, or all of them when there is none."""
    try:
        return form.only(names) if names else form
    except KeyError:
        wrong = sorted(name for name in names if not any(part.means(name) for part in form.fields))[:MAX_GUESSED]
    known = [word for part in form.fields for word in (part.alias, part.path) if word]
    guesses = [
        _suggestion(name, [word for word in known if word.startswith("/") == name.startswith("/")]) for name in wrong
    ]
    unknown = [
        {"name": name[:MAX_QUOTED], "suggestion": guess["suggestion"]}
        for name, guess in zip(wrong, guesses, strict=True)
    ]
    raise FieldUnknown(name=wrong[0][:MAX_QUOTED], form=form.id, unknownFields=unknown, **guesses[0])


def read_extra_sources(form: Form, caller: Caller, names: frozenset[str]) -> frozenset[str]:
    """Check that the form asks these sources on demand, and that they are open to the caller."""
    known = form.on_demand()
    for name in sorted(names):
        row = CATALOGUE.get(name)
        if row and not can_query(caller.audience, row):
            raise SourceRefused(name=name, **_reason_refused(row))
        if name not in known:
            raise SourceUnknown(name=name[:MAX_QUOTED], **_known_names(known), **_suggestion(name, known))
    return names


def _reason_refused(row: Source) -> dict[str, str]:
    if row.refusal:
        return {"why": row.refusal, "why_en": "it is withdrawn, or not allowed for public tenders (see /v1/sources)."}
    return {
        "why": "c'est une donnée protégée, réservée aux agents de l'acheteur.",
        "why_en": "it is protected data, for the buyer's agents.",
    }


def _known_names(names: Iterable[str]) -> dict[str, str]:
    written = ", ".join(names)
    return {"known": written or "aucune", "known_en": written or "none"}


def _suggestion(name: str, known: Any) -> dict[str, str | None]:
    guess = closest(name[:MAX_QUOTED], known)
    french, english = (f" Vouliez-vous dire « {guess} » ?", f" Did you mean “{guess}”?") if guess else ("", "")
    return {"suggestion": guess, "hint_fr": french, "hint_en": english}


def language() -> Language:
    return "en" if request.accept_languages.best_match(["fr", "en"], default="fr") == "en" else "fr"
