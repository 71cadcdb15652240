"""The TLS context of calls, made once for all connections that trust the same authorities.

The library makes one for each connection: to read the authorities takes 14 ms of processor, twice as much as the rest of
a prefill, and their memory (0.7 MB) is held for as long as the connection is.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from urllib3.connection import HTTPSConnection
from urllib3.util.ssl_ import ALPN_PROTOCOLS, create_urllib3_context, resolve_cert_reqs

_making = threading.Lock()


def share_context(connection: HTTPSConnection) -> None:
    """Give a connection that is about to be opened the context of those that trust the same authorities.

    One that asks for anything else keeps its own: no verification, a certificate of the client, TLS to a proxy too.
    """
    proxied = connection.proxy is not None and connection.proxy.scheme == "https"
    verified = resolve_cert_reqs(connection.cert_reqs) == ssl.CERT_REQUIRED
    if proxied or not verified or connection.cert_file or connection.ssl_context:
        return
    authorities = [str(path) for path in (connection.ca_certs, connection.ca_cert_dir) if path]
    if not authorities:
        return
    with _making:  # many threads may ask for the first at once
        connection.ssl_context = _context(
            connection.ca_certs, connection.ca_cert_dir, tuple(Path(path).stat().st_mtime_ns for path in authorities)
        )
    connection.ca_certs = connection.ca_cert_dir = None  # they would be read again


@lru_cache(maxsize=4)
def _context(ca_certs: str | None, ca_cert_dir: str | None, _: tuple[int, ...]) -> ssl.SSLContext:
    """Make the context of authorities, as they were when last written."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(ca_certs, ca_cert_dir)
    context.set_alpn_protocols(ALPN_PROTOCOLS)
    # The library sets them again at each connection, while OpenSSL may read them for another thread's.
    context.set_alpn_protocols = _leave  # type: ignore[method-assign]
    return context


def _leave(alpn_protocols: Iterable[str]) -> None:
    """Change nothing of a context that threads share."""
