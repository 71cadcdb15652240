"""The fair queue: by rank, then by buyer in turn, then by address; held back as long as the quota says."""

from __future__ import annotations

import pytest

from prefill.registers.scheduling.fair_queue import FairQueue, Lane, Task
from prefill.registers.scheduling.fairness import MAX_WAITING, Rank


def task(tenant="one", rank=Rank.OCCASIONAL, score=0.0, *, group="json", provider="Insee", deadline=10.0):
    lane = Lane(tenant, "token", group, provider)
    return Task(lane, rank, score, deadline, lambda: None, lambda cause, wait: None)


@pytest.fixture
def queue():
    return FairQueue()


def pop(queue, now=0.0, busy=()):
    return queue.pop(now, lambda provider: provider not in busy)


def order(queue, *tasks):
    for each in tasks:
        queue.push(each)
    popped = [pop(queue) for _ in tasks]
    assert pop(queue) is None
    return [tasks.index(each) for each in popped]


def test_rank_goes_before_all_else(queue):
    assert order(queue, task(rank=Rank.FREQUENT), task(), task(rank=Rank.AGENT), task(rank=Rank.UNDER_WAY)) == [
        2,
        3,
        1,
        0,
    ]


def test_within_a_rank_who_asked_for_least_goes_first(queue):
    assert order(queue, task(score=3), task(score=1), task(score=2), task(score=1)) == [1, 3, 2, 0]


def test_buyers_take_turns_however_many_calls_each_has(queue):
    assert order(queue, *(task("one") for _ in range(4)), task("two"), task("three")) == [0, 4, 5, 1, 2, 3]


def test_a_buyer_who_comes_late_does_not_make_up_for_what_it_did_not_ask(queue):
    order(queue, *(task("one") for _ in range(20)))
    turns = order(queue, *(task("two") for _ in range(4)), *(task("one") for _ in range(4)))

    assert next(position for position, turn in enumerate(turns) if turn >= 4) <= 2


def test_a_provider_without_a_thread_keeps_no_other_waiting(queue):
    queue.push(task(provider="Infogreffe"))
    queue.push(task(provider="Insee"))

    assert pop(queue, busy={"Infogreffe"}).lane.provider == "Insee"
    assert pop(queue, busy={"Infogreffe"}) is None


def test_a_rank_that_is_held_back_holds_back_those_after_it_alone(queue):
    held = task(rank=Rank.OCCASIONAL)
    queue.block(held.lane, held.rank, until=5.0)
    for each in (held, task(rank=Rank.FREQUENT), task(rank=Rank.AGENT), task(group="inpi")):
        queue.push(each)

    assert {(one.rank, one.lane.group) for one in (pop(queue), pop(queue))} == {
        (Rank.AGENT, "json"), (Rank.OCCASIONAL, "inpi"),
    }  # fmt: skip
    assert pop(queue, now=4.9) is None
    assert pop(queue, now=5.0) is held


def test_an_answer_lets_the_quota_be_tried_again(queue):
    held = task()
    queue.push(held)
    queue.block(held.lane, held.rank, until=1.0)
    queue.block(held.lane, Rank.FREQUENT, until=50.0)
    queue.push(task(rank=Rank.FREQUENT))
    assert queue.next_at() == 1.0
    queue.unblock(held.lane, now=0.5)

    assert pop(queue) is held
    assert pop(queue) is None


def test_a_call_that_cannot_have_its_turn_before_its_deadline_is_refused_at_once(queue):
    late = task(deadline=10.0)
    queue.block(late.lane, late.rank, until=30.0)

    assert queue.refusal(late, now=1.0) == 29.0
    assert queue.refusal(task(deadline=40.0), now=1.0) is None
    assert queue.refusal(task(rank=Rank.AGENT), now=1.0) is None


def test_frequent_calls_that_wait_are_few_and_fill_no_place_of_others(queue):
    for _ in range(MAX_WAITING[Rank.FREQUENT]):
        queue.push(task(rank=Rank.FREQUENT))

    assert queue.refusal(task(rank=Rank.FREQUENT), now=1.0)
    assert queue.refusal(task(), now=1.0) is None


def test_the_calls_of_one_buyer_s_crowd_that_wait_leave_places_to_other_buyers(queue):
    order(queue, task("two"))

    def crowd(buyer):
        """Let calls wait until one is refused; tell how many were not."""
        asked = 0
        while queue.refusal(task(buyer, Rank.FIRST), now=1.0) is None:
            queue.push(task(buyer, Rank.FIRST))
            asked += 1
        return asked

    assert crowd("one") == pytest.approx(MAX_WAITING[Rank.FIRST] * 2 / 3, abs=1)
    assert crowd("two") > MAX_WAITING[Rank.FIRST] / 5
    assert queue.refusal(task("three", Rank.FIRST), now=1.0) is None


def test_a_call_goes_as_early_as_the_best_of_those_who_wait_for_it(queue):
    shared, other = task(rank=Rank.FREQUENT), task()
    queue.push(shared)
    queue.push(other)
    queue.promote(shared, Rank.AGENT, 0.0, deadline=20.0)

    assert shared.deadline == 20.0
    assert [pop(queue), pop(queue), pop(queue)] == [shared, other, None]
    assert len(queue) == 0


def test_what_was_taken_out_is_not_called(queue):
    gone = task()
    queue.push(gone)

    assert queue.remove(gone)
    assert not queue.remove(gone)
    assert pop(queue) is None
    assert queue.drain() == []
