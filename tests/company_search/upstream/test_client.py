"""The client: what one call sends, what it never writes down, and what processes share."""

import json

import pytest

from prefill import telemetry
from prefill.company_search.upstream.circuit_breaker import BANNED, Outcome
from prefill.company_search.upstream.parameters import by_number, by_text
from prefill.domain.answers import Answer, Status
from prefill.domain.catalogue import CATALOGUE
from tests.support.search import open_stage

TYPED = "Zorglub Électricité Saint-Tropez"


@pytest.fixture
def stage():
    return open_stage()


def test_only_what_is_used_is_asked_for(stage):
    stage.search.find("menuiserie 35000")
    stage.search.find("000001008")
    by_name, number = (call["query"] for call in stage.sandbox.journal.log)
    assert by_name == {**by_text("menuiserie", "35000")}
    assert by_name["minimal"] == number["minimal"] == "true"
    assert "dirigeants" not in by_name["include"] + number["include"]
    assert "complements" not in by_name["include"]
    assert number["q"] == "000001008"


def test_no_rule_of_the_contract_is_broken(stage):
    for typed in ("menuiserie", "menuiserie 35000", "000001008", "00000100800010", "W000000031", "l'été à la mer"):
        stage.search.find(typed)
    assert not stage.sandbox.journal.violations
    assert not stage.sandbox.journal.user_agents


@pytest.mark.parametrize("fault", ["", "500", "429", "reset", "malformed", "timeout", "redirect"])
def test_no_name_that_somebody_typed_is_logged(stage, fault, capsys):
    telemetry.configure("json")
    stage.fail(fault)
    for typed in (TYPED, "000001008", "FR29000001008"):
        stage.search.find(typed)
    output = capsys.readouterr()
    assert "search.call" in output.err
    written = (output.err + output.out).lower()
    assert not [word for word in ("zorglub", "lectricit", "tropez", "000001008") if word in written]


def test_a_redirection_is_not_followed(stage):
    stage.fail("redirect")
    found = stage.client.fetch(by_number("000001008"))
    assert (found.page, found.cause) == (None, Outcome.FAILED)


def test_a_429_stops_all_calls_at_once(stage):
    stage.fail("429:30")
    assert stage.client.fetch(by_number("000001008")).retry_after == 30
    assert stage.client.fetch(by_text("tilleul")).retry_after == 30
    assert stage.calls == 1


def test_after_the_wait_one_call_tries_again(stage):
    stage.fail("429:30")
    stage.client.fetch(by_number("000001008"))
    stage.fail("")
    stage.clock.at += 30
    assert stage.client.fetch(by_number("000001008")).current


def test_an_address_that_is_shut_out_leaves_the_upstream_alone_for_minutes(stage):
    stage.fail("reset")
    for text in ("un mot", "deux mots", "trois mots"):
        stage.client.fetch(by_text(text))
    calls = stage.calls
    stage.clock.at += BANNED - 1
    found = stage.client.fetch(by_text("quatre mots"))
    assert found.cause is Outcome.REFUSED
    assert stage.calls == calls


def test_processes_share_answers_and_write_no_text_into_redis(redis_server):
    one, other = (open_stage(redis_url=redis_server.url) for _ in range(2))
    one.search.find("menuiserie")
    assert other.names("menuiserie") == ["MENUISERIE DU VAL DORE"]
    assert other.calls == 0
    with redis_server.client() as client:
        keys = [key.decode() for key in client.scan_iter()]
    assert any("search" in key for key in keys)
    assert not [key for key in keys if "menuiserie" in key.lower()]


@pytest.mark.parametrize("stored", [b"", b"7", b"[]", b"{}", b"[1,2,3,[7]]", b'[1,2,true,[{"siren":7}]]', b"\xff"])
def test_what_cannot_be_read_in_redis_is_asked_again(redis_server, stored):
    one, other = (open_stage(redis_url=redis_server.url) for _ in range(2))
    one.search.find("menuiserie")
    with redis_server.client() as client:
        for key in client.scan_iter("*page*"):
            client.set(key, stored)
    assert other.names("menuiserie") == ["MENUISERIE DU VAL DORE"]


def test_a_page_keeps_its_shape_through_redis(redis_server):
    one, other = (open_stage(redis_url=redis_server.url) for _ in range(2))
    first = one.search.find("comptoirs")
    assert json.dumps(first.companies, default=repr) == json.dumps(
        other.search.find("comptoirs").companies, default=repr
    )


@pytest.mark.parametrize(
    ("status", "names"), [("partiellement_diffusible", ["MENUISERIE DU VAL DORE"]), ("non_diffusible", [])]
)
def test_a_status_learned_at_the_insee_restricts_what_the_directory_says(stage, status, names):
    """The directory is a copy of another night."""
    assert stage.search.find("menuiserie").companies[0].postal_code == "35000"
    unit = CATALOGUE["entreprises"]
    stage.limits.learn(unit, "000001008", Answer(unit.name, Status.OK, data={"status_diffusion": status}))
    for typed in ("menuiserie", "000001008"):
        found = stage.search.find(typed).companies
        assert [company.name for company in found] == names
        assert not [place for company in found for place in company.establishments if place.street or place.name]
        assert not [company for company in found if company.postal_code]
