"""The HTTP side of a call: connection, credentials, and bounds of time and size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from prefill.domain.answers import Cause
from prefill.domain.sources import Kind
from prefill.settings import BY_RECIPIENT

CONNECT_SECONDS = 2.0
MAX_BODY = {Kind.JSON: 4 * 2**20, Kind.DOCUMENTS: 4 * 2**20}  # bytes
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Connection:
    """Where API Entreprise is, with which token it is called, and the tracing parameters it requires.

    `delegation` is for an editor's token, which acts under what each buyer delegated to the editor: the delegation's
    UUID, or `BY_RECIPIENT`. A buyer's own token has none.
    """

    url: str
    token: str = field(repr=False)
    recipient: str
    context: str
    object: str
    delegation: str | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """What every call carries: the tracing parameters, and the delegation when the recipient has several."""
        chosen = {"delegation_id": self.delegation} if self.delegation not in (None, BY_RECIPIENT) else {}
        return {"context": self.context, "object": self.object, "recipient": self.recipient, **chosen}

    @property
    def habilitation(self) -> str:
        """Identify, without revealing it, whose rights and quota the calls use: a token's, or one buyer's of many."""
        parts = [self.token] if self.delegation is None else [self.token, self.recipient, self.delegation]
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=6, person=b"budget").hexdigest()


class Bearer(requests.auth.AuthBase):
    """Bearer authentication; given as `auth`, so that no netrc entry can replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def environment_options(url: str) -> dict[str, Any]:
    """The `proxies` and the `verify` that the environment asks for at an address: HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE."""
    with requests.Session() as plain:
        merged = plain.merge_environment_settings(url, {}, None, None, None)
    return {name: merged[name] for name in ("proxies", "verify")}


def without_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No authentication; given as `auth`, so that no netrc entry adds one."""
    return request


class FailedCall(Exception):
    """The answer to a call cannot be used, and why."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


class BodyTooLarge(ValueError):
    """A body is larger than its reader allows."""


def read_bounded(response: requests.Response, *, max_bytes: int, deadline: float, clock: Callable[[], float]) -> bytes:
    """Read a streamed body, decoded, of at most `max_bytes`, until `deadline` on that clock.

    Raise `BodyTooLarge` or `TimeoutError`, or what reading raises (`urllib3.exceptions.HTTPError`, `OSError`).
    """
    body = bytearray()
    while True:
        seconds = deadline - clock()
        if seconds <= 0:
            raise TimeoutError
        _shrink_timeout(response, seconds)
        chunk = response.raw.read1(CHUNK, decode_content=True)
        if not chunk:
            return bytes(body)
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLarge


def _shrink_timeout(response: requests.Response, seconds: float) -> None:
    """Let the socket wait for the next bytes no longer than what is left in all."""
    sock = getattr(response.raw.connection, "sock", None)
    if sock is not None:
        sock.settimeout(max(seconds, 0.001))
