"""Is the service fit to work? What can be told from here, and what only API Entreprise can tell.

A check is a value: a name, whether it is good, and a French sentence that says what to do when it is not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import requests
import urllib3

from prefill import telemetry
from prefill.audit.trail import AuditTrail
from prefill.domain.catalogue import SOURCES
from prefill.domain.dates import PARIS
from prefill.forms.registry import FormRegistry
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.client import RegisterClient
from prefill.registers.http import Bearer, Connection
from prefill.settings import Settings
from prefill.tenancy.registry import Tenants

EXPIRES_SOON = timedelta(days=60)
PATIENCE = (2.0, 5.0)
LARGEST_BODY = 200_000

# Older names of the scopes that some tokens still carry.
OLDER_SCOPES = {
    "unites_legales_etablissements_insee": ("entreprises", "etablissements"),
    "associations_djepva": ("associations",),
    "chiffre_affaires_dgfip": ("exercices",),
    "attestation_fiscale_dgfip": ("attestations_fiscales",),
    "attestation_sociale_urssaf": ("attestations_sociales",),
    "cotisations_msa": ("msa_cotisations",),
    "cotisations_probtp": ("probtp",),
    "certification_cnetp": ("certificat_cnetp",),
}
OPEN_SCOPE = "open_data"
PINGS = {
    "ok": (True, "répond"),
    "bad_gateway": (False, "ne répond pas"),
    "maintenance": (False, "est en maintenance"),
    "unknown": (False, "est dans un état inconnu"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. A failed check that is not `vital` is a remark."""

    name: str
    ok: bool
    message: str
    vital: bool = True


def check_locally(settings: Settings, library: FormRegistry, now: datetime) -> tuple[Check, ...]:
    """Check what needs no network: forms, token, recipient."""
    names = ", ".join(library.forms)
    loaded = f"{len(library.forms)} formulaire(s) : {names}." if names else "Aucun formulaire ne peut être utilisé."
    forms = Check("forms", bool(library.forms), loaded)
    if settings.tenants is not None:
        return (forms,)
    if settings.token is None:
        return (forms, Check("token", True, "Pas de jeton : le service tourne sur son bac à sable, données inventées."))
    return (forms, check_token(settings.token, now), check_recipient(settings.recipient))


def check_upstream(upstream: RegisterClient) -> Iterator[Check]:
    """Tell what the process has learnt of API Entreprise and of Redis; remarks, since the cache still serves."""
    if upstream.breakers.banned():
        message = "API Entreprise ne répond plus à rien : adresse sans doute bannie (12 h) ; le cache sert encore."
        yield Check("upstream", False, message, vital=False)
    for producer, wait in upstream.breakers.open().items():
        yield Check("breaker", False, f"{producer} ne répond pas : prochain essai dans {wait:.0f} s.", vital=False)
    for group, wait in upstream.budgets.closed().items():
        yield Check("budget", False, f"Budget {group} épuisé : fermé pour {wait:.0f} s.", vital=False)
    if upstream.store.shared.configured and not upstream.store.shared.up:
        yield Check("redis", False, "Redis ne répond pas : cette instance tourne seule.", vital=False)


def measure(upstream: RegisterClient, tenant: str) -> None:
    """Bring the gauges of what changes without us up to date: a minute ends, another instance spends."""
    for group, (left, limit) in upstream.budgets.levels().items():
        telemetry.gauge("budget_left", left, tenant=tenant, group=group)
        telemetry.gauge("budget_limit", limit, tenant=tenant, group=group)
    telemetry.gauge("banned", upstream.breakers.banned())
    if upstream.store.shared.configured:
        telemetry.gauge("redis_up", upstream.store.shared.up)


def check_redis(shared: OptionalRedis) -> Iterator[Check]:
    """Try the Redis of the settings, when there is one; a remark, since the service goes on without it."""
    if not shared.configured:
        return
    try:
        shared.attempt(lambda client: client.ping())
    except RedisUnavailable:
        yield Check("redis", False, "Redis ne répond pas : chaque instance tourne seule.", vital=False)
    else:
        yield Check("redis", True, "Redis répond.")


def check_tenants(settings: Settings, tenants: Tenants, now: datetime) -> Iterator[Check]:
    """Check the tenants file and each tenant's token. One tenant's bad token does not stop the others."""
    if settings.tenants is None:
        return
    known = tenants.directory().tenants
    yield Check("tenants", True, f"{len(known)} acheteur(s) : {', '.join(known)}.")
    if tenants.fault:
        message = (
            f"Le fichier des acheteurs a changé et ne peut pas être lu, l'ancien reste en vigueur. {tenants.fault}"
        )
        yield Check("tenants", False, message, vital=False)
    for tenant in known.values():
        token = check_token(tenant.token, now)
        yield replace(token, name=f"token:{tenant.id}", message=f"{tenant.id} : {token.message}", vital=False)


