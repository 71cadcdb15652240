"""Read the parameters of a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import g, request

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.identifiers import parse
from prefill.domain.permissions import Caller, can_query
from prefill.domain.sources import Source
from prefill.domain.suggestions import closest
from prefill.forms.model import Form
from prefill.prefilling.service import Request
from prefill.problems import (
    FieldUnknown,
    Language,
    SchemaUnknown,
    SourceRefused,
    SourceUnknown,
    TooManyRequests,
)
from prefill.web.context import caller, house, parts

DEFAULT_FORM = "dume"
LONGEST_NAME = 100  # characters: what a refusal quotes


def _read_request(number: str) -> Request:
    """Read what is asked. This is the candidates' door: an agent's proof tells only the tenant here."""
    candidate = Caller(tenant=caller().tenant)
    form = _form(request.args.get("schema", DEFAULT_FORM), candidate)
    asked = Request(parse(number), _narrowed(form), candidate, _extra(form, candidate))
    g.company = parts().rate_limiter.name(asked.number)
    _admit(asked)
    return asked


def _admit(asked: Request) -> None:
    """An address may ask for so many companies a minute, and for more of those we know already."""
    wait = parts().rate_limiter.admit(request.remote_addr or "", known=house().service.holds(asked))
    if wait:
        raise TooManyRequests(retry_after=wait, retryAfter=wait)


def _forms(caller: Caller) -> dict[str, Form]:
    """The forms this caller may know of, and its tenant offers."""
    tenant = parts().tenants.directory().tenants.get(caller.tenant)
    forms = {name: form for name, form in parts().library.forms.items() if form.audience is caller.audience}
    return {name: form for name, form in forms.items() if tenant is None or tenant.offers(name)}


def _form(name: str, caller: Caller) -> Form:
    forms = _forms(caller)
    if name in forms:
        return forms[name]
    raise SchemaUnknown(name=name[:LONGEST_NAME], **_suggestion(name, forms))


def _named(parameter: str) -> frozenset[str]:
    """Read names separated by commas."""
    return frozenset(name.strip() for name in request.args.get(parameter, "").split(",") if name.strip())


def _narrowed(form: Form) -> Form:
    """Keep the fields asked for, or all of them when none is."""
    names = _named("fields")
    try:
        return form.only(names) if names else form
    except KeyError as error:
        name = str(error.args[0])[:LONGEST_NAME]
    known = [word for part in form.fields for word in (part.alias, part.path) if word]
    alike = [word for word in known if word.startswith("/") == name.startswith("/")]
    raise FieldUnknown(name=name, form=form.id, **_suggestion(name, alike))


def _extra(form: Form, caller: Caller) -> frozenset[str]:
    names = _named("with")
    known = form.on_demand()
    for name in sorted(names):
        row = CATALOGUE.get(name)
        if row and not can_query(caller.audience, row):
            raise SourceRefused(name=name, **_why_refused(row))
        if name not in known:
            raise SourceUnknown(name=name[:LONGEST_NAME], **_listed(known), **_suggestion(name, known))
    return names


def _why_refused(row: Source) -> dict[str, str]:
    if row.refusal:
        return {"why": row.refusal, "why_en": "it is withdrawn, or not allowed for public tenders (see /v1/sources)."}
    return {
        "why": "c'est une donnée protégée, réservée aux agents de l'acheteur.",
        "why_en": "it is protected data, for the buyer's agents.",
    }


def _listed(names: Iterable[str]) -> dict[str, str]:
    written = ", ".join(names)
    return {"known": written or "aucune", "known_en": written or "none"}


def _suggestion(name: str, known: Any) -> dict[str, str | None]:
    guess = closest(name[:LONGEST_NAME], known)
    french, english = (f" Vouliez-vous dire « {guess} » ?", f" Did you mean “{guess}”?") if guess else ("", "")
    return {"suggestion": guess, "hint_fr": french, "hint_en": english}


def language() -> Language:
    return "en" if request.accept_languages.best_match(["fr", "en"], default="fr") == "en" else "fr"
