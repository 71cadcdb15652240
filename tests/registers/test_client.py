"""The door to the registers: whatever comes back, or does not, is an answer; and no call is rude."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
import requests
import structlog

from prefill import telemetry
from prefill.app import create_app
from prefill.assembly import open_upstream
from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.company import Company
from prefill.redis_client import OptionalRedis
from prefill.registers.answer_cache import AnswerCache
from prefill.registers.circuit_breaker import COOLDOWN, FAILURES
from prefill.registers.client import CONFLICT_DELAY, PROBE_PATIENCE
from prefill.registers.scheduling.workers import ProviderThreadPools
from prefill.settings import Settings
from tests.support.register import (
    BUYER,
    COMPANY,
    ESTABLISHMENT,
    NOW,
    RCS,
    TOKEN,
    TURNOVER,
    VAT,
    Handler,
    hang_up,
    saying,
    vat_number,
)
from tests.support.simulator import establishment, siren, siret


def document(**data):
    return {"data": data, "links": {}, "meta": {}}


def test_a_call_is_signed_and_says_for_whom_and_why(register, door):
    answer = door().fetch(VAT, COMPANY)
    [(path, headers)] = register.seen

    assert (answer.status, answer.data) == (Status.OK, {"numero_tva": "FR00"})
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert path.startswith(f"/v3/dgfip/unites_legales/{COMPANY.siren}/numero_tva?")
    assert f"recipient={BUYER}" in path
    assert "context=" in path
    assert "object=" in path


def test_a_netrc_does_not_replace_the_token(register, door, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login nobody password nothing\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    door().fetch(VAT, COMPANY)

    assert register.seen[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_the_token_is_in_no_text_and_no_log(register, door, capsys):
    telemetry.configure("json")
    upstream = door()
    register.reply = hang_up
    upstream.fetch(VAT, COMPANY)
    register.reply = saying(401, {"errors": [{"code": "00101", "detail": TOKEN, "title": TOKEN}]})
    refused = upstream.fetch(RCS, COMPANY)
    texts = [repr(upstream.connection), repr(upstream), repr(refused), capsys.readouterr().err]

    assert refused.status is Status.MISCONFIGURED
    assert [text for text in texts if TOKEN in text] == []


def test_the_number_of_a_company_is_in_no_log(register, door, capsys):
    telemetry.configure("json")
    door().fetch(VAT, COMPANY)

    assert COMPANY.siren not in capsys.readouterr().err


def test_the_lines_of_a_call_bear_the_id_of_the_request(door, capsys):
    telemetry.configure("json")
    with structlog.contextvars.bound_contextvars(request_id="candidate-1"):
        door().fetch(VAT, COMPANY)
    [line] = [json.loads(text) for text in capsys.readouterr().err.splitlines()]

    assert (line["event"], line["request_id"], line["status"]) == ("upstream.call", "candidate-1", "ok")
    assert line["budget_left"] == 249


def error(code="01000", **meta):
    return {"errors": [{"code": code, "title": "t", "detail": "d", "source": None, "meta": meta}]}


@pytest.mark.parametrize(
    ("status", "code", "expected", "cause"),
    [
        (401, "00101", Status.MISCONFIGURED, None),
        (401, "00103", Status.MISCONFIGURED, None),
        (401, "00105", Status.MISCONFIGURED, None),
        (403, "00100", Status.NOT_ENTITLED, None),
        (403, "00107", Status.MISCONFIGURED, None),
        (403, "00213", Status.MISCONFIGURED, None),
        (422, "00212", Status.MISCONFIGURED, None),
        (404, "01003", Status.ABSENT, None),
        (409, "00015", Status.UNAVAILABLE, Cause.CONFLICT),
        (422, "00302", Status.UNAVAILABLE, Cause.REJECTED),
        (422, "00210", Status.MISCONFIGURED, None),
        (429, "00429", Status.UNAVAILABLE, Cause.THROTTLED),
        (451, "01451", Status.WITHHELD, None),
        (500, "01999", Status.UNAVAILABLE, Cause.PROVIDER),
        (502, "01000", Status.UNAVAILABLE, Cause.PROVIDER),
        (503, "01001", Status.UNAVAILABLE, Cause.PROVIDER),
        (504, "01002", Status.UNAVAILABLE, Cause.PROVIDER),
        (418, "00000", Status.UNAVAILABLE, Cause.REJECTED),
        (302, "00000", Status.UNAVAILABLE, Cause.REDIRECTED),
    ],
)
def test_each_status_has_its_meaning(register, door, status, code, expected, cause):
    register.reply = saying(status, error(code), X_Request_ID="abc-1", Location="http://127.0.0.1:9/elsewhere")
    answer = door().fetch(VAT, COMPANY)

    assert (answer.status, answer.cause, answer.http_status) == (expected, cause, status)
    assert answer.request_id == "abc-1"
    assert answer.data is None


def test_an_extract_that_cannot_be_made_is_absent_and_not_asked_again(register, door):
    register.reply = saying(502, error("02502"))
    client = door()
    first = client.fetch(RCS, COMPANY)
    again = client.fetch(RCS, COMPANY)

    assert (first.status, first.cause, first.code) == (Status.ABSENT, None, "02502")
    assert again.cached
    assert len(register.seen) == 1


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"errors": {}}', b'{"errors": ["x"]}', b"<html>", b"\xff"])
def test_a_refusal_whose_body_says_nothing_is_still_one(register, door, body):
    register.reply = saying(502, body=body)

    assert door().fetch(VAT, COMPANY).cause is Cause.PROVIDER


@pytest.mark.parametrize(
    ("header", "meta", "expected"),
    [
        ("12", {}, 12.0),
        ("0", {}, 0.0),
        (None, {}, None),
        (None, {"retry_in": 300}, 300.0),
        ("soon", {"retry_in": 7}, 7.0),
        ("-5", {}, None),
        ("1.5", {}, None),
        ("9" * 30, {}, None),
        (format_datetime(NOW + timedelta(seconds=40)), {}, 40.0),
        (format_datetime(NOW - timedelta(days=1)), {}, 0.0),
        ("Mon, 23 Nov 2026 10:00:30 -0000", {}, None),
        (None, {"retry_in": True}, None),
        (None, {"retry_in": "9"}, None),
        (None, {"retry_in": -1}, None),
    ],
)
def test_when_to_come_back_is_read_as_it_is_written(register, door, header, meta, expected):
    headers = {} if header is None else {"Retry_After": header}
    register.reply = saying(503, error(**meta), **headers)

    assert door().fetch(VAT, COMPANY).retry_after == (expected and pytest.approx(expected))


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("0", 30), (None, 30), (format_datetime(NOW + timedelta(seconds=20)), 20)]
)
def test_after_a_429_nothing_is_sent_to_the_group_until_its_reset(register, door, clock, header, seconds):
    register.reply = saying(429, error("00429"), **({} if header is None else {"Retry_After": header}))
    upstream = door()
    upstream.fetch(VAT, COMPANY)
    register.reply = vat_number
    refused = upstream.fetch(RCS, COMPANY)

    assert (refused.status, refused.cause, refused.http_status) == (Status.UNAVAILABLE, Cause.THROTTLED, None)
    assert refused.retry_after == pytest.approx(seconds, abs=1)
    assert len(register.seen) == 1

    clock.at += seconds + 1.1
    upstream.fetch(RCS, COMPANY)
    assert len(register.seen) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{", b"<html>", b"[" * 100_000, b'{"data": null}', b'{"data": []}', b"\xff\xfe",
        b'{"data": {"numero_tva": 12}}',
    ],
)  # fmt: skip
def test_a_body_of_another_shape_is_unreadable(register, door, body):
    register.reply = saying(200, body=body)

    assert door().fetch(VAT, COMPANY).cause is Cause.UNREADABLE


def about(number, redirected=None, **changes):
    return {"data": establishment(number, **changes), "links": {}, "meta": {"redirect_from_siret": redirected}}


@pytest.mark.parametrize(
    ("number", "redirected", "status"),
    [
        (COMPANY.siret, None, Status.OK),
        (siret(siren(2)), None, Status.UNAVAILABLE),  # another company
        (siret(COMPANY.siren, 2), None, Status.UNAVAILABLE),  # another establishment of it
        (siret(siren(2)), COMPANY.siret, Status.OK),  # a duplicate, and it says so
        (siret(siren(2)), siret(siren(3)), Status.UNAVAILABLE),  # a duplicate of what nobody asked
    ],
)
def test_the_answer_is_about_the_company_that_was_asked(register, door, number, redirected, status):
    register.reply = saying(200, about(number, redirected))
    answer = door().fetch(ESTABLISHMENT, COMPANY)

    assert answer.status is status
    assert answer.cause is (None if answer.ok else Cause.OTHER_COMPANY)


def drip(handler: Handler) -> None:
    """A body of which a little comes again and again, for longer than anybody waits."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(2000):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.01)


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(2000):
        handler.wfile.write(f"X-{number % 90}: 1\r\n".encode() if number % 90 else b"X")
        handler.wfile.flush()
        time.sleep(0.01)


