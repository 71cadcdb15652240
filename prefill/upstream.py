"""Ask one source of API Entreprise politely: whatever happens, the result is an `Answer`.

A question goes through the cache, single flight (here and across instances), the provider's breaker
and the budget before it costs a call; the call is bounded in time (connection, silence, total) and in
size, follows no redirect and carries the three tracing parameters. All who ask the same thing wait on
the same future, so that a crowd takes no thread; each provider has its own threads, so that a slow one keeps
nobody else waiting. What comes after a caller's deadline still fills the cache; when a source fails, what it
said before may stand in for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from prefill import telemetry
from prefill.access import disclose, undisclosed
from prefill.breaker import Breakers, Passage
from prefill.budget import Budgets
from prefill.punctual import Punctual
from prefill.sources import DOWNLOADS, Answer, Cause, Company, Kind, Source, Status
from prefill.store import Kept, Key, Store

CONNECT_SECONDS = 2.0
LARGEST_BODY = {Kind.JSON: 4 * 2**20, Kind.DOCUMENTS: 4 * 2**20}
CHUNK = 64 * 1024
CONFLICT_REST = 1.0
PROBE_PATIENCE = 0.5  # seconds that those who ask wait for a probe; then it goes on without them
TOKEN_FAILURES = 3  # refusals of a token in a row, after which it is left alone
TOKEN_REST = 5.0  # seconds

WRONG_ADDRESS = "00107"  # the token is bound to other IP addresses
RECIPIENT_FAULTS = ("002",)  # context, object or recipient missing or refused
TOKEN_REFUSED = (401, 403)

STATUSES: Mapping[int, tuple[Status, Cause | None]] = {
    401: (Status.MISCONFIGURED, None),
    403: (Status.NOT_ENTITLED, None),
    404: (Status.ABSENT, None),
    409: (Status.UNAVAILABLE, Cause.CONFLICT),
    422: (Status.UNAVAILABLE, Cause.REJECTED),
    429: (Status.UNAVAILABLE, Cause.THROTTLED),
    451: (Status.WITHHELD, None),
}


# The files that answers name: no endpoint, but a budget of their own.
FILES = Source("downloads", "Documents", "API Entreprise", "", kind=Kind.DOCUMENTS, budget=DOWNLOADS)


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to ask, with whose token, and what to say of the reason."""

    url: str
    token: str = field(repr=False)
    recipient: str
    context: str
    object: str

    @property
    def tracing(self) -> dict[str, str]:
        return {"context": self.context, "object": self.object, "recipient": self.recipient}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, for which procedure, and where its answer is kept."""

    source: Source
    key: Key
    object: str
    background: bool
    flight: Future[Answer]


class Bearer(requests.auth.AuthBase):
    """Sign a request; given as `auth`, so that no netrc entry can replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no proof of who we are; given as `auth`, so that no netrc entry adds one."""
    return request


class _TokenRest:
    """Leave a token alone for a while when every call with it is refused.

    One refusal among answers is one endpoint's business; API Entreprise refuses a bad token everywhere.
    """

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last: tuple[Answer, float] | None = None

    def refusal(self, now: float) -> Answer | None:
        """Give the last refusal while the token rests."""
        answer, until = self._last or (None, 0.0)
        return answer if now < until else None

    def learn(self, answer: Answer, now: float) -> None:
        if answer.status is not Status.MISCONFIGURED or answer.http_status not in TOKEN_REFUSED:
            self._in_a_row, self._last = 0, None
            return
        self._in_a_row += 1
        if self._in_a_row >= TOKEN_FAILURES:
            self._last = (answer, now + TOKEN_REST)


class _Refused(Exception):
    """The body cannot be used, and why."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


