"""The answer cache: lifetimes, its two tiers, stale answers for failing sources, single flight."""

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
from prefill.registers.answer_cache import ABSENT_SECONDS, FAILURE_SECONDS, MAX_FAILURE_SECONDS, AnswerCache
from tests.support.clock import FakeClock
from tests.support.redis_server import settle

ESTABLISHMENT = CATALOGUE["etablissements"]
RCS = CATALOGUE["extraits_rcs_infogreffe"]
PROTECTED = CATALOGUE["exercices"]
DOCUMENT = CATALOGUE["attestations_sociales_acoss"]
KEY = ("", RCS.name, "900000001")
CALL = "/infogreffe/900000001"
NOW = 1_800_000_000.0


@pytest.fixture
def clock():
    return FakeClock(NOW)


@pytest.fixture
def store(clock):
    return AnswerCache(OptionalRedis(None, clock=clock), clock=clock, entries=100)


def ok(source=RCS, **data):
    at = datetime.fromtimestamp(NOW, PARIS)
    return Answer(source.name, Status.OK, data=data or {"siren": "900000001"}, retrieved_at=at, http_status=200)


def failed(cause=Cause.PROVIDER, http_status=502, **rest):
    return Answer(RCS.name, Status.UNAVAILABLE, cause=cause, http_status=http_status, **rest)


def refused(status=Status.WITHHELD, http_status=451):
    return Answer(RCS.name, status, http_status=http_status)


class FlushedCache(AnswerCache):
    """Waits until what it stores is in Redis."""

    def put(self, source, key, answer, flight=None):
        entry = super().put(source, key, answer, flight)
        settle(self.shared)
        return entry


def on(redis_server, clock, **options):
    return FlushedCache(OptionalRedis(redis_server.url, clock=clock), clock=clock, entries=100, **options)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (ok(), RCS.fresh),
        (refused(), ABSENT_SECONDS),
        (refused(Status.ABSENT, 404), ABSENT_SECONDS),
        (failed(), FAILURE_SECONDS),
        (failed(Cause.TIMEOUT, None), FAILURE_SECONDS),
        (failed(retry_after=20.0), 20.0),
        (failed(retry_after=1e6), MAX_FAILURE_SECONDS),
        (failed(Cause.THROTTLED, 429, retry_after=12.0), 12.0),
        (Answer(RCS.name, Status.MISCONFIGURED, http_status=401), FAILURE_SECONDS),
    ],
)
def test_an_answer_is_good_for_its_lifetime(store, clock, answer, seconds):
    store.put(RCS, KEY, answer)
    clock.at += seconds - 0.1
    before = store.get_local(KEY).fresh(clock.at)
    clock.at += 0.2

    assert before == replace(answer, cached=True)
    assert store.get_local(KEY).fresh(clock.at) is None


@pytest.mark.parametrize("source", CATALOGUE.values(), ids=CATALOGUE)
def test_each_row_has_its_own_lifetime(store, clock, source):
    key = ("", source.name, "1")
    store.put(source, key, ok(source))
    clock.at += source.fresh - 1
    assert store.get_local(key).fresh(clock.at)

    clock.at = NOW + source.fresh + source.keep - 1
    assert store.get_local(key).stale(clock.at)

    clock.at = NOW + source.fresh + source.keep + 1
    assert store.get_local(key).stale(clock.at) is None
    assert store.size() == 0


@pytest.mark.parametrize("cause", [Cause.THROTTLED, Cause.CIRCUIT_OPEN])
def test_a_refusal_of_our_own_is_not_remembered(store, clock, cause):
    store.put(RCS, KEY, failed(cause, None, retry_after=30.0))

    assert store.get_local(KEY).fresh(clock.at) is None
    assert store.size() == 0


def test_a_failure_stands_beside_the_answer_and_lets_it_be_served_with_its_date(store, clock):
    store.put(RCS, KEY, ok())
    clock.at += RCS.fresh + 1
    store.put(RCS, KEY, failed())

    stale = store.get_local(KEY).fresh(clock.at)
    assert (stale.status, stale.stale, stale.cached) == (Status.OK, True, True)
    assert stale.retrieved_at.timestamp() == NOW


