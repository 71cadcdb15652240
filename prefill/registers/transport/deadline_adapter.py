"""An HTTP adapter whose read timeout bounds the reception of all headers, and whose connections share their TLS context.

A timeout of `requests` bounds each silence only: a server that sends a byte now and then may go on for ever.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from functools import lru_cache
from typing import Any

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from prefill.registers.scheduling.watchdog import Watchdog
from prefill.registers.transport.tls_context import share_context


class ReadDeadline:
    """Shuts a connection when its time is over, and raises `TimeoutError` in its reader."""

    def __init__(self, connection: HTTPConnection, watchdog: Watchdog) -> None:
        self._connection = connection
        self._watchdog = watchdog
        self._late = False

    def __enter__(self) -> None:
        timeout: Any = self._connection.timeout
        self._alarm = self._watchdog.schedule(timeout or threading.TIMEOUT_MAX, self._shut)

    def __exit__(self, *_: object) -> None:
        self._alarm.cancel()
        if self._late:
            raise TimeoutError

    def _shut(self) -> None:
        self._late = True
        sock: socket.socket | None = self._connection.sock
        with contextlib.suppress(OSError):
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)


class DeadlineAdapter(requests.adapters.HTTPAdapter):
    """Its deadlines are kept by a watchdog."""

    def __init__(self, watchdog: Watchdog) -> None:
        self._pools = _pools_with(watchdog)
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


def mount_deadlines(session: requests.Session, watchdog: Watchdog) -> None:
    """Make the deadlines of a session's connections total ones."""
    adapter = DeadlineAdapter(watchdog)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)


@lru_cache(maxsize=8)  # a class takes kilobytes, and each thread that calls has a session
def _pools_with(watchdog: Watchdog) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools by scheme; urllib3 builds connections itself, so that only a class can carry the watchdog."""

    class Plain(HTTPConnection):
        def getresponse(self) -> HTTPResponse:  # type: ignore[override]
            with ReadDeadline(self, watchdog):
                return super().getresponse()

    class Encrypted(HTTPSConnection):
        def connect(self) -> None:
            share_context(self)
            super().connect()

        def getresponse(self) -> HTTPResponse:  # type: ignore[override]
            with ReadDeadline(self, watchdog):
                return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}
