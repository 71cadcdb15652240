"""Sessions end by themselves; one that cannot be read is none."""

from __future__ import annotations

import json

import pytest

from prefill.auth.signin.sessions import MAX_SECONDS, Session, Sessions
from prefill.redis_client import OptionalRedis
from tests.support.clock import FakeClock

IDLE = 1800.0


def opened(clock: FakeClock, url: str | None = None) -> tuple[Sessions, str]:
    sessions = Sessions(OptionalRedis(url, clock=clock), idle_seconds=IDLE, clock=clock.timestamp)
    session = Session("lyon", "https://sso.example", "c", "odile", "", "", "", "csrf", clock.timestamp(), "")
    return sessions, sessions.open(session)


def test_a_session_that_is_not_used_ends():
    clock = FakeClock()
    sessions, session_id = opened(clock)
    clock.sleep(IDLE - 1)
    assert sessions.find(session_id)
    clock.sleep(IDLE - 1)
    assert sessions.find(session_id)
    clock.sleep(IDLE + 1)

    assert sessions.find(session_id) is None


def test_a_session_that_is_always_used_ends_too():
    clock = FakeClock()
    sessions, session_id = opened(clock)
    for _ in range(round(MAX_SECONDS / 1000)):
        assert sessions.find(session_id)
        clock.sleep(1000)
    clock.sleep(1000)

    assert sessions.find(session_id) is None


def test_what_is_kept_of_a_session_is_not_its_id_nor_in_a_repr():
    clock = FakeClock()
    sessions, session_id = opened(clock)

    assert session_id not in repr(vars(sessions))
    assert "odile" not in repr(sessions.find(session_id))


@pytest.mark.parametrize(
    "change",
    [lambda _: "", lambda body: body[:20], lambda body: json.dumps({**json.loads(body), "new": 1})],
    ids=["empty", "cut", "new member"],
)
def test_a_session_that_another_version_wrote_is_none_and_no_fault(redis_server, change):
    clock = FakeClock()
    sessions, session_id = opened(clock, redis_server.url)
    kept = Session("lyon", "https://sso.example", "c", "paul", "", "", "", "csrf", clock.timestamp(), "")
    with redis_server.client() as client:
        [name] = client.keys("*session*")
        client.set(name, change(client.get(name).decode()))
    other = sessions.open(kept)

    assert sessions.find(session_id) is None
    assert sessions.find(other) == kept
    assert sessions.all() == [kept]
