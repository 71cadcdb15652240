"""What is kept of an answer, for how long, where, and what may stand in for a source that fails."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest

from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.redis_client import OptionalRedis
from prefill.registers.answer_cache import ABSENT_SECONDS, FAILURE_SECONDS, LONGEST_FAILURE, Store
from tests.support.redis_server import Clock

ESTABLISHMENT = CATALOGUE["etablissements"]
RCS = CATALOGUE["extraits_rcs_infogreffe"]
PROTECTED = CATALOGUE["exercices"]
DOCUMENT = CATALOGUE["attestations_sociales_acoss"]
KEY = ("", RCS.name, "900000001")
NOW = 1_800_000_000.0


@pytest.fixture
def clock():
    return Clock(NOW)


@pytest.fixture
def store(clock):
    return Store(OptionalRedis(None, clock=clock), now=clock, entries=100)


def ok(source=RCS, **data):
    at = datetime.fromtimestamp(NOW, PARIS)
    return Answer(source.name, Status.OK, data=data or {"siren": "900000001"}, retrieved_at=at, http_status=200)


def failed(cause=Cause.PROVIDER, http_status=502, **rest):
    return Answer(RCS.name, Status.UNAVAILABLE, cause=cause, http_status=http_status, **rest)


def refused(status=Status.WITHHELD, http_status=451):
    return Answer(RCS.name, status, http_status=http_status)


def on(redis_server, clock, **options):
    return Store(OptionalRedis(redis_server.url, clock=clock), now=clock, entries=100, **options)


# -- lifetimes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (ok(), RCS.fresh),
        (refused(), ABSENT_SECONDS),
        (refused(Status.ABSENT, 404), ABSENT_SECONDS),
        (failed(), FAILURE_SECONDS),
        (failed(Cause.TIMEOUT, None), FAILURE_SECONDS),
        (failed(retry_after=20.0), 20.0),
        (failed(retry_after=1e6), LONGEST_FAILURE),
        (failed(Cause.THROTTLED, 429, retry_after=12.0), 12.0),
        (Answer(RCS.name, Status.MISCONFIGURED, http_status=401), FAILURE_SECONDS),
    ],
)
def test_an_answer_is_good_for_its_lifetime(store, clock, answer, seconds):
    store.put(RCS, KEY, answer)
    clock.at += seconds - 0.1
    before = store.near(KEY).good(clock.at)
    clock.at += 0.2

    assert before == replace(answer, cached=True)
    assert store.near(KEY).good(clock.at) is None


@pytest.mark.parametrize("source", CATALOGUE.values(), ids=CATALOGUE)
def test_each_row_has_its_own_lifetime(store, clock, source):
    key = ("", source.name, "1")
    store.put(source, key, ok(source))
    clock.at += source.fresh - 1
    assert store.near(key).good(clock.at)

    clock.at = NOW + source.fresh + source.keep - 1
    assert store.near(key).stale(clock.at)

    clock.at = NOW + source.fresh + source.keep + 1
    assert store.near(key).stale(clock.at) is None
    assert store.size() == 0


@pytest.mark.parametrize("cause", [Cause.THROTTLED, Cause.RESTING])
def test_a_refusal_of_our_own_is_not_remembered(store, clock, cause):
    store.put(RCS, KEY, failed(cause, None, retry_after=30.0))

    assert store.near(KEY).good(clock.at) is None
    assert store.size() == 0


def test_a_failure_stands_beside_the_answer_and_lets_it_be_served_with_its_date(store, clock):
    store.put(RCS, KEY, ok())
    clock.at += RCS.fresh + 1
    store.put(RCS, KEY, failed())

    stale = store.near(KEY).good(clock.at)
    assert (stale.status, stale.stale, stale.cached) == (Status.OK, True, True)
    assert stale.retrieved_at.timestamp() == NOW


@pytest.mark.parametrize("refusal", [refused(), refused(Status.ABSENT, 404), refused(Status.NOT_ENTITLED, 403)])
def test_a_refusal_replaces_what_was_said_before(store, clock, refusal):
    store.put(RCS, KEY, ok())
    clock.at += RCS.fresh + 1
    store.put(RCS, KEY, refusal)
    clock.at += ABSENT_SECONDS + 1
    store.put(RCS, KEY, failed())

    assert store.near(KEY).good(clock.at).status is Status.UNAVAILABLE
    assert store.near(KEY).stale(clock.at) is None


def test_memory_holds_so_many_answers_and_no_more(store, clock):
    for number in range(1000):
        store.put(RCS, ("", RCS.name, str(number)), ok())

    assert store.size() == 100


def test_a_service_may_keep_nothing(clock):
    store = Store(OptionalRedis(None, clock=clock), now=clock, entries=0)
    store.put(RCS, KEY, ok())

    assert store.near(KEY).good(clock.at) is None


# -- the shared shelf -------------------------------------------------------------------------------


def test_what_one_instance_learns_all_know(redis_server, clock):
    answer = replace(ok(mandataires_sociaux=[{"nom": "É"}]), meta={"x": 1}, request_id="r", seconds=0.2)
    on(redis_server, clock).put(RCS, KEY, answer)

    assert on(redis_server, clock).far(RCS, KEY).good(clock.at) == replace(answer, cached=True, seconds=0.0)


def test_a_failure_is_shared_too(redis_server, clock):
    on(redis_server, clock).put(RCS, KEY, failed())

    assert on(redis_server, clock).far(RCS, KEY).good(clock.at).cause is Cause.PROVIDER


def test_what_is_shared_does_not_outlive_its_use(redis_server, clock):
    on(redis_server, clock).put(RCS, KEY, failed())
    on(redis_server, clock).put(RCS, ("", RCS.name, "2"), ok())
    with redis_server.client() as client:
        lives = sorted(client.ttl(name) for name in client.scan_iter())

    assert 0 < lives[0] <= FAILURE_SECONDS
    assert RCS.fresh < lives[1] <= RCS.fresh + RCS.keep


@pytest.mark.parametrize("refusal", [refused(), refused(Status.ABSENT, 404)])
def test_a_refusal_learnt_while_redis_was_away_is_not_undone_by_what_it_still_holds(redis_server, clock, refusal):
    store = on(redis_server, clock)
    store.put(RCS, KEY, ok())
    with redis_server.client() as client:
        held = {name: client.get(name) for name in client.scan_iter()}
    clock.at += RCS.fresh + 1
    store.put(RCS, KEY, refusal)
    with redis_server.client() as client:
        client.mset(held)
    clock.at += ABSENT_SECONDS + 1

    assert store.far(RCS, KEY).good(clock.at) is None
    assert store.far(RCS, KEY).stale(clock.at) is None


def test_the_newer_of_two_answers_is_believed(redis_server, clock):
    here, there = on(redis_server, clock), on(redis_server, clock)
    here.put(RCS, KEY, ok(siren="old"))
    clock.at += 10
    there.put(RCS, KEY, ok(siren="new"))

    assert here.far(RCS, KEY).answer.data == {"siren": "new"}
    assert here.near(KEY).answer.data == {"siren": "new"}


def test_what_is_protected_never_leaves_the_memory(redis_server, clock):
    store = on(redis_server, clock)
    store.put(PROTECTED, ("buyer", PROTECTED.name, "1"), ok(PROTECTED))

    assert store.near(("buyer", PROTECTED.name, "1")).answer
    with redis_server.client() as client:
        assert client.keys() == []


def test_what_is_protected_is_shared_on_demand_by_tenant(redis_server, clock):
    rows = replace(ok(PROTECTED), data=[{"chiffre_affaires": 1}])
    on(redis_server, clock, share_protected=True).put(PROTECTED, ("buyer", PROTECTED.name, "1"), rows)
    other = on(redis_server, clock, share_protected=True)

    assert other.far(PROTECTED, ("buyer", PROTECTED.name, "1")).answer.data == rows.data
    assert other.far(PROTECTED, ("another", PROTECTED.name, "1")).answer is None


def test_keys_carry_the_version_and_no_tenant_for_what_is_open(redis_server, clock):
    on(redis_server, clock, prefix="prefill:host").put(RCS, KEY, ok())
    with redis_server.client() as client:
        [name] = client.keys()

    head, host, version, *rest = name.decode().split(":")
    assert (head, host, rest) == ("prefill", "host", ["answer", "", RCS.name, "900000001"])
    assert len(version) == 8


GOOD = {
    "answer": None, "failure": None, "at": 0.0, "good_until": 0.0, "keep_until": 0.0, "failure_until": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    "junk",
    [
        b"", b"\xff\xfe", b"null", b"[]", b"{}", b"12", b'"x"', b"[" * 100_000,
        json.dumps({**GOOD, "good_until": "soon"}).encode(),
        json.dumps({**GOOD, "good_until": None}).encode(),
        json.dumps({**GOOD, "answer": "ok", "good_until": 9e9}).encode(),
        json.dumps({**GOOD, "answer": {"status": "ok"}, "good_until": 9e9}).encode(),
        json.dumps({**GOOD, "answer": [1], "good_until": 9e9}).encode(),
    ],
)  # fmt: skip
def test_junk_in_redis_is_not_there(redis_server, clock, junk):
    store = on(redis_server, clock)
    store.put(RCS, KEY, ok())
    with redis_server.client() as client:
        [name] = client.keys()
        client.set(name, junk)

    fresh = on(redis_server, clock)
    assert fresh.far(RCS, KEY).good(clock.at) is None
    assert store.far(RCS, KEY).good(clock.at).ok


def test_an_answer_of_another_shape_in_redis_is_not_there(redis_server, clock):
    store = on(redis_server, clock)
    store.put(RCS, KEY, replace(ok(), data="text"))

    assert on(redis_server, clock).far(RCS, KEY).good(clock.at) is None


def test_without_redis_the_memory_serves(mortal_redis, clock):
    store = on(mortal_redis, clock)
    mortal_redis.kill()
    store.put(RCS, KEY, ok())

    assert store.far(RCS, KEY).good(clock.at).ok


# -- alone with a question --------------------------------------------------------------------------


def enter(store, record, patience=2.0):
    with store.alone_with(KEY, patience=patience, longest=5.0) as held:
        record.append("in")
        time.sleep(0.02)
        record.append("out")
        return held


@pytest.mark.parametrize("stores", [1, 2])
def test_nobody_asks_what_another_is_asking(redis_server, clock, stores):
    crew = [on(redis_server, clock) for _ in range(stores)] * 4
    record: list[str] = []
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda one: enter(one, record), crew))

    assert all(held)
    assert record == ["in", "out"] * len(crew)


def test_one_process_needs_no_redis_to_take_turns(store):
    record: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: enter(store, record), range(4)))

    assert record == ["in", "out"] * 4


def test_a_turn_that_does_not_come_is_told(store):
    ready, done = threading.Event(), threading.Event()

    def hold():
        with store.alone_with(KEY, patience=1, longest=5):
            ready.set()
            done.wait(5)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        ready.wait(5)
        with store.alone_with(KEY, patience=0.01, longest=5) as held:
            assert held is False
        with store.alone_with(("", "other", "1"), patience=0.01, longest=5) as held:
            assert held is True
        done.set()


def test_who_died_with_a_question_does_not_keep_it(redis_server, clock):
    dead, alive = on(redis_server, clock), on(redis_server, clock)
    dead.alone_with(KEY, patience=1, longest=0.05).__enter__()

    with alive.alone_with(KEY, patience=1, longest=5) as held:
        assert held


def test_a_fault_inside_gives_the_turn_back(redis_server, clock):
    store = on(redis_server, clock)
    with pytest.raises(ZeroDivisionError), store.alone_with(KEY, patience=1, longest=5):
        raise ZeroDivisionError

    with store.alone_with(KEY, patience=0.01, longest=5) as held:
        assert held
