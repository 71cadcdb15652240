"""One call to Recherche d'entreprises, bounded in time and size: whatever happens, its result is a `Reply`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from prefill.clock import Clock
from prefill.company_search.upstream.circuit_breaker import Outcome
from prefill.company_search.upstream.records import Page, UnreadableAnswer, read_page
from prefill.registers.scheduling.watchdog import ThreadUnavailable, Watchdog
from prefill.registers.transport.deadline_adapter import mount_deadlines
from prefill.registers.transport.decoding import read_retry_after
from prefill.registers.transport.http import BodyTooLarge, read_bounded, without_credentials

CONNECT_SECONDS = 1.5
MAX_BODY = 3 * 2**20  # bytes

_REFUSED = (ConnectionRefusedError,)
_RESET = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call brought: a page, or how it failed."""

    outcome: Outcome
    page: Page | None = None
    http_status: int | None = None
    retry_after: float | None = None
    seconds: float = 0.0


class SearchApi:
    """Makes calls on the current thread; sessions are kept for the next call, so that connections stay open.

    `open_session` names the client in `User-Agent`.
    """

    def __init__(
        self,
        url: str,
        *,
        open_session: Callable[[], requests.Session],
        transport_options: Callable[[str], Mapping[str, Any]],
        watchdog: Watchdog,
        clock: Clock,
    ) -> None:
        self.url = url
        self._open_session = open_session
        self._transport_options = transport_options
        self._watchdog = watchdog
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[requests.Session] = []

    def search(self, parameters: Mapping[str, str], *, seconds: float) -> Reply:
        """Ask /search with these parameters; the whole call takes at most `seconds`."""
        began = self._clock.monotonic()
        reply = self._try(parameters, began + seconds)
        took = round(self._clock.monotonic() - began, 3)
        return Reply(reply.outcome, reply.page, reply.http_status, reply.retry_after, took)

    def _try(self, parameters: Mapping[str, str], deadline: float) -> Reply:
        try:
            with self._session() as session:
                return self._call(session, parameters, deadline)
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
            return Reply(Outcome.FAILED)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ThreadUnavailable) as fault:
            return Reply(_outcome_of(fault))

    def _call(self, session: requests.Session, parameters: Mapping[str, str], deadline: float) -> Reply:
        left = max(0.01, deadline - self._clock.monotonic())
        with session.get(
            f"{self.url}/search",
            params=dict(parameters),
            auth=without_credentials,
            timeout=(min(CONNECT_SECONDS, left), left),
            allow_redirects=False,
            stream=True,
            **self._transport_options(self.url),
        ) as response:
            if response.status_code == 429:
                return Reply(Outcome.THROTTLED, None, 429, read_retry_after(response, {}, self._clock.now()))
            if response.status_code != 200:
                return Reply(Outcome.FAILED, None, response.status_code)
            return self._read(response, deadline)

    def _read(self, response: requests.Response, deadline: float) -> Reply:
        try:
            body = read_bounded(response, max_bytes=MAX_BODY, deadline=deadline, clock=self._clock.monotonic)
            return Reply(Outcome.ANSWERED, read_page(json.loads(body)), 200)
        except (BodyTooLarge, UnreadableAnswer, ValueError, RecursionError):
            return Reply(Outcome.FAILED, None, 200)

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """Lend a session that no other call uses."""
        with self._lock:
            session = self._idle.pop() if self._idle else None
        session = session or self._new_session()
        try:
            yield session
        finally:
            with self._lock:
                self._idle.append(session)

    def _new_session(self) -> requests.Session:
        session = self._open_session()
        session.trust_env = False  # `transport_options` does once per host what the library does at each call
        mount_deadlines(session, self._watchdog)
        session.headers["Accept"] = "application/json"
        return session


def _outcome_of(fault: BaseException) -> Outcome:
    """Find in a fault and in what caused it whether the connection was refused or closed."""
    waiting: list[object] = [fault]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if not isinstance(part, BaseException) or id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, _REFUSED):
            return Outcome.REFUSED
        if isinstance(part, _RESET):
            return Outcome.RESET
        waiting += [part.__cause__, part.__context__, getattr(part, "reason", None), *part.args]
    return Outcome.FAILED
