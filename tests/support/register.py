"""A register on loopback that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.company import Company
from prefill.domain.dates import PARIS
from tests.support.simulator import siren, siret

TOKEN = "a-token-that-nobody-may-read"
BUYER = "13002526500013"
VAT, ESTABLISHMENT, RCS = (CATALOGUE[name] for name in ("numero_tva", "etablissements", "extraits_rcs_infogreffe"))
TURNOVER = CATALOGUE["exercices"]
COMPANY = Company.unread(siret(siren(1)))
NOW = datetime(2026, 11, 23, 10, 0, 30, tzinfo=PARIS)

Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        self.server.reply(self)

    def say(self, status=200, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Register(ThreadingHTTPServer):
    """It answers as `reply` says, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.reply: Reply = vat_number
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: object) -> None:
        """A client that cuts the line is what some tests are about."""


def hang_up(handler: Handler) -> None:
    """Answer nothing and end the connection, so that the client knows at once."""
    handler.connection.shutdown(SHUT_RDWR)
    handler.close_connection = True


def vat_number(handler: Handler) -> None:
    handler.say(200, json.dumps({"data": {"numero_tva": "FR00"}, "links": {}, "meta": {}}).encode())


def saying(status=200, document=None, body=None, **headers) -> Reply:
    text = json.dumps(document).encode() if body is None else body
    return lambda handler: handler.say(status, text, **headers)
