"""The real server against clients that say nothing, speak another protocol, or lose their main process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
HEAD_SECONDS = 10.0
SILENT = b""
HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHo"
THEN_IDLE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server():
    port = free_port()
    command = [sys.executable, "-m", "prefill", "serve", "--port", str(port)]
    environ = {name: value for name, value in os.environ.items() if name not in ("PORT", "WEB_CONCURRENCY")}
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: answers(port))
        yield process, port
        process.kill()


def wait_until(holds, seconds=20.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def seconds_open(port: int, data: bytes) -> float:
    """Send this and no more; give how long the server keeps the connection after its last byte."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.settimeout(40)
        began = time.monotonic()
        if data:
            line.sendall(data)
        try:
            while line.recv(4096):
                began = time.monotonic()
        except ConnectionResetError:
            pass
        return time.monotonic() - began


def test_silent_and_slow_clients_are_closed_and_http_2_is_not_spoken(server):
    _, port = server
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda data: seconds_open(port, data), (SILENT, HALF_A_HEAD, THEN_IDLE, HTTP_2)))

    assert max(kept[:3]) < HEAD_SECONDS + 5
    assert kept[3] < 2


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")
def test_a_killed_main_process_leaves_no_worker(server):
    process, port = server
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    try:
        # A process whose first thread has ended is dead for /proc while another still holds the port.
        wait_until(lambda: not any(map(lives, workers)) and not answers(port))
    finally:
        for worker in filter(lives, workers):
            os.kill(worker, signal.SIGKILL)

    assert workers
