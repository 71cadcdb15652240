"""An embedded fake API Entreprise: a small WSGI app, reached through a `requests` adapter without a socket.

Its routes are the rows of the catalogue, its companies are invented (`sandbox_data`), its manners are the
real one's: a bearer token, three tracing parameters, budgets by the minute, no two identical calls at once.
Two kinds of token are special: `expired` is expired, and what begins with `open` reads open data alone.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

import requests
import requests.adapters
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.test import EnvironBuilder, run_wsgi_app

from prefill.identifiers import luhn, valid_siret
from prefill.sandbox_data import CANARIES, COMPANIES, URL, Invented, Later, Reply
from prefill.sources import CATALOGUE, PARIS, SOURCES, Identifier, Source

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["CANARIES", "COMPANIES", "URL", "Invented", "SandboxAdapter", "create_sandbox"]

# -- what can go wrong ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal, as the API words one."""

    status: int
    code: str
    title: str
    detail: str
    parameter: str | None = None
    meta: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        source = {"parameter": self.parameter} if self.parameter else None
        words = {"code": self.code, "title": self.title, "detail": self.detail}
        return {"errors": [{**words, "source": source, "meta": dict(self.meta)}]}


NO_TOKEN = Fault(401, "00101", "Accès interdit", "Le jeton manque ou n'est pas valable.", "token")
EXPIRED = Fault(401, "00103", "Jeton expiré", "Ce jeton a expiré : demandez-en un autre.", "token")
NO_RIGHT = Fault(403, "00100", "Droits insuffisants", "Ce jeton n'ouvre pas cet accès ; /privileges dit lesquels.")
IN_FLIGHT = Fault(409, "00015", "Conflit", "Le même appel est déjà en cours avec ce jeton.")
NO_PATH = Fault(404, "00404", "Chemin inconnu", "Le bac à sable n'a rien à cette adresse.")
LINK_EXPIRED = Fault(404, "00404", "Lien expiré", "Ce document n'est plus disponible à cette adresse.")
BAD_RECIPIENT = Fault(422, "00210", "Appel refusé", "Le paramètre recipient n'est pas un SIRET.", "recipient")

TRACING = {"context": "00201", "object": "00202", "recipient": "00203"}
MALFORMED = {
    Identifier.SIREN: "00301",
    Identifier.SIRET: "00302",
    Identifier.RNA_OR_SIRET: "00303",
    Identifier.RNA_OR_SIREN: "00333",
}

# The two digits that begin a provider's error codes, and the name it signs with, by second part of its paths.
PROVIDERS = {
    "insee": ("01", "INSEE"),
    "infogreffe": ("02", "Infogreffe"),
    "dgfip": ("03", "DGFIP - Adélie"),
    "urssaf": ("04", "ACOSS"),
    "qualibat": ("06", "Qualibat"),
    "cnetp": ("08", "CNETP"),
    "probtp": ("09", "ProBTP"),
    "msa": ("10", "MSA"),
    "opqibi": ("11", "OPQIBI"),
    "fntp": ("12", "FNTP"),
    "fabrique_numerique_ministeres_sociaux": ("14", "Fabrique numérique des Ministères Sociaux"),
    "ademe": ("19", "ADEME"),
    "ministere_interieur": ("21", "MI"),
    "european_commission": ("28", "Commission Européenne"),
    "djepva": ("29", "DJEPVA"),
    "gip_mds": ("31", "GIP-MDS"),
    "inpi": ("34", "INPI - RNE"),
}
PROVIDER_FAULTS = {
    "001": (504, "Service indisponible", "Le fournisseur est en panne ou en maintenance."),
    "002": (504, "Délai dépassé", "Le fournisseur n'a pas répondu à temps."),
    "003": (404, "Entité inconnue", "Le fournisseur n'a rien sur ce numéro, ou il est hors de son périmètre."),
    "451": (451, "Diffusion interdite", "La loi ne permet pas de diffuser ces données."),
    "501": (502, "Analyse en cours", "Un agent du fournisseur doit examiner la situation de ce compte."),
    "999": (502, "Réponse incomprise", "Le fournisseur a répondu quelque chose d'inattendu."),
}
UNKNOWN = Reply(fault="003")

