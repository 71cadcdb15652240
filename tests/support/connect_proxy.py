"""An outgoing HTTP proxy on loopback: it opens tunnels (CONNECT), all to one port of this machine, whatever the name."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.support.http_server import Quiet, serving_handler


@dataclass
class Tunnels:
    """What the proxy was asked for: the authority and the credentials of each tunnel."""

    url: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@contextmanager
def connect_proxy(port: int) -> Iterator[Tunnels]:
    tunnels = Tunnels()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            tunnels.asked.append((self.path, self.headers.get("Proxy-Authorization")))
            with socket.create_connection(("127.0.0.1", port)) as target:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_pump, args=(target, self.connection), daemon=True)
                back.start()
                _pump(self.connection, target)
                back.join()
            self.close_connection = True

    with serving_handler(Handler) as url:
        tunnels.url = url
        yield tunnels


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Carry what comes until nothing comes any more."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
