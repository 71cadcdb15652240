"""The « did you mean » of names."""

import pytest

from prefill.domain.suggestions import closest

KNOWN = ("dume", "dossier", "dc1", "dc4")


@pytest.mark.parametrize(
    ("typed", "meant"), [("dumme", "dume"), ("dosier", "dossier"), ("DC", None), ("facture", None), ("", None)]
)
def test_a_name_is_guessed_when_it_is_close_enough(typed, meant):
    assert closest(typed, KNOWN) == meant


def test_nothing_is_guessed_among_nothing():
    assert closest("dume", ()) is None