# `/ping/<provider>/…`: the same for all that a provider serves, `ok` unless said here.
PINGS = {"opqibi": "maintenance", "fntp": "unknown", "cnetp": "bad_gateway"}
PING_STATUSES = {"bad_gateway": 502}

ROWS = tuple(source for source in SOURCES if source.usable and source.path)
SCOPES = frozenset({"open_data"} | {source.scope for source in ROWS if source.scope})
EXPIRED_DOCUMENT = "lien-expire"

# -- numbers ----------------------------------------------------------------------------------------


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


def numbers(source: Source, company: Invented) -> tuple[str | None, ...]:
    """List the numbers by which a row knows a company."""
    by_identifier = {
        Identifier.SIREN: (company.siren,),
        Identifier.SIRET: (company.siret,),
        Identifier.RNA_OR_SIREN: (company.siren, company.rna),
        Identifier.RNA_OR_SIRET: (company.siret, company.rna),
    }
    return by_identifier[source.identifier]


def index(companies: Iterable[Invented]) -> dict[tuple[str, str | None], Reply]:
    """Find each reply by its source and each number it can be asked by."""
    return {
        (name, number): reply
        for company in companies
        for name, reply in company.answers.items()
        for number in numbers(CATALOGUE[name], company)
    }


# -- the app ----------------------------------------------------------------------------------------


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


class Minutes:
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
        self._minutes = Minutes(clock)
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


def provider_fault(source: Source, reply: Reply) -> Fault:
    prefix, provider = PROVIDERS[source.path.split("/")[2]]
    status, title, detail = PROVIDER_FAULTS[reply.fault]
    meta: dict[str, object] = {"provider": provider}
    if reply.retry_in is not None:
        meta["retry_in"] = reply.retry_in
    return Fault(status, prefix + reply.fault, title, detail, meta=meta)


def failure(fault: Fault) -> Response:
    response = answer(fault.body(), status=fault.status)
    response.headers.update(fault.headers)
    return response


def answer(body: object, *, status: int = 200, today: date | None = None) -> Response:
    """Write JSON as the API does; what depends on the day is computed for `today`."""
    text = json.dumps(body, ensure_ascii=False, default=partial(written, today=today))
    return Response(text, status, content_type="application/vnd.api+json; charset=utf-8")


def written(value: object, today: date | None) -> object:
    if isinstance(value, Later) and today is not None:
        return value.on(today)
    raise TypeError(f"{type(value).__name__} cannot be written in JSON")


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


# -- the way in -------------------------------------------------------------------------------------


class SandboxAdapter(requests.adapters.BaseAdapter):
    """Carry a session's requests to a WSGI app, and its answers back as a socket would bring them.

    A read timeout is found out afterwards: an answer that took longer is lost.
    """

    def __init__(self, app: WSGIApplication, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._app = app
        self._clock = clock

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 as requests calls it
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Run the app; a body is read from memory, whatever `stream` says."""
        began = self._clock()
        raw = _exchange(self._app, request)
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        if patience is not None and self._clock() - began > patience:
            raise requests.ReadTimeout(f"The sandbox took more than {patience} seconds.", request=request)
        return _response(request, raw)

    def close(self) -> None:
        """Close nothing: there is no connection."""


def _exchange(app: WSGIApplication, request: requests.PreparedRequest) -> HTTPResponse:
    body = request.body.encode() if isinstance(request.body, str) else request.body
    builder = EnvironBuilder(
        request.url or "/", URL, method=request.method or "GET", headers=request.headers.items(), data=body
    )
    chunks, status, headers = run_wsgi_app(app, builder.get_environ(), buffered=True)
    code, _, reason = status.partition(" ")
    return HTTPResponse(
        BytesIO(b"".join(chunks)),
        headers=HTTPHeaderDict(headers.items()),
        status=int(code),
        reason=reason,
        preload_content=False,
        request_method=request.method,
        request_url=request.url,
    )


def _response(request: requests.PreparedRequest, raw: HTTPResponse) -> requests.Response:
    response = requests.Response()
    response.status_code = raw.status
    response.reason = raw.reason or ""
    response.headers = CaseInsensitiveDict(raw.headers)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = raw
    response.url = request.url or URL
    response.request = request
    return response
