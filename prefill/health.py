"""Is the service fit to work? What can be checked locally, and what only API Entreprise can answer.

A check is a value: a name, whether it is good, and a French sentence that says what to do when it is not.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3

from prefill import telemetry
from prefill.audit.trail import AuditTrail
from prefill.company_search.service import CompanySearch
from prefill.company_search.upstream.circuit_breaker import Outcome
from prefill.company_search.upstream.parameters import by_number
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.dates import PARIS
from prefill.domain.sources import Source
from prefill.forms.registry import FormRegistry
from prefill.redis_client import OptionalRedis, RedisUnavailable
from prefill.registers.client import RegisterClient
from prefill.registers.transport.http import Bearer, Connection
from prefill.settings import Settings, unknown_settings
from prefill.tenancy.information import FACTS
from prefill.tenancy.registry import Tenants

EXPIRES_SOON = timedelta(days=60)
SKEW_SECONDS = 10.0  # a `Date` is whole seconds, and the answer took some
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
# Describes an editor's token by the delegation that it would act under for a recipient.
INTROSPECTION = "/v3/token/introspect"
DELEGATION_FAULTS = {
    "00213": "Cet acheteur n'a pas délégué son habilitation à l'éditeur, ou l'a retirée : il la donne depuis son compte "
    "API Entreprise. D'ici là, aucun formulaire n'est prérempli pour lui.",
    "00212": "Cet acheteur a plusieurs délégations : donnez l'UUID de la bonne avec « delegation » (PREFILL_DELEGATION) ; "
    "« prefill tenant sync » les liste.",
}
SEARCH_PROBE = "130025265"  # SIREN
SEARCH_CAUSES = {
    Outcome.ANSWERED: "il répond",
    Outcome.THROTTLED: "trop d'appels",
    Outcome.REFUSED: "connexion refusée, adresse sans doute bannie",
    Outcome.RESET: "connexion coupée",
    Outcome.FAILED: "panne",
}
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
    if upstream.breakers.api_silent():
        message = "API Entreprise ne répond plus à rien : adresse sans doute bannie (12 h) ; le cache sert encore."
        yield Check("upstream", False, message, vital=False)
    for producer, wait in upstream.breakers.open().items():
        yield Check("breaker", False, f"{producer} ne répond pas : prochain essai dans {wait:.0f} s.", vital=False)
    for group, wait in upstream.quota.closed().items():
        yield Check("budget", False, f"Budget {group} épuisé : fermé pour {wait:.0f} s.", vital=False)
    if upstream.cache.shared.configured and not upstream.cache.shared.up:
        yield Check("redis", False, "Redis ne répond pas : cette instance tourne seule.", vital=False)


def check_search(search: CompanySearch | None) -> Iterator[Check]:
    """Tell whether Recherche d'entreprises is left alone; a remark, since a SIRET can always be typed."""
    state = search.client.breaker.state() if search else None
    if state and state.cause:
        cause, wait = SEARCH_CAUSES[state.cause], f"prochain essai dans {state.retry_after:.0f} s"
        yield Check("search", False, f"Recherche d'entreprises n'est pas appelée ({cause}) : {wait}.", vital=False)


def probe_search(search: CompanySearch | None) -> Iterator[Check]:
    """Ask Recherche d'entreprises about the body that publishes it, unless the operator wants no search."""
    if search is None:
        return
    found = search.client.fetch(by_number(SEARCH_PROBE), patience=2.0, seconds=5.0)
    cause = SEARCH_CAUSES[found.cause or Outcome.FAILED]
    message = "répond." if found.current else f"ne répond pas ({cause}) : la recherche par nom est partielle."
    yield Check("search", found.current, f"Recherche d'entreprises {message}", vital=False)


def measure(upstream: RegisterClient, tenant: str) -> None:
    """Bring the gauges of what changes without us up to date: a minute ends, another instance spends."""
    for group, (left, limit) in upstream.quota.remaining().items():
        telemetry.gauge("budget_left", left, tenant=tenant, group=group)
        telemetry.gauge("budget_limit", limit, tenant=tenant, group=group)
    telemetry.gauge("banned", upstream.breakers.api_silent())
    if upstream.cache.shared.configured:
        telemetry.gauge("redis_up", upstream.cache.shared.up)