def silence(handler: Handler) -> None:
    time.sleep(3)


def hurried(source, seconds=0.2):
    """A row that is given little time, so that the test is quick."""

    class Hurried(type(source)):
        timeout = seconds

    twin = object.__new__(Hurried)
    for name in source.__dataclass_fields__:
        object.__setattr__(twin, name, getattr(source, name))
    return twin


@pytest.mark.parametrize("reply", [drip, drip_headers, silence])
def test_a_slow_answer_is_cut_at_its_bound(register, door, reply):
    register.reply = reply
    began = time.monotonic()
    answer = door().fetch(hurried(VAT), COMPANY)

    assert answer.cause is Cause.TIMEOUT
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "reply",
    [saying(200, body=b"", Content_Length=9), hang_up],
    ids=["partial", "reset"],
)
def test_a_line_that_is_cut_is_a_failure_and_no_more(register, door, reply):
    def cut(handler):
        reply(handler)
        handler.close_connection = True

    register.reply = cut
    assert door().fetch(VAT, COMPANY).cause is Cause.UNREACHABLE


def test_a_register_that_is_not_there_is_unreachable(register, door):
    upstream = door()
    register.shutdown()
    register.server_close()

    assert upstream.fetch(VAT, COMPANY).cause is Cause.UNREACHABLE


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_without_end_is_cut_at_its_bound(register, door, packed):
    body = b'{"data": "' + b"0" * 30_000_000 + b'"}'
    headers = {"Content_Encoding": "gzip"} if packed else {}
    register.reply = saying(200, body=gzip.compress(body) if packed else body, **headers)

    assert door().fetch(VAT, COMPANY).cause is Cause.TOO_LARGE


