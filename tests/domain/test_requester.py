"""What is decided once, and told to those who wait for it."""

from __future__ import annotations

import weakref

import pytest

from prefill.domain.requester import Decision


def test_what_was_decided_first_stands():
    decision, told = Decision(), []
    decision.then(lambda: told.append("before"))

    assert decision.value is None
    assert [decision.decide(yes=False), decision.decide(yes=True), decision.value] == [False, False, False]
    decision.then(lambda: told.append("after"))
    assert told == ["before", "after"]


def test_one_action_that_fails_keeps_none_from_being_told():
    decision, told = Decision(), []
    decision.then(lambda: told.append("first"))
    decision.then(lambda: 1 / 0)
    decision.then(lambda: told.append("last"))

    with pytest.raises(ZeroDivisionError):
        decision.decide(yes=True)

    assert told == ["first", "last"]


def test_whoever_was_told_is_forgotten():
    class Waiter:
        def tell(self):
            pass

    decision, waiter = Decision(), Waiter()
    decision.then(waiter.tell)
    decision.decide(yes=True)
    reference = weakref.ref(waiter)
    del waiter

    assert reference() is None