@pytest.mark.parametrize("refusal", [refused(), refused(Status.ABSENT, 404), refused(Status.NOT_ENTITLED, 403)])
def test_a_refusal_replaces_what_was_said_before(store, clock, refusal):
    store.put(RCS, KEY, ok())
    clock.at += RCS.fresh + 1
    store.put(RCS, KEY, refusal)
    clock.at += ABSENT_SECONDS + 1
    store.put(RCS, KEY, failed())

    assert store.get_local(KEY).fresh(clock.at).status is Status.UNAVAILABLE
    assert store.get_local(KEY).stale(clock.at) is None


def test_memory_holds_so_many_answers_and_no_more(store, clock):
    for number in range(1000):
        store.put(RCS, ("", RCS.name, str(number)), ok())

    assert store.size() == 100


def test_nobody_changes_for_others_what_is_kept(store, clock):
    store.put(RCS, KEY, ok(officers=[{"name": "é \U0001f600", "age": 51, "share": 0.5, "active": True, "until": None}]))
    first = store.get_local(KEY).fresh(clock.timestamp())
    first.data["officers"][0]["name"] = "somebody else"

    assert store.get_local(KEY).fresh(clock.timestamp()).data == {
        "officers": [{"name": "é \U0001f600", "age": 51, "share": 0.5, "active": True, "until": None}]
    }


def test_a_service_may_keep_nothing(clock):
    store = AnswerCache(OptionalRedis(None, clock=clock), clock=clock, entries=0)
    store.put(RCS, KEY, ok())

    assert store.get_local(KEY).fresh(clock.at) is None


def test_an_answer_stored_by_one_process_is_found_by_all(redis_server, clock):
    answer = replace(ok(mandataires_sociaux=[{"nom": "É"}]), meta={"x": 1}, request_id="r", seconds=0.2)
    on(redis_server, clock).put(RCS, KEY, answer)

    assert on(redis_server, clock).get_shared(RCS, KEY).fresh(clock.at) == replace(answer, cached=True)


def test_a_failure_is_shared_too(redis_server, clock):
    on(redis_server, clock).put(RCS, KEY, failed())

    assert on(redis_server, clock).get_shared(RCS, KEY).fresh(clock.at).cause is Cause.PROVIDER


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

    assert store.get_shared(RCS, KEY).fresh(clock.at) is None
    assert store.get_shared(RCS, KEY).stale(clock.at) is None


def test_the_newer_of_two_answers_is_believed(redis_server, clock):
    here, there = on(redis_server, clock), on(redis_server, clock)
    here.put(RCS, KEY, ok(siren="old"))
    clock.at += 10
    there.put(RCS, KEY, ok(siren="new"))

    assert here.get_shared(RCS, KEY).answer.data == {"siren": "new"}
    assert here.get_local(KEY).answer.data == {"siren": "new"}


def test_what_is_protected_never_leaves_the_memory(redis_server, clock):
    store = on(redis_server, clock)
    store.put(PROTECTED, ("buyer", PROTECTED.name, "1"), ok(PROTECTED))

    assert store.get_local(("buyer", PROTECTED.name, "1")).answer
    with redis_server.client() as client:
        assert client.keys() == []


def test_what_is_protected_is_shared_on_demand_by_tenant(redis_server, clock):
    rows = replace(ok(PROTECTED), data=[{"chiffre_affaires": 1}])
    on(redis_server, clock, share_protected=True).put(PROTECTED, ("buyer", PROTECTED.name, "1"), rows)
    other = on(redis_server, clock, share_protected=True)

    assert other.get_shared(PROTECTED, ("buyer", PROTECTED.name, "1")).answer.data == rows.data
    assert other.get_shared(PROTECTED, ("another", PROTECTED.name, "1")).answer is None


def test_keys_carry_the_version_and_no_tenant_for_what_is_open(redis_server, clock):
    on(redis_server, clock, prefix="prefill:host").put(RCS, KEY, ok())
    with redis_server.client() as client:
        [name] = client.keys()

    head, host, version, *rest = name.decode().split(":")
    assert (head, host, rest) == ("prefill", "host", ["answer", "", RCS.name, "900000001"])
    assert len(version) == 8


