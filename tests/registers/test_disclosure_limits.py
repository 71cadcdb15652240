"""What one Insee answer says of a company's disclosure holds for all that is known of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from prefill.domain.answers import Answer, Cause, Status
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.domain.disclosure import PARTIALLY_DISCLOSED, UNDISCLOSED
from prefill.redis_client import RETRY_SECONDS, OptionalRedis
from prefill.registers.disclosure_limits import CONTRADICTED_AFTER, KEPT_SECONDS, POLL_SECONDS, DisclosureLimits
from tests.support.clock import FakeClock
from tests.support.redis_server import settle
from tests.support.simulator import NOBODY, establishment, named, siren, siret

ESTABLISHMENT, HEAD_OFFICE, AGENTS, RCS = (
    CATALOGUE[name]
    for name in ("etablissements", "siege_social", "etablissements_instructeur", "extraits_rcs_infogreffe")
)
NUMBER = siren(1)
HEAD, BRANCH = siret(NUMBER), siret(NUMBER, 2)
MORNING = datetime(2026, 11, 23, 10, 0, tzinfo=PARIS)


@pytest.fixture
def clock():
    return FakeClock(MORNING.timestamp())


@pytest.fixture
def limits(clock):
    return on(None, clock)


def on(url, clock):
    return DisclosureLimits(OptionalRedis(url, clock=clock), clock=clock)


def person(status="diffusible"):
    names = {**NOBODY, "nom_naissance": "DURAND", "prenom_usuel": "LEA"}
    return {
        "type": "personne_physique", "personne_morale_attributs": named(None), "personne_physique_attributs": names,
        "status_diffusion": status,
    }  # fmt: skip


def said(number=HEAD, status="diffusible", at=MORNING, source=ESTABLISHMENT, **changes):
    data = establishment(number, of=person(status))
    return Answer(source.name, Status.OK, data=data, retrieved_at=at, http_status=200, **changes)


def failed():
    return Answer(ESTABLISHMENT.name, Status.UNAVAILABLE, cause=Cause.PROVIDER, http_status=502)


def shows_people(answer):
    return "DURAND" in json.dumps(answer.data)


def test_an_answer_is_left_as_it_is_while_nothing_limits_it(limits):
    answer = said()
    limits.learn(ESTABLISHMENT, HEAD, answer)

    assert limits.apply(ESTABLISHMENT, HEAD, answer) is answer
    assert limits.apply(RCS, NUMBER, answer) is answer


@pytest.mark.parametrize("source", [ESTABLISHMENT, HEAD_OFFICE, AGENTS])
def test_what_one_establishment_says_holds_for_those_learned_before(limits, source):
    limits.learn(source, BRANCH, said(BRANCH, PARTIALLY_DISCLOSED))
    shown = limits.apply(ESTABLISHMENT, HEAD, said())

    assert not shows_people(shown)
    assert shown.limited
    assert shown.data["unite_legale"]["status_diffusion"] == PARTIALLY_DISCLOSED
    assert not limits.apply(ESTABLISHMENT, siret(siren(2)), said(siret(siren(2)))).limited


@pytest.mark.parametrize("undisclosed", [
    said(BRANCH, UNDISCLOSED), Answer(ESTABLISHMENT.name, Status.WITHHELD, http_status=451),
])  # fmt: skip
def test_a_company_that_is_not_disclosed_at_all_is_withheld(limits, undisclosed):
    limits.learn(ESTABLISHMENT, BRANCH, undisclosed)
    shown = limits.apply(ESTABLISHMENT, HEAD, said())

    assert (shown.status, shown.data) == (Status.WITHHELD, None)


def test_the_strictest_holds_whatever_the_order(limits):
    for status in (PARTIALLY_DISCLOSED, UNDISCLOSED, PARTIALLY_DISCLOSED, "diffusible"):
        limits.learn(ESTABLISHMENT, BRANCH, said(BRANCH, status))

    assert limits.apply(ESTABLISHMENT, HEAD, said()).status is Status.WITHHELD


def test_a_failure_says_that_the_company_is_limited(limits):
    limits.learn(ESTABLISHMENT, BRANCH, said(BRANCH, PARTIALLY_DISCLOSED))

    assert limits.apply(ESTABLISHMENT, HEAD, failed()) == replace(failed(), limited=True)


def test_agents_are_answered_by_the_protected_row(limits):
    limits.learn(ESTABLISHMENT, BRANCH, said(BRANCH, PARTIALLY_DISCLOSED))
    answer = said(source=AGENTS)

    assert limits.apply(AGENTS, HEAD, answer) is answer


@pytest.mark.parametrize("status", ["", None, "P", 1, "diffusible "])
def test_what_cannot_be_read_says_nothing_of_the_others(limits, status):
    limits.learn(ESTABLISHMENT, BRANCH, said(BRANCH, status))

    assert shows_people(limits.apply(ESTABLISHMENT, HEAD, said()))


def test_who_is_unknown_or_refused_elsewhere_is_not_limited(limits):
    limits.learn(ESTABLISHMENT, BRANCH, Answer(ESTABLISHMENT.name, Status.ABSENT, http_status=404))
    limits.learn(RCS, NUMBER, Answer(RCS.name, Status.WITHHELD, http_status=451))

    assert shows_people(limits.apply(ESTABLISHMENT, HEAD, said()))


def test_who_opens_again_is_shown_from_what_was_retrieved_a_day_later(limits, clock):
    limits.learn(ESTABLISHMENT, HEAD, said(status=PARTIALLY_DISCLOSED))
    within = MORNING + timedelta(seconds=CONTRADICTED_AFTER - 60)
    after = MORNING + timedelta(seconds=CONTRADICTED_AFTER + 60)
    clock.at = after.timestamp()

    assert not shows_people(limits.apply(ESTABLISHMENT, HEAD, said(at=within)))
    assert shows_people(limits.apply(ESTABLISHMENT, HEAD, said(at=after)))
    clock.at = MORNING.timestamp() + KEPT_SECONDS + 1
    assert limits.of(NUMBER) is None


@pytest.mark.parametrize(("hours", "people"), [(8, True), (13, True), (14, False), (20, False)])
def test_a_stale_answer_shows_people_until_the_night_alone(limits, clock, hours, people):
    clock.at += hours * 3600
    shown = limits.apply(ESTABLISHMENT, HEAD, said(cached=True, stale=True))

    assert shows_people(shown) is people
    assert shown.limited is not people
    assert ("TUILERIES" in json.dumps(shown.data)) is people
    assert shown.data["adresse"]["libelle_commune"] == "SAINT-ETIENNE"


def test_all_processes_that_share_a_redis_know_it_within_a_second(redis_server, clock):
    shared = OptionalRedis(redis_server.url, clock=clock)
    one, other = DisclosureLimits(shared, clock=clock), on(redis_server.url, clock)
    assert other.of(NUMBER) is None
    one.learn(ESTABLISHMENT, BRANCH, said(BRANCH, PARTIALLY_DISCLOSED))
    settle(shared)
    clock.at += POLL_SECONDS

    assert not shows_people(other.apply(ESTABLISHMENT, HEAD, said()))
    assert on(redis_server.url, clock).of(NUMBER).status == PARTIALLY_DISCLOSED, "a process that has just started too"


def test_what_was_learned_while_redis_was_lost_is_told_when_it_answers_again(mortal_redis, clock):
    shared = OptionalRedis(mortal_redis.url, clock=clock)
    one, other = DisclosureLimits(shared, clock=clock), on(mortal_redis.url, clock)
    assert (one.of(NUMBER), other.of(NUMBER)) == (None, None)
    mortal_redis.kill()
    one.learn(ESTABLISHMENT, BRANCH, said(BRANCH, PARTIALLY_DISCLOSED))
    settle(shared)
    assert other.of(NUMBER) is None
    mortal_redis.start()
    clock.at += RETRY_SECONDS
    one.of(NUMBER)
    settle(shared)
    clock.at += RETRY_SECONDS

    assert other.of(NUMBER).status == PARTIALLY_DISCLOSED


def test_a_redis_whose_clock_is_behind_the_one_before_tells_all_the_same(mortal_redis, clock):
    shared = OptionalRedis(mortal_redis.url, clock=clock)
    limits = DisclosureLimits(shared, clock=clock)
    with mortal_redis.client() as client:
        client.zadd(limits.name, {f"{siren(2)}:{UNDISCLOSED}": clock.at + 600})
        assert limits.of(siren(2)).status == UNDISCLOSED
        mortal_redis.kill()
        clock.at += POLL_SECONDS
        limits.of(NUMBER)
        mortal_redis.start()
    with mortal_redis.client() as client:
        client.zadd(limits.name, {f"{NUMBER}:{UNDISCLOSED}": clock.at})
    clock.at += RETRY_SECONDS

    assert limits.of(NUMBER).status == UNDISCLOSED


def test_without_redis_it_is_known_in_the_process(mortal_redis, clock):
    limits = on(mortal_redis.url, clock)
    mortal_redis.kill()
    limits.learn(ESTABLISHMENT, BRANCH, said(BRANCH, PARTIALLY_DISCLOSED))

    assert not shows_people(limits.apply(ESTABLISHMENT, HEAD, said()))
