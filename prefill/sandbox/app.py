"""An embedded fake API Entreprise: a small WSGI app, reached through a `requests` adapter without a socket.

Its routes are the rows of the catalogue, its companies are invented (`sandbox_data`), its manners are the
real one's: a bearer token, three tracing parameters, budgets by the minute, no two identical calls at once.
Two kinds of token are special: `expired` is expired, and what begins with `open` reads open data alone.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.domain.identifiers import luhn, valid_siret
from prefill.domain.sources import Identifier, Source
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.model import URL, Reply, SandboxCompany

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

from prefill.sandbox.faults import (
    BAD_RECIPIENT,
    EXPIRED,
    EXPIRED_DOCUMENT,
    IN_FLIGHT,
    LINK_EXPIRED,
    MALFORMED,
    NO_PATH,
    NO_RIGHT,
    NO_TOKEN,
    PING_STATUSES,
    PINGS,
    ROWS,
    SCOPES,
    TRACING,
    UNKNOWN,
    Fault,
    answer,
    failure,
    provider_fault,
)


def is_siren(number: str) -> bool:
    return re.fullmatch(r"[0-9]{9}", number) is not None and luhn(number)


def is_rna(number: str) -> bool:
    return re.fullmatch(r"W[0-9A-Z]{3}[0-9]{6}", number) is not None


READABLE: Mapping[Identifier, tuple[Callable[[str], bool], ...]] = {
    Identifier.SIREN: (is_siren,),
    Identifier.SIRET: (valid_siret,),
    Identifier.RNA_OR_SIREN: (is_siren, is_rna),
    Identifier.RNA_OR_SIRET: (valid_siret, is_rna),
}


def numbers(source: Source, company: SandboxCompany) -> tuple[str | None, ...]:
    """List the numbers by which a row knows a company."""
    by_identifier = {
        Identifier.SIREN: (company.siren,),
        Identifier.SIRET: (company.siret,),
        Identifier.RNA_OR_SIREN: (company.siren, company.rna),
        Identifier.RNA_OR_SIRET: (company.siret, company.rna),
    }
    return by_identifier[source.identifier]


def index(companies: Iterable[SandboxCompany]) -> dict[tuple[str, str | None], Reply]:
    """Find each reply by its source and each number it can be asked by."""
    return {
        (name, number): reply
        for company in companies
        for name, reply in company.answers.items()
        for number in numbers(CATALOGUE[name], company)
    }


@dataclass(frozen=True, slots=True)
class Call:
    """One call: who, which row, about whom, and why."""

    token: str
    source: Source
    number: str
    tracing: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.token, self.source.name, self.number)


class QuotaSimulator:
    """Count calls by token and budget, in minutes aligned to the clock as the API's are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._minute = 0
        self._spent: Counter[tuple[str, str]] = Counter()

    def spend(self, token: str, source: Source) -> tuple[int, int, int]:
        """Count one call; give what is left (negative when over), when the minute ends and in how many seconds."""
        now, budget = self._clock(), source.budget
        group = source.name if budget.per_endpoint else budget.name
        with self._lock:
            if self._minute != now // 60:
                self._minute = int(now // 60)
                self._spent.clear()
            self._spent[token, group] += 1
            left = budget.per_minute - self._spent[token, group]
        end = 60 * (int(now // 60) + 1)
        return left, end, max(1, round(end - now))


class Sandbox:
    """The fake API and the little it remembers: calls of the minute, calls in flight."""

    def __init__(self, sleep: Callable[[float], None], today: Callable[[], date], clock: Callable[[], float]) -> None:
        self._sleep = sleep
        self._today = today
        self._minutes = QuotaSimulator(clock)
        self._replies = index(COMPANIES)
        self._lock = threading.Lock()
        self._in_flight: set[tuple[str, str, str]] = set()

    def rows(self, request: Request, sources: tuple[Source, ...], number: str, year: int | None = None) -> Response:
        """Answer the row that a call means: several may share a path, told apart by the year or by parameters."""
        ago = self._today().year - year if year else 0
        meant = [
            source
            for source in sources
            if source.years_back == ago
            and all(request.args.get(key) == word for key, word in source.parameters.items())
        ]
        return self.row(request, max(meant, key=lambda source: len(source.parameters), default=sources[0]), number)

    def row(self, request: Request, source: Source, number: str) -> Response:
        """Answer a row of the catalogue: the caller's faults come first, in the order of the real API."""
        call = Call(bearer(request), source, number, request.args)
        fault = token_fault(call.token) or right_fault(call)
        if fault:
            return failure(fault)
        left, end, wait = self._minutes.spend(call.token, source)
        limits = {
            "RateLimit-Limit": str(source.budget.per_minute),
            "RateLimit-Remaining": str(max(0, left)),
            "RateLimit-Reset": str(end),
        }
        fault = over_budget(left, wait) or tracing_fault(call) or number_fault(call)
        response = failure(fault) if fault else self._once(call)
        response.headers.update(limits)
        return response

    def _once(self, call: Call) -> Response:
        with self._lock:
            if call.key in self._in_flight:
                return failure(IN_FLIGHT)
            self._in_flight.add(call.key)
        try:
            return self._reply(call)
        finally:
            with self._lock:
                self._in_flight.discard(call.key)

    def _reply(self, call: Call) -> Response:
        reply = self._replies.get((call.source.name, call.number), UNKNOWN)
        if reply.delay:
            self._sleep(reply.delay)
        if reply.fault:
            return failure(provider_fault(call.source, reply))
        return answer(reply.body, today=self._today())

    def privileges(self, request: Request) -> Response:
        token = bearer(request)
        fault = token_fault(token)
        return failure(fault) if fault else answer({"data": {"privileges": sorted(scopes(token))}})

    def pings(self, _: Request) -> Response:
        return answer([{"url": f"{URL}/ping/{provider}/{service}"} for provider, service in sorted(services())])

    def ping(self, _: Request, provider: str, service: str) -> Response:
        if (provider, service) not in services():
            return failure(NO_PATH)
        status, seen = PINGS.get(provider, "ok"), f"{self._today()}T06:00:00Z"
        body = {"status": status, "last_update": seen, "last_ok_status": seen}
        return answer(body, status=PING_STATUSES.get(status, 200))

    def document(self, _: Request, name: str) -> Response:
        if name == EXPIRED_DOCUMENT:
            return failure(LINK_EXPIRED)
        return Response(pdf(name), mimetype="application/pdf")


def create_sandbox(
    *,
    sleep: Callable[[float], None] = time.sleep,
    today: date | None = None,
    clock: Callable[[], float] = time.time,
) -> WSGIApplication:
    """Make a fake API Entreprise that has been called by nobody yet.

    Slow providers wait through `sleep`. Days are counted from `today`, budgets with `clock` (Unix seconds).
    """
    sandbox = Sandbox(sleep, lambda: today or datetime.fromtimestamp(clock(), PARIS).date(), clock)
    views = {
        **{path: partial(sandbox.rows, sources=sources) for path, sources in by_rule().items()},
        "/privileges": sandbox.privileges,
        "/pings": sandbox.pings,
        "/ping/<provider>/<service>": sandbox.ping,
        "/documents/<name>.pdf": sandbox.document,
    }
    routes = Map([Rule(path, endpoint=view, methods=("GET",)) for path, view in views.items()])

    @Request.application
    def app(request: Request) -> Response:
        try:
            view, values = routes.bind_to_environ(request.environ).match()
            response: Response = view(request, **values)
        except NotFound:
            response = failure(NO_PATH)
        except HTTPException as fault:
            response = Response.force_type(fault.get_response(), request.environ)
        response.headers["X-Request-ID"] = str(uuid.uuid4())
        return response

    return app


def rule(source: Source) -> str:
    """Write a row's path as a route: `…/{siret}` is `…/<number>`."""
    return source.path.replace("{" + source.identifier + "}", "<number>").replace("{year}", "<int:year>")


def by_rule() -> dict[str, tuple[Source, ...]]:
    """Gather the rows that share a path."""
    return {path: tuple(source for source in ROWS if rule(source) == path) for path in map(rule, ROWS)}


def services() -> frozenset[tuple[str, str]]:
    """List what can be pinged: a row's path names its provider and its service."""
    parts = (source.path.split("/") for source in ROWS)
    return frozenset((provider, service) for _, _, provider, service, *_ in parts)


def bearer(request: Request) -> str:
    """Read the token, empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def scopes(token: str) -> frozenset[str]:
    return frozenset({"open_data"}) if token.startswith("open") else SCOPES


def token_fault(token: str) -> Fault | None:
    if not token:
        return NO_TOKEN
    return EXPIRED if token == "expired" else None  # noqa: S105 the name of a case, not a secret


def right_fault(call: Call) -> Fault | None:
    scope = call.source.scope
    return NO_RIGHT if scope and scope not in scopes(call.token) else None


def over_budget(left: int, wait: int) -> Fault | None:
    if left >= 0:
        return None
    headers = {"Retry-After": str(wait)}
    return Fault(429, "00429", "Trop d'appels", "Le budget de la minute est dépensé.", headers=headers)


def tracing_fault(call: Call) -> Fault | None:
    for name, code in TRACING.items():
        if not call.tracing.get(name):
            return Fault(422, code, "Appel refusé", f"Le paramètre {name} manque.", name)
    return None if valid_siret(call.tracing["recipient"]) else BAD_RECIPIENT


def number_fault(call: Call) -> Fault | None:
    identifier = call.source.identifier
    if any(reads(call.number) for reads in READABLE[identifier]):
        return None
    return Fault(422, MALFORMED[identifier], "Appel refusé", "Le numéro demandé est mal formé.", identifier.value)


def pdf(title: str) -> bytes:
    """Draw a page that says its own name: the smallest PDF that readers open without complaint."""
    text = f"BT /F1 14 Tf 20 60 Td (Bac a sable : {re.sub(r'[^A-Za-z0-9 -]', ' ', title)}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 120]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    page, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(page))
        page += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(objects) + 1, len(page)
    page += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return bytes(page + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, start))
