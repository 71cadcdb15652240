"""Hold silent connections to a server on loopback and ask /healthz all the while: silent_clients.py PORT [COUNT] [SECONDS].

Prints how many connections were still open at the end, and the 99th percentile of the answers.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress


async def stay_silent(port: int, end: float) -> bool:
    """Open a connection, say nothing; give whether it was still open at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.wait_for(reader.read(1), max(0.0, end - time.monotonic()))
    except TimeoutError:
        return True
    except OSError:
        return False
    finally:
        writer.close()
    return False


async def ask(port: int) -> float:
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return time.monotonic() - began


async def main(port: int, count: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    silent = [asyncio.create_task(stay_silent(port, end)) for _ in range(count)]
    times, failed = [], 0
    while time.monotonic() < end:
        await asyncio.sleep(0.05)
        try:
            times.append(await ask(port))
        except (OSError, TimeoutError):
            failed += 1
    left = 0
    for task in silent:
        with suppress(OSError):
            left += await task
    times.sort()
    p99 = times[int(len(times) * 0.99) - 1] if times else float("nan")
    print(
        f"{count} silent, {left} open after {seconds:.0f} s; {len(times)} answers, {failed} failed, p99 {1000 * p99:.0f} ms"
    )


if __name__ == "__main__":
    arguments = [*sys.argv[1:], "2000", "120"]
    asyncio.run(main(int(arguments[0]), int(arguments[1]), float(arguments[2])))
