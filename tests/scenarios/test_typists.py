"""Many people who type at once, in a short form of `tools/typists.py`."""

from __future__ import annotations

import pytest

from tools.typists import RATE, names, run, run_stand_in

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("processes", [1, 3])
def test_any_number_of_typists_stays_within_the_quota(processes):
    with run_stand_in() as stand_in:
        outcome = run(stand_in, 60, 10.0, processes, names())

    assert outcome.violations == {}
    assert set(outcome.asked) == {"200"}
    assert RATE <= outcome.calls <= RATE * 12
    assert outcome.without_call  # what is known is answered without a call