def check_redis(shared: OptionalRedis) -> Iterator[Check]:
    """Try the Redis of the settings, when there is one; a remark, since the service goes on without it."""
    if not shared.configured:
        return
    try:
        shared.run(lambda client: client.ping())
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


def check_information(settings: Settings, tenants: Tenants) -> Iterator[Check]:
    """Name what candidates must be told and the operator did not fill in; the sandbox has nobody to inform."""
    if settings.sandbox:
        return
    for tenant in tenants.directory().tenants.values():
        lacking = [FACTS[name][1 if settings.tenants else 0] for name in tenant.information.lacking()]
        if lacking:
            where = f"[tenants.{tenant.id}.notice]" if settings.tenants else "les réglages"
            yield _remark(
                "notice",
                f"L'information des candidats (/v1/notice) est incomplète : renseignez {', '.join(lacking)} dans {where}. "
                "Elle est due avant tout appel.",
            )


def check_trace(trace: AuditTrail) -> Check:
    """Tell whether an access could be traced now; a remark, since candidates' forms are filled without it."""
    fault = trace.probe()
    if fault is None:
        return Check("audit", True, "La trace des accès peut être écrite.", vital=False)
    message = f"La trace des accès ne peut pas être écrite ({fault}) : les données protégées ne sont pas servies."
    return Check("audit", False, message, vital=False)


def check_deployment(settings: Settings, tenants: Tenants, environ: Mapping[str, str]) -> Iterator[Check]:
    """Look at what is set in a way that fails later: all are remarks."""
    yield from (_remark("settings", message) for message in _unknown_settings(environ))
    if settings.instances > 1 and not settings.redis_url:
        message = (
            f"{settings.instances} processus sans REDIS_URL : chacun a son cache et une part du budget, et deux "
            "peuvent poser la même question. Donnez-leur un Redis."
        )
        yield _remark("processes", message)
    if not settings.sandbox:
        yield from (_remark("origins", message) for message in _origins(settings, tenants))
    if not settings.sandbox and not settings.contact:
        message = (
            "PREFILL_CONTACT manque : API Entreprise ne sait pas à qui écrire avant de bannir l'adresse du service."
        )
        yield _remark("contact", message)


def _remark(name: str, message: str) -> Check:
    return Check(name, False, message, vital=False)


def _unknown_settings(environ: Mapping[str, str]) -> Iterator[str]:
    for name, guess in unknown_settings(environ):
        hint = f" Vouliez-vous dire {guess} ?" if guess else ""
        yield f"{name} n'est pas un réglage : il est sans effet.{hint}"


def _origins(settings: Settings, tenants: Tenants) -> Iterator[str]:
    for tenant in tenants.directory().tenants.values():
        where = f"L'acheteur {tenant.id}" if settings.tenants else "PREFILL_ALLOWED_ORIGINS"
        if not tenant.origins:
            yield f"{where} n'a aucune origine : aucune page d'un autre site ne peut appeler le service."
        elif "*" in tenant.origins:
            yield f"{where} autorise toute origine (*) : n'importe quelle page peut dépenser le budget du jeton."


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


def report_token_expiry(tokens: Iterable[str]) -> None:
    """Set the gauge of the first expiry among the tokens that have one."""
    expiries = [expiry for token in tokens if (expiry := token_expiry(token))]
    if expiries:
        telemetry.gauge("token_expiry", min(expiries).timestamp())


def check_remotely(
    session: requests.Session, connection: Connection, library: FormRegistry, now: Callable[[], datetime]
) -> Iterator[Check]:
    """Ask API Entreprise for the token's privileges and for the state of its providers; costs no budget."""
    yield from _check_privileges(session, connection, library, now)
    yield from _check_pings(session, connection)


