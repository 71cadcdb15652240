"""Hostile ESPD documents: how long each takes, and how much memory. Every one is to be refused.

    .venv/bin/python -m tools.hostile_xml [CASE …]

Each case runs in a process of its own, so that its peak of memory is its own, and goes through the service's own door
(`POST /v1/espd`). Prints a JSON line a case; exits with 1 when one is accepted, or goes over `SECONDS` or `MEBIBYTES`.
"""

from __future__ import annotations

import io
import json
import logging
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import click
from werkzeug.test import create_environ, run_wsgi_app

from prefill.espd.elements import CAC, CBC, REQUEST

SECONDS, MEBIBYTES = 2.0, 100.0
PATH = "/v1/espd?siret=00000100800010"
HEAD = f'<QualificationApplicationRequest xmlns="{REQUEST}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">'
END = "</QualificationApplicationRequest>"
SIZE = 50 * 2**20
QUESTION = "<cac:TenderingCriterionProperty><cbc:ID>q</cbc:ID></cac:TenderingCriterionProperty>"
REPEATED = (
    "<cbc:ProfileExecutionID>ESPD-EDMv4.1.0</cbc:ProfileExecutionID><cac:TenderingCriterion><cbc:ID>c</cbc:ID>"
    f"<cac:TenderingCriterionPropertyGroup><cbc:ID>g</cbc:ID>{QUESTION * 2}</cac:TenderingCriterionPropertyGroup>"
    "</cac:TenderingCriterion>"
)
ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "{}">]><a>&x;</a>'
MEASURE = "import sys; from tools.hostile_xml import measure; print(measure(sys.argv[1]))"


class Endless(io.RawIOBase):
    """A body of 50 MB that is held nowhere; `taken` counts the bytes that were read."""

    def __init__(self, piece: bytes) -> None:
        self._piece, self.taken = piece, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), SIZE - self.taken)
        buffer[:count] = (self._piece * (count // len(self._piece) + 1))[:count]
        self.taken += count
        return count


def laughs() -> str:
    entities = "".join(f'<!ENTITY l{rank} "{f"&l{rank - 1};" * 10}">' for rank in range(1, 10))
    return f'<!DOCTYPE a [<!ENTITY l0 "lol">{entities}]><a>&l9;</a>'


def inside(text: str) -> str:
    return f"{HEAD}{text}{END}"


CASES: dict[str, Callable[[], str]] = {
    "xxe-file": lambda: ENTITY.format("file:///etc/passwd"),
    "xxe-network": lambda: ENTITY.format("http://127.0.0.1:{port}/x"),
    "xxe-parameter": lambda: '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:{port}/x"> %x;]><a/>',
    "xxe-dtd": lambda: '<!DOCTYPE a SYSTEM "http://127.0.0.1:{port}/x.dtd"><a/>',
    "billion-laughs": laughs,
    "quadratic-blowup": lambda: f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 50_000}</a>',
    "depth-10000": lambda: inside("<a>" * 10_000 + "</a>" * 10_000),
    "depth-1000000": lambda: inside("<a>" * 1_000_000),
    "elements-1000000": lambda: inside("<a/>" * 1_000_000),
    "attributes-300000": lambda: "<a " + " ".join(f"a{rank}=''" for rank in range(300_000)) + "/>",
    "text-5-mb": lambda: f"<a>{'x' * (5 * 2**20 - 100)}</a>",
    "wrong-namespace": lambda: '<QualificationApplicationRequest xmlns="urn:other"/>',
    "no-namespace": lambda: "<QualificationApplicationRequest/>",
    "html": lambda: "<html><body/></html>",
    "broken-identifiers": lambda: inside("<cbc:ProfileExecutionID>ESPD-EDMv4.1.0</cbc:ProfileExecutionID>"),
    "repeated-identifiers": lambda: inside(REPEATED),
    "utf-16": lambda: "\ufeff<a/>",
}
BODIES = {"50-mb-declared": b" ", "50-mb-undeclared": b"<a/>", "50-mb-of-text": b"x"}
NAMES = (*CASES, *BODIES)


def measure(name: str) -> str:
    """Post one case. Give its figures as JSON: status, code, seconds, MiB above what the service weighs at rest."""
    logging.disable(logging.CRITICAL)
    from prefill.app import create_app
    from prefill.settings import Settings

    app = create_app(Settings(rate_limit=0))
    app.test_client().post(PATH, data=b"<a/>")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        stream, length, taken = _body(name, server.getsockname()[1])
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        body, status, _ = run_wsgi_app(app, _environ(stream, length))
        code = json.loads(b"".join(body)).get("code")
        seconds = time.perf_counter() - began
        peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        reached = _was_reached(server)
    figures = {"case": name, "status": int(status.split()[0]), "code": code}
    return json.dumps(
        {**figures, "seconds": round(seconds, 3), "mebibytes": round(peak, 1), "read": taken(), "reached": reached}
    )


def _environ(stream: io.RawIOBase | io.BytesIO, length: int | None) -> dict[str, Any]:
    """Describe the request as a server does: a body whose length is not declared comes in chunks."""
    environ: dict[str, Any] = create_environ(PATH, method="POST", content_type="application/xml")
    declared = {"CONTENT_LENGTH": str(length)} if length is not None else {"wsgi.input_terminated": True}
    return {**environ, "wsgi.input": stream, **declared}


def _body(name: str, port: int) -> tuple[io.RawIOBase | io.BytesIO, int | None, Callable[[], int]]:
    if name in BODIES:
        endless = Endless(BODIES[name])
        return endless, SIZE if name.endswith("-declared") else None, lambda: endless.taken
    text = CASES[name]().replace("{port}", str(port))
    document = text.encode("utf-16" if name == "utf-16" else "utf-8")
    return io.BytesIO(document), len(document), lambda: len(document)


def _was_reached(server: socket.socket) -> bool:
    """Tell whether a document made the service connect to an address of its own."""
    try:
        server.accept()
    except BlockingIOError:
        return False
    return True


def run(names: tuple[str, ...]) -> Iterator[dict[str, object]]:
    for name in names:
        command = [sys.executable, "-c", MEASURE, name]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        yield json.loads(done.stdout.splitlines()[-1])


def is_held(figures: dict[str, object]) -> bool:
    """Tell whether a case was refused with a problem of ours, within memory, nothing reached."""
    refused = figures["status"] in (400, 413, 422) and bool(figures["code"])
    return refused and float(str(figures["mebibytes"])) <= MEBIBYTES and not figures["reached"]


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
def main(*, names: tuple[str, ...]) -> None:
    held = True
    for figures in run(names or NAMES):
        held = held and is_held(figures) and float(str(figures["seconds"])) <= SECONDS
        click.echo(json.dumps(figures))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