class Hands:
    """The threads that make the calls, each with its own HTTP session: crews for all tenants of a process.

    Each provider has a crew of its own, of `workers` at most.
    """

    def __init__(self, open_session: Callable[[], requests.Session], workers: int) -> None:
        self._open_session = open_session
        self._own = threading.local()  # a session promises nothing about threads
        self._workers = workers
        self._lock = threading.Lock()
        self._crews: dict[str, ThreadPoolExecutor] = {}
        self._ways: dict[str, dict[str, Any]] = {}

    def submit(self, producer: str, work: Callable[[], None]) -> None:
        """Do some work on a thread of that crew, with the fields that the log holds here."""
        with self._lock:
            if producer not in self._crews:
                self._crews[producer] = ThreadPoolExecutor(self._workers, thread_name_prefix="upstream")
            self._crews[producer].submit(copy_context().run, work)

    def session(self) -> requests.Session:
        """Give the session of the thread we are on; each request is signed by itself."""
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = self._open_session()
            session.trust_env = False  # `way` asks it once a host: the library would at each call
            for scheme in ("http://", "https://"):
                session.mount(scheme, Punctual())
            session.headers["Accept"] = "application/json"
        return session

    def way(self, url: str) -> dict[str, Any]:
        """Say how the environment wants a host to be reached: `proxies` and `verify`, as `requests` takes them."""
        host = urlsplit(url).netloc
        if host not in self._ways:
            with requests.Session() as plain:
                told = plain.merge_environment_settings(url, {}, None, None, None)
            self._ways[host] = {name: told[name] for name in ("proxies", "verify")}
        return self._ways[host]

    def close(self) -> None:
        """Take no more work and wait for none."""
        with self._lock:
            for crew in self._crews.values():
                crew.shutdown(wait=False, cancel_futures=True)


