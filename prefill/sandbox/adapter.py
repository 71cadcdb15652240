"""A `requests` adapter that reaches the embedded sandbox without a socket."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING

import requests
import requests.adapters
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

from prefill.sandbox.model import URL

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


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
