"""Caps: event streams beyond theirs get the plain answer, prefills beyond theirs what is known at once."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from prefill.app import build_context
from prefill.assembly import open_forms
from prefill.domain.requester import SERVICE, Requester, RequesterKind
from prefill.settings import Settings
from prefill.web.app import create_web
from prefill.web.protection.slots import SharedSlots, Slots, waiting_slots
from tests.support.clock import FakeClock
from tests.support.factories import write_keys, write_tenants

PATH = "/v1/prefill/00000100800010"
EVENTS = {"Accept": "text/event-stream"}


def test_a_request_beyond_the_cap_gets_the_plain_answer_and_a_closed_stream_gives_its_place_back():
    settings = Settings(log="json", rate_limit=0)
    context = replace(build_context(settings, open_forms(settings)), stream_slots=Slots(1))
    client = create_web(context).test_client()

    first = client.get(PATH, headers=EVENTS, buffered=False)
    second = client.get(PATH, headers=EVENTS)
    first.close()
    third = client.get(PATH, headers=EVENTS)

    assert [answer.mimetype for answer in (first, second, third)] == [
        "text/event-stream", "application/json", "text/event-stream",
    ]  # fmt: skip


def test_a_refusal_gives_the_place_back():
    settings = Settings(log="json", rate_limit=0)
    context = replace(build_context(settings, open_forms(settings)), stream_slots=Slots(1))
    client = create_web(context).test_client()

    refused = client.get("/v1/prefill/00000700900010", headers=EVENTS)
    answered = client.get(PATH, headers=EVENTS)

    assert refused.status_code >= 400
    assert answered.mimetype == "text/event-stream"


SLOW = "00001700400011"
AGENT = {"Authorization": "Bearer pfk_sandbox_donnees-inventees-sans-secret"}
DOSSIER = "/v1/dossiers/00000100800010?object=2026-TRX-014"


@pytest.fixture
def slots():
    return waiting_slots(8)


@pytest.fixture
def client(slots):
    settings = Settings(log="json", rate_limit=0)
    return create_web(replace(build_context(settings, open_forms(settings)), waiting_slots=slots)).test_client()


def take(slots, *, agent=False, requester=SERVICE, buyer=""):
    """Take all that this requester is given."""
    return len(list(iter(lambda: slots.acquire(requester, agent=agent, buyer=buyer), None)))


def candidate(address, network=""):
    return Requester(RequesterKind.CANDIDATE, address=address, network=network, calls_per_minute=30)


def test_a_quarter_of_the_threads_never_waits_and_the_last_of_the_others_are_for_agents():
    slots = waiting_slots(64)
    first = slots.acquire()

    assert (take(slots), take(slots, agent=True)) == (39, 8)
    slots.release(first)
    assert slots.acquire() is None
    assert slots.acquire(agent=True)


def test_an_address_takes_a_quarter_of_the_slots_and_a_network_half():
    slots = waiting_slots(64)

    assert take(slots, requester=candidate("a")) == 10
    assert [take(slots, requester=candidate(f"b{host}", "b")) for host in range(3)] == [10, 10, 0]
    assert take(slots, requester=Requester(RequesterKind.INTEGRATOR, address="key")) == 10
    assert take(slots, agent=True) == 8


def test_one_buyer_s_crowd_takes_two_thirds_of_the_slots_and_whoever_comes_to_another_finds_some():
    slots = waiting_slots(64)
    crowds = [take(slots, buyer=buyer) for buyer in ("a", "b")]
    held = slots.acquire(candidate("new"), buyer="c")

    assert crowds == [27, 9]
    assert held
    assert slots.acquire(candidate("another"), buyer="a") is None
    assert take(slots, agent=True, buyer="a") == 11


class RecordedSlots(SharedSlots):
    """Notes for which buyer a slot was wanted."""

    buyers: list[str]

    def acquire(self, requester=SERVICE, *, agent=False, buyer=""):
        self.buyers.append(buyer)
        return super().acquire(requester, agent=agent, buyer=buyer)


def test_a_buyer_has_a_share_of_the_slots_where_there_are_several(tmp_path):
    recorded = RecordedSlots(8)
    recorded.buyers = []
    tenants = str(write_tenants(tmp_path, str(write_keys(tmp_path))))
    several = Settings(log="json", rate_limit=0, url="http://127.0.0.1:9", search_rate=0, tenants=tenants)
    for settings, path in ((several, f"{PATH}?tenant=nice"), (Settings(log="json", rate_limit=0), PATH)):
        context = replace(build_context(settings, open_forms(settings)), waiting_slots=recorded)
        create_web(context).test_client().get(path)

    assert recorded.buyers == ["nice", ""]


def test_an_address_that_gives_a_slot_back_may_take_another():
    slots = waiting_slots(64)
    held = slots.acquire(candidate("a", "n"))
    take(slots, requester=candidate("a", "n"))
    slots.release(held)

    assert take(slots, requester=candidate("a", "n")) == 1


@pytest.mark.parametrize(("seconds", "left"), [(1, 0), (5, 10), (60, 20)])
def test_those_who_waited_for_long_of_late_leave_slots_to_those_who_did_not(seconds, left):
    clock = FakeClock()
    slots = waiting_slots(64, clock=clock)
    greedy = [candidate(f"greedy {rank}") for rank in range(50)]
    first = [slots.acquire(each) for each in greedy[:40]]
    assert slots.acquire(candidate("new")) is None, "nothing tells them apart yet"

    clock.at += seconds
    for slot in first:
        slots.release(slot)
    taken = sum(slots.acquire(each) is not None for each in greedy[:40])

    assert (taken, sum(slots.acquire(candidate(f"new {rank}")) is not None for rank in range(20))) == (40 - left, left)


def test_who_asked_no_more_for_some_minutes_is_as_new():
    clock = FakeClock()
    slots = waiting_slots(64, clock=clock)
    held = slots.acquire(candidate("a"))
    clock.at += 60
    slots.release(held)
    others = [slots.acquire(candidate(f"b{rank}")) for rank in range(30)]

    assert others[-1]
    assert slots.acquire(candidate("a")) is None
    clock.at += 900
    assert slots.acquire(candidate("a"))


def test_a_prefill_beyond_the_cap_is_answered_at_once_with_what_is_known(client, slots):
    take(slots, agent=True)
    began = time.monotonic()
    answer = client.get(f"/v1/prefill/{SLOW}", headers=EVENTS)

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert {gap["reason"] for gap in answer.json["missing"].values()} >= {"late"}
    assert time.monotonic() - began < 3.0, "its registers take five seconds"


def test_its_calls_go_on_and_the_next_question_has_their_answer(client, slots):
    held = slots.acquire(agent=True)
    take(slots, agent=True)
    client.get(PATH)
    slots.release(held)
    end = time.monotonic() + 20
    while not client.get(PATH).json["complete"]:
        assert time.monotonic() < end


def test_what_waits_and_cannot_be_answered_in_part_says_when_to_come_back(client, slots):
    take(slots, agent=True)
    refused = client.get("/v1/companies/000001008/establishments")
    document = client.get("/v1/dossiers/00000100800010/documents.zip?object=2026-TRX-014", headers=AGENT)

    assert (refused.status_code, refused.headers.get("Retry-After")) == (429, "2")
    assert (document.status_code, document.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("path", ["/v1/espd", "/v1/prefill/00000100800010/espd", "/v1/prefill/batch", "/v1/verify"])
def test_bodies_that_are_read_at_once_are_few_and_each_gives_its_slot_back(client, path):
    slots = client.application.extensions["prefill"].body_slots
    first = [client.post(path, json={}).status_code for _ in range(20)]
    take(slots)
    refused = client.post(path, json={})

    assert max(first) < 429
    assert (refused.status_code, refused.headers.get("Retry-After")) == (429, "2")


@pytest.mark.parametrize("path", [PATH, "/v1/prefill/00000700900010", "/v1/prefill/00000100800010/espd", DOSSIER])
@pytest.mark.parametrize("headers", [AGENT, {**AGENT, **EVENTS}])
def test_every_request_gives_its_slot_back(client, slots, path, headers):
    for _ in range(20):
        client.get(path, headers=headers).close()

    assert take(slots, agent=True) == 6


def test_a_search_that_may_not_wait_answers_with_what_is_known(client, slots):
    take(slots, agent=True)
    found = client.get("/v1/companies?q=menuiserie")

    assert (found.status_code, found.json["companies"], found.json["partial"]) == (200, [], True)
    assert int(found.headers["Retry-After"]) == found.json["retryAfter"] >= 1
