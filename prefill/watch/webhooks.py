"""Sends changes to a receiver over HTTPS, signed as Standard Webhooks says: HMAC-SHA256 over identity, time and body.

The receiver's address is the operator's. Nothing is followed, and of a response only its status is read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import random
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3

from prefill.addresses import BadValue, read_web_address
from prefill.clock import Clock
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.identifiers import holds_number
from prefill.registers.transport.decoding import read_wait
from prefill.watch.awards import Award
from prefill.watch.changes import Change
from prefill.watch.connections import Connections, ReceiverRefused, Resolve, resolve
from prefill.watch.files import word
from prefill.watch.schedule import Observation

PREFIX = "whsec_"
MIN_SECRET, MAX_SECRET = 24, 64  # bytes
ATTEMPTS = 4
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds
TIMEOUT = urllib3.Timeout(connect=3.0, read=10.0)
TOTAL_TIMEOUT = 20.0  # seconds for one attempt: a receiver that drips must not hold the run
TRIED_AGAIN = frozenset({408, 425, 429})


def read_secret(text: str) -> bytes:
    """Read a secret as Standard Webhooks writes it. Raises `ReceiverRefused`, which never quotes it."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(PREFIX) or not MIN_SECRET <= len(secret) <= MAX_SECRET:
        raise ReceiverRefused(f"Le secret attend « {PREFIX} » et {MIN_SECRET} à {MAX_SECRET} octets en base64.")
    return secret


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign a message.

    >>> secret = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()}"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where changes are sent. `private` says that it may be in a private network, and on this machine without TLS."""

    url: str
    secret: bytes = field(repr=False)
    user_agent: str
    private: bool = False

    def __post_init__(self) -> None:
        try:
            read_web_address(self.url)
        except BadValue as fault:
            raise ReceiverRefused(f"--webhook {fault}.") from fault
        if holds_number(self.url):
            raise ReceiverRefused(
                "--webhook ne doit contenir aucun numéro d'entreprise : les adresses sont journalisées."
            )
        if self.url.startswith("http:") and not self.private:
            raise ReceiverRefused("--webhook doit commencer par https:// (ou --webhook-private, vers cette machine).")


class Webhook:
    """Sends to one receiver, again while it may help, each time a little later.

    `options` are the `proxies` and the `verify` of the environment.
    """

    def __init__(
        self,
        receiver: Receiver,
        clock: Clock,
        *,
        resolve: Resolve = resolve,
        options: Mapping[str, Any] | None = None,
        sandbox: bool = False,
        seconds: float = TOTAL_TIMEOUT,
    ) -> None:
        self._seconds = seconds
        self._receiver = receiver
        self._clock = clock
        self._connections = Connections(receiver.url, receiver.private, resolve, options or {})
        self._sandbox = sandbox
        self._jitter = random.SystemRandom()

    def send(self, award: Award, change: Change) -> str | None:
        """Send a change; return why the receiver did not take it, in French, without its address."""
        body = json.dumps(self._payload(award, change), ensure_ascii=False, separators=(",", ":")).encode()
        fault = ""
        for attempt in range(ATTEMPTS):
            try:
                status, wait = self._post_in_time(change.id, body)
            except ReceiverRefused as refusal:
                return str(refusal)
            except (urllib3.exceptions.HTTPError, OSError, UnicodeError) as error:
                status, wait, fault = 0, 0.0, f"le récepteur ne répond pas ({type(error).__name__})"
            else:
                fault = f"le récepteur répond {status}"
            if 200 <= status < 300:
                return None
            if 0 < status < 500 and status not in TRIED_AGAIN:
                break
            if attempt + 1 < ATTEMPTS:
                self._clock.sleep(max(wait, self._jitter.uniform(0.5, 1.0) * FIRST_WAIT * 2**attempt))
        return fault

    def _post_in_time(self, message_id: str, body: bytes) -> tuple[int, float]:
        """Post in a thread that is left behind when the receiver takes too long. Raises `TimeoutError`."""
        done: Future[tuple[int, float]] = Future()

        def run() -> None:
            try:
                done.set_result(self._post(message_id, body))
            except Exception as fault:  # noqa: BLE001 - raised again where it is awaited
                done.set_exception(fault)

        threading.Thread(target=run, daemon=True).start()
        return done.result(timeout=self._seconds)

    def _post(self, message_id: str, body: bytes) -> tuple[int, float]:
        """Return the status, and how long the receiver asks to wait."""
        timestamp = int(self._clock.timestamp())
        parts = urlsplit(self._receiver.url)
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "User-Agent": self._receiver.user_agent,
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._receiver.secret, message_id, timestamp, body),
        }
        with self._connections.open() as pool:
            response = pool.urlopen(
                "POST", parts.path or "/", body=body, headers=headers, redirect=False, retries=False, timeout=TIMEOUT,
                preload_content=False,
            )  # fmt: skip
            response.close()
        wait = read_wait(response.headers.get("Retry-After") or "", self._clock.now())
        return response.status, min(wait or 0.0, LONGEST_WAIT)

    def _payload(self, award: Award, change: Change) -> Mapping[str, Any]:
        return {
            "type": "proof.changed",
            "timestamp": self._clock.now().isoformat(timespec="seconds"),
            **({"sandbox": True} if self._sandbox else {}),
            "data": {
                "reference": award.reference, "tenant": award.tenant, "siret": award.siret, "object": award.object,
                "proof": change.proof, "title": CATALOGUE[change.proof].title, **_seen(change.proof, change.now),
                "was": change.was and _seen(change.proof, change.was),
            },
        }  # fmt: skip


def _seen(proof: str, seen: Observation) -> dict[str, Any]:
    until = seen.until.isoformat() if seen.until else None
    return {
        "state": seen.state.value, "label": word(proof, seen.state), "validUntil": until,
        "askedOn": seen.asked.isoformat(), "mentions": seen.mentions,
    }  # fmt: skip
