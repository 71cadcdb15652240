"""One HTTP call to API Entreprise, or the download of a file that an answer names: the result is an `Answer`."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import requests
import urllib3

from prefill.clock import Clock
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.disclosure import disclose, undisclosed
from prefill.domain.sources import DOWNLOADS, Kind, Source
from prefill.registers.observations import Observations
from prefill.registers.quota import TokenQuota
from prefill.registers.scheduling.watchdog import ThreadUnavailable
from prefill.registers.scheduling.workers import ProviderThreadPools
from prefill.registers.transport.decoding import (
    answer_of,
    failed_answer,
    first_error,
    is_about,
    meaning_of_refusal,
    read_payload,
    read_retry_after,
    upstream_code,
)
from prefill.registers.transport.http import (
    CONNECT_SECONDS,
    MAX_BODY,
    Bearer,
    BodyTooLarge,
    Connection,
    FailedCall,
    read_bounded,
    without_credentials,
)

# The files that answers name: no endpoint, but a rate group of their own.
FILES = Source("downloads", "Documents", "API Entreprise", "", kind=Kind.DOCUMENTS, budget=DOWNLOADS)
NETWORK_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ThreadUnavailable)


class ApiCaller:
    """Makes calls with one tenant's connection, on the current thread; the quota learns from their headers."""

    def __init__(
        self,
        connection: Connection,
        *,
        thread_pools: ProviderThreadPools,
        clock: Clock,
        quota: TokenQuota,
        observations: Observations | None = None,
    ) -> None:
        self._connection = connection
        self._thread_pools = thread_pools
        self._clock = clock
        self._quota = quota
        self._observations = observations or Observations()

    def call(self, source: Source, number: str, object: str) -> Answer:
        """Call a source about a company."""
        return _as_answer(source, lambda: self._call(source, number, object))

    def download(self, url: str, *, max_bytes: int, seconds: float) -> Answer:
        """Fetch a file, whole, its bytes as `data`, without credentials: no token goes to a storage."""
        try:
            return _as_answer(FILES, lambda: self._download(url, max_bytes, seconds))
        except ValueError:  # an address that the library cannot read
            return failed_answer(FILES, Cause.UNREACHABLE)

    def _call(self, source: Source, number: str, object: str) -> Answer:
        deadline = self._clock.monotonic() + source.timeout
        with self._thread_pools.session().get(
            self._connection.url + source.path_for(number, self._clock.now().year),
            params={**self._connection.parameters, "object": object, **source.parameters},
            auth=Bearer(self._connection.token),
            timeout=(CONNECT_SECONDS, source.timeout),
            allow_redirects=False,
            stream=True,
            **self._thread_pools.transport_options(self._connection.url),
        ) as response:
            self._apply_headers(source, response)
            self._observations.record_date(response.headers.get("Date"), self._clock.now())
            return self._read(source, number, response, deadline)

    def _download(self, url: str, max_bytes: int, seconds: float) -> Answer:
        deadline = self._clock.monotonic() + seconds
        with self._thread_pools.session().get(
            url,
            auth=without_credentials,
            timeout=(CONNECT_SECONDS, seconds),
            allow_redirects=False,
            stream=True,
            headers={"Accept": "application/pdf, application/zip;q=0.9, */*;q=0.1"},
            **self._thread_pools.transport_options(url),
        ) as response:
            self._apply_headers(FILES, response)
            if 300 <= response.status_code < 400:
                return failed_answer(FILES, Cause.REDIRECTED, response)
            if response.status_code != 200:
                return failed_answer(FILES, Cause.PROVIDER, response)
            return answer_of(FILES, response, Status.OK, data=self._body(response, max_bytes, deadline))

    def _apply_headers(self, source: Source, response: requests.Response) -> None:
        refused = response.status_code == 429
        wait = read_retry_after(response, {}, self._clock.now()) if refused else None
        self._quota.apply_rate_limit_headers(source, response.headers, refused=refused, retry_after=wait)

    def _read(self, source: Source, number: str, response: requests.Response, deadline: float) -> Answer:
        if 300 <= response.status_code < 400:
            return failed_answer(source, Cause.REDIRECTED, response)
        body = self._body(response, MAX_BODY[source.kind], deadline)
        if response.status_code != 200:
            return self._refusal(source, response, body)
        data, meta = read_payload(source, body)
        if not is_about(source, data, meta, number):
            return failed_answer(source, Cause.OTHER_COMPANY, response)
        if undisclosed(data) and source.open:
            return answer_of(source, response, Status.WITHHELD)
        shown = disclose(source, data)
        now = self._clock.now().replace(microsecond=0)
        return answer_of(source, response, Status.OK, data=shown, meta=MappingProxyType(meta), retrieved_at=now)

    def _body(self, response: requests.Response, max_bytes: int, deadline: float) -> bytes:
        try:
            return read_bounded(response, max_bytes=max_bytes, deadline=deadline, clock=self._clock.monotonic)
        except BodyTooLarge as fault:
            raise FailedCall(Cause.TOO_LARGE) from fault
        except TimeoutError as fault:
            raise FailedCall(Cause.TIMEOUT) from fault

    def _refusal(self, source: Source, response: requests.Response, body: bytes) -> Answer:
        error = first_error(body)
        code = upstream_code(error)
        status, cause = meaning_of_refusal(source, response.status_code, code)
        wait = read_retry_after(response, error, self._clock.now())
        return answer_of(source, response, status, cause=cause, code=code, retry_after=wait)


def _as_answer(source: Source, call: Callable[[], Answer]) -> Answer:
    """Turn what may go wrong on the network into an answer."""
    try:
        return call()
    except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        return failed_answer(source, Cause.TIMEOUT)
    except FailedCall as refusal:
        return failed_answer(source, refusal.cause)
    except NETWORK_FAILURES:
        return failed_answer(source, Cause.UNREACHABLE)