GOOD = {
    "answer": None, "failure": None, "at": 0.0, "fresh_until": 0.0, "keep_until": 0.0, "failure_until": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    "junk",
    [
        b"", b"\xff\xfe", b"null", b"[]", b"{}", b"12", b'"x"', b"[" * 100_000,
        json.dumps({**GOOD, "fresh_until": "soon"}).encode(),
        json.dumps({**GOOD, "fresh_until": None}).encode(),
        json.dumps({**GOOD, "answer": "ok", "fresh_until": 9e9}).encode(),
        json.dumps({**GOOD, "answer": {"status": "ok"}, "fresh_until": 9e9}).encode(),
        json.dumps({**GOOD, "answer": [1], "fresh_until": 9e9}).encode(),
    ],
)  # fmt: skip
def test_unreadable_entries_in_redis_count_as_absent(redis_server, clock, junk):
    store = on(redis_server, clock)
    store.put(RCS, KEY, ok())
    with redis_server.client() as client:
        [name] = client.keys()
        client.set(name, junk)

    fresh = on(redis_server, clock)
    assert fresh.get_shared(RCS, KEY).fresh(clock.at) is None
    assert store.get_shared(RCS, KEY).fresh(clock.at).ok


def test_an_entry_of_another_shape_counts_as_absent(redis_server, clock):
    store = on(redis_server, clock)
    store.put(RCS, KEY, replace(ok(), data="text"))

    assert on(redis_server, clock).get_shared(RCS, KEY).fresh(clock.at) is None


def test_without_redis_the_memory_serves(mortal_redis, clock):
    store = on(mortal_redis, clock)
    mortal_redis.kill()
    store.put(RCS, KEY, ok())

    assert store.get_shared(RCS, KEY).fresh(clock.at).ok


def enter(store, record, patience=2.0):
    with store.single_flight(CALL, patience=patience, max_seconds=5.0) as admission:
        record.append("in")
        time.sleep(0.02)
        record.append("out")
        return admission.allowed


@pytest.mark.parametrize("stores", [1, 2])
def test_no_two_threads_or_processes_hold_the_same_call(redis_server, clock, stores):
    caches = [on(redis_server, clock) for _ in range(stores)] * 4
    record: list[str] = []
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda one: enter(one, record), caches))

    assert all(held)
    assert record == ["in", "out"] * len(caches)


def test_single_flight_works_in_one_process_without_redis(store):
    record: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: enter(store, record), range(4)))

    assert record == ["in", "out"] * 4


def test_a_call_held_by_another_for_too_long_is_refused(store):
    ready, done = threading.Event(), threading.Event()

    def hold():
        with store.single_flight(CALL, patience=1, max_seconds=5):
            ready.set()
            done.wait(5)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        ready.wait(5)
        with store.single_flight(CALL, patience=0.01, max_seconds=5) as admission:
            assert not admission.allowed
        with store.single_flight("/another/call", patience=0.01, max_seconds=5) as admission:
            assert admission.allowed
        done.set()


def test_a_dead_holder_does_not_keep_a_call(redis_server, clock):
    dead, alive = on(redis_server, clock), on(redis_server, clock)
    dead.single_flight(CALL, patience=1, max_seconds=0.05).__enter__()

    with alive.single_flight(CALL, patience=1, max_seconds=5) as admission:
        assert admission.allowed


def test_an_exception_releases_the_call(redis_server, clock):
    store = on(redis_server, clock)
    with pytest.raises(ZeroDivisionError), store.single_flight(CALL, patience=1, max_seconds=5):
        raise ZeroDivisionError

    with store.single_flight(CALL, patience=0.01, max_seconds=5) as admission:
        assert admission.allowed


def test_a_version_stands_for_an_entry_until_memory_holds_another(store, clock):
    store.put(RCS, KEY, ok())
    version, entry = store.get_versioned(KEY)

    assert entry == store.get_local(KEY)
    assert store.holds([(KEY, version)])
    store.put(RCS, KEY, ok())
    assert not store.holds([(KEY, version)])
    version, entry = store.get_versioned(KEY)
    clock.at += entry.until
    assert not store.holds([(KEY, version)])
