"""The one source of time."""

from prefill.clock import Clock


def test_the_time_is_that_of_paris_and_durations_never_go_back():
    clock = Clock()
    before = clock.monotonic()

    assert str(clock.now().tzinfo) == "Europe/Paris"
    assert abs(clock.now().timestamp() - clock.timestamp()) < 60
    assert clock.monotonic() >= before
