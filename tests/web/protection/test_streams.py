"""Event streams are capped per process: beyond, the same request gets the plain answer."""

from __future__ import annotations

from dataclasses import replace

from prefill.app import build_context
from prefill.assembly import read_forms
from prefill.settings import Settings
from prefill.web.app import create_web
from prefill.web.protection.streams import StreamSlots

PATH = "/v1/prefill/00000100800010"
EVENTS = {"Accept": "text/event-stream"}


def test_a_request_beyond_the_cap_gets_the_plain_answer_and_a_closed_stream_gives_its_place_back():
    settings = Settings(log="json", rate_limit=0)
    context = replace(build_context(settings, read_forms(settings)), stream_slots=StreamSlots(1))
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
    context = replace(build_context(settings, read_forms(settings)), stream_slots=StreamSlots(1))
    client = create_web(context).test_client()

    refused = client.get("/v1/prefill/00000700900010", headers=EVENTS)
    answered = client.get(PATH, headers=EVENTS)

    assert refused.status_code >= 400
    assert answered.mimetype == "text/event-stream"
