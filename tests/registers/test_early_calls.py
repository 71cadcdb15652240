"""Calls made before it is known whether they are of use: unseen and forgotten until somebody asks in the ordinary way."""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import pytest
import requests

from prefill.domain.answers import Status
from prefill.domain.company import Company
from prefill.domain.requester import Anticipation, Requester, RequesterKind
from prefill.redis_client import OptionalRedis
from prefill.registers.quota import QuotaRegistry
from prefill.registers.scheduling.workers import ProviderThreadPools
from tests.support.register import COMPANY, ESTABLISHMENT, RCS, VAT, saying, vat_number
from tests.support.simulator import establishment, legal_form, siren, siret

ASSOCIATION = {"forme_juridique": legal_form("9220", "Association déclarée")}


@pytest.fixture
def anticipation():
    return Anticipation(ESTABLISHMENT)


@pytest.fixture
def early(anticipation):
    return Requester(anticipation=anticipation)


def wait_for(done, seconds=5.0):
    event = threading.Event()
    done.add_done_callback(lambda _: event.set())
    assert event.wait(seconds)


def answered(register):
    """Wait until the register has been asked."""
    asked = threading.Event()
    register.reply = lambda handler: (asked.set(), vat_number(handler))
    return asked


def test_an_early_answer_is_seen_and_kept_by_nobody_until_it_is_asked_for(register, door, early):
    asked = answered(register)
    upstream = door()
    first = upstream.submit(VAT, COMPANY, requester=early)
    assert asked.wait(5)
    held = not first.done() and upstream.cache.size() == 0

    answer = upstream.submit(VAT, COMPANY).result(5)

    assert held
    assert (answer.status, answer.data) == (Status.OK, {"numero_tva": "FR00"})
    assert len(register.seen) == 1
    assert upstream.fetch(VAT, COMPANY).cached


def test_what_nobody_asks_for_is_forgotten(register, door, early, anticipation):
    asked = answered(register)
    upstream = door()
    first = upstream.submit(VAT, COMPANY, requester=early)
    assert asked.wait(5)
    anticipation.end()
    wait_for(first)

    assert (first.result().status, first.result().data) == (Status.LATE, None)
    assert upstream.cache.size() == 0
    assert upstream.fetch(VAT, COMPANY).ok
    assert len(register.seen) == 2


def test_whoever_comes_after_a_dropped_call_makes_its_own(register, door, early, anticipation):
    gate, asked = threading.Event(), threading.Event()

    def slow(handler):
        asked.set()
        gate.wait(5)
        vat_number(handler)

    register.reply = slow
    upstream = door()
    upstream.submit(VAT, COMPANY, requester=early)
    assert asked.wait(5)
    anticipation.end()
    second = upstream.submit(VAT, COMPANY)
    gate.set()

    assert second.result(5).ok
    assert len(register.seen) == 2


def test_what_has_not_left_is_not_sent(register, door, early, anticipation):
    gate, asked = threading.Event(), threading.Event()

    def slow(handler):
        asked.set()
        gate.wait(5)
        vat_number(handler)

    register.reply = slow
    upstream = door(workers=1)
    other = upstream.submit(VAT, Company.unread(siret(siren(2))))
    assert asked.wait(5)
    waiting = upstream.submit(VAT, COMPANY, requester=early)
    anticipation.end()
    gate.set()
    wait_for(waiting)

    assert other.result(5).ok
    assert len(register.seen) == 1


@pytest.mark.parametrize("calls_left", [1, 250])
def test_a_call_that_did_not_leave_is_not_held_against_its_candidate(register, door, clock, anticipation, calls_left):
    """It is asked for again in the ordinary way, and counted then: a third company would be a scraper's otherwise."""
    candidate = Requester(RequesterKind.CANDIDATE, address="a")
    pools = ProviderThreadPools(requests.Session, 1)
    upstream, gate, asked = door(pools=pools), threading.Event(), threading.Event()
    register.reply = lambda handler: (asked.set(), gate.wait(5), vat_number(handler))
    other = upstream.submit(VAT, Company.unread(siret(siren(2))))
    assert asked.wait(5)
    waiting = upstream.submit(VAT, COMPANY, requester=replace(candidate, anticipation=anticipation))
    if calls_left == 1:  # by the time it may leave, the quota is not ample any more
        reset = str(math.ceil(clock.at / 60) * 60)
        headers = {"RateLimit-Limit": "250", "RateLimit-Remaining": "100", "RateLimit-Reset": reset}
        upstream.quota.apply_rate_limit_headers(VAT, headers, refused=False, retry_after=None)
    else:
        anticipation.end()
    gate.set()
    wait_for(waiting)

    assert other.result(5).ok
    assert len(register.seen) == 1
    assert pools.history.record(candidate, calls=0)[1] == pytest.approx(0.0, abs=0.5)


def test_nothing_is_asked_early_once_half_of_the_minute_is_used(register, door, clock, early):
    upstream = door()
    headers = {
        "RateLimit-Limit": "250",
        "RateLimit-Remaining": "125",
        "RateLimit-Reset": str(math.ceil(clock.at / 60) * 60),
    }
    upstream.quota.apply_rate_limit_headers(VAT, headers, refused=False, retry_after=None)

    assert upstream.submit(VAT, COMPANY, requester=early).result(5).status is Status.LATE
    assert register.seen == []
    assert upstream.fetch(VAT, COMPANY).ok


@pytest.mark.parametrize(("used", "asked"), [(800, True), (850, False)])
def test_what_other_buyers_used_of_the_address_changes_nothing_until_little_is_left(
    register, door, clock, early, used, asked
):
    candidate = replace(early, kind=RequesterKind.CANDIDATE, address="a")
    quotas = QuotaRegistry(OptionalRedis(None, clock=clock), clock=clock, fresh=True)
    for buyer in range(used // 50):
        for _ in range(50):
            quotas.for_habilitation(f"{buyer}").reserve(VAT)
    early_call = door(quota=quotas.for_habilitation("own")).submit(VAT, COMPANY, requester=candidate)

    assert (not early_call.done() or early_call.result().status is not Status.LATE) is asked


def test_nothing_is_asked_early_of_a_register_that_fails_nor_beside_one(register, door, early):
    register.reply = saying(502, {"errors": [{"code": "01002"}]})
    upstream = door()
    for number in range(20):
        upstream.fetch(ESTABLISHMENT, Company.unread(siret(siren(number))))
    calls = len(register.seen)

    assert upstream.submit(VAT, COMPANY, requester=early).result(5).status is Status.LATE
    assert len(register.seen) == calls


@pytest.mark.parametrize(
    ("last", "asked"),
    [
        pytest.param({}, True, id="a company"),
        pytest.param({"of": ASSOCIATION}, False, id="an association"),
        pytest.param({"of": {"status_diffusion": "partiellement_diffusible"}}, False, id="partially disclosed"),
    ],
)
def test_what_the_company_was_last_known_to_be_decides(register, door, clock, early, last, asked):
    upstream = door()
    register.reply = saying(200, {"data": establishment(COMPANY.siret, **last), "links": {}, "meta": {}})
    assert upstream.fetch(ESTABLISHMENT, COMPANY).ok
    clock.at += 2 * 3600
    register.reply = saying(404, {"errors": [{"code": "02003"}]})
    early_call = upstream.submit(RCS, COMPANY, requester=early)

    assert (not early_call.done() or early_call.result().status is not Status.LATE) is asked
