"""The same prefill as server-sent events: what comes when, what it costs, how it ends."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator

import pytest

from prefill.app import create_app
from prefill.prefilling.service import Event, Heartbeat
from prefill.problems import UpstreamMisconfigured
from prefill.settings import Settings
from prefill.web import sse as stream

ORDINARY = "00000100800010"
ASSOCIATION = "00000300400017"
SLOW = "00001700400011"
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
def client():
    return create_app(Settings(log="json")).test_client()


def read(text: str) -> list[tuple[str, str | None, dict]]:
    """Read a stream as a browser does: name, id and data of each event."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in lines:
            found.append((lines["event"], lines.get("id"), json.loads(lines["data"])))
    return found


def without_time(answer: dict) -> dict:
    steady = {name: {"status": one["status"]} for name, one in answer["sources"].items()}
    return {**answer, "sources": steady}


@pytest.mark.parametrize(
    "number", [ORDINARY, ASSOCIATION, "000001008", "00000600700017", "00001300300017", "00001400100010"]
)
def test_the_last_event_is_the_plain_answer(client, number):
    events = read(client.get(f"/v1/prefill/{number}", headers=EVENTS).text)
    plain = client.get(f"/v1/prefill/{number}").json

    assert [name for name, _, _ in events].count("done") == 1
    assert events[-1][0] == "done"
    assert without_time(events[-1][2]) == without_time(plain)


def test_each_event_brings_only_what_its_source_says(client):
    events = read(client.get(f"/v1/prefill/{SLOW}", headers=EVENTS).text)
    fields = {data["source"]: data for name, _, data in events if name == "fields"}

    assert list(fields) == ["etablissements", "numero_tva", "extraits_rcs_infogreffe"]
    assert fields["etablissements"]["data"]["partII"]["A"]["economicOperator"]["name"] == "ROULAGE PERCHERON"
    assert "name" in fields["etablissements"]["aliases"]
    assert "name" not in fields["extraits_rcs_infogreffe"]["data"]["partII"]["A"]["economicOperator"]
    assert fields["extraits_rcs_infogreffe"]["aliases"].keys() >= {"shareCapital", "registrationNumber"}
    assert [(one["answered"], one["expected"]) for one in fields.values()] == [(1, 1), (2, 3), (3, 3)]
    assert all(gap["reason"] != "late" for one in fields.values() for gap in one["missing"].values())


def test_what_all_events_bring_makes_the_whole(client):
    events = read(client.get(f"/v1/prefill/{ORDINARY}", headers=EVENTS).text)
    *parts, (_, _, whole) = events

    brought = {pointer for _, _, data in parts for pointer in data["provenance"]}
    assert brought == set(whole["provenance"])


def test_the_first_event_does_not_wait_for_the_slow_register(client):
    answer = client.get(f"/v1/prefill/{SLOW}", headers=EVENTS)
    seen: list[str] = []
    for chunk in answer.iter_encoded():
        seen.append(chunk.decode())
        if "ROULAGE PERCHERON" in seen[-1]:
            break

    assert not any("extraits_rcs" in text for text in seen)
    answer.close()


def test_no_cache_and_no_proxy_may_keep_a_stream(client):
    answer = client.get(f"/v1/prefill/{ORDINARY}", headers=EVENTS)

    assert answer.mimetype == "text/event-stream"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert "Accept" in answer.headers["Vary"]
    assert answer.text.startswith("retry: ")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/event-stream;q=0.5", ""])
def test_who_does_not_prefer_events_gets_json(client, accept):
    assert client.get(f"/v1/prefill/{ORDINARY}", headers={"Accept": accept}).mimetype == "application/json"


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [("1", 400, "siret_malformed"), ("00001600600017", 404, "company_unknown"), ("00001500800014", 451, "company_undisclosed"),
     (f"{ORDINARY}?schema=x", 404, "schema_unknown")],
)  # fmt: skip
def test_a_refusal_keeps_its_status(client, number, status, code):
    answer = client.get(f"/v1/prefill/{number}", headers=EVENTS)

    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (status, "application/problem+json", code)


def test_who_comes_back_is_told_the_rest_and_nothing_is_asked_again(client):
    first = read(client.get(f"/v1/prefill/{ORDINARY}", headers=EVENTS).text)
    mark = next(mark for name, mark, data in first if name == "fields" and data["answered"] == 2)
    again = read(client.get(f"/v1/prefill/{ORDINARY}", headers={**EVENTS, "Last-Event-ID": mark}).text)

    told = [data["source"] for name, _, data in again if name == "fields"]
    assert len(told) == 1
    assert told[0] not in mark.split(",")


def test_who_comes_back_after_the_end_is_told_to_stop(client):
    events = read(client.get(f"/v1/prefill/{ORDINARY}", headers=EVENTS).text)
    answer = client.get(f"/v1/prefill/{ORDINARY}", headers={**EVENTS, "Last-Event-ID": events[-1][1]})

    assert answer.status_code == 204  # an EventSource does not reconnect after this
    assert answer.data == b""


def test_english_is_spoken_in_events(client):
    events = read(client.get("/v1/prefill/00001300300017", headers={**EVENTS, "Accept-Language": "en"}).text)

    messages = [gap["message"] for _, _, data in events for gap in data["missing"].values()]
    assert "Infogreffe does not answer: please fill in." in messages


class Events:
    """Events under way, and whether they were given up."""

    def __init__(self, *events: Event, fault: Exception | None = None) -> None:
        self.given_up = False
        self._events = events
        self._fault = fault

    def run(self) -> Generator[Event, None, None]:
        try:
            yield from self._events
            if self._fault:
                raise self._fault
            while True:
                yield Heartbeat()
        finally:
            self.given_up = True


def rendered(events: Events) -> Iterator[str]:
    return stream.render(events.run(), "fr", lambda fault: {"code": getattr(fault, "code", "internal")})


def test_silence_is_filled_with_heartbeats():
    texts = rendered(Events())

    assert next(texts).startswith("retry: ")
    assert [next(texts), next(texts)] == [":\n\n", ":\n\n"]


def test_a_client_that_leaves_ends_the_work():
    events = Events()
    texts = rendered(events)
    next(texts)
    next(texts)
    assert not events.given_up
    texts.close()

    assert events.given_up


@pytest.mark.parametrize(
    ("fault", "code"), [(UpstreamMisconfigured(number="1"), "upstream_misconfigured"), (KeyError("x"), "internal")]
)
def test_a_fault_after_the_beginning_is_a_last_event(fault, code):
    texts = list(rendered(Events(Heartbeat(), fault=fault)))

    assert read(texts[-1]) == [("problem", None, {"code": code})]


def test_a_fault_before_the_beginning_is_raised():
    with pytest.raises(UpstreamMisconfigured):
        rendered(Events(fault=UpstreamMisconfigured(number="1")))
