"""The real server against clients that say nothing, speak another protocol, or lose their main process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from prefill.app import build_context
from prefill.assembly import read_forms
from prefill.settings import Settings
from prefill.web.app import create_web

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
        try:
            wait_until(lambda: answers(port), seconds=60)
            yield process, port
        finally:  # also where it does not answer: leaving waits for its end
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


def receive(port: int, target: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 20) as line:
        line.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_health_is_answered_by_the_server_as_the_application_answers_and_no_other_file_is(server):
    _, port = server
    answer = receive(port, "/healthz")
    settings = Settings()
    told = create_web(build_context(settings, read_forms(settings))).test_client().get("/healthz")

    assert b"content-type: application/json" in answer
    assert b"x-request-id" not in answer  # the application has not seen it
    assert (b"%s" % json.dumps(told.json).encode()) in answer
    for target in (
        "/healthz/../../__init__.py",
        "/healthz/%2e%2e/%2e%2e/__init__.py",
        "/healthz/..%2f..%2f__init__.py",
    ):
        assert receive(port, target).startswith(b"HTTP/1.1 404 ")


STUCK = """
import ctypes, faulthandler, os, threading
from prefill.cli.commands.serve import end_when_useless
watched, watch = threading.Event(), faulthandler.dump_traceback_later
faulthandler.dump_traceback_later = lambda *args, **options: (watch(*args, **options), watched.set())
threading.Thread(target=end_when_useless, args=(os.getppid(), 1.0), daemon=True).start()
watched.wait()
ctypes.PyDLL(None).sleep(30)
"""


def test_a_process_whose_interpreter_stands_still_ends_and_shows_where():
    ended = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=25, check=False)

    assert ended.returncode == 1
    assert 'File "<string>", line 8' in ended.stderr


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