class Upstream:
    """One tenant's door to the registers."""

    def __init__(
        self,
        connection: Connection,
        *,
        hands: Hands,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        store: Store,
        budgets: Budgets,
        breakers: Breakers,
        sleep: Callable[[float], None],
        tenant: str = "default",
    ) -> None:
        self.connection = connection
        self.store = store
        self.budgets = budgets
        self.breakers = breakers
        self._hands = hands
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._tenant = tenant
        self._lock = threading.Lock()
        self._flights: dict[Key, Future[Answer]] = {}
        self._queues: dict[str, Future[Answer]] = {}  # by address, the last call under way
        self._token_rest = _TokenRest()

    def ask(self, source: Source, company: Company) -> Answer:
        """Ask and wait for the answer."""
        return self.begin(source, company).result()

    def begin(
        self, source: Source, company: Company, *, background: bool = False, object: str | None = None
    ) -> Future[Answer]:
        """Ask without waiting; the future always ends with an `Answer`.

        `object` is the caller's procedure, sent upstream in place of the tenant's own: what is protected is
        asked again for each procedure, since the upstream must see them all.
        """
        number = source.identify(company)
        if number is None:
            return _landed(Answer(source.name, Status.NOT_APPLICABLE))
        object = object or self.connection.object
        key = self._key(source, number, object)
        known = self._at_hand(key)
        if known is not None:
            telemetry.count("cache", source=source.name, result="stale" if known.stale else "hit")
            return _landed(known)
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                telemetry.count("cache", source=source.name, result="joined")
                return flight
            flight = self._flights[key] = Future()
            question = _Question(source, key, object, background, flight)
            before = self._queues.get(self._address(question))
            self._queues[self._address(question)] = flight
        start = partial(self._hands.submit, source.producer, partial(self._fly, question))
        if before is None:
            start()
        else:
            before.add_done_callback(lambda _: start())
        return flight

    def holds(self, source: Source, company: Company, *, object: str | None = None) -> bool:
        """Tell whether the answer is at hand or on its way, and would cost no call."""
        number = source.identify(company)
        if number is None:
            return False
        key = self._key(source, number, object or self.connection.object)
        return key in self._flights or self._at_hand(key) is not None

    def kept(self, source: Source, company: Company) -> tuple[Key, Kept]:
        """Tell where an open source's answer about a company is kept, and what memory holds there."""
        key = self._key(source, source.identify(company) or "", self.connection.object)
        return key, self.store.near(key)

    def download(self, url: str, *, largest: int, patience: float) -> Answer:
        """Fetch a file that an answer names, whole, its bytes as `data`; the address has been judged by the caller.

        Unsigned, since no token goes to a storage; otherwise as bounded as a call, and paid for as one.
        """
        grant = self.budgets.take(FILES)
        if not grant.granted:
            return self._not_made(FILES, Cause.THROTTLED, grant.wait)
        end = self._clock() + patience
        try:
            with self._hands.session().get(
                url, auth=_unsigned, timeout=(CONNECT_SECONDS, patience), allow_redirects=False, stream=True,
                headers={"Accept": "application/pdf, application/zip;q=0.9, */*;q=0.1"}, **self._hands.way(url),
            ) as response:  # fmt: skip
                self._heed(FILES, response)
                return self._read_file(response, largest, end)
        except _Refused as refusal:
            return _failed(FILES, refusal.cause)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
            return _failed(FILES, Cause.UNREACHABLE)

    def _read_file(self, response: requests.Response, largest: int, end: float) -> Answer:
        if 300 <= response.status_code < 400:
            return _failed(FILES, Cause.REDIRECTED, response)
        if response.status_code != 200:
            return _failed(FILES, Cause.PROVIDER, response)
        return _of(FILES, response, Status.OK, data=self._body(response, largest, end))

    def close(self) -> None:
        """Take no more calls and wait for none."""
        self._hands.close()

    def _key(self, source: Source, number: str, object: str) -> Key:
        """What is open is the same for every tenant; what is protected is each one's own, for each procedure."""
        return ("" if source.open else f"{self._tenant}/{_digest(object)}", source.name, number)

    def _own(self, key: Key) -> Key:
        """Where the faults of our own token are kept: they are not the other tenants'."""
        return (self._tenant, *key[1:]) if key[0] == "" else key

    def _call_key(self, source: Source, key: Key) -> Key:
        """What API Entreprise takes for identical calls, whatever the procedure."""
        return key if source.open else (self._tenant, *key[1:])

    def _at_hand(self, key: Key) -> Answer | None:
        now = self._epoch()
        kept = self.store.near(key)
        fault = self.store.near(self._own(key)).good(now)
        return kept.good(now) or (fault and self._or_stale(kept, fault))

    def _epoch(self) -> float:
        return self._now().timestamp()

    def _fly(self, question: _Question) -> None:
        try:
            answer = self._find(question)
        except BaseException as fault:
            telemetry.error("upstream.fault", source=question.source.name, kind=type(fault).__name__)
            self._land(question)
            with contextlib.suppress(InvalidStateError):
                question.flight.set_exception(fault)
            raise
        self._land(question)
        _settle(question.flight, answer)

    def _land(self, question: _Question) -> None:
        with self._lock:
            self._flights.pop(question.key, None)
            if self._queues.get(self._address(question)) is question.flight:
                del self._queues[self._address(question)]

    def _address(self, question: _Question) -> str:
        """Name what the upstream takes for the same call whatever its parameters: two at once are a conflict."""
        return question.source.path_for(question.key[2], self._now().year)

    def _find(self, question: _Question) -> Answer:
        """Look where all instances share, else ask, alone with the question."""
        source, key = question.source, question.key
        known = self._shared_answer(source, key)
        if known is not None:
            return known
        wait = self.breakers.wait(source.producer)
        if wait > 0:
            return self._or_stale(self.store.near(key), self._not_made(source, Cause.RESTING, wait))
        longest = 2 * (CONNECT_SECONDS + source.timeout) + CONFLICT_REST + 1
        alone = self.store.alone_with(self._call_key(source, key), patience=source.timeout, longest=longest)
        with alone as held:
            if not held:
                return self._or_stale(self.store.near(key), _failed(source, Cause.CONFLICT))
            return self._shared_answer(source, key) or self._ask_anew(question)

    def _shared_answer(self, source: Source, key: Key) -> Answer | None:
        known = self.store.far(source, key).good(self._epoch())
        if known is not None:
            telemetry.count("cache", source=source.name, result="stale" if known.stale else "shared")
        return known

    def _ask_anew(self, question: _Question) -> Answer:
        source, key = question.source, question.key
        telemetry.count("cache", source=source.name, result="miss")
        answer = self._call(question)
        if answer.cause is Cause.CONFLICT:
            self._sleep(CONFLICT_REST)
            answer = self._call(question)
        if _is_the_tokens(answer):
            self.store.put(source, self._own(key), answer)
            return self._or_stale(self.store.near(key), answer)
        return self._or_stale(self.store.put(source, key, answer), answer)

    def _or_stale(self, kept: Kept, answer: Answer) -> Answer:
        """Serve what the source said before, when it fails and the row allows it."""
        if answer.status not in (Status.UNAVAILABLE, Status.MISCONFIGURED):
            return answer
        stale = kept.stale(self._epoch())
        if stale is None:
            return answer
        telemetry.count("cache", source=stale.source, result="stale")
        return stale

    def _call(self, question: _Question) -> Answer:
        """Make one call if our token is not refused, and if the provider and the budget allow it."""
        source = question.source
        refusal = self._token_rest.refusal(self._clock())
        if refusal is not None:
            return replace(refusal, source=source.name, seconds=0.0)
        passage = self.breakers.enter(source.producer)
        if passage.wait > 0:
            return self._not_made(source, Cause.RESTING, passage.wait)
        grant = self.budgets.take(source, background=question.background)
        if not grant.granted:
            self.breakers.leave(passage)
            return self._not_made(source, Cause.THROTTLED, grant.wait)
        with self._nobody_waits_for(passage, question):
            began = self._clock()
            answer = replace(self._exchange(question, began), seconds=round(self._clock() - began, 3))
        self.breakers.record(source.producer, passage, answer)
        self._token_rest.learn(answer, self._clock())
        _tell(answer, grant.left)
        return answer

    @contextlib.contextmanager
    def _nobody_waits_for(self, passage: Passage, question: _Question) -> Iterator[None]:
        """Answer those who asked without a probe that gets no answer at once; it goes on for those to come."""
        if passage.probe is None:
            yield
            return
        timer = threading.Timer(PROBE_PATIENCE, self._answer_without, (question,))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _answer_without(self, question: _Question) -> None:
        source = question.source
        answer = self._not_made(source, Cause.RESTING, source.timeout)
        _settle(question.flight, self._or_stale(self.store.near(question.key), answer))

    def _not_made(self, source: Source, cause: Cause, wait: float) -> Answer:
        telemetry.count("refused_calls", source=source.name, reason=cause.value)
        return Answer(source.name, Status.UNAVAILABLE, cause=cause, retry_after=math.ceil(wait))

    def _exchange(self, question: _Question, began: float) -> Answer:
        source, number = question.source, question.key[2]
        try:
            with self._hands.session().get(
                self.connection.url + source.path_for(number, self._now().year),
                params={**self.connection.tracing, "object": question.object, **source.parameters},
                auth=Bearer(self.connection.token),
                timeout=(CONNECT_SECONDS, source.timeout),
                allow_redirects=False,
                stream=True,
                **self._hands.way(self.connection.url),
            ) as response:
                self._heed(source, response)
                return self._read(source, number, response, began + source.timeout)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            return _failed(source, Cause.TIMEOUT)
        except _Refused as refusal:
            return _failed(source, refusal.cause)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            return _failed(source, Cause.UNREACHABLE)

    def _heed(self, source: Source, response: requests.Response) -> None:
        refused = response.status_code == 429
        wait = _retry_after(response, {}, self._now()) if refused else None
        self.budgets.heed(source, response.headers, refused=refused, retry_after=wait)

    def _read(self, source: Source, number: str, response: requests.Response, end: float) -> Answer:
        if 300 <= response.status_code < 400:
            return _failed(source, Cause.REDIRECTED, response)
        body = self._body(response, LARGEST_BODY[source.kind], end)
        if response.status_code != 200:
            return self._refusal(source, response, body)
        data, meta = _payload(source, body)
        if not _is_about(source, data, meta, number):
            return _failed(source, Cause.UNREADABLE, response)
        if undisclosed(data) and source.open:
            return _of(source, response, Status.WITHHELD)
        shown = disclose(source, data)
        now = self._now().replace(microsecond=0)
        return _of(source, response, Status.OK, data=shown, meta=MappingProxyType(meta), retrieved_at=now)

    def _body(self, response: requests.Response, largest: int, end: float) -> bytes:
        """Read at most `largest` bytes, decoded, until `end` and no later."""
        body = bytearray()
        while True:
            left = end - self._clock()
            if left <= 0:
                raise _Refused(Cause.TIMEOUT)
            _hurry(response, left)
            chunk = response.raw.read1(CHUNK, decode_content=True)
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > largest:
                raise _Refused(Cause.TOO_LARGE)

    def _refusal(self, source: Source, response: requests.Response, body: bytes) -> Answer:
        error = _first_error(body)
        code = _code(error)
        status, cause = _meaning(response.status_code, code)
        wait = _retry_after(response, error, self._now())
        return _of(source, response, status, cause=cause, code=code, retry_after=wait)


