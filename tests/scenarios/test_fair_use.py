"""A few addresses that ask as fast as they can, in a short form of `tools/fair_use.py`."""

from __future__ import annotations

import pytest

from tools.fair_use import CANDIDATES, run, run_newcomers

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("addresses", [1, 50])
def test_candidates_are_fully_answered_while_others_ask_as_fast_as_they_can(addresses):
    outcome = run(addresses, 40.0)

    assert outcome.asked.total() > 20 * addresses**0.5
    assert outcome.violations == {}
    assert (outcome.full, outcome.missed) == (CANDIDATES, {})


def test_a_process_that_has_just_started_answers_all_who_come_at_once():
    outcome = run_newcomers(16)

    assert outcome.missed == {}
    assert outcome.violations == {}
