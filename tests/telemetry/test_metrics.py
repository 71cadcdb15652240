"""The metrics say what happens, to the operator alone, in labels that nobody outside can multiply."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.parse
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from prefill import telemetry
from prefill.app import create_app
from prefill.assembly import connection, open_shared_resources
from prefill.domain.answers import Cause, Status
from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.company import Company
from prefill.domain.identifiers import spaced
from prefill.problems import every_problem
from prefill.registers.answer_cache import AnswerCache
from prefill.registers.client import RegisterClient
from prefill.registers.quota import TokenQuota
from prefill.sandbox.companies import COMPANIES
from prefill.settings import Settings
from tests.support.clock import ShiftedClock
from tests.support.simulator import BUYER, TOKEN, found, siren, siret
from tests.telemetry.test_events import METRICS_TOKEN, fetch, served, wait_for

ORDINARY = COMPANIES[0]
BEARER = {"Authorization": f"Bearer {METRICS_TOKEN}"}
STREAM = {"Accept": "text/event-stream"}
PREFILL = "/v1/prefill/<number>"


class Samples(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """What an exposition says, by name and labels."""

    def of(self, name: str, **labels: str) -> float:
        """Add up the samples of that name that have these labels."""
        wanted = set(labels.items())
        return sum(value for (one, known), value in self.items() if one == name and wanted <= known)

    def labels(self) -> dict[str, set[str]]:
        """Collect the values of each label."""
        found = defaultdict(set)
        for _, known in self:
            for label, value in known:
                found[label].add(value)
        return found


def parse(text: str) -> Samples:
    families = list(text_string_to_metric_families(text))
    assert len({one.name for one in families}) == len(families)
    return Samples({
        (sample.name, frozenset(sample.labels.items())): sample.value for one in families for sample in one.samples
    })  # fmt: skip


def read(client) -> Samples:
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    return parse(answer.text)


@pytest.fixture
def client():
    return create_app(Settings(log="json", metrics_token=METRICS_TOKEN, rate_limit=0)).test_client()


@pytest.fixture(scope="module")
def stranger():
    """A client of a service that keeps nothing of what it is asked here."""
    return create_app(Settings(log="json", metrics_token=METRICS_TOKEN, rate_limit=0)).test_client()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "proof", [None, "", "Bearer", "Bearer ", "Bearer nearly", f"Bearer {METRICS_TOKEN}x", "Bearer é"]
)
def test_without_the_token_there_is_nothing_at_that_address(stranger, method, proof):
    headers = {} if proof is None else {"Authorization": proof}
    here, nowhere = (stranger.open(path, method=method, headers=headers) for path in ("/metrics", "/nowhere"))

    assert here.status_code == 404
    assert here.text.replace(here.headers["X-Request-ID"], "") == nowhere.text.replace(
        nowhere.headers["X-Request-ID"], ""
    )
    assert set(here.headers.keys()) == set(nowhere.headers.keys())


def test_without_a_token_of_its_own_a_service_has_no_metrics():
    client = create_app(Settings(log="json")).test_client()

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer None"}).status_code == 404


def test_a_prefill_is_counted_with_its_calls_its_cache_and_its_form(client):
    before = read(client)
    for _ in range(2):
        client.get(f"/v1/prefill/{ORDINARY.siret}")
    after = read(client)

    def more(name, **labels):
        return after.of(name, **labels) - before.of(name, **labels)

    calls = more("prefill_upstream_calls_total")
    assert calls == more("prefill_upstream_calls_total", status="ok") == 3
    assert more("prefill_upstream_seconds_count") == more("prefill_cache_total", result="miss") == calls
    assert more("prefill_cache_total", result="hit") >= calls
    assert more("prefill_requests_total", route=PREFILL, outcome="200") == 2
    assert more("prefill_request_seconds_bucket", route=PREFILL, le="+Inf") == 2
    assert more("prefill_forms_filled_total", form="dume") == 2


def test_a_refusal_is_counted_by_its_code(client):
    before = read(client)
    client.get("/v1/prefill/123")
    after = read(client)

    labels = {"route": PREFILL, "outcome": "siret_malformed"}
    assert after.of("prefill_requests_total", **labels) == before.of("prefill_requests_total", **labels) + 1


def test_streams_are_counted_at_their_end_whole_or_left(client):
    before = read(client)
    with client.get(f"/v1/prefill/{ORDINARY.siret}", headers=STREAM) as answer:
        answer.get_data()
    client.get(f"/v1/prefill/{ORDINARY.siret}", headers=STREAM).close()
    with client.get("/v1/prefill/123", headers=STREAM) as answer:
        answer.get_data()
    after = read(client)

    outcomes = {
        outcome: after.of("prefill_requests_total", route=PREFILL, outcome=outcome)
        - before.of("prefill_requests_total", route=PREFILL, outcome=outcome)
        for outcome in ("200", "left", "siret_malformed")
    }
    assert outcomes == {"200": 1, "left": 1, "siret_malformed": 1}
    assert after.of("prefill_forms_filled_total") - before.of("prefill_forms_filled_total") == 1


def test_the_budget_left_is_what_the_minute_still_holds(client):
    client.get(f"/v1/prefill/{ORDINARY.siret}")
    samples = read(client)

    left, limit = (
        samples.of(name, group="json", tenant="sandbox") for name in ("prefill_budget_left", "prefill_budget_limit")
    )
    assert limit == 250
    assert left in (247, 250)  # 250 when the minute ended meanwhile
    assert samples.of("prefill_budget_left", group="address", tenant="sandbox") in (997, 1000)


def test_an_answer_that_stands_in_for_a_source_that_fails_is_counted_as_stale(simulator):
    number, clock = siret(siren(71)), ShiftedClock()
    simulator.add(found(number))
    settings = Settings(log="json", token=TOKEN, recipient=BUYER, url=simulator.url)

    resources = open_shared_resources(settings)
    upstream = RegisterClient(
        connection(settings), thread_pools=resources.thread_pools, clock=clock,
        cache=AnswerCache(resources.shared, clock=clock, entries=10), breakers=resources.breakers,
        quota=TokenQuota(resources.shared, token="t", clock=clock, fresh=True),
    )  # fmt: skip
    before = parse(telemetry.exposition({}).decode())
    assert upstream.fetch(CATALOGUE["etablissements"], Company.unread(number)).ok
    simulator.fail({"/etablissements/": "500"})
    clock.ahead = timedelta(hours=2)
    answer = upstream.fetch(CATALOGUE["etablissements"], Company.unread(number))
    upstream.close()
    after = parse(telemetry.exposition({}).decode())

    assert answer.stale
    labels = {"source": "etablissements", "result": "stale"}
    assert after.of("prefill_cache_total", **labels) == before.of("prefill_cache_total", **labels) + 1


def test_a_provider_left_alone_is_seen_until_it_answers(open_service, simulator):
    numbers = [siret(siren(rank)) for rank in range(80, 95)]
    simulator.add(*(found(number) for number in numbers))
    simulator.fail({"infogreffe": "504"})
    service = open_service(metrics_token=METRICS_TOKEN)
    before = read(service)
    for number in numbers:
        service.get(f"/v1/prefill/{number}")
    after = read(service)

    assert after.of("prefill_breaker_open", producer="Infogreffe") == 1
    labels = {"source": "extraits_rcs_infogreffe", "reason": "circuit_open"}
    assert after.of("prefill_upstream_calls_skipped_total", **labels) > before.of(
        "prefill_upstream_calls_skipped_total", **labels
    )
    assert "Infogreffe ne répond pas : prochain essai dans" in service.get("/readyz", headers=BEARER).text


def test_a_silence_of_api_entreprise_is_seen():
    settings = Settings(
        log="json", token="t", recipient=BUYER, url="http://127.0.0.1:9", metrics_token=METRICS_TOKEN, rate_limit=0
    )
    client = create_app(settings).test_client()
    client.get(f"/v1/prefill/{siret(siren(99))}")  # the metric is the process's: another service may have set it
    assert read(client).of("prefill_banned") == 0
    for rank in range(40):
        client.get(f"/v1/prefill/{siret(siren(rank))}?with=conventions_collectives")

    assert "adresse sans doute bannie" in client.get("/readyz", headers=BEARER).text
    assert read(client).of("prefill_banned") == 1


@pytest.mark.slow
def test_a_redis_that_is_lost_is_seen_and_one_that_is_not_configured_is_not_shown():
    settings = Settings(log="json", metrics_token=METRICS_TOKEN, redis_url="redis://127.0.0.1:1/0")
    client = create_app(settings).test_client()
    client.get(f"/v1/prefill/{ORDINARY.siret}")
    names = run_alone("client.get('/v1/prefill/00000100800010')")

    assert read(client).of("prefill_redis_up") == 0
    assert ("prefill_redis_up", frozenset()) in read(client)
    assert "prefill_redis_up" not in names
    assert "prefill_token_expiry_timestamp_seconds" not in names


def run_alone(work: str, **environment: str) -> set[str]:
    """Name the metrics of a process of its own, after some work."""
    code = (
        "from prefill.app import create_app; from prefill.settings import Settings\n"
        f"client = create_app(Settings(log='json', metrics_token='{METRICS_TOKEN}')).test_client()\n{work}\n"
        f"print(client.get('/metrics', headers={{'Authorization': 'Bearer {METRICS_TOKEN}'}}).text)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return {name for name, _ in parse(run.stdout)}


def test_labels_hold_only_our_own_words_whatever_is_asked(client):
    before = read(client).labels()  # what other tests of this process named
    hostile = ["x" * 300, "../../etc/passwd", ORDINARY.siret, ORDINARY.name, '"} 1\nforged 1', "é\u2028", "<number>"]
    for word in map(urllib.parse.quote, hostile):
        for path in (f"/{word}", f"/v1/{word}", f"/v1/prefill/{word}", f"/v1/schemas/{word}", f"/v1/prefill-{word}.js"):
            client.get(path)
        client.get(f"/v1/prefill/{ORDINARY.siret}?schema={word}")
        client.get(f"/v1/prefill/{ORDINARY.siret}?with={word}")
        client.get(f"/v1/prefill/{ORDINARY.siret}", headers={"X-Prefill-Tenant": word, "Origin": f"https://{word}"})
        client.open("/healthz", method=word[:20].upper())
    client.get(f"/v1/prefill/{spaced(ORDINARY.siret)}")
    app = client.application
    parts = app.extensions["prefill"]
    allowed = {
        "route": {re.sub(r"<\w+:", "<", rule.rule) for rule in app.url_map.iter_rules()} | {"(unknown)"},
        "outcome": {problem.code for problem in every_problem()} | {"200", "204", "304", "left"},
        "source": set(CATALOGUE),
        "status": set(map(str, Status)),
        "reason": set(map(str, Cause)),
        "result": {"hit", "shared", "joined", "miss", "stale"},
        "form": set(parts.forms.content.forms),
        "complete": {"true", "false"},
        "producer": {row.producer for row in SOURCES},
        "tenant": {"sandbox", "default"},
        "group": {row.budget.name for row in SOURCES} | {"address"},
        "le": {str(float(edge)) for edge in telemetry.SECONDS} | {"+Inf"},
    }

    seen = {label: values - before.get(label, set()) for label, values in read(client).labels().items()}
    seen["group"] = {group.split(":")[0] for group in seen["group"]}
    assert {label: values - allowed[label] for label, values in seen.items()} == {key: set() for key in seen}


def test_every_metric_of_the_table_has_the_labels_it_says(client):
    client.get(f"/v1/prefill/{ORDINARY.siret}")
    known = {metric.name: set(metric.labels) for metric in telemetry.METRICS.values()}

    for name, labels in read(client):
        base = next(one for one in sorted(known, key=len, reverse=True) if name.startswith(one))
        assert {label for label, _ in labels} - {"le"} == known[base]


@pytest.mark.slow
def test_two_processes_are_added_up_whichever_answers(tmp_path):
    folder = tmp_path / "made" / "when" / "needed"
    with served(tmp_path, tmp_path / "log", PROMETHEUS_MULTIPROC_DIR=str(folder)) as url:
        asked = 0

        def both_have_counted() -> bool:
            nonlocal asked
            asked += 1
            fetch(f"{url}/v1/prefill/{ORDINARY.siret}")
            return len(list(folder.glob("counter_*.db"))) == 2

        wait_for(both_have_counted, 60)
        for _ in range(5):
            samples = parse(fetch(f"{url}/metrics", **BEARER))
            assert samples.of("prefill_requests_total", route=PREFILL, outcome="200") == asked
            assert samples.of("prefill_request_seconds_count", route=PREFILL) == asked
            assert samples.of("prefill_forms_filled_total", form="dume") == asked
            assert samples.of("prefill_forms_loaded") == len(
                create_app(Settings(log="json")).extensions["prefill"].forms.content.forms
            )
            assert "pid" not in samples.labels()


@pytest.mark.slow
def test_what_a_dead_process_counted_stays_and_the_breakers_it_opened_do_not(tmp_path):
    code = (
        "from prefill import telemetry\n"
        "telemetry.count('requests', route='/healthz', outcome='200')\n"
        "telemetry.gauge('breaker_open', 1, producer='Insee')"
    )
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], check=True, env=environ)
    samples = parse(telemetry.exposition(environ).decode())

    assert samples == {("prefill_requests_total", frozenset({("route", "/healthz"), ("outcome", "200")})): 2}


@pytest.mark.slow
@pytest.mark.parametrize(
    "program",
    [("-c", "from prefill.app import create_app; create_app()"), ("-m", "prefill", "serve")],
    ids=["application", "command"],
)
def test_a_folder_that_cannot_serve_stops_the_start_with_a_sentence(tmp_path, program):
    (tmp_path / "file").write_text("")
    run = subprocess.run(
        [sys.executable, *program], capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": os.environ["PATH"], "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "file" / "inside")},
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip

    assert run.returncode == 1
    assert "prefill ne peut pas démarrer" in run.stderr
    assert "PROMETHEUS_MULTIPROC_DIR : le dossier" in run.stderr
    assert "Traceback" not in run.stderr
    assert json.dumps(run.stdout) == '""'
