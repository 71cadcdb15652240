"""Ranks: who asked for little of late goes before who asked for much."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from prefill.decaying_scores import HALF_LIFE
from prefill.domain.requester import NETWORK_FACTOR, SERVICE, Requester, RequesterKind
from prefill.registers.scheduling.fairness import (
    CEILINGS,
    FIRST_COMPANY_CALLS,
    FREQUENT_CALLS,
    CallHistory,
    Rank,
    ceilings_of,
)
from tests.support.clock import FakeClock

CANDIDATES = (Rank.UNDER_WAY, Rank.FIRST, Rank.OCCASIONAL)
CANDIDATE = Requester(RequesterKind.CANDIDATE, address="a")


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def history(clock):
    return CallHistory(clock)


def ranks(history, requester, calls):
    return [history.record(requester)[0] for _ in range(calls)]


def test_a_candidate_ranks_by_how_much_it_asked_for(history):
    assert set(ranks(history, CANDIDATE, FIRST_COMPANY_CALLS)) == {Rank.FIRST}
    assert set(ranks(history, CANDIDATE, FREQUENT_CALLS - FIRST_COMPANY_CALLS)) == {Rank.OCCASIONAL}
    assert ranks(history, CANDIDATE, 1) == [Rank.FREQUENT]
    assert ranks(history, replace(CANDIDATE, address="b"), 1) == [Rank.FIRST]


def test_the_calls_of_an_open_prefill_go_before_new_ones(history):
    first, rest = ranks(history, CANDIDATE, 1)[0], ranks(history, replace(CANDIDATE, under_way=True), 1)[0]

    assert rest < first


def test_the_first_company_of_an_address_goes_before_what_completes_the_second_of_another(history):
    ranks(history, CANDIDATE, FIRST_COMPANY_CALLS)
    rest, first = (
        history.record(each)[0] for each in (replace(CANDIDATE, under_way=True), replace(CANDIDATE, address="b"))
    )

    assert first < rest


def test_who_asks_no_more_is_occasional_and_then_as_new(history, clock):
    ranks(history, CANDIDATE, 2 * FREQUENT_CALLS)
    clock.at += 1.5 * HALF_LIFE
    after_three_minutes = ranks(history, CANDIDATE, 1)
    clock.at += 2 * HALF_LIFE

    assert after_three_minutes == [Rank.OCCASIONAL]
    assert ranks(history, CANDIDATE, 1) == [Rank.FIRST]


def test_many_addresses_of_one_network_are_frequent_together(history):
    addresses = [replace(CANDIDATE, address=f"{n}", network="n") for n in range(NETWORK_FACTOR * FREQUENT_CALLS + 1)]

    assert [history.record(address)[0] for address in addresses][-1] is Rank.FREQUENT
    assert history.record(replace(CANDIDATE, address="z", network="another"))[0] is Rank.FIRST


def test_an_integrator_within_its_own_limit_is_occasional(history):
    integrator = Requester(RequesterKind.INTEGRATOR, address="key", calls_per_minute=60)

    assert set(ranks(history, integrator, 200)) == {Rank.OCCASIONAL}


def test_an_agent_is_never_frequent(history):
    assert set(ranks(history, SERVICE, 500)) == {Rank.AGENT}


def test_what_nobody_waits_for_comes_last(history):
    assert set(ranks(history, Requester(RequesterKind.BACKGROUND), 500)) == {Rank.BACKGROUND}
    assert max(Rank) is Rank.BACKGROUND


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("elapsed", [0.0, 0.5, 1.0])
def test_what_one_buyer_keeps_to_of_the_address_is_left_to_the_others(elapsed, early):
    """A crowd that has used its buyer's share, and whoever asks for much, keep below what the others may reach."""
    crowd = max(ceilings_of(rank, early=False, ample=False).address.at(elapsed) for rank in CANDIDATES)
    others = [ceilings_of(rank, early=early, ample=True).address.at(elapsed) for rank in CANDIDATES]

    assert others[0] > others[1] > others[2]
    assert others[1] - crowd > 0.15
    assert others[2] > crowd
    frequent = [ceilings_of(Rank.FREQUENT, early=early, ample=ample).address.at(elapsed) for ample in (True, False)]
    assert others[2] > frequent[0] > frequent[1]


@pytest.mark.parametrize("rank", CANDIDATES)
def test_a_buyer_whose_address_nobody_else_spends_keeps_to_the_ceilings_of_its_own_minute(rank):
    alone, beside = (ceilings_of(rank, early=False, ample=False, shared=shared) for shared in (False, True))

    assert alone.address == alone.own == CEILINGS[rank]
    assert beside.address.end < alone.address.end


@pytest.mark.parametrize("elapsed", [0.0, 0.5, 1.0])
def test_each_rank_leaves_a_part_of_the_minute_to_those_before_it(elapsed):
    parts = [CEILINGS[rank].at(elapsed) for rank in Rank]

    assert parts[0] == 1.0
    kept = [before - after for before, after in pairwise(parts)]
    assert all(part > least for part, least in zip(kept, (0.09, 0.01, 0.07, 0.19, 0.09), strict=True))
