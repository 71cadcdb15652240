"""The log tells what the service did: one line a request and a call, and nothing of any company, token or password."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import requests
import requests.adapters
from urllib3 import HTTPResponse

from prefill import telemetry
from prefill.app import create_app
from prefill.assembly import open_shared_resources, open_tenant_services
from prefill.domain.answers import Status
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.identifiers import spaced
from prefill.prefilling.service import Service
from prefill.registers.scheduling.workers import ProviderThreadPools
from prefill.sandbox.companies import COMPANIES
from prefill.sandbox.model import DateDependent
from prefill.settings import Settings
from prefill.web.app import create_web
from prefill.web.tenant_services import TenantServicesRegistry

ROOT = Path(__file__).resolve().parents[2]
ORDINARY = COMPANIES[0]
SECRET_NAME = "MENUISERIE DES CANARIS"
PASSWORD = "canari-du-redis-7f3a"
TOKEN = "canari-du-jeton-91bd"
METRICS_TOKEN = "canari-des-mesures-5e20"
BUYER = "13002526500013"
FORGED = '\n{"event":"request","status":200,"forged":true}\r\n\x1b[31m\u2028'


def events_in(text: str) -> list[dict[str, Any]]:
    """Read a log in JSON; a line that is not is a fault."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


@pytest.fixture
def log(capfd):
    """Give what was logged since the last look, as it was written."""
    capfd.readouterr()
    return lambda: "".join(capfd.readouterr())


@pytest.fixture
def events(log):
    return lambda: events_in(log())


@pytest.fixture
def client():
    return create_app(Settings(log="json")).test_client()


def test_a_request_is_one_line_and_each_call_another(client, events):
    events()
    client.get(f"/v1/prefill/{ORDINARY.siret}", headers={"X-Request-ID": "page-7"})
    told = events()

    [request] = [one for one in told if one["event"] == "request"]
    assert (request["route"], request["status"], request["outcome"]) == ("/v1/prefill/<number>", 200, "200")
    assert request["form"] == "dume"
    assert request["sources"]["etablissements"] == "ok"
    assert request["seconds"] >= 0
    calls = [one for one in told if one["event"] == "upstream.call"]
    assert {one["source"] for one in calls} == {name for name, status in request["sources"].items() if status == "ok"}
    for call in calls:
        assert call["request_id"] == request["request_id"] == "page-7"
        assert re.fullmatch(r"[0-9a-f-]{36}", call["upstream_request_id"])
        assert call["status"] in set(Status)
        assert 0 < call["budget_left"] < 1000
        assert call["seconds"] >= 0


def test_what_the_cache_held_is_counted_in_the_line_and_makes_no_call(client, events):
    client.get(f"/v1/prefill/{ORDINARY.siret}")
    events()
    client.get(f"/v1/prefill/{ORDINARY.siret}")

    [request] = events()
    assert request["cached"] == sum(status == "ok" for status in request["sources"].values())


def test_a_stream_is_told_of_once_it_is_over(client, events):
    events()
    with client.get(f"/v1/prefill/{ORDINARY.siret}", headers={"Accept": "text/event-stream"}) as answer:
        before = [one for one in events() if one["event"] == "request"]
        assert "event: done" in answer.text

    [request] = [one for one in events() if one["event"] == "request"]
    assert before == []
    assert (request["outcome"], request["form"], request["request_id"]) == (
        "200",
        "dume",
        answer.headers["X-Request-ID"],
    )


def test_a_client_that_leaves_a_stream_is_told_of_too(client, events):
    events()
    answer = client.get(f"/v1/prefill/{ORDINARY.siret}", headers={"Accept": "text/event-stream"})
    answer.close()

    [request] = [one for one in events() if one["event"] == "request"]
    assert request["outcome"] == "left"
    assert "form" not in request