def _check_privileges(
    session: requests.Session, connection: Connection, library: FormRegistry, now: Callable[[], datetime]
) -> Iterator[Check]:
    path, key = ("/privileges", "privileges") if connection.delegation is None else (INTROSPECTION, "scopes")
    parameters = None if connection.delegation is None else connection.parameters
    status, body, date = _fetch_dated(session, connection.url + path, connection, parameters)
    yield from _check_clock(date, now())
    data = body.get("data") if isinstance(body, dict) else None
    listed = data.get(key) if isinstance(data, dict) else None
    if _error_code(body) in DELEGATION_FAULTS:
        yield Check("privileges", False, DELEGATION_FAULTS[_error_code(body)])
        return
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
    yield from _check_sources(scopes, library)


def _check_sources(scopes: frozenset[str], library: FormRegistry) -> Iterator[Check]:
    """Name what the forms ask and the token may not read, a form a line; then what no form asks yet."""
    lacking = {source.name for source in SOURCES if source.usable and not _covers(scopes, source.scope)}
    for form in library.forms.values():
        asked = [name for name in (*form.sources(), *form.on_demand()) if name in lacking]
        if asked:
            yield _remark(
                "habilitation",
                f"Le formulaire {form.id} demande des sources que ce jeton ne peut pas lire : {', '.join(asked)}. "
                "Demandez ces droits à API Entreprise, ou retirez les champs.",
            )
    others = sorted(
        lacking - {name for form in library.forms.values() for name in (*form.sources(), *form.on_demand())}
    )
    if others:
        yield _remark(
            "sources",
            f"Sources que ce jeton ne peut pas lire, et qu'aucun formulaire ne demande : {', '.join(others)}.",
        )


def check_forms(library: FormRegistry) -> Iterator[Check]:
    """Name the sources that the upstream deprecates and that forms ask, a form a line."""
    for form in library.forms.values():
        asked = [CATALOGUE[name] for name in (*form.sources(), *form.on_demand())]
        told = [f"{source.name} ({_successor(source)})" for source in asked if source.deprecated]
        if told:
            yield _remark(
                "deprecated",
                f"Le formulaire {form.id} demande des sources qu'API Entreprise va retirer : {', '.join(told)}.",
            )


def _successor(source: Source) -> str:
    successor = source.deprecated.successor if source.deprecated else None
    return f"remplacée par {successor}" if successor else "sans remplaçante"


def _check_clock(date: str | None, now: datetime) -> Iterator[Check]:
    """Compare our clock with the upstream's: budgets are counted by the minute of its clock, tokens expire by it."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return
    skew = (now - theirs).total_seconds()
    if abs(skew) > SKEW_SECONDS:
        way = "en avance" if skew > 0 else "en retard"
        yield _remark(
            "clock",
            f"L'horloge de cette machine est {way} de {abs(skew):.0f} s sur celle d'API Entreprise : mettez-la à l'heure (NTP).",
        )


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
    return _fetch_dated(session, url, connection)[:2]


def _fetch_dated(
    session: requests.Session, url: str, connection: Connection, parameters: Mapping[str, str] | None = None
) -> tuple[int | None, Any, str | None]:
    """Give the status, the body and the `Date` of an answer; None for what cannot be read."""
    try:
        with session.get(
            url,
            params=parameters,
            auth=Bearer(connection.token),
            timeout=PATIENCE,
            allow_redirects=False,
            stream=True,
        ) as response:
            date = response.headers.get("Date")
            body = json.loads(response.raw.read(LARGEST_BODY, decode_content=True) or b"null")
            return response.status_code, body, date
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        return None, None, None
    except (ValueError, RecursionError):
        return response.status_code, None, date


def _told(status: int | None, body: object) -> str:
    if status is None:
        return " : API Entreprise ne répond pas"
    if status == 200:
        return " : la réponse d'API Entreprise est illisible"
    code = _error_code(body)
    return f" (statut {status}{', code ' + code if code else ''})"


def _error_code(body: object) -> str:
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return str(first.get("code") or "")
