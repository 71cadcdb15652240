"""Digests of values, as a receipt holds them."""

import re

import pytest

from prefill.receipts.digests import canonical, digest, encode

POINTER = "/partII/A/economicOperator/name"


def test_a_digest_depends_on_the_salt_the_place_and_the_value():
    others = {
        digest("s", POINTER, "A"),
        digest("t", POINTER, "A"),
        digest("s", "/other", "A"),
        digest("s", POINTER, "B"),
    }

    assert len(others) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", one) for one in others)


@pytest.mark.parametrize(
    ("one", "other"),
    [("é", "e\u0301"), (" A  B ", "A B"), (12, 12.0), (12, "12"), (True, "true"), ({"a": 1, "b": 2}, {"b": 2, "a": 1})],
)
def test_a_value_counts_as_a_form_field_holds_it(one, other):
    assert canonical(one) == canonical(other)
    assert digest("s", POINTER, one) == digest("s", POINTER, other)


def test_bytes_are_written_without_padding():
    assert encode(b"\xff\xfe") == "__4"
