"""The nginx and the Caddy of docs/examples, run in front of the service: streams are not held back, nobody forges an address."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from prefill.espd.reading.reader import MAX_BYTES
from tests.support.certificate import write_certificate

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
SLOW = "00001700400011"
COMPANIES = ("00000100800010", "00000200600021", "00000200600013")
START_SECONDS = 60.0

pytestmark = pytest.mark.slow

NGINX = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {example}
}}
"""
CADDY = """\
{{
	admin off
	auto_https disable_redirects
}}

{example}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, **environ: str) -> Iterator[None]:
    with subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + START_SECONDS
            while time.monotonic() < end and process.poll() is None:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            else:
                pytest.fail(f"{command[0]} does not start")
            yield
        finally:
            process.terminate()


def replaced(text: str, changes: dict[str, str]) -> str:
    """Change what is a machine's own; each must be there."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx(folder: Path, port: int, backend: int, chain: Path, key: Path) -> list[str]:
    example = replaced(
        (EXAMPLES / "nginx.conf").read_text(encoding="utf-8"),
        {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "server 127.0.0.1:8000": f"server 127.0.0.1:{backend}",
            "/etc/ssl/prefill.exemple.fr.pem": str(chain),
            "/etc/ssl/private/prefill.exemple.fr.key": str(key),
            "/var/log/nginx/prefill.log": f"{folder}/access.log",
        },
    )
    file = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    file.write_text(NGINX.format(folder=folder, example=example, user=user), encoding="utf-8")
    return [binary("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(file)]


def caddy(folder: Path, port: int, backend: int, chain: Path, key: Path) -> list[str]:
    example = replaced(
        (EXAMPLES / "Caddyfile").read_text(encoding="utf-8"),
        {
            "prefill.exemple.fr {": f"https://127.0.0.1:{port} {{\n\tbind 127.0.0.1\n\ttls {chain} {key}",
            "127.0.0.1:8000": f"127.0.0.1:{backend}",
        },
    )
    file = folder / "Caddyfile"
    file.write_text(CADDY.format(example=example), encoding="utf-8")
    return [binary("caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


def binary(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest, tmp_path: Path, certificate: tuple[Path, Path]
) -> Iterator[Callable[[], HTTPSConnection]]:
    """Run the service, which one visitor may ask for one company a minute, and a proxy before it."""
    backend, port = free_port(), free_port()
    command = request.param(tmp_path, port, backend, *certificate)
    serve = [sys.executable, "-m", "prefill.cli", "serve"]
    settings = {"PORT": str(backend), "PREFILL_HOST": "127.0.0.1", "PREFILL_SANDBOX": "1", "PREFILL_RATE_LIMIT": "1"}
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    with ExitStack() as stack:
        stack.enter_context(running(serve, backend, **settings))
        stack.enter_context(running(command, port, XDG_DATA_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path)))
        yield lambda: stack.enter_context(_closing(HTTPSConnection("127.0.0.1", port, timeout=20, context=trust)))


@contextmanager
def _closing(connection: HTTPSConnection) -> Iterator[HTTPSConnection]:
    yield connection
    connection.close()


def status(connection: HTTPSConnection, siret: str, **headers: str) -> int:
    connection.request("GET", f"/v1/prefill/{siret}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_a_visitor_has_one_address_whatever_it_says(proxy):
    """Each name is first given to a visitor who has nothing left: an address that is believed has a company left."""
    connection = proxy()
    names = ("X-Forwarded-For", "X_Forwarded_For", "X_FORWARDED_FOR", "Forwarded")
    asked = {"": [status(connection, siret) for siret in COMPANIES]}

    for address, name in enumerate(names):
        told = [f"203.0.113.{2 * address + rank}" for rank in (0, 1)]
        headers = [{name: f"for={one}" if name == "Forwarded" else one} for one in told]
        asked[name] = [status(connection, COMPANIES[1], **header) for header in headers]

    assert asked == {"": [200, 429, 429], **{name: [429, 429] for name in names}}


def test_events_pass_as_they_are_written(proxy):
    connection = proxy()
    connection.request("GET", f"/v1/prefill/{SLOW}", headers={"Accept": "text/event-stream"})
    answer = connection.getresponse()
    began, times, event = time.monotonic(), {}, ""

    for line in iter(answer.readline, b""):
        if line.startswith(b"event: "):
            event = line.removeprefix(b"event: ").decode().strip()
            times.setdefault(event, time.monotonic() - began)

    assert answer.headers["Content-Type"].startswith("text/event-stream")
    first, last = next(iter(times.values())), times[event]
    assert last - first > 0.3, times  # of more than a second; what is held back comes all at once


def test_what_is_answered_is_what_the_service_says_and_the_log_names_no_company(proxy, tmp_path):
    connection = proxy()
    connection.request("GET", f"/v1/prefill/{COMPANIES[0]}")
    answer = connection.getresponse()

    assert json.load(answer)["siret"] == COMPANIES[0]
    logs = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*.log"))
    assert COMPANIES[0] not in logs


def test_a_body_that_the_service_takes_passes(proxy):
    """An ESPD of the standard's own weighs 1.1 MB, the forms of a tender a quarter of that."""
    connection = proxy()
    connection.request("POST", "/v1/espd", body=b"x" * (MAX_BYTES - 1), headers={"Content-Type": "application/xml"})
    answer = connection.getresponse()
    problem = json.load(answer)

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status != 413
