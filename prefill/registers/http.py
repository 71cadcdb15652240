"""The HTTP side of a call: connection, credentials, time and size limits."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

import requests

from prefill.domain.answers import Answer, Cause
from prefill.domain.sources import Kind, Source
from prefill.registers.answer_cache import Key

CONNECT_SECONDS = 2.0
LARGEST_BODY = {Kind.JSON: 4 * 2**20, Kind.DOCUMENTS: 4 * 2**20}
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to ask, with whose token, and what to say of the reason."""

    url: str
    token: str = field(repr=False)
    recipient: str
    context: str
    object: str

    @property
    def tracing(self) -> dict[str, str]:
        return {"context": self.context, "object": self.object, "recipient": self.recipient}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, for which procedure, and where its answer is kept."""

    source: Source
    key: Key
    object: str
    background: bool
    flight: Future[Answer]


class Bearer(requests.auth.AuthBase):
    """Sign a request; given as `auth`, so that no netrc entry can replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no proof of who we are; given as `auth`, so that no netrc entry adds one."""
    return request


class FailedCall(Exception):
    """The body cannot be used, and why."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


def _hurry(response: requests.Response, left: float) -> None:
    """Let the next silence last no longer than what is left in all."""
    connection = response.raw.connection
    sock = getattr(connection, "sock", None)
    if sock is not None:
        sock.settimeout(max(left, 0.001))
