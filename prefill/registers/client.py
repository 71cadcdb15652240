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
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType

import requests
import urllib3

from prefill import telemetry
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.company import Company
from prefill.domain.disclosure import disclose, undisclosed
from prefill.domain.sources import DOWNLOADS, Kind, Source
from prefill.registers.answer_cache import Kept, Key, Store
from prefill.registers.circuit_breaker import CircuitBreakers, Permit
from prefill.registers.decoding import _code, _failed, _first_error, _is_about, _meaning, _of, _payload, _retry_after
from prefill.registers.http import (
    CHUNK,
    CONNECT_SECONDS,
    LARGEST_BODY,
    Bearer,
    Connection,
    FailedCall,
    _hurry,
    _Question,
    _unsigned,
)
from prefill.registers.quota import TokenQuota
from prefill.registers.token_backoff import TokenBackoff, _is_the_tokens
from prefill.registers.workers import ProviderThreadPools

CONFLICT_REST = 1.0
PROBE_PATIENCE = 0.5  # seconds that those who ask wait for a probe; then it goes on without them


# The files that answers name: no endpoint, but a budget of their own.
FILES = Source("downloads", "Documents", "API Entreprise", "", kind=Kind.DOCUMENTS, budget=DOWNLOADS)


class RegisterClient:
    """One tenant's door to the registers."""

    def __init__(
        self,
        connection: Connection,
        *,
        thread_pools: ProviderThreadPools,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        store: Store,
        budgets: TokenQuota,
        breakers: CircuitBreakers,
        sleep: Callable[[float], None],
        tenant: str = "default",
    ) -> None:
        self.connection = connection
        self.store = store
        self.budgets = budgets
        self.breakers = breakers
        self._hands = thread_pools
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._tenant = tenant
        self._lock = threading.Lock()
        self._flights: dict[Key, Future[Answer]] = {}
        self._queues: dict[str, Future[Answer]] = {}  # by address, the last call under way
        self._token_rest = TokenBackoff()

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
        except FailedCall as refusal:
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
    def _nobody_waits_for(self, passage: Permit, question: _Question) -> Iterator[None]:
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
        except FailedCall as refusal:
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
                raise FailedCall(Cause.TIMEOUT)
            _hurry(response, left)
            chunk = response.raw.read1(CHUNK, decode_content=True)
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > largest:
                raise FailedCall(Cause.TOO_LARGE)

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


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


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
