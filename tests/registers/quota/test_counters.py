"""What a process knows of the quota's counters."""

import pytest

from prefill.domain.catalogue import CATALOGUE
from prefill.registers.quota.counters import Ceiling, GroupCounter, Window, group_of


def test_nothing_is_kept_of_the_windows_gone_by():
    counter = GroupCounter("json", 250, first=0)
    for epoch in range(100):
        counter.window(epoch).local += 1

    assert set(counter.windows) == {97, 98, 99}


def test_a_ceiling_rises_over_the_window():
    ceiling = Ceiling(0.5, 1.0)

    assert (ceiling.at(0.0), ceiling.at(0.5), ceiling.at(1.0)) == (0.5, 0.75, 1.0)
    assert (ceiling.reached_at(0.4), ceiling.reached_at(0.75), ceiling.reached_at(1.1)) == (0.0, 0.5, None)


@pytest.mark.parametrize(("members", "share"), [(1, 30.0), (2, 20.0), (4, 15.0)])
def test_a_share_is_what_was_left_over_the_processes(members, share):
    assert Window(base=10, left=20.0).share(members) == share


def test_a_group_counted_per_endpoint_has_a_counter_for_each():
    assert group_of(CATALOGUE["etablissements"]) == "json"
    assert group_of(CATALOGUE["actes_inpi"]).endswith(":actes_inpi")
