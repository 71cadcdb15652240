"""One call over a real connection: refused, closed, slow or endless, it ends in time with what it was."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from prefill.clock import Clock
from prefill.company_search.upstream.api import SearchApi
from prefill.company_search.upstream.circuit_breaker import Outcome
from prefill.registers.scheduling.watchdog import Watchdog
from tests.support.sandbox import free_port
from tests.support.search import USER_AGENT, named_session, no_options


def open_api(port: int) -> SearchApi:
    return SearchApi(
        f"http://127.0.0.1:{port}",
        open_session=named_session,
        transport_options=no_options,
        watchdog=Watchdog(),
        clock=Clock(),
    )


@contextmanager
def answering(*chunks: bytes, pause: float = 0.0) -> Iterator[tuple[SearchApi, list[bytes]]]:
    """Answer each connection with these bytes, then close it; give also what was received."""
    received: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                received.append(connection.recv(65536))
                try:
                    for chunk in chunks:
                        connection.sendall(chunk)
                        time.sleep(pause)
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield open_api(listener.getsockname()[1]), received
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(20)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


def test_a_refused_connection_is_told_from_a_failure():
    assert open_api(free_port()).search({"q": "mot"}, seconds=2).outcome is Outcome.REFUSED


def test_a_connection_closed_without_an_answer_too():
    with answering() as (api, _):
        assert api.search({"q": "mot"}, seconds=2).outcome is Outcome.RESET


def test_a_page_is_read_and_the_client_named():
    with answering(HEAD + b'\r\n{"results": [], "total_results": 0}') as (api, received):
        reply = api.search({"q": "mot à mot"}, seconds=2)
    assert (reply.outcome, reply.http_status) == (Outcome.ANSWERED, 200)
    assert reply.page is not None
    assert reply.page.total == 0
    assert b"GET /search?q=mot+%C3%A0+mot HTTP/1.1" in received[0]
    assert f"User-Agent: {USER_AGENT}".encode() in received[0]


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"results": [', b"\xff\xfe", b"<html>", b""])
def test_what_cannot_be_read_is_a_failure(body):
    with answering(HEAD + b"\r\n" + body) as (api, _):
        assert api.search({"q": "mot"}, seconds=2).outcome is Outcome.FAILED


def test_a_body_without_end_is_given_up():
    with answering(HEAD + b"\r\n", *[b" " * 2**20] * 10) as (api, _):
        assert api.search({"q": "mot"}, seconds=10).outcome is Outcome.FAILED


@pytest.mark.parametrize("start", [b"", HEAD, HEAD + b"\r\n"])
def test_a_drip_does_not_last_longer_than_the_call_may(start):
    with answering(start, *[b"X"] * 100, pause=0.1) as (api, _):
        reply = api.search({"q": "mot"}, seconds=0.5)
    assert reply.outcome is Outcome.FAILED
    assert reply.seconds < 5


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("0", 0.0), ("", None), ("soon", None)])
def test_a_429_says_how_long_to_wait_or_not(header, seconds):
    line = f"Retry-After: {header}\r\n".encode() if header else b""
    with answering(b"HTTP/1.1 429 Too Many\r\nConnection: close\r\n" + line + b"\r\n<html>") as (api, _):
        reply = api.search({"q": "mot"}, seconds=2)
    assert (reply.outcome, reply.retry_after) == (Outcome.THROTTLED, seconds)
