"""Calls over TLS share one context, and still trust nobody but the authorities that they are given."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from prefill.registers.scheduling.watchdog import Watchdog
from prefill.registers.transport.deadline_adapter import mount_deadlines
from tests.support.certificate import write_certificate
from tests.support.connect_proxy import connect_proxy
from tests.support.http_server import Quiet, serving_handler

NO_PROXY: dict[str, str] = {}


class Answering(Quiet, BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")


@contextmanager
def server(chain: Path, key: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with serving_handler(Answering, context) as url:
        yield url


@pytest.fixture
def chain(tmp_path) -> Path:
    return write_certificate(tmp_path)[0]


@pytest.fixture
def url(chain) -> Iterator[str]:
    with server(chain, chain.parent / "key.pem") as found:
        yield found


@pytest.fixture
def reads(monkeypatch) -> list[str]:
    """The files of authorities that were read."""
    read: list[str] = []
    plain = ssl.SSLContext.load_verify_locations

    def load(self, cafile=None, capath=None, cadata=None):
        read.append(str(cafile or capath))
        plain(self, cafile, capath, cadata)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", load)
    return read


def get(url: str, verify: object, proxies: dict[str, str] = NO_PROXY) -> int:
    """Ask on a connection of its own."""
    with requests.Session() as session:
        session.trust_env = False
        mount_deadlines(session, Watchdog())
        return session.get(url, verify=verify, proxies=proxies, timeout=20).status_code


def test_threads_that_begin_at_once_read_the_authorities_once(url, chain, reads):
    gate = threading.Barrier(8)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: (gate.wait(20), get(url, str(chain)))[1], range(8)))

    assert answers == [200] * 8
    assert reads == [str(chain)]


def test_a_server_that_no_authority_vouches_for_is_refused_whatever_another_was_given(url, chain):
    assert get(url, str(chain)) == 200
    with pytest.raises(requests.exceptions.SSLError):
        get(url, True)


def test_a_server_of_another_name_is_refused(url, chain):
    with pytest.raises(requests.exceptions.SSLError):
        get(url.replace("127.0.0.1", "localhost"), str(chain))


def test_authorities_that_were_renewed_are_read_again(url, chain, tmp_path, reads):
    bundle = tmp_path / "bundle.pem"
    other = tmp_path / "other"
    other.mkdir()
    bundle.write_bytes(write_certificate(other)[0].read_bytes())
    os.utime(bundle, ns=(1, 1))
    with pytest.raises(requests.exceptions.SSLError):
        get(url, str(bundle))

    bundle.write_bytes(chain.read_bytes())

    assert get(url, str(bundle)) == 200
    assert reads == [str(bundle)] * 2


def test_authorities_that_are_gone_fail_the_call(url, chain, tmp_path):
    with pytest.raises(OSError, match="invalid path"):
        get(url, str(tmp_path / "none.pem"))


def test_who_verifies_nothing_shares_nothing(url, chain):
    with pytest.warns(match="Unverified HTTPS request"):
        assert get(url, False) == 200
    with pytest.raises(requests.exceptions.SSLError):
        get(url, True)


def test_a_tunnel_through_a_proxy_is_verified_as_well(url, chain):
    with connect_proxy(urlsplit(url).port or 0) as tunnels:
        proxies = {"https": tunnels.url}
        assert get(url, str(chain), proxies) == 200
        with pytest.raises(requests.exceptions.SSLError):
            get(url, True, proxies)

    assert len(tunnels.asked) == 2