def test_a_crowd_costs_one_call(register, door):
    gate = threading.Event()
    register.reply = lambda handler: gate.wait(5) and vat_number(handler)
    upstream = door()
    flights = [upstream.submit(VAT, COMPANY) for _ in range(200)]
    known = upstream.is_cached(VAT, COMPANY)
    gate.set()

    assert {flight.result().status for flight in flights} == {Status.OK}
    assert len(register.seen) == 1
    assert known


def test_processes_ask_once_for_all(register, door, redis_server):
    gate = threading.Event()
    register.reply = lambda handler: gate.wait(5) and vat_number(handler)
    flights = [door(redis=redis_server.url).submit(VAT, COMPANY) for _ in range(4)]
    threading.Timer(0.1, gate.set).start()

    assert {flight.result(5).status for flight in flights} == {Status.OK}
    assert len(register.seen) == 1


def test_procedures_ask_each_for_themselves_and_never_at_once(register, door):
    flying, most = [], []

    def turnover(handler):
        flying.append(1)
        most.append(len(flying))
        time.sleep(0.02)
        flying.pop()
        handler.say(200, b'{"data": [], "links": {}, "meta": {}}')

    register.reply = turnover
    upstream = door()
    flights = [upstream.submit(TURNOVER, COMPANY, object=f"procedure {number}") for number in range(5)]

    assert {flight.result(5).status for flight in flights} == {Status.OK}
    assert len(register.seen) == 5
    assert max(most) == 1


def test_two_tenants_with_one_token_never_ask_the_same_at_once(register, door, clock):
    flying, most = [], []

    def turnover(handler):
        flying.append(1)
        most.append(len(flying))
        time.sleep(0.05)
        flying.pop()
        handler.say(200, b'{"data": [], "links": {}, "meta": {}}')

    register.reply = turnover
    cache = AnswerCache(OptionalRedis(None, clock=clock), clock=clock, entries=100)
    tenants = [door(tenant=name, cache=cache) for name in ("lyon", "nice", "paris")]
    flights = [tenant.submit(TURNOVER, COMPANY) for tenant in tenants]

    assert {flight.result(5).status for flight in flights} == {Status.OK}
    assert (len(register.seen), max(most)) == (3, 1)


def test_a_call_waits_its_turn_when_it_comes_before_the_deadline(register, door, clock):
    upstream = door()
    upstream.quota.apply_rate_limit_headers(VAT, {}, refused=True, retry_after=0.3)
    flight = upstream.submit(VAT, COMPANY, patience=5.0)
    clock.at += 0.4

    assert flight.result(5).ok


