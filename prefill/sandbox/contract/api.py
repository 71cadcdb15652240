"""API Entreprise as its callers meet it: each call is checked in production's order, then answered from the cases."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from prefill.domain.dates import PARIS
from prefill.domain.identifiers import valid_siret
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.contract.cases import Case, Cases
from prefill.sandbox.contract.documents import document
from prefill.sandbox.contract.exchange import DOCUMENT_PATHS, Exchange
from prefill.sandbox.contract.faults import PING_STATES, Faults, Response
from prefill.sandbox.contract.journal import Journal, Violation
from prefill.sandbox.contract.published import errors
from prefill.sandbox.contract.published.endpoints import (
    DOWNLOADS,
    PER_ADDRESS,
    SERVICES,
    Endpoint,
    match,
)
from prefill.sandbox.contract.published.errors import ApiError
from prefill.sandbox.contract.published.numbers import well_formed
from prefill.sandbox.contract.quota import Bans, ClockWindows
from prefill.sandbox.contract.request import DEFAULT_RULES, Request, Rules
from prefill.sandbox.contract.responses import JSON, failure, written
from prefill.sandbox.contract.tokens import DELEGATIONS, Delegation, Delegations, is_editor
from prefill.sandbox.directory import api as directory
from prefill.sandbox.directory.api import Directory
from prefill.sandbox.model import URL, SandboxCompany
from prefill.sandbox.searched import SEARCHED

MAX_OBJECT_LENGTH = 50


class ApiEntreprise:
    """A stand-in for API Entreprise, without a transport: `receive` a request, wait, `respond`, close.

    All state is in memory and safe between threads: quotas, bans, calls in flight, what is counted of the callers.
    """

    def __init__(
        self,
        rules: Rules = DEFAULT_RULES,
        *,
        companies: Iterable[SandboxCompany] = (*COMPANIES, *SEARCHED),
        files: Iterable[Iterable[Case]] = (),
        faults: Mapping[str, str] | None = None,
        latencies: Mapping[str, float] | None = None,
        delegations: Iterable[Delegation] = DELEGATIONS,
        today: date | None = None,
        timestamp: Callable[[], float] = time.time,
    ) -> None:
        self.rules = rules
        self._companies = tuple(companies)
        self.cases = Cases(self._companies, *files)
        self.faults = Faults(faults or {}, latencies or {})
        self.journal = Journal()
        self._initial_delegations = tuple(delegations)
        self._today = today
        self.timestamp = timestamp
        self._forget()

    def _forget(self) -> None:
        self.delegations = Delegations(self._initial_delegations)
        self._quotas = ClockWindows(self.timestamp, seconds=self.rules.window_seconds, scale=self.rules.quota_scale)
        self.bans = Bans(self.timestamp, after=self.rules.ban_after)
        self._directory = Directory(
            self._companies,
            journal=self.journal,
            timestamp=self.timestamp,
            ban_after=self.rules.ban_after,
            scale=self.rules.quota_scale,
        )

    def reset(self) -> None:
        """Forget counters, quotas, bans, added cases; faults, latencies and delegations become those of the start."""
        self.journal.clear()
        self.cases.clear()
        self.faults.reset()
        self._forget()

    @property
    def today(self) -> date:
        return self._today or datetime.fromtimestamp(self.timestamp(), PARIS).date()

    def receive(self, request: Request) -> Exchange:
        """Count a call, and say how long its answer takes."""
        return Exchange(self, request)

    def answer(self, request: Request) -> Response:
        """Answer a call, its faults apart."""
        if any(part in request.path for part in self.rules.gone):
            return Response(410, "Adresse retirée.".encode(), content_type="text/plain; charset=utf-8")
        if request.path.startswith(DOCUMENT_PATHS):
            return self._document(request)
        view = _VIEWS.get(request.path)
        if view is not None:
            return view(self, request)
        if request.path.startswith("/ping/"):
            return self._ping(request)
        return self._ask(request)

    def _ask(self, request: Request) -> Response:
        """Answer an endpoint: the caller's mistakes come first, in production's order."""
        found = match(request.path)
        if found is None:
            return self._refuse(errors.NO_PATH, Violation.UNKNOWN_PATH)
        endpoint, params = found
        if endpoint.deprecated:
            self.journal.note(self.journal.deprecated, endpoint.path)
        token = request.token
        if not token:
            return self._refuse(errors.NO_TOKEN, Violation.NO_TOKEN)
        if token in errors.REFUSED_TOKENS:
            return failure(errors.REFUSED_TOKENS[token])
        delegation, several = self._delegation(request)
        allowed = self._allows(endpoint, token, delegation)
        if not is_editor(token) and not allowed:
            return self._refuse(errors.NO_SCOPE, Violation.NO_SCOPE)
        refusal, headers = self._count(request, endpoint, delegation)
        refusal = refusal or self._trace(request)
        if refusal is None and is_editor(token):
            refusal = self._delegate(delegation, several=several, allowed=allowed)
        response = failure(refusal) if refusal else self._answer_case(request, endpoint, params)
        return replace(response, headers={**headers, **response.headers})

    def _allows(self, endpoint: Endpoint, token: str, delegation: Delegation | None) -> bool:
        scopes = frozenset(delegation.scopes) if delegation else self.rules.tokens.scopes(token)
        return not endpoint.scopes or not scopes.isdisjoint(endpoint.scopes)

    def _delegation(self, request: Request) -> tuple[Delegation | None, bool]:
        if not is_editor(request.token):
            return None, False
        wanted = request.query.get("delegation_id") or request.headers.get("x-delegation-id")
        return self.delegations.choose(request.query.get("recipient"), wanted)

    def _count(
        self, request: Request, endpoint: Endpoint, delegation: Delegation | None
    ) -> tuple[ApiError | None, dict[str, str]]:
        """Count the call on its habilitation and on its address; a refused one may ban the address."""
        tokens = self.rules.tokens
        habilitation = tokens.habilitation(request.token, delegation)
        if habilitation:
            self.journal.note(self.journal.habilitations, habilitation)
        holder, group = tokens.holder(request.token, delegation), endpoint.group
        grant = self._quotas.count(holder, endpoint.counter, group.per_minute)
        ceiling = self._quotas.count(f"address {request.address}", PER_ADDRESS.name, PER_ADDRESS.per_minute)
        if grant.allowed and ceiling.allowed:
            return None, grant.headers
        self.journal.violation(Violation.OVER_ADDRESS_CEILING if grant.allowed else Violation.OVER_QUOTA)
        refused = ceiling if grant.allowed else grant
        if self.bans.refused(request.address, resets_at=refused.resets_at):
            self.journal.violation(Violation.BANNED)
        return errors.OVER_QUOTA, {**grant.headers, "Retry-After": str(refused.retry_after)}

    def _trace(self, request: Request) -> ApiError | None:
        """Check the tracing parameters: all that lack are named at once."""
        missing = tuple(name for name in errors.TRACING if not request.query.get(name))
        if missing:
            self.journal.violation(*(Violation(f"missing_{name}") for name in missing))
            return errors.missing(missing)
        if not valid_siret(request.query["recipient"]):
            self.journal.violation(Violation.MALFORMED_RECIPIENT)
            return errors.BAD_RECIPIENT
        if len(request.query["object"]) > MAX_OBJECT_LENGTH:
            self.journal.violation(Violation.OBJECT_TOO_LONG)
        return None

    def _delegate(self, delegation: Delegation | None, *, several: bool, allowed: bool) -> ApiError | None:
        """Check what an editor's call acts under."""
        if delegation is None:
            refused = (
                (errors.SEVERAL_DELEGATIONS, Violation.SEVERAL_DELEGATIONS)
                if several
                else (errors.NO_DELEGATION, Violation.NO_DELEGATION)
            )
            self.journal.violation(refused[1])
            return refused[0]
        if not allowed:
            self.journal.violation(Violation.NO_SCOPE)
            return errors.NO_SCOPE
        return None

    def _answer_case(self, request: Request, endpoint: Endpoint, params: dict[str, str]) -> Response:
        today = self.today
        case = self.cases.find(endpoint, {**request.query, **params}, today)
        malformed = _malformed(endpoint, params, known=case is not None)
        if malformed:
            return self._refuse(errors.malformed(malformed), Violation.MALFORMED_NUMBER)
        if self.rules.strict and any(_same_company(value, request.query["recipient"]) for value in params.values()):
            return self._refuse(errors.SELF_RECIPIENT, Violation.RECIPIENT_IS_THE_COMPANY)
        if case is None:
            return failure(errors.provider_error(endpoint, "003"))
        if case.reply and case.reply.fault:
            error = errors.provider_error(endpoint, case.reply.fault, retry_in=case.reply.retry_in)
            return replace(failure(error), delay=case.delay)
        return Response(case.status, case.write(today, request.base_url), delay=case.delay)

    def _refuse(self, error: ApiError, violation: Violation) -> Response:
        self.journal.violation(violation)
        return failure(error)

    def privileges(self, request: Request) -> Response:
        token = request.token or request.query.get("token", "")
        refused = errors.NO_TOKEN if not token else errors.REFUSED_TOKENS.get(token)
        if refused:
            return failure(refused)
        return written({"data": {"privileges": sorted(self.rules.tokens.scopes(token))}})

    def error_list(self, request: Request) -> Response:
        codes = errors.error_list(request.query.get("operation_id"))
        if codes is None:
            return failure(errors.NO_PATH)
        return replace(written(codes), content_type=JSON, headers={"Cache-Control": "max-age=3600, public"})

    def delegation_list(self, request: Request) -> Response:
        if not is_editor(request.token):
            return replace(written({"error": "Unauthorized"}, status=401), content_type=JSON)
        page, per_page = (_positive(request.query.get(name), usual) for name, usual in (("page", 1), ("per_page", 50)))
        return replace(written(self.delegations.page(page, per_page)), content_type=JSON)

    def introspect(self, request: Request) -> Response:
        """Describe a token; an editor's with `recipient` by the delegation that it would act under."""
        token = request.token
        refused = errors.NO_TOKEN if not token else errors.REFUSED_TOKENS.get(token)
        delegation, several = self._delegation(request)
        if not refused and is_editor(token) and request.query.get("recipient"):
            refused = self._delegate(delegation, several=several, allowed=True)
        if refused:
            return failure(refused)
        return replace(written(self._token(token, delegation)), content_type=JSON)

    def _token(self, token: str, delegation: Delegation | None) -> dict[str, Any]:
        editor = is_editor(token)
        habilitation = self.rules.tokens.habilitation(token, delegation) or (None if editor else "7000")
        scopes = delegation.scopes if delegation else sorted(self.rules.tokens.scopes(token))
        issued = datetime.fromtimestamp(self.timestamp(), PARIS).replace(hour=9, minute=0, second=0, microsecond=0)
        holder = delegation.siret if delegation else None if editor else "00001200500013"
        return {
            "data": {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{URL}/{len(token)}")),
                "type": "editeur" if editor else "standard",
                "scopes": list(scopes),
                "datapass_id": habilitation,
                "siret_souscripteur": holder,
                "date_emission": (issued - timedelta(30)).isoformat(),
                "date_expiration": (issued + timedelta(500)).isoformat(),
                "rate_limit_par_minute": None,
                "delegation": {"id": delegation.id, "siret_delegant": delegation.siret} if delegation else None,
            },
            "links": {"datapass": f"{URL}/demandes/{habilitation}" if habilitation else None},
            "meta": {},
        }

    def search(self, request: Request) -> Response:
        """Answer as the directory Recherche d'entreprises, which is another API of the State."""
        return self._directory.search(request.query, address=request.address, today=self.today)

    def pings(self, request: Request) -> Response:
        urls = [{"url": f"{request.base_url}/ping/{provider}/{service}"} for provider, service in sorted(SERVICES)]
        return written(urls)

    def _ping(self, request: Request) -> Response:
        provider, _, service = request.path.removeprefix("/ping/").partition("/")
        if (provider, service) not in SERVICES:
            return failure(errors.NO_PATH)
        fault = self.faults.on(request.path) or self.faults.on(f"/{provider}/{service}/")
        usual = self.rules.pings.get(provider, "ok")
        status = usual if fault is None else fault.name if fault.name in PING_STATES else "bad_gateway"
        seen = f"{self.today}T06:00:00Z"
        body = {"status": status, "last_update": seen, "last_ok_status": seen}
        if status == "maintenance":
            body["until"] = f"{self.today + timedelta(1)}T06:00:00Z"
        return written(body, status=PING_STATES.get(status, 200))

    def _document(self, request: Request) -> Response:
        grant = self._quotas.count(f"address {request.address}", DOWNLOADS.name, DOWNLOADS.per_minute)
        if not grant.allowed:
            self.journal.violation(Violation.OVER_QUOTA)
            return failure(errors.OVER_QUOTA.with_headers({"Retry-After": str(grant.retry_after)}))
        content = document(request.path)
        return (
            failure(errors.LINK_EXPIRED) if content is None else Response(200, content, content_type="application/pdf")
        )


_VIEWS: Mapping[str, Callable[[ApiEntreprise, Request], Response]] = {
    "/privileges": ApiEntreprise.privileges,
    "/v2/privileges": ApiEntreprise.privileges,
    "/errors": ApiEntreprise.error_list,
    "/v3/errors": ApiEntreprise.error_list,
    "/editeur/api/v1/delegations": ApiEntreprise.delegation_list,
    "/v3/token/introspect": ApiEntreprise.introspect,
    "/pings": ApiEntreprise.pings,
    directory.PATH: ApiEntreprise.search,
}


def _malformed(endpoint: Endpoint, params: Mapping[str, str], *, known: bool) -> str | None:
    """Name the first parameter that is mistaken; a number that a case names is known, whatever its check digit."""
    exempt = endpoint.parameters[0] if known else None
    return next((name for name, value in params.items() if name != exempt and not well_formed(name, value)), None)


def _same_company(value: str, recipient: str) -> bool:
    return value.isdigit() and value[:9] == recipient[:9]


def _positive(text: str | None, usual: int) -> int:
    return int(text) if text and text.isdecimal() and int(text) else usual
