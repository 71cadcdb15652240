"""Webhooks to a receiver on loopback: the signature, verified apart, what is tried again, and where nothing is sent."""

from __future__ import annotations

import base64
import json
import socket
from datetime import date

import pytest

from prefill.dossier.states import State
from prefill.watch.awards import Award
from prefill.watch.changes import changes_between
from prefill.watch.connections import ReceiverRefused
from prefill.watch.schedule import Observation
from prefill.watch.webhooks import ATTEMPTS, LONGEST_WAIT, Receiver, Webhook, read_secret
from tests.support.clock import FakeClock
from tests.support.webhook_receiver import SECRET, Received, receiver

AWARD = Award("Lot 1", "00000100800010", "2026-TRX-014", "lyon", date(2026, 3, 2), date(2028, 3, 1))
NOW = Observation(State.REFUSED, None, date(2026, 7, 20))
(CHANGE,) = changes_between(AWARD, {}, {"attestations_sociales_acoss": NOW})


@pytest.fixture
def clock():
    return FakeClock(1_770_000_000.0)


def send(received: Received, clock: FakeClock) -> str | None:
    to = Receiver(received.url, read_secret(SECRET), "prefill/0", private=True)
    return Webhook(to, clock).send(AWARD, CHANGE)


def test_a_receiver_that_fails_twice_gets_the_same_signed_change_a_third_time(clock):
    with receiver(Received(503, 500, 204)) as received:
        assert send(received, clock) is None

    assert received.verified() == [True, True, True]
    assert {headers["webhook-id"] for _, headers, _ in received.requests} == {CHANGE.id}
    assert {path for path, _, _ in received.requests} == {"/suivi"}
    first, second = clock.slept
    assert 0.5 <= first <= 1.0 <= second <= 2.0


def test_the_body_says_what_changed(clock):
    with receiver(Received(200)) as received:
        send(received, clock)
    body = json.loads(received.requests[0][2])

    assert body["type"] == "proof.changed"
    assert body["data"] == {
        "reference": "Lot 1", "tenant": "lyon", "siret": "00000100800010", "object": "2026-TRX-014",
        "proof": "attestations_sociales_acoss", "title": "Attestation de vigilance", "state": "refused",
        "label": "délivrance refusée par l'Urssaf", "validUntil": None, "askedOn": "2026-07-20", "mentions": 0,
        "was": None,
    }  # fmt: skip


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_a_refusal_is_not_tried_again_and_no_redirect_is_followed(clock, status):
    with receiver(Received(status, Location="http://127.0.0.1:1/")) as received:
        assert send(received, clock) == f"le récepteur répond {status}"

    assert len(received.requests) == 1
    assert clock.slept == []


@pytest.mark.parametrize("after", ["999999", "Fri, 31 Dec 2099 12:00:00 GMT"])
def test_a_receiver_that_stays_down_is_given_up_in_bounded_time(clock, after):
    with receiver(Received(503, Retry_After=after)) as received:
        assert send(received, clock) == "le récepteur répond 503"

    assert len(received.requests) == ATTEMPTS
    assert clock.slept == [LONGEST_WAIT] * (ATTEMPTS - 1)


def test_a_receiver_that_is_not_there_is_told_without_its_address(clock):
    fault = Webhook(Receiver("http://127.0.0.1:9/x", read_secret(SECRET), "p", private=True), clock).send(AWARD, CHANGE)

    assert fault is not None
    assert fault.startswith("le récepteur ne répond pas")
    assert "127.0.0.1" not in fault


def test_a_receiver_that_drips_does_not_hold_the_run(clock):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/suivi"
        to = Receiver(url, read_secret(SECRET), "p", private=True)
        fault = Webhook(to, clock, seconds=0.05).send(AWARD, CHANGE)

    assert fault == "le récepteur ne répond pas (TimeoutError)"
    assert len(clock.slept) == ATTEMPTS - 1


def test_a_name_that_is_none_is_told(clock):
    fault = Webhook(Receiver("https://a..example", read_secret(SECRET), "p"), clock).send(AWARD, CHANGE)

    assert fault is not None
    assert fault.startswith("le récepteur ne répond pas")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe"]
    + ["fec0::1", "::10.0.0.1", "::ffff:0:10.0.0.1", "2002:a00:1::"],
)
def test_a_name_that_leads_into_a_private_network_is_refused(clock, address):
    to = Receiver("https://suivi.example", read_secret(SECRET), "p")
    webhook = Webhook(to, clock, resolve=lambda host, port: ["93.184.216.34", address])

    assert "réseau privé" in str(webhook.send(AWARD, CHANGE))
    assert clock.slept == []


def test_the_connection_goes_to_the_address_that_was_checked(clock):
    """A name that changes between the check and the connection leads nowhere else: it is resolved once an attempt."""
    asked = []
    with receiver(Received(204)) as received:
        port = int(received.url.rpartition(":")[2].partition("/")[0])
        to = Receiver(f"http://localhost:{port}/suivi", read_secret(SECRET), "p", private=True)

        def resolve(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"]

        assert Webhook(to, clock, resolve=resolve).send(AWARD, CHANGE) is None

    assert asked == ["localhost"]
    assert received.requests[0][1]["host"] == f"localhost:{port}"


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://suivi.example", False), ("http://127.0.0.1:8000", False), ("ftp://suivi.example", True),
        ("https://user:password@suivi.example", False), ("https://suivi.example/55208131766522", False),
        ("https://suivi.example/?siret=1", False),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused_before_anything_is_asked(url, private):
    with pytest.raises(ReceiverRefused) as refusal:
        Receiver(url, b"k" * 32, "p", private=private)

    assert "password" not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "short", "whsec_", "whsec_!!!!", "whsec_" + base64.b64encode(b"k" * 8).decode()])
def test_a_weak_secret_is_refused_and_never_quoted(text):
    with pytest.raises(ReceiverRefused) as refusal:
        read_secret(text)

    assert not text.removeprefix("whsec_") or text not in str(refusal.value)
    assert "k" * 32 not in repr(Receiver("https://a.example", b"k" * 32, "p"))
