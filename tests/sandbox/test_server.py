"""The sandbox on a socket: broken connections, and the control route."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests

from prefill.sandbox.contract.api import ApiEntreprise
from prefill.sandbox.contract.request import Rules
from prefill.sandbox.server import serve_in_thread

PATH = "/v4/insee/sirene/etablissements/diffusibles/00000100800010"
RCS = "/v3/infogreffe/rcs/unites_legales/000001008/extrait_kbis"
ASKED = {"context": "Marchés publics", "object": "2026-042", "recipient": "00001200500013"}
TOKEN = {"Authorization": "Bearer any", "User-Agent": "tests/1"}


@pytest.fixture
def api() -> ApiEntreprise:
    return ApiEntreprise(Rules(quota_scale=1000))


@pytest.fixture
def url(api: ApiEntreprise) -> Iterator[str]:
    with serve_in_thread(api) as url:
        yield url


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def ask(url: str, session: requests.Session):
    def ask(path: str = PATH, **options: Any) -> requests.Response:
        return session.get(
            url + path, params=ASKED, headers=TOKEN, **{"timeout": 5, "allow_redirects": False, **options}
        )

    return ask


def test_an_answer_is_that_of_the_api_over_a_kept_connection(ask, api):
    first, second = ask(), ask(RCS)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.headers["Content-Type"].startswith("application/vnd.api+json")
    assert first.headers["RateLimit-Limit"] == "250000"
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert api.journal.report()["violations"] == {}


def test_what_a_client_does_not_read_is_cut_when_the_server_closes(api):
    api.faults.replace({"insee": "huge:50"})
    with serve_in_thread(api) as url:
        client = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=20)
        client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer any\r\n\r\n".encode())
        assert client.recv(1)

    with client, suppress(ConnectionError):
        while client.recv(2**20):
            pass
    assert gc.collect() >= 0  # a connection that is still open would be a warning, and so a failure


def test_documents_are_at_the_address_that_the_client_called(ask, url, session):
    link = ask("/v4/dgfip/unites_legales/000001008/attestation_fiscale").json()["data"]["document_url"]

    assert link.startswith(f"{url}/documents/")
    assert session.get(link, timeout=5).content.startswith(b"%PDF")


@pytest.mark.parametrize(("fault", "exception"), [
    ("timeout:0.1", requests.ConnectionError), ("reset", requests.ConnectionError),
    ("partial", requests.exceptions.ChunkedEncodingError),
])  # fmt: skip
def test_a_connection_breaks_as_asked(ask, api, fault, exception):
    api.faults.replace({"insee": fault})

    with pytest.raises(exception):
        ask()
    assert ask(RCS).status_code == 200


def test_a_silence_outlasts_the_patience_of_a_client(ask, api):
    api.faults.replace({"insee": "timeout"})

    with pytest.raises(requests.ReadTimeout):
        ask(timeout=0.1)


def test_a_body_may_drip_whole(ask, api):
    whole = ask().content
    api.faults.replace({"insee": "slow:0.1"})
    began = time.monotonic()

    assert ask().content == whole
    assert time.monotonic() - began >= 0.1


def test_a_latency_is_waited_for(ask, api):
    api.faults.delay({"insee": 100})
    began = time.monotonic()

    assert ask().status_code == 200
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"])
def test_what_is_not_http_is_a_bad_request(url, raw):
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 5) as client:
        client.sendall(raw)
        assert client.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_a_connection_ends_when_the_client_asks(url):
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 5) as client:
        client.sendall(b"GET /pings HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        with client.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 200 OK")


@pytest.fixture
def control(url: str, session: requests.Session):
    def control(method: str, name: str = "", **options: Any) -> requests.Response:
        return session.request(method, f"{url}/_sandbox/{name}", timeout=5, **options)

    return control


def test_calls_and_violations_are_read(control, ask):
    ask()
    ask("/v3/nowhere")
    state = control("GET").json()

    assert state["calls"] == {PATH: 1, "/v3/nowhere": 1}
    assert state["statuses"] == {"200": 1, "404": 1}
    assert state["violations"] == {"unknown_path": 1}
    assert [(call["path"], call["query"]) for call in control("GET", "log").json()] == [
        (PATH, ASKED), ("/v3/nowhere", ASKED),
    ]  # fmt: skip


def test_faults_latencies_and_cases_change_while_it_runs(control, ask):
    assert control("PUT", "faults", json={"insee": "502"}).json()["faults"] == {"insee": "502"}
    assert ask().status_code == 502
    assert control("PUT", "latency", json={"rcs": 50}).json()["latency"] == {"rcs": 50.0}
    case = {"path": "/v3/dgfip/unites_legales/{siren}/numero_tva", "params": {"siren": "000016006"}, "status": 200,
            "payload": {"data": {"numero_tva": "FR00000016006"}}}  # fmt: skip
    assert control("PUT", "cases", json=[case]).status_code == 200
    assert ask("/v3/dgfip/unites_legales/000016006/numero_tva").json()["data"]["numero_tva"] == "FR00000016006"

    assert control("PUT", "faults", json={}).json()["faults"] == {}
    assert ask().status_code == 200
    assert control("DELETE").json()["total"] == 0
    assert ask("/v3/dgfip/unites_legales/000016006/numero_tva").status_code == 404


def test_delegations_change_while_it_runs(control):
    one = {"id": "a", "authorization_request_id": 1, "siret": "00001200500013", "scopes": ["open_data"]}

    assert control("PUT", "delegations", json=[one]).status_code == 200
    assert [(told["id"], told["scopes"]) for told in control("GET", "delegations").json()] == [("a", ["open_data"])]


@pytest.mark.parametrize(("name", "body"), [
    ("faults", {"rcs": "nonsense"}), ("faults", [1]), ("faults", {"rcs": 502}), ("latency", {"rcs": "slow"}),
    ("latency", 5), ("cases", {"path": "x"}), ("cases", [{"path": "/x"}]), ("delegations", [{"id": "a"}]),
])  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_sentence_and_changes_nothing(control, name, body):
    response = control("PUT", name, json=body)

    assert response.status_code == 422
    assert response.json()["error"].endswith(".")
    assert control("GET").json()["faults"] == {}


def test_a_body_that_is_not_json_is_refused(control):
    assert control("PUT", "faults", data="{").status_code == 422


@pytest.mark.parametrize(("method", "name"), [("POST", ""), ("POST", "faults"), ("PUT", "nothing"), ("GET", "faults")])
def test_there_is_nothing_else(control, method, name):
    assert control(method, name).status_code == 404


def test_a_page_that_resolves_its_own_name_to_loopback_cannot_read_it(control):
    assert control("GET", headers={"Host": "attacker.example"}).status_code == 403


def test_a_web_page_is_let_in_by_no_header(url):
    host, port = url.removeprefix("http://").split(":")
    client = http.client.HTTPConnection(host, int(port), timeout=5)
    client.request("OPTIONS", "/_sandbox/faults", headers={"Origin": "https://a.example"})
    response = client.getresponse()
    client.close()

    assert response.status == 404
    assert not [name for name, _ in response.getheaders() if name.lower().startswith("access-control")]


def test_a_huge_body_is_not_read(url):
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 5) as client:
        client.sendall(b"PUT /_sandbox/cases HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n")
        assert client.recv(1000) == b""


def test_the_state_is_json_that_any_program_reads(control):
    assert json.loads(control("GET").text)["in_flight"] == 0
