"""The outgoing proxy of the environment, a real one on loopback before a receiver with TLS: what it is given, what is checked."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

import pytest

from prefill.dossier.states import State
from prefill.registers.transport.http import environment_options
from prefill.watch.awards import Award
from prefill.watch.changes import changes_between
from prefill.watch.connections import Connections, ReceiverRefused
from prefill.watch.schedule import Observation
from prefill.watch.webhooks import Receiver, Webhook, read_secret
from tests.support.certificate import write_certificate
from tests.support.clock import FakeClock
from tests.support.connect_proxy import Tunnels, connect_proxy
from tests.support.webhook_receiver import SECRET, Received, receiver

HOST = "suivi.example"
URL = f"https://{HOST}/suivi"
AWARD = Award("Lot 1", "00000100800010", "2026-TRX-014", "lyon", date(2026, 3, 2), date(2028, 3, 1))
(CHANGE,) = changes_between(
    AWARD, {}, {"attestations_sociales_acoss": Observation(State.REFUSED, None, date(2026, 7, 20))}
)


def public(host: str, port: int) -> list[str]:
    return ["93.184.216.34"]


def unknown(host: str, port: int) -> list[str]:
    raise socket.gaierror(-2, "Name or service not known")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def received(tmp_path, monkeypatch) -> Iterator[Received]:
    """A receiver with a certificate of its name, which the environment's authorities vouch for."""
    chain, key = write_certificate(tmp_path, HOST)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(chain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with receiver(Received(204), context) as found:
        yield found


@pytest.fixture
def proxy(received, monkeypatch) -> Iterator[Tunnels]:
    with connect_proxy(urlsplit(received.url).port or 0) as tunnels:
        monkeypatch.setenv("HTTPS_PROXY", tunnels.url.replace("//", "//us%40er:pass@"))
        yield tunnels


def send(resolve, url=URL) -> str | None:
    to = Receiver(url, read_secret(SECRET), "prefill/0")
    return Webhook(to, FakeClock(1_770_000_000.0), resolve=resolve, options=environment_options(url)).send(
        AWARD, CHANGE
    )


@pytest.mark.parametrize("resolve", [public, unknown], ids=["known here", "known to the proxy alone"])
def test_the_proxy_opens_a_tunnel_to_the_name_and_sees_nothing_else(proxy, received, resolve):
    assert send(resolve) is None

    credentials = f"Basic {base64.b64encode(b'us@er:pass').decode()}"
    assert proxy.asked == [(f"{HOST}:443", credentials)]
    assert received.verified() == [True]
    assert "proxy-authorization" not in received.requests[0][1]


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_into_a_private_network_is_refused_before_the_proxy_hears_of_it(proxy, address):
    assert "réseau privé" in str(send(lambda host, port: ["93.184.216.34", address]))
    assert proxy.asked == []


def test_a_certificate_of_another_name_is_refused_through_the_proxy_too(proxy, received):
    assert send(public, "https://autre.example/suivi") == "le récepteur ne répond pas (SSLError)"
    assert received.requests == []


def test_a_host_that_the_environment_excepts_is_connected_to_where_it_was_checked(proxy, received, monkeypatch):
    monkeypatch.setenv("NO_PROXY", HOST)
    pool = Connections(URL, resolve=public, options=environment_options(URL)).open()

    assert (pool.host, pool.proxy) == ("93.184.216.34", None)
    with pytest.raises(socket.gaierror):
        Connections(URL, resolve=unknown, options=environment_options(URL)).open()


def test_what_is_not_encrypted_goes_through_no_proxy(monkeypatch):
    url = "http://127.0.0.1:9/suivi"
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    pool = Connections(url, private=True, options=environment_options(url)).open()

    assert (pool.host, pool.proxy) == ("127.0.0.1", None)
    with pytest.raises(ReceiverRefused):
        Connections(url, private=True, resolve=public, options=environment_options(url)).open()


def test_a_password_of_the_proxy_is_in_no_repr(proxy):
    assert "pass" not in repr(Connections(URL, options=environment_options(URL)))
