"""What only the upstreams can answer: the token's rights, the clock, the state of the providers, the search."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3

from prefill.company_search.service import CompanySearch
from prefill.company_search.upstream.circuit_breaker import Outcome
from prefill.company_search.upstream.parameters import by_number
from prefill.domain.catalogue import SOURCES
from prefill.forms.registry import FormRegistry
from prefill.health.model import Check, check_habilitation, check_skew, remark
from prefill.health.observed import SEARCH_CAUSES
from prefill.registers.transport.http import Bearer, Connection

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
PINGS = {
    "ok": (True, "répond"),
    "bad_gateway": (False, "ne répond pas"),
    "maintenance": (False, "est en maintenance"),
    "unknown": (False, "est dans un état inconnu"),
}


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
        yield from check_habilitation(
            form.id, [name for name in (*form.sources(), *form.on_demand()) if name in lacking]
        )
    others = sorted(
        lacking - {name for form in library.forms.values() for name in (*form.sources(), *form.on_demand())}
    )
    if others:
        yield remark(
            "sources",
            f"Sources que ce jeton ne peut pas lire, et qu'aucun formulaire ne demande : {', '.join(others)}.",
        )


def _check_clock(date: str | None, now: datetime) -> Iterator[Check]:
    """Compare our clock with the upstream's."""
    with contextlib.suppress(ValueError, TypeError):
        yield from check_skew((now - parsedate_to_datetime(date or "")).total_seconds())


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


def probe_search(search: CompanySearch | None) -> Iterator[Check]:
    """Ask Recherche d'entreprises about the body that publishes it, unless the operator wants no search."""
    if search is None:
        return
    found = search.client.fetch(by_number(SEARCH_PROBE), patience=2.0, seconds=5.0)
    cause = SEARCH_CAUSES[found.cause or Outcome.FAILED]
    message = "répond." if found.current else f"ne répond pas ({cause}) : la recherche par nom est partielle."
    yield Check("search", found.current, f"Recherche d'entreprises {message}", vital=False)


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