def _settle(flight: Future[Answer], answer: Answer) -> None:
    """Give an answer to those who wait, unless they have one."""
    with contextlib.suppress(InvalidStateError):
        flight.set_result(answer)


def _landed(answer: Answer) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(answer)
    return future


def _is_the_tokens(answer: Answer) -> bool:
    """Tell what another tenant's token would not be answered."""
    return answer.status in (Status.MISCONFIGURED, Status.NOT_ENTITLED) or answer.cause is Cause.THROTTLED


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _hurry(response: requests.Response, left: float) -> None:
    """Let the next silence last no longer than what is left in all."""
    connection = response.raw.connection
    sock = getattr(connection, "sock", None)
    if sock is not None:
        sock.settimeout(max(left, 0.001))


def _payload(source: Source, body: bytes) -> tuple[Any, dict[str, Any]]:
    """Take `data` and `meta` from a body of the expected shape, or raise `_Refused`."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Refused(Cause.UNREADABLE) from error
    data = document.get("data") if isinstance(document, dict) else None
    meta = document.get("meta") if isinstance(document, dict) else None
    if source.rows:
        return _rows(data), meta if isinstance(meta, dict) else {}
    if not isinstance(data, dict) or not all(_fits(data, key, kind) for key, kind in source.shape.items()):
        raise _Refused(Cause.UNREADABLE)
    return data, meta if isinstance(meta, dict) else {}


def _fits(data: dict[str, Any], key: str, kind: type | tuple[type, ...]) -> bool:
    return isinstance(data.get(key), kind)


def _rows(data: Any) -> list[Any]:
    if not isinstance(data, list) or not all(
        isinstance(row, dict) and isinstance(row.get("data"), dict) for row in data
    ):
        raise _Refused(Cause.UNREADABLE)
    return [row["data"] for row in data]


def _is_about(source: Source, data: Any, meta: Mapping[str, Any], number: str) -> bool:
    """Tell whether the answer is about the company asked for, or says that it was redirected."""
    if not isinstance(data, dict):
        return True
    asked = meta.get("redirect_from_siret") or meta.get("redirect_from_siren")
    if isinstance(asked, str) and asked[:9] == number[:9]:
        return True
    unit = data.get("unite_legale")
    siren = unit.get("siren") if isinstance(unit, dict) else data.get("siren")
    own = data.get("siret")
    return siren in (None, number[:9]) and (not own or str(own).startswith(number))


def _first_error(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)["errors"][0]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    return error if isinstance(error, dict) else {}


def _code(error: Mapping[str, Any]) -> str | None:
    """Read the error's code, in a log that holds no sentence of others: five digits as they document it."""
    code = str(error.get("code") or "")
    return code if re.fullmatch(r"\w{1,8}", code, re.ASCII) else None


