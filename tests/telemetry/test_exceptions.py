"""Tracebacks without anything of a company."""

import sys

from prefill.telemetry.exceptions import DEEPEST_CHAIN, LAST_FRAMES, format_traceback


def caught(function):
    try:
        function()
    except (ValueError, RecursionError):
        return format_traceback(sys.exc_info())
    raise AssertionError("nothing was raised")


def test_the_kind_and_the_places_are_told_and_the_message_is_not():
    def burst():
        raise ValueError("SIRET 55204944776279")

    text = caught(burst)

    assert text.splitlines()[0] == "builtins.ValueError"
    assert "in burst" in text
    assert "55204944776279" not in text


def test_causes_are_told_below():
    def burst():
        try:
            raise KeyError("a")
        except KeyError as error:
            raise ValueError("b") from error

    assert [line for line in caught(burst).splitlines() if not line.startswith(" ")] == [
        "builtins.ValueError",
        "builtins.KeyError",
    ]


def test_a_cause_that_was_put_aside_is_not_told():
    def burst():
        try:
            raise KeyError("a")
        except KeyError:
            raise ValueError("b") from None

    assert "KeyError" not in caught(burst)


def test_an_endless_recursion_is_told_in_so_many_places():
    def burst():
        burst()

    assert len(caught(burst).splitlines()) <= (LAST_FRAMES + 1) * DEEPEST_CHAIN
