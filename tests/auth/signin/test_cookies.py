"""The signed cookies of a sign-in."""

from dataclasses import fields

import pytest

from prefill.auth.signin.cookies import CookieSigner
from prefill.auth.signin.flow import Attempt

ATTEMPT = Attempt(**{one.name: one.name for one in fields(Attempt)})
SIGNER = CookieSigner(b"key of all processes")


def test_what_is_written_is_read_by_every_process_that_has_the_key():
    other = CookieSigner(b"key of all processes")

    assert other.read_attempt(SIGNER.write_attempt(ATTEMPT)) == ATTEMPT
    assert other.read_session(SIGNER.write_session("id")) == "id"


@pytest.mark.parametrize(
    "change",
    [lambda text: text[:-1], lambda text: "x" + text, lambda _: "", lambda _: "é"],
    ids=["cut", "longer", "empty", "not ASCII"],
)
def test_what_was_changed_is_nothing(change):
    assert SIGNER.read_attempt(change(SIGNER.write_attempt(ATTEMPT))) is None
    assert SIGNER.read_session(change(SIGNER.write_session("id"))) is None


def test_another_key_signs_nothing_that_counts():
    other = CookieSigner(b"another key")

    assert SIGNER.read_session(other.write_session("id")) is None
    assert SIGNER.read_attempt(other.write_attempt(ATTEMPT)) is None


def test_one_cookie_does_not_stand_for_the_other():
    assert SIGNER.read_session(SIGNER.write_attempt(ATTEMPT)) is None
    assert SIGNER.read_attempt(SIGNER.write_session("id")) is None