def check_trace(trace: AuditTrail) -> Iterator[Check]:
    """Tell that the last access could not be traced; candidates' forms are still filled."""
    if trace.fault:
        message = (
            f"La trace des accès ne peut pas être écrite ({trace.fault}) : les données protégées ne sont pas servies."
        )
        yield Check("audit", False, message, vital=False)


def check_recipient(recipient: str | None) -> Check:
    if recipient:
        return Check("recipient", True, f"Les données sont demandées pour le SIRET {recipient}.")
    return Check("recipient", False, "PREFILL_RECIPIENT manque : donnez le SIRET de l'acheteur habilité.")


def check_token(token: str, now: datetime) -> Check:
    """Read the token's own expiry, when it is a JWT that says so; the signature is not ours to check."""
    expiry = token_expiry(token)
    if expiry is None:
        return Check("token", True, "Jeton présent ; il ne dit pas sa date d'expiration.")
    day = expiry.strftime("%d/%m/%Y")
    if expiry <= now:
        return Check("token", False, f"Le jeton a expiré le {day} : demandez-en un autre à API Entreprise.")
    if expiry - now < EXPIRES_SOON:
        return Check("token", True, f"Le jeton expire bientôt, le {day} : préparez son renouvellement.")
    return Check("token", True, f"Jeton présent, valable jusqu'au {day}.")


def token_expiry(token: str) -> datetime | None:
    """Give the `exp` of a JWT; None when there is none to read."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return datetime.fromtimestamp(claims["exp"], PARIS)
    except (ValueError, LookupError, TypeError, OverflowError, OSError, RecursionError):
        return None


def check_remotely(session: requests.Session, connection: Connection) -> Iterator[Check]:
    """Ask API Entreprise for the token's privileges and for the state of its providers; costs no budget."""
    yield from _check_privileges(session, connection)
    yield from _check_pings(session, connection)


def _check_privileges(session: requests.Session, connection: Connection) -> Iterator[Check]:
    status, body = _fetch(session, connection.url + "/privileges", connection)
    data = body.get("data") if isinstance(body, dict) else None
    listed = data.get("privileges") if isinstance(data, dict) else None
    if status != 200 or not isinstance(listed, list):
        yield Check("privileges", False, f"Les droits du jeton ne peuvent pas être lus{_told(status, body)}.")
        return
    scopes = frozenset(scope for scope in listed if isinstance(scope, str))
    opened = OPEN_SCOPE in scopes
    yield Check(
        "privileges",
        opened,
        "Le jeton a le droit open_data : le préremplissage est possible."
        if opened
        else "Le jeton n'a pas le droit open_data : le préremplissage est impossible, demandez-le à API Entreprise.",
    )
    lacking = [source.name for source in SOURCES if source.usable and not _covers(scopes, source.scope)]
    if lacking:
        yield Check("sources", False, f"Sources que ce jeton ne peut pas lire : {', '.join(lacking)}.", vital=False)


def _covers(scopes: frozenset[str], scope: str | None) -> bool:
    return scope is None or scope in scopes or any(older in scopes for older in OLDER_SCOPES.get(scope, ()))


def _check_pings(session: requests.Session, connection: Connection) -> Iterator[Check]:
    status, listed = _fetch(session, connection.url + "/pings", connection)
    if status != 200 or not isinstance(listed, list):
        yield Check("pings", False, f"L'état des fournisseurs ne peut pas être lu{_told(status, listed)}.", vital=False)
        return
    for one in listed[:100]:
        path = _ping_path(one)
        if path:
            yield _check_ping(session, connection, path)


def _ping_path(one: object) -> str | None:
    """Keep the path of a ping alone: the host asked stays the one we were given."""
    url = one.get("url") if isinstance(one, dict) else None
    return url[url.index("/ping/") :] if isinstance(url, str) and "/ping/" in url else None


def _check_ping(session: requests.Session, connection: Connection, path: str) -> Check:
    status, body = _fetch(session, connection.url + path, connection)
    word = body.get("status") if isinstance(body, dict) else None
    ok, sentence = PINGS.get(str(word), PINGS["unknown" if status == 200 else "bad_gateway"])
    return Check(path.removeprefix("/"), ok, f"Le fournisseur {path.removeprefix('/ping/')} {sentence}.", vital=False)


def _fetch(session: requests.Session, url: str, connection: Connection) -> tuple[int | None, Any]:
    try:
        with session.get(
            url, auth=Bearer(connection.token), timeout=PATIENCE, allow_redirects=False, stream=True
        ) as response:
            return response.status_code, json.loads(response.raw.read(LARGEST_BODY, decode_content=True) or b"null")
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        return None, None
    except (ValueError, RecursionError):
        return response.status_code, None


def _told(status: int | None, body: object) -> str:
    if status is None:
        return " : API Entreprise ne répond pas"
    if status == 200:
        return " : la réponse d'API Entreprise est illisible"
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return f" (statut {status}{', code ' + str(first['code']) if first.get('code') else ''})"