def test_the_same_company_has_the_same_hash_and_another_token_gives_another(client, events):
    other = create_app(Settings(log="json", token=TOKEN, recipient=BUYER, url="http://127.0.0.1:9")).test_client()
    events()
    for door in (client, client, other):
        door.get(f"/v1/prefill/{ORDINARY.siret}")

    hashes = [one["company"] for one in events() if one["event"] == "request"]
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    "given",
    [ORDINARY.siret, ORDINARY.siren, f"page-{ORDINARY.siret}", "000-001-008-00010", "a b", "x" * 81, "é", FORGED[1:20]],
)
def test_a_request_id_that_is_none_or_names_a_company_is_replaced(client, log, given):
    log()
    answer = client.get("/healthz", headers={"X-Request-ID": given})

    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert given not in log()


@pytest.mark.parametrize(
    "given", ["page-7", "dce1f5a0-9a3b-4f6e-8f63-000000000000", "00-4bf92f3577b34da6a3ce929d0e0e4736-01"]
)
def test_a_request_id_is_accepted_and_returned(client, given):
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


def test_text_is_for_people_and_has_no_colours_in_a_file(capfd):
    client = create_app(Settings(log="text")).test_client()
    client.get("/healthz")

    text = capfd.readouterr().err
    assert "route=/healthz" in text
    assert "\x1b" not in text


def leaves(value: object) -> Iterator[str]:
    """Give every text and number in an answer, as it would be written."""
    if isinstance(value, DateDependent):
        value = value.on(date(2031, 4, 7))
    if isinstance(value, Mapping):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


OUR_WORDS = {
    word
    for text in (*CATALOGUE, *Status, *(row.producer for row in SOURCES), "dume", "prefill", telemetry.__doc__ or "")
    for word in re.findall(r"\w+", text.lower())
}


def canaries() -> set[str]:
    """Collect all that may not be in the log: every value long enough to be somebody's, and every number."""
    values = {leaf for company in COMPANIES for reply in company.answers.values() for leaf in leaves(reply.body)}
    long_enough = {value for value in values if len(value) > 4 and value.lower() not in OUR_WORDS}
    numbers = {number for one in COMPANIES for number in (one.siret, one.siren, one.rna) if number}
    names = {one.name for one in COMPANIES}
    return long_enough | numbers | {spaced(number) for number in numbers if number.isdigit()} | names


def leaks(text: str, forbidden: set[str]) -> list[str]:
    """Name what is in a text, as it is or as JSON, a URL or Python would write it."""
    ways = (str, lambda one: json.dumps(one)[1:-1], urllib.parse.quote, urllib.parse.quote_plus, ascii)
    return sorted({one for one in forbidden for way in ways if _holds(text, way(one).strip("'\""))})


def _holds(text: str, word: str) -> bool:
    """Find a word; a short code only by itself, since ids and times are made of the same signs."""
    if len(word) > 8 or not re.fullmatch(r"[0-9A-Fa-fZ.-]+", word):
        return word in text
    return re.search(rf"(?<![0-9A-Za-z.-]){re.escape(word)}(?![0-9A-Za-z.-])", text) is not None


def test_the_canaries_are_many_and_would_be_seen():
    found = canaries()

    assert len(found) > 300
    assert {ORDINARY.name, ORDINARY.siret, "000 001 008 00010"} <= found
    assert leaks(f"… {ORDINARY.siret} …", found)
    assert leaks("/v1/prefill/000%20001%20008%2000010", found)


def tour(client: Any) -> None:
    """Ask for every company in every way, well and badly."""
    for company in COMPANIES:
        for number in (company.siret, spaced(company.siret), company.siren, company.siret[:-1], company.siret[::-1]):
            client.get(f"/v1/prefill/{number}", headers={"X-Request-ID": company.siret})
        for query in ("with=conventions_collectives,actes_inpi,documents_associations", f"schema={company.siret}"):
            client.get(f"/v1/prefill/{company.siret}?{query}")
        with client.get(f"/v1/prefill/{company.siret}", headers={"Accept": "text/event-stream"}) as answer:
            answer.get_data()
        client.get(
            "/" + company.siret, headers={"Last-Event-ID": company.siret, "Origin": f"https://{company.siret}.fr"}
        )
        client.post(f"/v1/prefill/{company.siret}", data=company.name)
        client.get(f"/v1/prefill/{company.siret}?with={company.name}")
        client.get(f"/v1/schemas/{company.name}")
        client.get("/v1/prefill/" + urllib.parse.quote(FORGED + company.siret))