def test_a_call_whose_turn_comes_after_the_deadline_is_refused_at_once(register, door):
    upstream = door()
    upstream.quota.apply_rate_limit_headers(VAT, {}, refused=True, retry_after=30.0)
    began = time.monotonic()
    answers = [upstream.submit(VAT, company, patience=5.0).result(5) for company in companies(10, 3)]

    assert {answer.cause for answer in answers} == {Cause.THROTTLED}
    assert all(25 <= answer.retry_after <= 30 for answer in answers)
    assert time.monotonic() - began < 1


def test_a_thread_that_cannot_be_started_is_a_failure_of_the_source_and_leaves_nothing_in_flight(
    register, door, monkeypatch
):
    def start(_self):
        raise RuntimeError("can't start new thread")

    upstream = door()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        answer = upstream.fetch(VAT, COMPANY)

    assert (answer.status, answer.cause) == (Status.UNAVAILABLE, Cause.UNREACHABLE)
    assert not upstream.is_cached(VAT, COMPANY)
    assert upstream.fetch(VAT, COMPANY).ok


def test_a_conflict_is_tried_once_more_and_later(register, door, clock):
    register.reply = saying(409, error("00015"))
    upstream = door()
    answer = upstream.fetch(VAT, COMPANY)
    assert (answer.cause, clock.slept, len(register.seen)) == (Cause.CONFLICT, [CONFLICT_DELAY], 2)

    replies = iter([saying(409, error("00015")), vat_number])
    register.reply = lambda handler: next(replies)(handler)
    assert door().fetch(VAT, COMPANY).ok


def test_when_a_source_fails_what_it_said_is_served_with_its_date(register, door, clock):
    upstream = door()
    first = upstream.fetch(VAT, COMPANY)
    clock.at += VAT.fresh + 1
    register.reply = saying(502, error())
    stale, again = upstream.fetch(VAT, COMPANY), upstream.fetch(VAT, COMPANY)

    assert (stale.status, stale.stale, stale.retrieved_at) == (Status.OK, True, first.retrieved_at)
    assert again == stale
    assert len(register.seen) == 2


def test_out_of_budget_stale_data_are_served_too(register, door, clock):
    upstream = door()
    upstream.fetch(VAT, COMPANY)
    clock.at += VAT.fresh + 1
    upstream.quota.apply_rate_limit_headers(VAT, {}, refused=True, retry_after=30.0)

    assert upstream.fetch(VAT, COMPANY).stale


def test_what_is_withheld_is_never_served_from_before(register, door, clock):
    upstream = door()
    upstream.fetch(VAT, COMPANY)
    clock.at += VAT.fresh + 1
    register.reply = saying(451, error())
    upstream.fetch(VAT, COMPANY)
    clock.at += 3600
    register.reply = saying(502, error())

    assert upstream.fetch(VAT, COMPANY).status is Status.UNAVAILABLE


def test_a_refusal_of_ours_is_not_remembered(register, door, clock):
    upstream = door()
    upstream.quota.apply_rate_limit_headers(VAT, {}, refused=True, retry_after=5.0)
    assert upstream.fetch(VAT, COMPANY).cause is Cause.THROTTLED

    clock.at += 5.1
    assert upstream.fetch(VAT, COMPANY).ok


def companies(first, count):
    return [Company.unread(siret(siren(rank))) for rank in range(first, first + count)]


def test_an_open_breaker_costs_no_call_and_no_time(register, door):
    register.reply = saying(502, error())
    upstream = door()
    for company in companies(10, FAILURES):
        upstream.fetch(VAT, company)
    began = time.monotonic()
    refused = [upstream.fetch(VAT, company) for company in companies(100, 50)]

    assert {one.cause for one in refused} == {Cause.CIRCUIT_OPEN}
    assert 0 < refused[0].retry_after <= COOLDOWN
    assert len(register.seen) == FAILURES
    assert time.monotonic() - began < 1


def test_the_first_fresh_answer_comes_within_the_cooldown(register, door, clock):
    register.reply = saying(502, error())
    upstream = door()
    for company in companies(10, FAILURES):
        upstream.fetch(VAT, company)
    register.reply = vat_number
    clock.at += COOLDOWN

    assert upstream.fetch(VAT, COMPANY).ok


