"""What was just answered is sent again as it was, only while nothing it says can have changed."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug.test import create_environ

from prefill import telemetry
from prefill.app import build_context
from prefill.assembly import open_forms
from prefill.domain.answers import Status
from prefill.domain.catalogue import CATALOGUE
from prefill.prefilling.service import Service
from prefill.registers.answer_cache import AnswerCache
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY, directory
from prefill.tenancy.registry import Tenants
from prefill.web.app import create_web
from prefill.web.middleware.response_cache import BYPASS_HEADERS, VARY_ON, ResponseCache
from tests.support.clock import ShiftedClock
from tests.telemetry.test_metrics import BEARER, METRICS_TOKEN, parse

ORDINARY = "00000100800010"
ALL_DOWN = "00001400100010"
RCS_DOWN = "00001300300017"
PATH = f"/v1/prefill/{ORDINARY}"
ORIGIN = "https://marches.exemple.fr"
OF_ONE_REQUEST = {"X-Request-ID", "Date"}


class Made(Counter):
    """Counts, by number, the prefills that were made and not merely sent again."""


@pytest.fixture
def made(monkeypatch):
    counted = Made()
    plain = Service.prefill

    def prefill(self, request):
        counted[request.number] += 1
        return plain(self, request)

    monkeypatch.setattr(Service, "prefill", prefill)
    return counted


def open_client(**changes):
    settings = Settings(log="json", **{"rate_limit": 0, **changes})
    telemetry.configure(settings.log)
    parts = build_context(settings, open_forms(settings))
    clock = ShiftedClock()
    client = create_web(replace(parts, now=clock.now)).test_client()
    return client, clock, parts


@pytest.fixture
def client():
    return open_client()[0]


def warm(client, path=PATH, **options):
    """Ask until the answer is one that can be sent again."""
    for _ in range(3):
        answer = client.get(path, **options)
    return answer


def test_a_warm_answer_is_made_once_and_then_sent_again(client, made):
    cold, warm, again = (client.get(PATH) for _ in range(3))

    assert made[ORDINARY] == 2
    assert again.data == warm.data
    assert cold.json["data"] == again.json["data"]
    assert again.headers["ETag"] == warm.headers["ETag"] == cold.headers["ETag"]


def test_it_bears_the_headers_of_the_answer_it_repeats(client):
    _, made, sent = (client.get(PATH, headers={"Origin": ORIGIN}) for _ in range(3))

    assert {name: value for name, value in sent.headers.items() if name not in OF_ONE_REQUEST} == {
        name: value for name, value in made.headers.items() if name not in OF_ONE_REQUEST
    }
    assert sent.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert sent.headers["X-Request-ID"] != made.headers["X-Request-ID"]


def test_it_is_handed_over_whole_which_the_server_sends_at_once(client):
    """The server sends a list as one message, and any other iterable as a stream of chunks."""
    body = warm(client).data
    environ = create_environ(PATH, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})

    assert client.application.wsgi_app(environ, lambda *_: None) == [body]


def test_the_callers_request_id_is_kept(client):
    warm(client)

    assert client.get(PATH, headers={"X-Request-ID": "mine-1"}).headers["X-Request-ID"] == "mine-1"
    assert client.get(PATH, headers={"X-Request-ID": ORDINARY}).headers["X-Request-ID"] != ORDINARY


@pytest.mark.parametrize("told", ["{}", '"other", {}', "*"])
def test_a_page_that_holds_it_is_told_so(client, made, told):
    tag = warm(client).headers["ETag"]
    answer = client.get(PATH, headers={"If-None-Match": told.format(tag)})

    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["ETag"] == tag
    assert "Content-Type" not in answer.headers
    assert made[ORDINARY] == 2


def test_a_page_that_only_ever_revalidates_gets_there_too(client, made):
    tag = client.get(PATH).headers["ETag"]
    answers = [client.get(PATH, headers={"If-None-Match": tag}) for _ in range(3)]
    whole = client.get(PATH)

    assert {answer.status_code for answer in answers} == {304}
    assert made[ORDINARY] == 2
    assert whole.status_code == 200
    assert whole.content_type == "application/json"
    assert whole.json["siret"] == ORDINARY


def test_all_that_an_answer_varies_by_is_looked_at(client):
    vary = client.get(PATH).vary
    known = {name.removeprefix("HTTP_").replace("_", "-").lower() for name in (*VARY_ON, *BYPASS_HEADERS)}

    # Each encoding is made from the one body that is kept.
    assert {name.lower() for name in vary} - {"accept-encoding"} <= known


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Accept-Language": "en"}},
        {"headers": {"Origin": ORIGIN}},
        {"query_string": {"with": "actes_inpi"}},
        {"headers": {"Accept": "text/event-stream"}},
    ],
)
def test_other_words_get_another_answer(client, options):
    plain = warm(client)
    other = warm(client, **options)

    assert (other.data, other.headers.get("Access-Control-Allow-Origin")) != (
        plain.data,
        plain.headers.get("Access-Control-Allow-Origin"),
    )
    assert client.get(PATH).data == plain.data


def test_what_comes_with_a_proof_is_never_repeated_nor_filed(client, made):
    proof = {"Authorization": f"Bearer {SANDBOX_AGENT_KEY}"}
    for _ in range(3):
        client.get(PATH, headers=proof)
    before = made[ORDINARY]
    wrong = client.get(PATH, headers={"Authorization": "Bearer wrong"})

    assert before == 3
    assert wrong.status_code == 401


@pytest.mark.parametrize("number", [ALL_DOWN, RCS_DOWN])
def test_what_is_incomplete_is_made_each_time(client, made, number):
    for _ in range(4):
        client.get(f"/v1/prefill/{number}")

    assert made[number] == 4


def test_it_lasts_no_longer_than_the_first_of_its_answers(made):
    client, clock, _ = open_client()
    warm(client)
    clock.ahead = timedelta(seconds=CATALOGUE["etablissements"].fresh + 1)
    client.get(PATH)

    assert made[ORDINARY] == 3


def test_a_company_that_withdraws_its_data_is_not_shown_a_moment_longer(made):
    client, _, parts = open_client()
    warm(client)
    store: AnswerCache = parts.tenant_services.for_tenant("sandbox").upstream.cache
    key = ("", "etablissements", ORDINARY)
    kept = store.get_local(key)
    store.put(CATALOGUE["etablissements"], key, replace(kept.answer, status=Status.WITHHELD, data=None))
    answer = client.get(PATH)

    assert answer.status_code == 451
    assert b"LATOUR" not in answer.data


def test_an_answer_that_left_the_memory_is_made_anew(made):
    client, _, parts = open_client()
    warm(client)
    parts.tenant_services.for_tenant("sandbox").upstream.cache.clear()
    client.get(PATH)

    assert made[ORDINARY] == 3


def test_tenants_that_change_make_every_answer_anew(tmp_path):
    _, _, parts = open_client()
    current = [parts.tenants.directory()]
    tenants = Tenants(lambda: current[-1], tmp_path / "tenants.toml", clock=time.monotonic)
    response_cache = ResponseCache(
        parts.settings.response_cache, tenants=tenants.directory, forms=lambda: parts.forms.content
    )
    client = create_web(replace(parts, tenants=tenants, response_cache=response_cache)).test_client()
    allowed = warm(client, headers={"Origin": ORIGIN})
    current.append(
        directory([replace(one, origins=("https://ailleurs.exemple.fr",)) for one in current[0].tenants.values()])
    )
    (tmp_path / "tenants.toml").write_text("changed")
    tenants.refresh()
    refused = client.get(PATH, headers={"Origin": ORIGIN})

    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_visits_are_limited_all_the_same():
    client, _, _ = open_client(rate_limit=1)
    statuses = [client.get(PATH).status_code for _ in range(15)]

    assert statuses[:11] == [200] * 11
    assert statuses[11:] == [429] * 4


def test_it_is_counted_and_told_as_any_answer(capsys):
    client, _, _ = open_client(metrics_token=METRICS_TOKEN)
    client.get(PATH)
    made, before = client.get(PATH), parse(client.get("/metrics", headers=BEARER).text)
    sent, after = client.get(PATH), parse(client.get("/metrics", headers=BEARER).text)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"request"' in line]
    first, second = [line for line in lines if line["route"].startswith("/v1/prefill/")][-2:]
    own = ("request_id", "seconds", "timestamp")

    assert made.data == sent.data
    assert {name: value for name, value in first.items() if name not in own} == {
        name: value for name, value in second.items() if name not in own
    }
    for name in ("prefill_requests_total", "prefill_request_seconds_count", "prefill_forms_filled_total"):
        assert after.of(name) - before.of(name) >= 1
    assert after.of("prefill_cache_total", result="hit") > before.of("prefill_cache_total", result="hit")
    assert after.of("prefill_requests_total", route=first["route"]) - before.of(
        "prefill_requests_total", route=first["route"]
    ) == 1  # fmt: skip


def test_only_so_many_are_kept(made):
    client, _, _ = open_client(response_cache=1)
    other = "00000200600021"
    for _ in range(2):
        warm(client)
        warm(client, f"/v1/prefill/{other}")

    assert made[ORDINARY] > 2


def test_none_is_kept_when_none_is_wanted(made):
    client, _, _ = open_client(response_cache=0)
    for _ in range(4):
        client.get(PATH)

    assert made[ORDINARY] == 4


def test_long_words_are_not_filed(client, made):
    for _ in range(4):
        client.get(PATH, headers={"Accept-Language": "fr," + "x" * 3000})

    assert made[ORDINARY] == 4


class BrokenCache(ResponseCache):
    """Fails at each question, as a mistake in it would."""

    def get(self, key, timestamp):
        raise RuntimeError(f"a mistake about {key}")


def test_a_cache_that_fails_is_one_line_of_log_and_the_application_answers(capsys, made):
    _, clock, parts = open_client()
    broken = BrokenCache(10, tenants=parts.tenants.directory, forms=lambda: parts.forms.content)
    client = create_web(replace(parts, now=clock.now, response_cache=broken)).test_client()
    capsys.readouterr()
    answers = [client.get(PATH) for _ in range(2)]
    telemetry.flush()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    failed = [line for line in lines if line["event"] == "request.failed"]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert made[ORDINARY] == 2
    assert [(line["route"], line["kind"]) for line in failed] == [("(response cache)", "RuntimeError")] * 2
    assert "test_response_cache" in failed[0]["exception"]
    assert ORDINARY not in json.dumps(failed)