@pytest.mark.slow
@pytest.mark.parametrize("style", ["json", "text"])
def test_no_line_of_a_whole_tour_of_the_sandbox_holds_anything_of_a_company(style, log):
    client = create_app(Settings(log=style, rate_limit=0)).test_client()
    tour(client)
    text = log()

    assert text.count("request") > 10 * len(COMPANIES)
    assert leaks(text, canaries()) == []


class Bursting:
    """Registers whose fault quotes what they were reading."""

    def submit(self, *_: object, **__: object) -> Any:
        what_was_read = {"name": SECRET_NAME, "siret": ORDINARY.siret}
        try:
            return int(f"{SECRET_NAME} {ORDINARY.siret} {TOKEN}") and what_was_read
        except ValueError as fault:
            fault.add_note(SECRET_NAME)
            raise KeyError(what_was_read["siret"]) from fault

    def is_cached(self, *_: object, **__: object) -> bool:
        return False


@pytest.fixture(params=["json", "text"])
def bursting(request):
    """A service whose registers burst."""
    parts = create_app(Settings(log=request.param)).extensions["prefill"]
    service = Service(Bursting(), deadline=1.0, clock=time.monotonic, today=date.today)
    tenant_services = TenantServicesRegistry(
        parts.tenants.directory,
        build=lambda tenant: replace(parts.tenant_services.for_tenant(tenant.id), service=service),
    )
    app = create_web(replace(parts, tenant_services=tenant_services))
    return app.test_client()


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_a_fault_of_ours_is_told_with_its_places_and_without_its_message(bursting, log, accept):
    log()
    answer = bursting.get(f"/v1/prefill/{ORDINARY.siret}", headers={"Accept": accept})
    text = log()

    assert answer.status_code == 500
    assert answer.json["code"] == "internal"
    assert "request.failed" in text
    assert "builtins.KeyError" in text
    assert "builtins.ValueError" in text
    assert "test_events.py" in text
    assert "in submit" in text
    forbidden = {SECRET_NAME, ORDINARY.siret, TOKEN, "what_was_read", "invalid literal"}
    assert leaks(text + answer.text, forbidden) == []


class Odd(requests.adapters.BaseAdapter):
    """An upstream that is not what it seems: it bursts, or its headers and codes say what they should not."""

    def __init__(self, body: bytes | None) -> None:
        super().__init__()
        self._body = body

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        if self._body is None:
            raise RuntimeError(f"{SECRET_NAME} {request.url} {request.headers}")
        response = requests.Response()
        response.status_code, response.request, response.url = 502, request, request.url or ""
        response.headers["X-Request-ID"] = f"{SECRET_NAME}\x1b[31m"
        response.raw = HTTPResponse(io.BytesIO(self._body), status=502, preload_content=False)
        return response

    def close(self) -> None:
        """Close nothing."""


def open_on(adapter: Odd, style: str = "json") -> Any:
    """A service with a token, whose calls all go through this adapter."""
    settings = Settings(log=style, token=TOKEN, recipient=BUYER, url="http://127.0.0.1:9", metrics_token=METRICS_TOKEN)

    def session() -> requests.Session:
        opened = requests.Session()
        opened.mount("http://127.0.0.1:9", adapter)
        return opened

    parts = create_app(settings).extensions["prefill"]
    resources = replace(open_shared_resources(settings), thread_pools=ProviderThreadPools(session, 4))
    tenant_services = TenantServicesRegistry(
        parts.tenants.directory, build=lambda tenant: open_tenant_services(settings, tenant, resources)
    )
    return create_web(replace(parts, tenant_services=tenant_services)).test_client()


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_fault_in_a_call_is_told_without_what_was_asked(style, log):
    client = open_on(Odd(None), style)
    answer = client.get(f"/v1/prefill/{ORDINARY.siret}")
    text = log()

    assert answer.status_code == 500
    assert "upstream.fault" in text
    assert "builtins.RuntimeError" in text
    assert leaks(text, {SECRET_NAME, ORDINARY.siret, TOKEN, BUYER, METRICS_TOKEN}) == []


