"""A page of the directory that others brought comes as late as from a call, and counts as one."""

from __future__ import annotations

import time

import pytest

from prefill.company_search.upstream.client import Lookup
from prefill.company_search.upstream.parameters import by_number
from prefill.company_search.upstream.records import Page
from prefill.web.protection.paced_search import PacedLookups
from prefill.web.protection.pacing import STEP_SECONDS, VisitMemory, delay_after

ASKED = by_number("000001008")
PAGE = Page((), 0, complete=True)
CALL_SECONDS = 0.03


class Lookups:
    """A client whose cache holds the page already."""

    def known(self, _):
        return Lookup(PAGE, seconds=CALL_SECONDS, cached=True)

    def remembered(self, _):
        return PAGE

    def fetch(self, parameters, **_):
        return self.known(parameters)


class Failing(Lookups):
    def fetch(self, _, **__):
        return Lookup(None, retry_after=2.0)


def seconds_of(ask):
    began = time.monotonic()
    ask()
    return time.monotonic() - began


def test_what_others_brought_is_not_known_and_is_as_late_as_the_call():
    visits = VisitMemory()
    mine, others = (PacedLookups(Lookups(), visits, name) for name in ("me", "others"))

    assert mine.known(ASKED) is None
    assert seconds_of(lambda: mine.fetch(ASKED)) >= delay_after(CALL_SECONDS) >= 3 * STEP_SECONDS
    assert mine.known(ASKED) is not None
    assert others.known(ASKED) is None


def test_what_did_not_come_is_neither_delayed_nor_had():
    mine = PacedLookups(Failing(), VisitMemory(), "me")

    assert mine.fetch(ASKED).page is None
    assert mine.known(ASKED) is None


@pytest.mark.parametrize("path", ["/v1/companies?q={}", "/v1/companies/{}/establishments"])
def test_a_visitor_learns_from_no_limit_nor_time_who_was_looked_for(open_service, simulator, path):
    service = open_service(rate_limit=1)
    address = {name: {"REMOTE_ADDR": name} for name in ("192.0.2.1", "198.51.100.2")}
    service.get(path.format("000001008"), environ_base=address["192.0.2.1"])
    calls = simulator.total()
    began = time.monotonic()
    second = service.get(path.format("000001008"), environ_base=address["198.51.100.2"])
    seconds = time.monotonic() - began
    third = service.get(path.format("000007005"), environ_base=address["198.51.100.2"])

    assert (second.status_code, simulator.total()) == (200, calls)
    assert seconds >= 2 * STEP_SECONDS
    assert third.status_code == 429  # the second counted, though it made no call
