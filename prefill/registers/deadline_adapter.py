"""An HTTP adapter whose read timeout bounds the reception of all headers.

A timeout of `requests` bounds each silence only: a server that sends a byte now and then may go on for ever.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, ClassVar

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse


class _Plain(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with ReadDeadline(self):
            return super().getresponse()


class _Encrypted(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with ReadDeadline(self):
            return super().getresponse()


class ReadDeadline:
    """Shuts a connection when its time is over, and raises `TimeoutError` in its reader."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self._late = False
        timeout: Any = connection.timeout
        self._timer = threading.Timer(timeout or threading.TIMEOUT_MAX, self._shut)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._late:
            raise TimeoutError

    def _shut(self) -> None:
        self._late = True
        sock: socket.socket | None = self._connection.sock
        with contextlib.suppress(OSError):
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


class DeadlineAdapter(requests.adapters.HTTPAdapter):
    """Mounted on a session for `http://` and `https://`."""

    POOLS: ClassVar = {"http": _PlainPool, "https": _EncryptedPool}

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self.POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = self.POOLS
        return manager