@pytest.mark.parametrize("style", ["json", "text"])
def test_what_an_upstream_puts_in_its_headers_and_codes_is_not_repeated(style, log):
    error = {"code": f"{SECRET_NAME}{FORGED}", "title": ORDINARY.siret, "detail": SECRET_NAME}
    client = open_on(Odd(json.dumps({"errors": [error]}).encode()), style)
    answer = client.get(f"/v1/prefill/{ORDINARY.siret}")
    text = log()

    assert answer.status_code == 200
    assert "upstream.call" in text
    assert leaks(text + answer.text.replace(ORDINARY.siret, ""), {SECRET_NAME, "forged", "\x1b", "\u2028"}) == []
    assert leaks(text, {ORDINARY.siret, TOKEN}) == []


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_field_can_begin_a_line_or_change_a_colour(style, capfd):
    telemetry.configure(style)
    telemetry.event("probe", word=FORGED, words=[FORGED], table={FORGED: FORGED}, thing=ORDINARY, known=None, good=True)
    text = capfd.readouterr().err

    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert ORDINARY.name not in text
    assert "<SandboxCompany>" in text


def test_french_is_written_as_it_is(capfd):
    telemetry.configure("json")
    telemetry.event("probe", message="Réponse « gardée »\u00a0: été.")

    assert "Réponse « gardée »\u00a0: été." in capfd.readouterr().err


@pytest.mark.slow
def test_a_log_that_cannot_be_written_stops_no_request():
    code = """if True:
        import os, sys
        from prefill.app import create_app
        from prefill.settings import Settings
        client = create_app(Settings(log="json")).test_client()
        os.close(2)
        print(client.get("/healthz").status_code)
    """
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)

    assert run.stdout == "200\n"


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_library_is_told_of_by_its_place_and_its_unfilled_sentence(style, capfd):
    telemetry.configure(style)
    logging.getLogger("urllib3.connection").warning("Failed to parse headers (url=%s)", f"https://x/{ORDINARY.siret}")
    logging.getLogger("elsewhere").error(f"Invalid request from ip=192.0.2.7: {ORDINARY.siret}")
    try:
        raise ValueError(SECRET_NAME)
    except ValueError:
        logging.getLogger("_granian").exception("Error handling request %s", ORDINARY.siret)
    text = capfd.readouterr().err

    assert "Failed to parse headers (url=%s)" in text
    assert "builtins.ValueError" in text
    assert text.count("test_a_library_is_told") >= 3
    assert leaks(text, {ORDINARY.siret, SECRET_NAME, "192.0.2.7"}) == []


def test_a_chain_of_faults_that_never_ends_is_cut(capfd):
    telemetry.configure("json")
    one, other = ValueError("a"), KeyError("b")
    one.__cause__, other.__cause__ = other, one
    try:
        raise one
    except ValueError:
        telemetry.error("probe")

    assert capfd.readouterr().err.count("KeyError") < 10


