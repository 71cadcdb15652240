"""A small HTTP/1.1 client without a thread per connection, and a probe of `/healthz` in a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
PROBE_EVERY = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; a status of 0 is a connection that was refused or lost."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


LOST = Response(0, {}, b"")


async def get(port: int, path: str, headers: Mapping[str, str] | None = None, *, timeout: float = 60.0) -> Response:
    """Ask once, on a connection of its own."""
    try:
        return await asyncio.wait_for(_get(port, path, headers or {}), timeout)
    except (OSError, TimeoutError, ValueError, IndexError):
        return LOST


async def _get(port: int, path: str, headers: Mapping[str, str]) -> Response:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {HOST}",
            "Connection: close",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    first, *rest = head.decode("latin-1").split("\r\n")
    given = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    if given.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Response(int(first.split(" ")[1]), given, body)


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return whole


async def hold(port: int, data: bytes, until: float) -> bool:
    """Open a connection, send this and no more; give whether it was still open at that time."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(data)
        while await asyncio.wait_for(reader.read(4096), max(0.0, until - time.monotonic())):
            pass
    except TimeoutError:
        return True
    except OSError:
        return False
    finally:
        writer.close()
    return False


@dataclass(frozen=True, slots=True)
class Health:
    """What `/healthz` did meanwhile; times in milliseconds."""

    answers: int
    failed: int
    median: float
    p99: float
    slowest: float


class Probe:
    """Asks `/healthz` twenty times a second from another process, until it is stopped."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.hostile.client", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> Health:
        told, _ = self._process.communicate("\n", timeout=60)
        return Health(**json.loads(told))


async def _probe(port: int) -> None:
    loop = asyncio.get_running_loop()
    stopped = loop.run_in_executor(None, sys.stdin.readline)
    times: list[float] = []
    failed = 0
    while not stopped.done():
        began = time.monotonic()
        answer = await get(port, "/healthz", timeout=15.0)
        if answer.status == 200:
            times.append(1000 * (time.monotonic() - began))
        else:
            failed += 1
        await asyncio.sleep(PROBE_EVERY)
    times.sort()
    median, p99, slowest = (
        round(times[int(part * (len(times) - 1))], 1) if times else -1.0 for part in (0.5, 0.99, 1.0)
    )
    print(json.dumps({"answers": len(times), "failed": failed, "median": median, "p99": p99, "slowest": slowest}))


if __name__ == "__main__":
    asyncio.run(_probe(int(sys.argv[1])))
