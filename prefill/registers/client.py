"""The client of API Entreprise: whatever happens, the result of a call is an `Answer`.

A call passes the answer cache, the fair queue, single flight in this process, the token's back-off and the provider's
circuit breaker; then, in one round trip to Redis, the cache and the flights of other processes, its requester's limit
and the quota. Its answer is delivered before it is stored there. It is bounded in time (connection, silence, total) and in size,
follows no redirect and carries the three tracing parameters. Identical calls share one future, so that waiting takes
no thread. An answer that arrives after a caller's deadline still fills the cache; when a source fails, its last answer
may stand in for it. A call that is made before it is known whether it is of use (`Anticipation`) is held, unseen and
uncached, until somebody asks for it in the ordinary way, and is else forgotten.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import replace
from functools import partial

from prefill import telemetry
from prefill.clock import Clock
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.company import Company
from prefill.domain.requester import SERVICE, Anticipation, Requester
from prefill.domain.sources import Source
from prefill.registers.answer_cache import AnswerCache, CacheEntry, Flight, Key, spares_call
from prefill.registers.calls import Call, QuotaExhausted, completed, digest, is_about_token, log_call, set_result
from prefill.registers.circuit_breaker import CircuitBreakers, Permit
from prefill.registers.disclosure_limits import DisclosureLimits
from prefill.registers.observations import Observations
from prefill.registers.preconditions import Admitted, AnswerStored, CallPreconditions, CallUnderWay, TooManyCalls
from prefill.registers.quota import Ceilings, NotReserved, TokenQuota, group_of
from prefill.registers.scheduling.call_limits import CallLimits
from prefill.registers.scheduling.fair_queue import Lane, Task
from prefill.registers.scheduling.fairness import AMPLE_LIMITS, SHARE_OF_ADDRESS, Rank, ceilings_of
from prefill.registers.scheduling.watchdog import ThreadUnavailable
from prefill.registers.scheduling.workers import ProviderThreadPools
from prefill.registers.token_backoff import TokenBackoff
from prefill.registers.transport.api import FILES, ApiCaller
from prefill.registers.transport.decoding import failed_answer
from prefill.registers.transport.http import CONNECT_SECONDS, Connection

CONFLICT_DELAY = 1.0
POLL_SECONDS = 0.02  # while another process makes the same call
PROBE_PATIENCE = 0.4  # seconds that callers wait for a probe, half a second with the rest; it goes on without them


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
        call_limits: CallLimits | None = None,
        disclosure_limits: DisclosureLimits | None = None,
        tenant: str = "default",
    ) -> None:
        self.connection = connection
        self.cache = cache
        self.quota = quota
        self.breakers = breakers
        self.disclosure_limits = disclosure_limits or DisclosureLimits(cache.shared, clock=clock)
        self._preconditions = partial(
            CallPreconditions, cache=cache, call_limits=call_limits, disclosure_limits=self.disclosure_limits
        )
        self._thread_pools = thread_pools
        self._clock = clock
        self._tenant = tenant
        self._lock = threading.Lock()
        self._in_flight: dict[Key, Call] = {}
        self._last_by_name: dict[str, Future[Answer]] = {}
        self._token = digest(connection.token)
        self._owner = f"{tenant}@{connection.habilitation}"
        self.observations = Observations()
        self._api = ApiCaller(
            connection, thread_pools=thread_pools, clock=clock, quota=quota, observations=self.observations
        )
        self._token_backoff = TokenBackoff()

    def fetch(self, source: Source, company: Company) -> Answer:
        """Call and wait for the answer."""
        return self.submit(source, company).result()

    def submit(
        self,
        source: Source,
        company: Company,
        *,
        object: str | None = None,
        requester: Requester = SERVICE,
        patience: float = 0.0,
    ) -> Future[Answer]:
        """Call without waiting; the future always ends with an `Answer`.

        `object` is the caller's procedure, sent upstream in place of the tenant's own: what is protected is
        asked again for each procedure, since the upstream must see them all. A call that the quota holds back
        waits its turn for `patience` seconds.
        """
        number = source.identify(company)
        if number is None:
            return completed(Answer(source.name, Status.NOT_APPLICABLE))
        if requester.anticipation and not self._may_anticipate(source, company, requester, requester.anticipation):
            return completed(Answer(source.name, Status.LATE))
        object = object or self.connection.object
        key = self._key(source, number, object, apart=requester.apart)
        known = self._cached(key)
        if known is not None:
            telemetry.count("cache", source=source.name, result="stale" if known.stale else "hit")
            return completed(self.disclosure_limits.apply(source, number, known))
        return self._join(key, requester, patience) or self._start(source, key, object, requester, patience)

    def _join(self, key: Key, requester: Requester, patience: float) -> Future[Answer] | None:
        """Wait for a call that is in flight already."""
        call = self._in_flight.get(key)
        if call is None:
            return None
        if requester.anticipation:
            return call.future
        if not call.want():
            with self._lock:
                if self._in_flight.get(key) is call:
                    del self._in_flight[key]
            return None
        telemetry.count("cache", source=call.source.name, result="joined")
        counted = call.requester.anticipation is not None and call.requester.address == requester.address
        rank, score = self._thread_pools.history.record(requester, calls=0 if counted else 1)
        self._thread_pools.promote(call.task, rank, score, time.monotonic() + patience)
        return call.future

    def _start(self, source: Source, key: Key, object: str, requester: Requester, patience: float) -> Future[Answer]:
        call = Call(source, key, object, self._call_name(source, key), Future(), requester)
        rank, score = self._thread_pools.history.record(requester)
        lane = Lane(self._tenant, self.quota.name, group_of(source), source.producer)
        deadline = time.monotonic() + patience
        call.task = Task(lane, rank, score, deadline, partial(self._run, call), partial(self._refuse, call))
        with self._lock:
            other = self._in_flight.setdefault(key, call)
            before = self._last_by_name.get(call.name)
            if other is call:
                self._last_by_name[call.name] = call.future
        if other is not call:
            return self._join(key, requester, patience) or self._start(source, key, object, requester, patience)
        if before is None:
            self._thread_pools.submit(call.task)
        else:
            before.add_done_callback(lambda _: self._thread_pools.submit(call.task))
        return call.future

    def _may_anticipate(
        self, source: Source, company: Company, requester: Requester, anticipation: Anticipation
    ) -> bool:
        """Whether the quota is ample for a call that may be of no use, and nothing known says that it would be."""
        awaited = anticipation.awaited
        rank, _ = self._thread_pools.history.record(requester, calls=0)
        if self._token_backoff.refusal or not self.quota.admits(source, self._ceilings(source, rank, early=True)):
            return False
        if any(self.breakers.retry_after(producer) > 0 for producer in (source.producer, awaited.producer)):
            return False
        if source.names_people and self.disclosure_limits.of(company.siren or ""):
            return False
        last = self.cache_entry(awaited, company)[2].answer
        if last is None:
            return True
        return last.ok and source.applies(Company.read(last.data, today=self._clock.now().date())) is not False

    def has_fresh(self, source: Source, company: Company, requester: Requester) -> bool:
        """Whether this process holds an answer that is good today."""
        key = self._key(source, source.identify(company) or "", self.connection.object, apart=requester.apart)
        return spares_call(key, self.cache.get_local(key).fresh(self._epoch()), self._clock.now()) is not None

    def learn(self, source: Source, company: Company, answer: Answer, requester: Requester) -> None:
        """Keep, in this process, an answer that cost no call."""
        key = self._key(source, source.identify(company) or "", self.connection.object, apart=requester.apart)
        self.cache.put_local(key, answer)

    def is_cached(self, source: Source, company: Company, *, object: str | None = None) -> bool:
        """Whether the answer is cached or in flight, so that asking costs no call."""
        number = source.identify(company)
        if number is None:
            return False
        key = self._key(source, number, object or self.connection.object)
        return key in self._in_flight or self._cached(key) is not None

    def cache_entry(self, source: Source, company: Company) -> tuple[Key, object, CacheEntry]:
        """The key of an open source's answer about a company, and its entry in memory with its version."""
        key = self._key(source, source.identify(company) or "", self.connection.object)
        return key, *self.cache.get_versioned(key)

    def download(self, url: str, *, largest: int, patience: float) -> Answer:
        """Fetch a file that an answer names, whole, its bytes as `data`; the caller has checked the address."""
        reservation = self.quota.reserve(FILES)
        if not reservation.allowed:
            return self._not_made(FILES, Cause.THROTTLED, reservation.retry_after)
        return self._api.download(url, max_bytes=largest, seconds=patience)

    def close(self) -> None:
        """Take no more calls and wait for none."""
        self._thread_pools.close()

    def _key(self, source: Source, number: str, object: str, *, apart: bool = False) -> Key:
        """What is open is the same for all candidates, and a tenant's own for its agents: whose dossier is opened is
        nobody's business. What is protected is a tenant's own, under its habilitation, a procedure."""
        if source.open:
            return (f"{self._owner}/agents" if apart else "", source.name, number)
        return (f"{self._owner}/{digest(object)}", source.name, number)

    def _own(self, key: Key) -> Key:
        """Where the faults of our own habilitation are kept: they are not the other tenants'."""
        return (self._owner, *key[1:]) if key[0] == "" else key

    def _call_name(self, source: Source, key: Key) -> str:
        """What API Entreprise takes for the same call: the same token asking the same path, whatever the parameters.

        An open source is called once for all tenants, whatever their tokens.
        """
        path = source.path_for(key[2], self._clock.now().year)
        return path if source.open else f"{self._token}:{path}"

    def _cached(self, key: Key) -> Answer | None:
        now = self._epoch()
        kept = self.cache.get_local(key)
        fault = self.cache.get_local(self._own(key)).fresh(now)
        return spares_call(key, kept.fresh(now), self._clock.now()) or (fault and self._or_stale(kept, fault))

    def _epoch(self) -> float:
        return self._clock.now().timestamp()

    def _run(self, call: Call) -> float | None:
        """Make a call; return in how many seconds to try again when the quota holds it back."""
        try:
            answer = self._forget(call) if call.dropped else self._resolve(call)
        except QuotaExhausted as wait:
            return wait.retry_after
        except BaseException as fault:
            telemetry.error("upstream.fault", source=call.source.name, kind=type(fault).__name__)
            self._finish(call)
            with contextlib.suppress(InvalidStateError):
                call.future.set_exception(fault)
            raise
        if answer is not None:
            self._end(call, answer)
        return None

    def _end(self, call: Call, answer: Answer) -> None:
        self._finish(call)
        self._deliver(call, answer)

    def _refuse(self, call: Call, cause: Cause, retry_after: float) -> None:
        """Answer without a call: it had no turn, or no thread."""
        answer = self._or_stale(self.cache.get_local(call.key), self._not_made(call.source, cause, retry_after))
        self._end(call, answer)

    def _deliver(self, call: Call, answer: Answer) -> None:
        set_result(call.future, self.disclosure_limits.apply(call.source, call.number, answer))

    def _finish(self, call: Call) -> None:
        with self._lock:
            if self._in_flight.get(call.key) is call:
                del self._in_flight[call.key]
            if self._last_by_name.get(call.name) is call.future:
                del self._last_by_name[call.name]

    def _resolve(self, call: Call) -> Answer | None:
        """Look up the shared cache, else make the call, in single flight; None when its answer is held."""
        source = call.source
        max_seconds = 2 * (CONNECT_SECONDS + source.timeout) + CONFLICT_DELAY + 1
        with contextlib.ExitStack() as stack:
            flight = stack.enter_context(self.cache.flight(call.name, patience=source.timeout, max_seconds=max_seconds))
            if flight is None:
                return self._not_answered(call, failed_answer(source, Cause.CONFLICT))
            preconditions = self._preconditions(call, flight, now=self._epoch())
            admitted = self._known(call) or self._admit_in_turn(call, preconditions)
            if isinstance(admitted, Answer):
                return admitted
            answer = self._call_again_after_conflict(call, admitted, preconditions)
            if call.requester.anticipation:
                self._hold(call, answer, flight, stack.pop_all())
                return None
            return self._store(call, answer, flight)

    def _hold(self, call: Call, answer: Answer, flight: Flight, held: contextlib.ExitStack) -> None:
        """Keep the answer of a call made early, and its flight, until somebody asks for it or nobody will."""

        def decided() -> None:
            with held:
                kept = _forgotten(call) if call.dropped else self._store(call, answer, flight)
            self._end(call, kept)

        call.wanted.then(decided)

    def _known(self, call: Call) -> Answer | None:
        """What answers without a call, as far as this process knows; what others stored too, when it may not call."""
        source, key = call.source, call.key
        known, wait = self._fresh(call, self.cache.get_local(key)), self.breakers.retry_after(source.producer)
        if known is not None or (wait <= 0 and self._token_backoff.refusal is None):
            return known
        known = self._fresh(call, self.cache.get_shared(source, key))
        if known is None and wait > 0:
            return self._not_answered(call, self._not_made(source, Cause.CIRCUIT_OPEN, wait))
        return known

    def _fresh(self, call: Call, entry: CacheEntry) -> Answer | None:
        known = spares_call(call.key, entry.fresh(self._epoch()), self._clock.now())
        if known is not None:
            telemetry.count("cache", source=call.source.name, result="stale" if known.stale else "shared")
        return known

    def _not_answered(self, call: Call, answer: Answer) -> Answer:
        return self._or_stale(self.cache.get_local(call.key), answer)

    def _admit_in_turn(self, call: Call, preconditions: CallPreconditions) -> Admitted | Answer:
        """Admit a call, or say what answers in its place; wait while another process makes it."""
        until = time.monotonic() + call.source.timeout
        while time.monotonic() < until:
            try:
                return self._admit(call, preconditions)
            except AnswerStored:
                known = self._fresh(call, self.cache.get_local(call.key))
                if known is not None:
                    return known
            except CallUnderWay:
                time.sleep(POLL_SECONDS)
        return self._not_answered(call, failed_answer(call.source, Cause.CONFLICT))

    def _call_again_after_conflict(self, call: Call, admitted: Admitted, preconditions: CallPreconditions) -> Answer:
        telemetry.count("cache", source=call.source.name, result="miss")
        answer = self._call(call, admitted)
        if answer.cause is Cause.CONFLICT:
            self._clock.sleep(CONFLICT_DELAY)
            second = self._admit_in_turn(call, preconditions)
            answer = second if isinstance(second, Answer) else self._call(call, second)
        return answer

    def _store(self, call: Call, answer: Answer, flight: Flight) -> Answer:
        source, key = call.source, call.key
        self.disclosure_limits.learn(source, call.number, answer)
        if is_about_token(answer):
            self.cache.put(source, self._own(key), answer, flight)
            return self._not_answered(call, answer)
        return self._or_stale(self.cache.put(source, key, answer, flight), answer)

    def _or_stale(self, kept: CacheEntry, answer: Answer) -> Answer:
        """Serve what the source said before, when it fails and the row allows it."""
        if answer.status not in (Status.UNAVAILABLE, Status.MISCONFIGURED):
            return answer
        stale = kept.stale(self._epoch())
        if stale is None:
            return answer
        telemetry.count("cache", source=stale.source, result="stale")
        return stale

    def _admit(self, call: Call, preconditions: CallPreconditions) -> Admitted | Answer:
        """Admit a call by the token's back-off, the provider's breaker and the quota. Raise `NotReserved`.

        A call that nobody asked for yet is dropped when the quota is not ample.
        """
        source = call.source
        refusal = self._token_backoff.refusal
        if refusal and not self._token_backoff.admit(self._clock.monotonic()).allowed:
            return self._not_answered(call, replace(refusal, source=source.name, seconds=0.0))
        permit = self.breakers.acquire(source.producer)
        if not permit.allowed:
            return self._not_answered(call, self._not_made(source, Cause.CIRCUIT_OPEN, permit.retry_after))
        ceilings = self._ceilings(source, call.task.rank, early=call.early)
        try:
            reservation = self.quota.reserve(source, ceilings=ceilings, preconditions=preconditions)
        except TooManyCalls as refused:
            self.breakers.cancel(permit)
            return self._not_answered(call, self._not_made(source, Cause.THROTTLED, refused.retry_after))
        except NotReserved:
            self.breakers.cancel(permit)
            raise
        if reservation.allowed:
            return Admitted(permit, reservation)
        self.breakers.cancel(permit)
        return self._refused_by_quota(call, preconditions, reservation.retry_after)

    def _refused_by_quota(self, call: Call, preconditions: CallPreconditions, retry_after: float) -> Answer:
        """What answers a call that the quota refuses. Raise `QuotaExhausted` when it may wait."""
        known = None if preconditions.seen else self._fresh(call, self.cache.get_shared(call.source, call.key))
        if known is not None:
            return known
        if call.drop():
            return self._forget(call)
        if call.task.deadline > time.monotonic():
            raise QuotaExhausted(retry_after)
        return self._not_answered(call, self._not_made(call.source, Cause.THROTTLED, retry_after))

    def _call(self, call: Call, admitted: Admitted) -> Answer:
        """Make a call that is admitted."""
        source, permit = call.source, admitted.permit
        with self._detach_slow_probe(permit, call):
            began = self._clock.monotonic()
            answer = replace(
                self._api.call(source, call.number, call.object), seconds=round(self._clock.monotonic() - began, 3)
            )
        self.breakers.record(source.producer, permit, answer)
        self._token_backoff.record(answer, self._clock.monotonic())
        self.observations.record(answer)
        log_call(answer, admitted.reservation.remaining)
        return answer

    def _ceilings(self, source: Source, rank: Rank, *, early: bool) -> Ceilings:
        ample = self.quota.admits(source, AMPLE_LIMITS) and self.quota.keeps_to_share(source, SHARE_OF_ADDRESS)
        return ceilings_of(rank, early=early, ample=ample, shared=self.quota.shares_address)

    def _forget(self, call: Call) -> Answer:
        """End a call made early that did not leave: its requester is not held to have asked for it."""
        self._thread_pools.history.record(call.requester, calls=-1)
        return _forgotten(call)

    @contextlib.contextmanager
    def _detach_slow_probe(self, permit: Permit, call: Call) -> Iterator[None]:
        """Answer those who asked without a probe that gets no answer at once; it goes on for those to come."""
        if permit.probe is None:
            yield
            return
        alarm = None
        with contextlib.suppress(ThreadUnavailable):
            alarm = self._thread_pools.watchdog.schedule(PROBE_PATIENCE, partial(self._answer_without, call))
        try:
            yield
        finally:
            if alarm is not None:
                alarm.cancel()

    def _answer_without(self, call: Call) -> None:
        source = call.source
        answer = self._not_made(source, Cause.CIRCUIT_OPEN, source.timeout)
        self._deliver(call, self._or_stale(self.cache.get_local(call.key), answer))

    def _not_made(self, source: Source, cause: Cause, wait: float) -> Answer:
        telemetry.count("calls_skipped", source=source.name, reason=cause.value)
        return Answer(source.name, Status.UNAVAILABLE, cause=cause, retry_after=math.ceil(wait))


def _forgotten(call: Call) -> Answer:
    """What a dropped call ends with, which nobody waits for."""
    return Answer(call.source.name, Status.LATE)
