"""A real Redis on a free port of loopback, that a test may kill, freeze and start again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from prefill.redis_client import OptionalRedis

START_SECONDS = 20.0


class RedisServer:
    """One server, always empty when it starts; only its own process is ended."""

    def __init__(self, folder: Path) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            pytest.skip("redis-server is not installed")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder),
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                with self.client() as client:
                    client.ping()
            except redis.ConnectionError:
                time.sleep(0.02)
            else:
                return
        pytest.fail("redis-server does not start")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Answer nothing any more, and close nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port)


def settle(shared: OptionalRedis) -> None:
    """Wait until what nobody waits for is done."""
    end = time.monotonic() + START_SECONDS
    while shared.waiting:
        assert time.monotonic() < end, "what was to be done later is not done"
        time.sleep(0.002)


@pytest.fixture(scope="session")
def lasting_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for the session, for tests that leave it alive."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis_server(lasting_redis: RedisServer) -> RedisServer:
    """A server that holds nothing yet; not to be killed."""
    with lasting_redis.client() as client:
        client.flushall()
    return lasting_redis


@pytest.fixture
def mortal_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own, to be killed or frozen."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()
