"""A receiver of webhooks on loopback, which verifies signatures as Standard Webhooks says to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from tests.support.http_server import Quiet, serving_handler

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


class Received:
    """What a receiver got: path, headers and body of each request; it answers with `statuses`, the last for ever."""

    def __init__(self, *statuses: int, **headers: str) -> None:
        self.statuses, self.headers = list(statuses), headers
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""

    def verified(self) -> list[bool]:
        """Hold each signature against the secret as Standard Webhooks says to."""
        return [self._verify(headers, body) for _, headers, body in self.requests]

    def _verify(self, headers: dict[str, str], body: bytes) -> bool:
        text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body.decode()}"
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
        return headers["webhook-signature"] == f"v1,{expected}"


@contextmanager
def receiver(received: Received, tls: ssl.SSLContext | None = None) -> Iterator[Received]:
    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.requests.append((self.path, {name.lower(): text for name, text in self.headers.items()}, body))
            status = received.statuses.pop(0) if len(received.statuses) > 1 else received.statuses[0]
            self.send_response(status)
            for name, text in received.headers.items():
                self.send_header(name.replace("_", "-"), text)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving_handler(Handler, tls) as url:
        received.url = f"{url}/suivi"
        yield received
