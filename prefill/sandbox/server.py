"""The sandbox on a socket of loopback, with a control route.

A small HTTP/1.1 server on asyncio rather than a WSGI server: it must break connections, drip bodies and stay silent,
thousands at a time.

The control route, `/_sandbox/…`, is read with GET and changed with PUT and DELETE: a web page cannot send these
without a preflight request, which is not answered.
"""

from __future__ import annotations

import asyncio
import http
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.contract.cases import Case, InvalidCaseError, read_list
from prefill.sandbox.contract.faults import Delivery, InvalidFaultError, Response
from prefill.sandbox.contract.request import Request
from prefill.sandbox.contract.tokens import Delegation

CONTROL = "/_sandbox/"
MAX_HEAD = 64 * 1024
MAX_CONTROL_BODY = 64 * 1024 * 1024
DRIPS = 20
JSON = "application/json; charset=utf-8"
# A page of another site that resolves its own name to loopback sends that name.
LOOPBACK_HOST = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.IGNORECASE)


class SandboxServer:
    """Serves an `ApiEntreprise` over HTTP on loopback."""

    def __init__(self, api: ApiEntreprise) -> None:
        self._api = api
        self._control = Control(api)
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 is any free one. Raise `OSError` when it is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=MAX_HEAD, backlog=1024)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and cut the connections that are open."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while await self._exchange(reader, writer):
                    pass
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        except asyncio.CancelledError:
            writer.transport.abort()  # the server closes: what nobody has read is not waited for

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; say whether the connection may serve another."""
        head = _read_head(await reader.readuntil(b"\r\n\r\n"))
        if head is None:
            await _send(writer, Response(400, b"", content_type="text/plain"))
            return False
        method, target, headers = head
        length = int(headers.get("content-length") or 0)
        if length > MAX_CONTROL_BODY:
            return False
        body = await reader.readexactly(length)
        url = urlsplit(target)
        path = unquote(url.path)
        if path.startswith(CONTROL):
            await _send(writer, self._control.answer(method, path.removeprefix(CONTROL), headers, body))
            return True
        host = headers.get("host", "")
        request = Request(
            path=path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=headers,
            method=method,
            address=(writer.get_extra_info("peername") or ("unknown",))[0],
            base_url=f"http://{host}" if LOOPBACK_HOST.fullmatch(host) else self.url,
        )
        kept = await self._answer(request, writer)
        return kept and headers.get("connection", "").lower() != "close"

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        with self._api.receive(request) as exchange:
            await _wait(exchange.latency)
            response = exchange.respond()
            await _wait(response.delay)
            return await _deliver(writer, response)


def _read_head(raw: bytes) -> tuple[str, str, dict[str, str]] | None:
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    parts = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0")
    return (parts[0], parts[1], headers) if len(parts) == 3 and length.isascii() and length.isdigit() else None


async def _wait(seconds: float) -> None:
    if seconds:
        await asyncio.sleep(seconds)


async def _deliver(writer: asyncio.StreamWriter, response: Response) -> bool:
    """Send a response as it is to travel; say whether the connection survives."""
    if response.delivery is Delivery.SILENT:
        await asyncio.sleep(response.seconds)
        return False
    if response.delivery is Delivery.RESET:
        writer.transport.abort()
        return False
    if response.delivery is Delivery.TRUNCATED:
        writer.write(_head(response) + response.body[: len(response.body) // 2])
        await writer.drain()
        return False
    if response.delivery is Delivery.DRIP:
        await _drip(writer, response)
        return True
    await _send(writer, response)
    return True


async def _send(writer: asyncio.StreamWriter, response: Response) -> None:
    writer.write(_head(response) + response.body)
    await writer.drain()


async def _drip(writer: asyncio.StreamWriter, response: Response) -> None:
    writer.write(_head(response))
    step = max(1, -(-len(response.body) // DRIPS))
    for start in range(0, len(response.body), step):
        await asyncio.sleep(response.seconds / DRIPS)
        writer.write(response.body[start : start + step])
        await writer.drain()


def _head(response: Response) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status} {_reason(response.status)}",
        f"Content-Type: {response.content_type}",
        f"Content-Length: {len(response.body)}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _reason(status: int) -> str:
    return http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else "Status"


class Control:
    """Reads what the sandbox counted and changes what it does, while it runs.

    GET `/_sandbox/` gives calls, statuses, violations, faults and latencies, GET `/_sandbox/log` the last calls.
    PUT `faults`, `latency`, `cases` (added to the others), `delegations`. DELETE `/_sandbox/` resets everything.
    """

    def __init__(self, api: ApiEntreprise) -> None:
        self._api = api

    def answer(self, method: str, name: str, headers: Mapping[str, str], body: bytes) -> Response:
        if not LOOPBACK_HOST.fullmatch(headers.get("host", "")):
            return _problem(403, "The control route answers on a loopback address alone.")
        if (method, name) == ("GET", "log"):
            return _json(list(self._api.journal.log))
        if (method, name) == ("GET", "delegations"):
            return _json(self._api.delegations.members())
        if (method, name) == ("GET", ""):
            return _json(self._state())
        if (method, name) == ("DELETE", ""):
            self._api.reset()
            return _json(self._state())
        if method == "PUT" and name in _CHANGES:
            return self._change(name, body)
        return _problem(404, f"The control route has no {method} {CONTROL}{name}.")

    def _change(self, name: str, body: bytes) -> Response:
        try:
            _CHANGES[name](self._api, json.loads(body or b"null"))
        except (InvalidFaultError, InvalidCaseError) as error:
            return _problem(422, f"{error}.")
        except (TypeError, ValueError, AttributeError):
            return _problem(422, f"The body does not hold {name}: {_EXPECTED[name]}.")
        return _json(self._state())

    def _state(self) -> dict[str, Any]:
        faults = self._api.faults
        return {**self._api.journal.report(), "faults": faults.written, "latency": faults.latencies}


def _add_cases(api: ApiEntreprise, members: Any) -> None:
    api.cases.add([Case.read(member) for member in read_list(members)])


def _replace_delegations(api: ApiEntreprise, members: Any) -> None:
    api.delegations.replace([Delegation.read(member) for member in read_list(members)])


_CHANGES = {
    "faults": lambda api, faults: api.faults.replace(faults or {}),
    "latency": lambda api, latencies: api.faults.delay(latencies or {}),
    "cases": _add_cases,
    "delegations": _replace_delegations,
}
_EXPECTED = {
    "faults": 'an object such as {"rcs": "504"}',
    "latency": 'an object such as {"rcs": 800}, in milliseconds',
    "cases": "a list of cases",
    "delegations": "a list of delegations",
}


def _json(body: object, status: int = 200) -> Response:
    return Response(status, json.dumps(body, ensure_ascii=False).encode(), content_type=JSON)


def _problem(status: int, sentence: str) -> Response:
    return _json({"error": sentence}, status)


@contextmanager
def serve_in_thread(api: ApiEntreprise) -> Iterator[str]:
    """Serve on a free port until the end of the block, from a thread of this process; give the URL."""
    loop = asyncio.new_event_loop()
    server = SandboxServer(api)
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
