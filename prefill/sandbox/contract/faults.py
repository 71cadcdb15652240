"""Faults on demand: statuses, broken bodies and broken connections, written `rcs=504`, `insee=slow:5`, `rcs=502@0.5`.

A fault is `NAME`, `NAME:ARGUMENT`, and with `@P` it strikes with that probability.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import cache

from prefill.sandbox.contract.published.errors import ApiError

JSON_API = "application/vnd.api+json; charset=utf-8"
FOREVER = 12 * 3600.0


class Delivery(Enum):
    """How a response travels."""

    WHOLE = auto()
    DRIP = auto()  # a few bytes at a time
    TRUNCATED = auto()  # half of what its length announces
    SILENT = auto()  # nothing, and the connection stays open
    RESET = auto()  # nothing, and the connection is closed


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, and how it is sent; `seconds` is how long a drip or a silence lasts."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON_API
    delivery: Delivery = Delivery.WHOLE
    seconds: float = 0.0
    delay: float = 0.0


SILENCE = Response(0, delivery=Delivery.SILENT, seconds=FOREVER)


class InvalidFaultError(ValueError):
    """A fault or a latency that cannot be read, with the sentence that says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, as it was written."""

    name: str
    argument: str = ""
    probability: float = 1.0

    @classmethod
    def read(cls, text: str) -> Fault:
        found = _FAULT.fullmatch(text)
        if found is None or not (found["name"].isdigit() or found["name"] in {**BROKEN, **PING_STATES}):
            raise InvalidFaultError(f"{text!r} is no fault: a status, or one of {', '.join(sorted(BROKEN))}")
        argument = found["argument"] or ""
        if found["name"] in NUMERIC and argument and not _NUMBER.fullmatch(argument):
            raise InvalidFaultError(f"{text!r}: {found['name']} takes a number")
        return cls(found["name"], argument, float(found["probability"] or 1))

    def strikes(self, chance: Callable[[], float] = random.random) -> bool:
        return self.probability >= 1 or chance() < self.probability

    def apply(self, response: Response) -> Response:
        """Break the response that would have been."""
        if self.name.isdigit():
            return self._refusal(response)
        return BROKEN.get(self.name, _unchanged)(response, self.argument)

    def _refusal(self, response: Response) -> Response:
        status = int(self.name)
        error = ApiError(status, f"01{self.name}", "Panne simulée", "Ce refus a été demandé au bac à sable.")
        headers = dict(response.headers)
        if status == 429 and self.argument != "none":
            headers["Retry-After"] = HTTP_DATE if self.argument == "date" else self.argument or "30"
        return Response(status, json.dumps(error.body()).encode(), headers)


_FAULT = re.compile(r"(?P<name>\d{3}|[a-z_]+)(:(?P<argument>[^@]+))?(@(?P<probability>0(\.\d+)?|1(\.0+)?|\.\d+))?")
_NUMBER = re.compile(r"\d+(\.\d+)?")
NUMERIC = frozenset({"timeout", "slow", "huge"})
HTTP_DATE = "Fri, 01 Jan 2100 00:00:00 GMT"


def _as_found(response: Response) -> bytes:
    """Give the body of a good answer, which a fault of the body breaks whatever the answer was."""
    return response.body or b'{"data": {}}'


def _unchanged(response: Response, _: str) -> Response:
    return response


def _timeout(_: Response, argument: str) -> Response:
    return replace(SILENCE, seconds=float(argument or FOREVER))


def _reset(_response: Response, _: str) -> Response:
    return Response(0, delivery=Delivery.RESET)


def _slow(response: Response, argument: str) -> Response:
    seconds = float(argument or 5)
    return Response(200, _as_found(response), response.headers, delivery=Delivery.DRIP, seconds=seconds)


def _partial(response: Response, _: str) -> Response:
    return Response(200, _as_found(response), response.headers, delivery=Delivery.TRUNCATED)


def _malformed(response: Response, _: str) -> Response:
    return Response(200, _as_found(response)[:-7])


def _html(_response: Response, _: str) -> Response:
    page = "<!doctype html><title>Maintenance</title><p>Le service revient bientôt.</p>"
    return Response(200, page.encode(), content_type="text/html; charset=utf-8")


def _content_type(response: Response, _: str) -> Response:
    return replace(response, content_type="text/plain; charset=utf-8")


def _empty(_response: Response, _: str) -> Response:
    return Response(200)


def _null(_response: Response, _: str) -> Response:
    return Response(200, b'{"data": null, "links": {}, "meta": {}}')


def _shape(_response: Response, _: str) -> Response:
    data = {
        "siret": 7, "siren": [], "adresse": "12 rue", "unite_legale": ["a", "b"], "date_creation": "avant-hier",
        "capital": "mille", "mandataires_sociaux": {"nom": 1}, "numero_tva": {}, "tva_number": 3,
    }  # fmt: skip
    return Response(200, json.dumps({"data": data, "links": 0, "meta": "x"}).encode())


def _huge(_response: Response, argument: str) -> Response:
    return Response(200, b'{"data": {"filler": "' + b"z" * int(float(argument or 50) * 1e6) + b'"}}')


def _gzip_bomb(_response: Response, _: str) -> Response:
    return Response(200, _bomb(), {"Content-Encoding": "gzip"})


@cache
def _bomb() -> bytes:
    """50 MB in 50 kB: a gzip stream may have several parts, and one is enough to be compressed."""
    return gzip.compress(b'{"data": "') + 50 * gzip.compress(b"0" * 1_000_000) + gzip.compress(b'"}')


def _redirect(_response: Response, _: str) -> Response:
    return Response(302, headers={"Location": "http://127.0.0.1:1/ailleurs"})


BROKEN: Mapping[str, Callable[[Response, str], Response]] = {
    "timeout": _timeout,
    "reset": _reset,
    "slow": _slow,
    "partial": _partial,
    "malformed": _malformed,
    "html": _html,
    "content_type": _content_type,
    "empty": _empty,
    "null": _null,
    "shape": _shape,
    "huge": _huge,
    "gzipbomb": _gzip_bomb,
    "redirect": _redirect,
}
# What `/ping/…` says under a fault of that name, and with what status; under any other fault, a bad gateway.
PING_STATES: Mapping[str, int] = {"maintenance": 200, "unknown": 200, "bad_gateway": 502}


class Faults:
    """The faults and latencies of the moment, by a part of the path; the first that matches counts."""

    def __init__(self, faults: Mapping[str, str], latencies: Mapping[str, float]) -> None:
        self._initial = (dict(faults), dict(latencies))
        self.reset()

    def reset(self) -> None:
        faults, latencies = self._initial
        self.replace(faults)
        self.delay(latencies)

    def replace(self, faults: Mapping[str, str]) -> None:
        """Replace all faults."""
        self._faults = {part: Fault.read(text) for part, text in faults.items()}
        self.written = dict(faults)

    def delay(self, latencies: Mapping[str, float]) -> None:
        """Replace all latencies, in milliseconds; that of the empty part is everybody else's."""
        self.latencies = {part: float(milliseconds) for part, milliseconds in latencies.items()}

    def on(self, path: str) -> Fault | None:
        return next((fault for part, fault in self._faults.items() if part in path), None)

    def latency(self, path: str) -> float:
        """Give the seconds that an answer about this path takes."""
        if not self.latencies:
            return 0.0
        chosen = (milliseconds for part, milliseconds in self.latencies.items() if part and part in path)
        return next(chosen, self.latencies.get("", 0.0)) / 1000


def read_latency(text: str) -> tuple[str, float]:
    """Read `MS` or `PART=MS`."""
    part, _, milliseconds = text.rpartition("=")
    if not _NUMBER.fullmatch(milliseconds):
        raise InvalidFaultError(f"{text!r} is no latency: MS or PART=MS, in milliseconds")
    return part, float(milliseconds)


def read_fault(text: str) -> tuple[str, str]:
    """Read `PART=FAULT`."""
    part, equals, fault = text.partition("=")
    if not equals:
        raise InvalidFaultError(f"{text!r} is no fault: PART=FAULT")
    Fault.read(fault)
    return part, fault
