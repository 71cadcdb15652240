"""The client of API Entreprise: whatever happens, the result of a call is an `Answer`.

A call passes the answer cache, single flight (in this process and across processes), the token's back-off, the
provider's circuit breaker and the quota. It is bounded in time (connection, silence, total) and in size, follows
no redirect and carries the three tracing parameters. Identical calls share one future, so that waiting takes no
thread. An answer that arrives after a caller's deadline still fills the cache; when a source fails, its last
answer may stand in for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import threading
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import requests
import urllib3

from prefill import telemetry
from prefill.clock import Clock
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.company import Company
from prefill.domain.dates import PARIS
from prefill.domain.disclosure import disclose, undisclosed
from prefill.domain.sources import DOWNLOADS, Kind, Source
from prefill.registers.answer_cache import AnswerCache, CacheEntry, Key
from prefill.registers.circuit_breaker import CircuitBreakers, Permit
from prefill.registers.decoding import _code, _failed, _first_error, _is_about, _meaning, _of, _payload, _retry_after
from prefill.registers.http import (
    CONNECT_SECONDS,
    MAX_BODY,
    Bearer,
    BodyTooLarge,
    Connection,
    FailedCall,
    read_bounded,
    without_credentials,
)
from prefill.registers.quota import TokenQuota
from prefill.registers.token_backoff import TokenBackoff
from prefill.registers.workers import ProviderThreadPools

CONFLICT_DELAY = 1.0
PROBE_PATIENCE = 0.5  # seconds that callers wait for a probe; it goes on without them


@dataclass(frozen=True, slots=True)
class _Question:
    """A call to make: of which source, for which procedure, and where its answer is stored."""

    source: Source
    key: Key
    object: str
    future: Future[Answer]


# The files that answers name: no endpoint, but a rate group of their own.
FILES = Source("downloads", "Documents", "API Entreprise", "", kind=Kind.DOCUMENTS, budget=DOWNLOADS)


class RegisterClient:
    """One tenant's access to the registers."""

    def __init__(
        self,
        connection: Connection,
        *,
        thread_pools: ProviderThreadPools,
        clock: Clock,
        cache: AnswerCache,
        quota: TokenQuota,
        breakers: CircuitBreakers,
        tenant: str = "default",
    ) -> None:
        self.connection = connection
        self.cache = cache
        self.quota = quota
        self.breakers = breakers
        self._thread_pools = thread_pools
        self._clock = clock
        self._tenant = tenant
        self._lock = threading.Lock()
        self._in_flight: dict[Key, Future[Answer]] = {}
        self._last_by_path: dict[str, Future[Answer]] = {}  # by address, the last call under way
        self._token_backoff = TokenBackoff()

    def fetch(self, source: Source, company: Company) -> Answer:
        """Call and wait for the answer."""
        return self.submit(source, company).result()

    def submit(self, source: Source, company: Company, *, object: str | None = None) -> Future[Answer]:
        """Call without waiting; the future always ends with an `Answer`.

        `object` is the caller's procedure, sent upstream in place of the tenant's own: what is protected is
        asked again for each procedure, since the upstream must see them all.
        """
        number = source.identify(company)
        if number is None:
            return completed(Answer(source.name, Status.NOT_APPLICABLE))
        object = object or self.connection.object
        key = self._key(source, number, object)
        known = self._cached(key)
        if known is not None:
            telemetry.count("cache", source=source.name, result="stale" if known.stale else "hit")
            return completed(known)
        with self._lock:
            flight = self._in_flight.get(key)
            if flight is not None:
                telemetry.count("cache", source=source.name, result="joined")
                return flight
            flight = self._in_flight[key] = Future()
            question = _Question(source, key, object, flight)
            before = self._last_by_path.get(self._address(question))
            self._last_by_path[self._address(question)] = flight
        start = partial(self._thread_pools.submit, source.producer, partial(self._run, question))
        if before is None:
            start()
        else:
            before.add_done_callback(lambda _: start())
        return flight

    def is_cached(self, source: Source, company: Company, *, object: str | None = None) -> bool:
        """Whether the answer is cached or in flight, so that asking costs no call."""
        number = source.identify(company)
        if number is None:
            return False
        key = self._key(source, number, object or self.connection.object)
        return key in self._in_flight or self._cached(key) is not None

    def cache_entry(self, source: Source, company: Company) -> tuple[Key, CacheEntry]:
        """The key of an open source's answer about a company, and its entry in memory."""
        key = self._key(source, source.identify(company) or "", self.connection.object)
        return key, self.cache.get_local(key)

    def download(self, url: str, *, largest: int, patience: float) -> Answer:
        """Fetch a file that an answer names, whole, its bytes as `data`; the address has been judged by the caller.

        Unsigned, since no token goes to a storage; otherwise as bounded as a call, and paid for as one.
        """
        reservation = self.quota.reserve(FILES)
        if not reservation.allowed:
            return self._not_made(FILES, Cause.THROTTLED, reservation.retry_after)
        end = self._clock.monotonic() + patience
        try:
            with self._thread_pools.session().get(
                url, auth=without_credentials, timeout=(CONNECT_SECONDS, patience), allow_redirects=False, stream=True,
                headers={"Accept": "application/pdf, application/zip;q=0.9, */*;q=0.1"}, **self._thread_pools.transport_options(url),
            ) as response:  # fmt: skip
                self._apply_headers(FILES, response)
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
        self._thread_pools.close()

    def _key(self, source: Source, number: str, object: str) -> Key:
        """What is open is the same for every tenant; what is protected is each one's own, for each procedure."""
        return ("" if source.open else f"{self._tenant}/{_digest(object)}", source.name, number)

    def _own(self, key: Key) -> Key:
        """Where the faults of our own token are kept: they are not the other tenants'."""
        return (self._tenant, *key[1:]) if key[0] == "" else key

    def _call_name(self, source: Source, key: Key) -> str:
        """What API Entreprise takes for identical calls, whatever the procedure."""
        return ":".join(key if source.open else (self._tenant, *key[1:]))

    def _cached(self, key: Key) -> Answer | None:
        now = self._epoch()
        kept = self.cache.get_local(key)
        fault = self.cache.get_local(self._own(key)).fresh(now)
        return self._of_today(key, kept.fresh(now)) or (fault and self._or_stale(kept, fault))

    def _of_today(self, key: Key, answer: Answer | None) -> Answer | None:
        """Leave an open answer of another day aside: its day, which candidates see, would tell that somebody asked."""
        if answer is None or key[0] or answer.stale or answer.retrieved_at is None:
            return answer
        same_day = answer.retrieved_at.astimezone(PARIS).date() == self._clock.now().astimezone(PARIS).date()
        return answer if same_day else None

    def _epoch(self) -> float:
        return self._clock.now().timestamp()

    def _run(self, question: _Question) -> None:
        try:
            answer = self._resolve(question)
        except BaseException as fault:
            telemetry.error("upstream.fault", source=question.source.name, kind=type(fault).__name__)
            self._finish(question)
            with contextlib.suppress(InvalidStateError):
                question.future.set_exception(fault)
            raise
        self._finish(question)
        _set_result(question.future, answer)

    def _finish(self, question: _Question) -> None:
        with self._lock:
            self._in_flight.pop(question.key, None)
            if self._last_by_path.get(self._address(question)) is question.future:
                del self._last_by_path[self._address(question)]

    def _address(self, question: _Question) -> str:
        """Name what the upstream takes for the same call whatever its parameters: two at once are a conflict."""
        return question.source.path_for(question.key[2], self._clock.now().year)

    def _resolve(self, question: _Question) -> Answer:
        """Look up the shared cache, else make the call, in single flight."""
        source, key = question.source, question.key
        known = self._shared_answer(source, key)
        if known is not None:
            return known
        wait = self.breakers.retry_after(source.producer)
        if wait > 0:
            return self._or_stale(self.cache.get_local(key), self._not_made(source, Cause.CIRCUIT_OPEN, wait))
        max_seconds = 2 * (CONNECT_SECONDS + source.timeout) + CONFLICT_DELAY + 1
        call = self._call_name(source, key)
        with self.cache.single_flight(call, patience=source.timeout, max_seconds=max_seconds) as admission:
            if not admission.allowed:
                return self._or_stale(self.cache.get_local(key), _failed(source, Cause.CONFLICT))
            return self._shared_answer(source, key) or self._call_and_store(question)

    def _shared_answer(self, source: Source, key: Key) -> Answer | None:
        known = self._of_today(key, self.cache.get_shared(source, key).fresh(self._epoch()))
        if known is not None:
            telemetry.count("cache", source=source.name, result="stale" if known.stale else "shared")
        return known

    def _call_and_store(self, question: _Question) -> Answer:
        source, key = question.source, question.key
        telemetry.count("cache", source=source.name, result="miss")
        answer = self._call(question)
        if answer.cause is Cause.CONFLICT:
            self._clock.sleep(CONFLICT_DELAY)
            answer = self._call(question)
        if is_about_token(answer):
            self.cache.put(source, self._own(key), answer)
            return self._or_stale(self.cache.get_local(key), answer)
        return self._or_stale(self.cache.put(source, key, answer), answer)

    def _or_stale(self, kept: CacheEntry, answer: Answer) -> Answer:
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
        refusal = self._token_backoff.refusal
        if refusal and not self._token_backoff.admit(self._clock.monotonic()).allowed:
            return replace(refusal, source=source.name, seconds=0.0)
        permit = self.breakers.acquire(source.producer)
        if not permit.allowed:
            return self._not_made(source, Cause.CIRCUIT_OPEN, permit.retry_after)
        reservation = self.quota.reserve(source)
        if not reservation.allowed:
            self.breakers.cancel(permit)
            return self._not_made(source, Cause.THROTTLED, reservation.retry_after)
        with self._detach_slow_probe(permit, question):
            began = self._clock.monotonic()
            answer = replace(self._exchange(question, began), seconds=round(self._clock.monotonic() - began, 3))
        self.breakers.record(source.producer, permit, answer)
        self._token_backoff.record(answer, self._clock.monotonic())
        _log_call(answer, reservation.remaining)
        return answer

    @contextlib.contextmanager
    def _detach_slow_probe(self, permit: Permit, question: _Question) -> Iterator[None]:
        """Answer those who asked without a probe that gets no answer at once; it goes on for those to come."""
        if permit.probe is None:
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
        answer = self._not_made(source, Cause.CIRCUIT_OPEN, source.timeout)
        _set_result(question.future, self._or_stale(self.cache.get_local(question.key), answer))

    def _not_made(self, source: Source, cause: Cause, wait: float) -> Answer:
        telemetry.count("calls_skipped", source=source.name, reason=cause.value)
        return Answer(source.name, Status.UNAVAILABLE, cause=cause, retry_after=math.ceil(wait))

    def _exchange(self, question: _Question, began: float) -> Answer:
        source, number = question.source, question.key[2]
        try:
            with self._thread_pools.session().get(
                self.connection.url + source.path_for(number, self._clock.now().year),
                params={**self.connection.tracing, "object": question.object, **source.parameters},
                auth=Bearer(self.connection.token),
                timeout=(CONNECT_SECONDS, source.timeout),
                allow_redirects=False,
                stream=True,
                **self._thread_pools.transport_options(self.connection.url),
            ) as response:
                self._apply_headers(source, response)
                return self._read(source, number, response, began + source.timeout)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            return _failed(source, Cause.TIMEOUT)
        except FailedCall as refusal:
            return _failed(source, refusal.cause)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            return _failed(source, Cause.UNREACHABLE)

    def _apply_headers(self, source: Source, response: requests.Response) -> None:
        refused = response.status_code == 429
        wait = _retry_after(response, {}, self._clock.now()) if refused else None
        self.quota.apply_rate_limit_headers(source, response.headers, refused=refused, retry_after=wait)

    def _read(self, source: Source, number: str, response: requests.Response, end: float) -> Answer:
        if 300 <= response.status_code < 400:
            return _failed(source, Cause.REDIRECTED, response)
        body = self._body(response, MAX_BODY[source.kind], end)
        if response.status_code != 200:
            return self._refusal(source, response, body)
        data, meta = _payload(source, body)
        if not _is_about(source, data, meta, number):
            return _failed(source, Cause.UNREADABLE, response)
        if undisclosed(data) and source.open:
            return _of(source, response, Status.WITHHELD)
        shown = disclose(source, data)
        now = self._clock.now().replace(microsecond=0)
        return _of(source, response, Status.OK, data=shown, meta=MappingProxyType(meta), retrieved_at=now)

    def _body(self, response: requests.Response, max_bytes: int, deadline: float) -> bytes:
        try:
            return read_bounded(response, max_bytes=max_bytes, deadline=deadline, clock=self._clock.monotonic)
        except BodyTooLarge as fault:
            raise FailedCall(Cause.TOO_LARGE) from fault
        except TimeoutError as fault:
            raise FailedCall(Cause.TIMEOUT) from fault

    def _refusal(self, source: Source, response: requests.Response, body: bytes) -> Answer:
        error = _first_error(body)
        code = _code(error)
        status, cause = _meaning(response.status_code, code)
        wait = _retry_after(response, error, self._clock.now())
        return _of(source, response, status, cause=cause, code=code, retry_after=wait)


def _set_result(flight: Future[Answer], answer: Answer) -> None:
    """Give an answer to those who wait, unless they have one."""
    with contextlib.suppress(InvalidStateError):
        flight.set_result(answer)


def completed(answer: Answer) -> Future[Answer]:
    future: Future[Answer] = Future()
    future.set_result(answer)
    return future


def is_about_token(answer: Answer) -> bool:
    """Whether another tenant's token might be answered otherwise."""
    return answer.status in (Status.MISCONFIGURED, Status.NOT_ENTITLED) or answer.cause is Cause.THROTTLED


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _log_call(answer: Answer, left: int) -> None:
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