def test_nobody_waits_for_a_probe_that_hangs(register, door, clock):
    register.reply = saying(502, error())
    upstream = door()
    for company in companies(10, FAILURES):
        upstream.fetch(VAT, company)
    gate = threading.Event()
    register.reply = lambda handler: gate.wait(5) and vat_number(handler)
    clock.at += COOLDOWN
    began = time.monotonic()
    answer = upstream.fetch(VAT, COMPANY)
    took = time.monotonic() - began
    also = upstream.fetch(VAT, COMPANY)
    gate.set()
    while (late := upstream.fetch(VAT, COMPANY)).cause is Cause.CIRCUIT_OPEN:
        time.sleep(0.01)

    assert answer.cause is also.cause is Cause.CIRCUIT_OPEN
    assert took < PROBE_PATIENCE + 0.3
    assert late.ok
    assert upstream.breakers.open() == {}


def test_a_slow_provider_keeps_nobody_else_waiting(register, door):
    gate = threading.Event()

    def slow_at_infogreffe(handler):
        if "infogreffe" in handler.path:
            gate.wait(5)
        vat_number(handler)

    register.reply = slow_at_infogreffe
    upstream = door(workers=4)
    flights = [upstream.submit(RCS, company) for company in companies(10, 30)]
    began = time.monotonic()
    answer = upstream.fetch(VAT, COMPANY)
    took = time.monotonic() - began
    gate.set()

    assert answer.ok
    assert took < 1
    assert all(flight.result(5) for flight in flights)


def test_a_probe_that_the_budget_refuses_is_not_lost(register, door, clock):
    register.reply = saying(502, error())
    upstream = door()
    for company in companies(10, FAILURES):
        upstream.fetch(VAT, company)
    register.reply = vat_number
    clock.at += COOLDOWN
    upstream.quota.apply_rate_limit_headers(VAT, {}, refused=True, retry_after=1.0)
    refused = upstream.fetch(VAT, COMPANY)
    clock.at += 1.1

    assert refused.cause is Cause.THROTTLED
    assert upstream.fetch(VAT, COMPANY).ok


def test_failures_of_sandbox_companies_are_their_own():
    upstream = open_upstream(Settings())
    down, up = Company.unread("00001300300017"), Company.unread("00000100800010")
    for _ in range(20):
        upstream.cache.clear()
        assert upstream.fetch(RCS, down).cause is Cause.PROVIDER

    assert upstream.fetch(RCS, up).ok
    upstream.close()


def service(register, **settings):
    values = {
        "url": register.url,
        "search_rate": 0,
        "token": TOKEN,
        "recipient": BUYER,
        "log": "json",
        "rate_limit": 0,
        "metrics_token": "operator",
        **settings,
    }
    return create_app(Settings(**values)).test_client()


def cut_at_once(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def test_a_ban_is_said_and_the_cache_goes_on_serving(register, capsys):
    register.reply = saying(200, about(COMPANY.siret))
    client = service(register)
    held = client.get(f"/v1/prefill/{COMPANY.siret}").json
    register.reply = cut_at_once
    for company in companies(10, 8):
        client.get(f"/v1/prefill/{company.siret}")
    messages = [
        one["message"]
        for one in client.get("/readyz", headers={"Authorization": "Bearer operator"}).json["checks"]
        if not one["ok"]
    ]
    again = client.get(f"/v1/prefill/{COMPANY.siret}").json

    assert any("bannie" in message for message in messages)
    assert "upstream.silent" in capsys.readouterr().err
    assert client.get("/readyz").status_code == 200
    assert again["data"] == held["data"]


@pytest.mark.slow
def test_a_closed_group_is_an_answer_that_says_when_to_come_back(register):
    register.reply = saying(429, error("00429"), Retry_After="40")
    client = service(register, early_calls=False)
    client.get(f"/v1/prefill/{COMPANY.siret}")
    answer = client.get(f"/v1/prefill/{siret(siren(2))}")
    gap = answer.json["missing"]["/partII/A/economicOperator/name"]

    assert answer.status_code == 200
    assert gap["reason"] == "unavailable"
    assert 30 <= gap["retryAfter"] <= 40
    assert len(register.seen) == 1


def test_stale_values_bear_their_date_and_say_so(register, door):
    assert Answer("x", Status.OK).stale is False


def test_the_proxy_and_the_certificates_of_the_environment_are_used(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.exemple.fr:3128")
    monkeypatch.setenv("NO_PROXY", "interne.exemple.fr")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ours.pem")
    thread_pools = ProviderThreadPools(requests.Session, 1)

    options = thread_pools.transport_options("https://entreprise.api.gouv.fr/v3/x")
    assert options["proxies"]["https"] == "http://proxy.exemple.fr:3128"
    assert options["verify"] == "/etc/ours.pem"
    assert "https" not in thread_pools.transport_options("https://interne.exemple.fr/x")["proxies"]
    assert thread_pools.session().trust_env is False