def _meaning(http_status: int, code: str | None) -> tuple[Status, Cause | None]:
    if http_status == 403 and code == WRONG_ADDRESS:
        return Status.MISCONFIGURED, None
    if http_status == 422 and code and code.startswith(RECIPIENT_FAULTS):
        return Status.MISCONFIGURED, None
    if http_status >= 500:
        return Status.UNAVAILABLE, Cause.PROVIDER
    return STATUSES.get(http_status, (Status.UNAVAILABLE, Cause.REJECTED))


def _retry_after(response: requests.Response, error: Mapping[str, Any], now: datetime) -> float | None:
    """Read in how many seconds to come back: a number, a date, or the error's own `retry_in`."""
    text = response.headers.get("Retry-After", "").strip()
    meta = error.get("meta")
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    wait = meta.get("retry_in") if isinstance(meta, dict) else None
    return float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 <= wait < 10**9 else None


def _failed(source: Source, cause: Cause, response: requests.Response | None = None) -> Answer:
    if response is None:
        return Answer(source.name, Status.UNAVAILABLE, cause=cause)
    return _of(source, response, Status.UNAVAILABLE, cause=cause)


def _of(source: Source, response: requests.Response, status: Status, **rest: Any) -> Answer:
    told = response.headers.get("X-Request-ID", "")
    request_id = told if re.fullmatch(r"[\w.:-]{1,100}", told, re.ASCII) else None
    return Answer(source.name, status, http_status=response.status_code, request_id=request_id, **rest)


def _tell(answer: Answer, left: int) -> None:
    telemetry.count("upstream_calls", source=answer.source, status=answer.status.value)
    telemetry.observe("upstream_seconds", answer.seconds, source=answer.source)
    tell = telemetry.error if answer.status is Status.MISCONFIGURED else telemetry.event
    tell(
        "upstream.call",
        source=answer.source,
        status=answer.status.value,
        cause=answer.cause and answer.cause.value,
        code=answer.code,
        http_status=answer.http_status,
        seconds=answer.seconds,
        budget_left=left,
        upstream_request_id=answer.request_id,
    )
