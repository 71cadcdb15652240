"""What is left of a call once it has ended: nothing that waits for the garbage collector."""

from __future__ import annotations

import threading
import weakref
from contextvars import ContextVar

import pytest

from prefill.domain.company import Company
from prefill.domain.requester import SERVICE, Anticipation, Requester
from tests.support.register import COMPANY, ESTABLISHMENT, VAT, vat_number
from tests.support.released import all_released
from tests.support.simulator import siren, siret

OTHERS = [Company.unread(siret(siren(number))) for number in range(2, 5)]
BOUND: ContextVar[object] = ContextVar("bound")


class Bound:
    """What the context of a request holds."""


@pytest.fixture
def bound():
    """Bind something where calls are asked for; return a reference to it, and what unbinds it."""
    token = BOUND.set(Bound())
    return weakref.ref(BOUND.get()), lambda: BOUND.reset(token)


def test_the_calls_and_what_was_bound_where_they_were_asked_for_are_released(register, door, bound, no_collector):
    upstream, (reference, unbind) = door(), bound
    waiting = [upstream.submit(VAT, company, patience=5.0) for company in OTHERS]
    answered = [future.result(20).ok for future in waiting]
    futures = [weakref.ref(future) for future in waiting]
    del waiting
    unbind()

    assert all(answered)
    assert all_released([*futures, reference])


@pytest.mark.parametrize("wanted", [True, False])
def test_early_calls_are_released_whether_somebody_asked_for_them_or_not(register, door, no_collector, wanted):
    anticipation, asked = Anticipation(ESTABLISHMENT), threading.Event()
    register.reply = lambda handler: (asked.set(), vat_number(handler))
    upstream = door()
    early = upstream.submit(VAT, COMPANY, requester=Requester(anticipation=anticipation))
    assert asked.wait(20)
    if wanted:
        upstream.submit(VAT, COMPANY, requester=SERVICE).result(20)
    anticipation.end()
    early.result(20)
    references = [weakref.ref(early)]
    del early, anticipation

    assert all_released(references)


def test_a_call_that_is_refused_is_released(door, bound, no_collector):
    upstream, (reference, unbind) = door(), bound
    upstream.close()
    refused = upstream.submit(VAT, COMPANY)
    assert refused.result(20).retry_after
    future = weakref.ref(refused)
    del refused
    unbind()

    assert all_released([future, reference])