@contextmanager
def running(command: list[str] | str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a process of ours and end it, and it alone."""
    with subprocess.Popen(command, text=True, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what: Any, seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = what()
        except OSError:
            found = None
        if found:
            return found
        time.sleep(0.02)
    return pytest.fail("it does not come")


@pytest.fixture
def guarded_redis(tmp_path):
    """The port of a Redis behind a password."""
    server = shutil.which("redis-server") or shutil.which("valkey-server")
    if server is None:
        pytest.skip("redis-server is not here (apt install redis-server)")
    port = free_port()
    command = [server, "--port", str(port), "--save", "", "--requirepass", PASSWORD, "--dir", str(tmp_path)]
    with running(command, stdout=subprocess.DEVNULL):
        wait_for(lambda: socket.create_connection(("127.0.0.1", port)).close() or True)
        yield port


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("password", [PASSWORD, PASSWORD + "-faux"])
def test_a_redis_password_is_never_told_whether_it_is_right_or_not(guarded_redis, style, password, log):
    address = f"redis://:{password}@127.0.0.1:{guarded_redis}/0"
    client = create_app(Settings(log=style, redis_url=address)).test_client()
    shown = "".join(client.get(path).text for path in (f"/v1/prefill/{ORDINARY.siret}", "/readyz", "/openapi.json"))
    text = log()

    assert ("redis.down" in text) == (password != PASSWORD)
    assert leaks(text + shown, {PASSWORD}) == []


@pytest.mark.slow
def test_a_redis_that_is_not_there_is_told_of_once_and_without_its_password(log):
    settings = Settings(log="json", redis_url=f"redis://:{PASSWORD}@127.0.0.1:1/0", metrics_token=METRICS_TOKEN)
    client = create_app(settings).test_client()
    for company in COMPANIES[:3]:
        client.get(f"/v1/prefill/{company.siret}")
    text = log()

    assert text.count('"redis.down"') == 1
    assert (
        "Redis ne répond pas : cette instance tourne seule."
        in client.get("/readyz", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}).text
    )
    assert leaks(text, {PASSWORD}) == []


def test_a_token_is_never_told_though_it_is_refused_and_its_upstream_is_down(open_service, simulator, log):
    refused = open_service(token="expired-" + TOKEN, metrics_token=METRICS_TOKEN)
    simulator.fail({"": "401"})
    gone = create_app(Settings(log="json", token=TOKEN, recipient=BUYER, url="http://127.0.0.1:9")).test_client()
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    shown = [door.get(f"/v1/prefill/{ORDINARY.siret}").text for door in (refused, gone)]
    shown += [
        refused.get(path, headers=headers).text for path in ("/readyz", "/metrics", "/openapi.json", "/v1/sources")
    ]
    refused.get("/metrics", headers={"Authorization": "Bearer " + TOKEN})
    text = log()

    assert '"misconfigured"' in text
    assert leaks(text + "".join(shown), {TOKEN, METRICS_TOKEN}) == []


def procfile() -> str:
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines())
    return lines["web"].replace("0.0.0.0", "127.0.0.1")


@contextmanager
def served(folder: Path, log: Path, **environment: str) -> Iterator[str]:
    """Run the Procfile's command with two processes, its access log switched on by an operator who should not."""
    port = free_port()
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PORT": str(port), "WEB_CONCURRENCY": "2", "PREFILL_SANDBOX": "1",
        "PREFILL_METRICS_TOKEN": METRICS_TOKEN, "GRANIAN_LOG_ACCESS_ENABLED": "true",
        "TMPDIR": str(folder), **environment,
    }  # fmt: skip
    with (
        log.open("w") as file,
        running(procfile(), shell=True, env=environ, cwd=ROOT, stdout=file, stderr=file),
    ):
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: fetch(f"{url}/healthz"))
        yield url


def fetch(url: str, **headers: str) -> str:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            urllib.request.Request(url, headers=headers), timeout=10
        ) as answer:
            return answer.read().decode()
    except HTTPError as refusal:
        return refusal.read().decode()


