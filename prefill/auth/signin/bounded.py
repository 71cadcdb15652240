"""An HTTP adapter that bounds the size and the total time of what identity providers send."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

TIMEOUT = (2.0, 3.0)  # seconds to connect, and between two bytes
TOTAL_TIMEOUT = 6.0  # seconds for a whole body
MAX_BYTES = 256 * 1024
CHUNK = 16 * 1024


class BoundedAdapter(HTTPAdapter):
    """Reads each body whole, within MAX_BYTES and TOTAL_TIMEOUT. Raises `requests.RequestException` beyond."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        return super().send(request, *args, **{**options, "stream": True, "timeout": TIMEOUT})

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        body, end = bytearray(), self._clock() + TOTAL_TIMEOUT
        while chunk := resp.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > MAX_BYTES:
                resp.close()
                raise requests.exceptions.ContentDecodingError("too_large")
            if self._clock() > end:
                resp.close()
                raise requests.exceptions.ReadTimeout("timeout")
        resp.release_conn()
        headers = {name: value for name, value in resp.headers.items() if name.lower() != "content-encoding"}
        whole = HTTPResponse(BytesIO(bytes(body)), headers, resp.status, reason=resp.reason, preload_content=False)
        return super().build_response(req, whole)


def mount(session: requests.Session) -> None:
    """Bound what this session receives, and let it follow no redirect with what it sends."""
    session.mount("https://", BoundedAdapter())
    session.mount("http://", BoundedAdapter())
    session.max_redirects = 0
