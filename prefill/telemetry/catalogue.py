"""Every event that the service logs, for whoever reads the log: the table of the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the log: its level, and what it means with the fields that it carries."""

    level: str
    meaning: str


# fmt: off
EVENTS: Mapping[str, Event] = {
    "request": Event("info", "A request was answered (a stream, at its end): `route`, `status`, `outcome` (the status, a code of [errors](api.md#errors), or `left` when a stream's client went away), `seconds`, `company`, `integrator` (the id of its key); for a prefill `form`, `complete`, `sources` (name → status), `cached`, `stale`."),
    "request.failed": Event("error", 'A fault of ours: `route`, `kind`, `exception`.'),
    "upstream.call": Event("info, error when misconfigured", 'One call to API Entreprise: `source`, `status`, [`cause`](api.md#the-answer), `http_status`, `code`, `seconds`, `budget_left`, `upstream_request_id`.'),
    "upstream.fault": Event("error", 'A fault of ours in a call: `source`, `kind`, `exception`.'),
    "upstream.no_thread": Event("error", 'The system gave no thread for a call, whose source is `unreachable`: `threads`.'),
    "upstream.silent": Event("error", 'API Entreprise answers nothing.'),
    "upstream.heard": Event("info", 'It answers again.'),
    "deadline.fault": Event("error", 'A fault of ours while ending a call that was over its time: `kind`, `exception`.'),
    "breaker.open": Event("warning", 'A producer is left alone: `producer`, `seconds`.'),
    "breaker.closed": Event("info", 'It answers again: `producer`.'),
    "budget.closed": Event("warning", 'After a 429 a group is closed until its reset: `group`, `seconds`.'),
    "budget.limit": Event("info", 'API Entreprise gives another limit than the documented one: `group`, `limit`.'),
    "redis.down": Event("warning", 'Redis is lost, said once: `kind`.'),
    "redis.back": Event("info", 'It is back.'),
    "search.call": Event("info", "One call to Recherche d'entreprises; what was typed is written nowhere: `outcome`, `http_status`, `seconds`, `waited` (seconds for its turn)."),
    "search.open": Event("warning", 'It is left alone after a 429 or failures: `cause`, `seconds`.'),
    "search.banned": Event("error", 'It refuses our connections: `seconds`.'),
    "search.closed": Event("info", 'It answers again.'),
    "document.failed": Event("warning", 'A document could not be fetched, or may not be served: `source`, `cause`.'),
    "form.type_mismatch": Event("warning", "A register sent another type than the field's: correct the form or the catalogue. `form`, `field`, `source`, `expected`, `got`."),
    "signin.refused": Event("warning", "An agent's credentials were refused: `cause` (`not_bearer`, `unknown_key`, `expired_key`, `revoked_key`, `unreadable_token`, `unknown_issuer`…)."),
    "signin.opened": Event("info", "An agent signed in on the page: `tenant`."),
    "signin.ended": Event("info", "An identity provider ended the sessions of an agent."),
    "signin.provider": Event("warning", "An identity provider does not answer, or not as it must: `issuer`, `cause`."),
    "signin.forbidden": Event("warning", 'Good credentials, for another buyer: `cause`, `tenant`.'),
    "oidc.keys": Event("info or warning", "An identity provider's keys were read, or could not be: `jwks`, `keys` or `cause`."),
    "audit.lost": Event("warning", 'The audit trail cannot be written: `cause`.'),
    "audit.back": Event("info", 'It can be again.'),
    "tenants.loaded": Event("info", "The buyers' file was read anew: `tenants`."),
    "tenants.refused": Event("warning", 'It has mistakes, the old one stays: `mistakes`.'),
    "forms.loaded": Event("info", 'The forms were read anew: `forms`.'),
    "forms.refused": Event("warning", 'One has a mistake, all the old ones stay: `mistakes`.'),
    "schemas.replaced": Event("info", 'A form of yours takes the place of ours: `form`.'),
    "schemas.remark": Event("warning", "A form or the buyers' file works, and something in it is odd: `remark`."),
    "settings.renamed": Event("warning", 'A setting has its former name, read for one version more: `old`, `new`.'),
    "proxies.undeclared": Event("warning", 'A request was forwarded by a proxy and `PREFILL_PROXIES` is 0.'),
    "sources.open": Event("info", "« Pas de jeton : l'identité des entreprises seule, d'après Recherche d'entreprises (PREFILL_SOURCES=open). »"),
    "sandbox": Event("warning", 'No token: all data are invented.'),
    "log.dropped": Event("warning", 'The reader of the log stalled: so many `lines` were dropped.'),
    "library": Event("warning or error", 'A library warned: `logger`, `place`, `template`, `exception`.'),
}
# fmt: on
