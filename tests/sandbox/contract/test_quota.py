"""The quota that the sandbox enforces, as API Entreprise counts."""

from prefill.sandbox.contract.quota import BAN_SECONDS, Bans, ClockWindows
from tests.support.clock import FakeClock

FIFTY_SECONDS_PAST = 60.0 * 100 + 50  # a minute of the clock


def test_calls_are_counted_by_the_minute_of_the_clock():
    clock = FakeClock(FIFTY_SECONDS_PAST)
    windows = ClockWindows(clock)
    grants = [windows.count("token", "json", 2) for _ in range(3)]

    assert [(grant.allowed, grant.remaining, grant.retry_after) for grant in grants] == [
        (True, 1, 10),
        (True, 0, 10),
        (False, 0, 10),
    ]
    assert grants[0].headers == {"RateLimit-Limit": "2", "RateLimit-Remaining": "1", "RateLimit-Reset": "6060"}
    clock.at += 10
    assert windows.count("token", "json", 2).allowed


def test_holders_and_groups_do_not_share_their_counts():
    windows = ClockWindows(FakeClock(FIFTY_SECONDS_PAST))
    windows.count("token", "json", 1)

    assert windows.count("other", "json", 1).allowed
    assert windows.count("token", "inpi", 1).allowed


def test_a_scale_multiplies_every_quota_and_leaves_one_call():
    assert ClockWindows(FakeClock(FIFTY_SECONDS_PAST), scale=0.5).count("token", "json", 250).limit == 125
    assert ClockWindows(FakeClock(FIFTY_SECONDS_PAST), scale=0.001).count("token", "json", 250).limit == 1


def test_an_address_that_insists_in_one_window_is_banned_for_twelve_hours():
    clock = FakeClock(FIFTY_SECONDS_PAST)
    bans = Bans(clock, after=2)
    assert [bans.refused("a", resets_at=1) for _ in range(3)] == [False, False, True]
    assert bans.banned("a")
    assert not bans.banned("b")
    clock.at += BAN_SECONDS
    assert not bans.banned("a")


def test_refusals_of_other_windows_do_not_add_up():
    bans = Bans(FakeClock(FIFTY_SECONDS_PAST), after=2)

    assert not any(bans.refused("a", resets_at=window) for window in range(10))
