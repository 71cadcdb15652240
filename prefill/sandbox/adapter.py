"""A `requests` adapter that reaches an embedded sandbox without a socket."""

from __future__ import annotations

import http
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
import requests.adapters
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse

from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.contract.faults import Delivery, Response
from prefill.sandbox.contract.request import Request
from prefill.sandbox.model import URL


class SandboxAdapter(requests.adapters.BaseAdapter):
    """Carries a session's requests to a sandbox, and its answers back as a socket would bring them.

    A read timeout is found out afterwards: an answer that took longer is lost. A silence is a timeout at once.
    """

    def __init__(
        self,
        api: ApiEntreprise,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._api = api
        self._sleep = sleep
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
        """Ask the sandbox; a body is read from memory, whatever `stream` says."""
        began = self._clock()
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        response = self._exchange(request)
        if response.delivery is Delivery.RESET:
            closed = ConnectionResetError("The sandbox closed the connection.")
            raise requests.ConnectionError(closed, request=request)
        late = patience is not None and self._clock() - began > patience
        if late or response.delivery is Delivery.SILENT:
            raise requests.ReadTimeout(f"The sandbox took more than {patience} seconds.", request=request)
        return _response(request, _raw(request, response))

    def _exchange(self, request: requests.PreparedRequest) -> Response:
        with self._api.receive(_request(request)) as exchange:
            self._wait(exchange.latency)
            response = exchange.respond()
            drip = response.seconds if response.delivery is Delivery.DRIP else 0.0
            self._wait(response.delay + drip)
            return response

    def _wait(self, seconds: float) -> None:
        if seconds:
            self._sleep(seconds)

    def close(self) -> None:
        """Close nothing: there is no connection."""


def _request(request: requests.PreparedRequest) -> Request:
    url = urlsplit(request.url or "/")
    return Request(
        path=unquote(url.path),
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        method=request.method or "GET",
    )


def _raw(request: requests.PreparedRequest, response: Response) -> HTTPResponse:
    sent = len(response.body) // 2 if response.delivery is Delivery.TRUNCATED else len(response.body)
    headers = {**response.headers, "Content-Type": response.content_type, "Content-Length": str(len(response.body))}
    known = http.HTTPStatus._value2member_map_
    return HTTPResponse(
        BytesIO(response.body[:sent]),
        headers=HTTPHeaderDict(headers),
        status=response.status,
        reason=http.HTTPStatus(response.status).phrase if response.status in known else "",
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