def send(url: str, text: str) -> None:
    """Send bytes that are perhaps no request."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(text.encode())
        line.recv(1000)


MALFORMED = (
    "GET /v1/prefill/{siret} HTTP/9.9\r\n\r\n",
    "get{siret} /v1/prefill/{siret} HTTP/1.1\r\n\r\n",
    "GET /v1/prefill/{siret}\r\n\r\n\r\n",
    "GET /v1/prefill/{siret} HTTP/1.1\r\nbad header {siret}: 1\r\n\r\n",
    "GET /v1/prefill/{siret} HTTP/1.1\r\nContent-Length: {siret}x\r\n\r\n",
    "POST /v1/prefill/{siret} HTTP/1.1\r\nTransfer-Encoding: {siret}\r\n\r\n",
    "GET /v1/prefill/{siret}?" + "x" * 9000 + " HTTP/1.1\r\n\r\n",
)


@pytest.mark.slow
def test_the_server_adds_nothing_that_names_a_company_even_with_its_access_log_on(tmp_path):
    log = tmp_path / "log"
    with served(tmp_path, log) as url:
        fetch(f"{url}/v1/prefill/{urllib.parse.quote(spaced(ORDINARY.siret))}")
        for text in MALFORMED:
            send(url, text.format(siret=ORDINARY.siret))
        wait_for(lambda: '"event": "request"' in log.read_text())
    text = log.read_text(encoding="utf-8")

    assert '"event": "request"' in text
    assert leaks(text, {ORDINARY.siret, ORDINARY.siren, spaced(ORDINARY.siret), ORDINARY.name, METRICS_TOKEN}) == []


def test_lines_of_a_busy_moment_are_written_together_and_soon(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    telemetry.flush()
    telemetry.configure("json")
    for number in range(100):
        telemetry.event("one", number=number)
    end = time.monotonic() + 5
    while written.getvalue().count('"one"') < 100 and time.monotonic() < end:
        time.sleep(0.01)

    # Threads of earlier tests may still log.
    events = map(json.loads, written.getvalue().splitlines())
    assert [event["number"] for event in events if event["event"] == "one"] == list(range(100))


def test_a_warning_is_written_after_what_came_before(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    telemetry.flush()
    telemetry.configure("json")
    telemetry.event("first")
    telemetry.warning("second")
    telemetry.flush()

    assert [json.loads(line)["event"] for line in written.getvalue().splitlines()] == ["first", "second"]


def test_no_line_is_lost_when_the_process_ends_or_forks():
    code = """
import os
from prefill import telemetry
telemetry.configure("json")
telemetry.event("parent", number=1)
telemetry.flush()
if os.fork() == 0:
    telemetry.event("child", number=2)
    telemetry.flush()
    os._exit(0)
os.wait()
telemetry.event("parent", number=3)
"""
    # From 3.12 on, Python warns on standard error of the fork that this program makes on purpose.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert [json.loads(line)["number"] for line in done.stderr.splitlines()] == [1, 2, 3]


def test_a_crowd_of_threads_loses_no_line(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    telemetry.flush()
    telemetry.configure("json")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: telemetry.event("one", number=number), range(5000)))
    telemetry.flush()

    assert sorted(json.loads(line)["number"] for line in written.getvalue().splitlines()) == list(range(5000))


@pytest.mark.slow
def test_a_stalled_log_reader_stops_no_request_and_what_is_dropped_is_counted():
    code = """if True:
        import os, sys, time
        from prefill import telemetry
        from prefill.app import create_app
        from prefill.settings import Settings
        client = create_app(Settings(log="json", rate_limit=0)).test_client()
        began = time.monotonic()
        for number in range(20_000):
            telemetry.warning("noise", text="x" * 200)
        status = client.get("/healthz").status_code
        print(status, time.monotonic() - began < 20, flush=True)
        sys.stdin.readline()
        telemetry.flush()
        telemetry.event("later")
        telemetry.flush()
        os._exit(0)
    """
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout.readline() == "200 True\n"
        process.stdin.write("\n")
        process.stdin.close()
        lines = process.stderr.read().splitlines()

    dropped = [json.loads(line)["lines"] for line in lines if "log.dropped" in line]
    kept = [line for line in lines if '"noise"' in line or '"request"' in line]
    assert sum(dropped) + len(kept) == 20_001
    assert dropped
