"""The keys that sign receipts."""

import pytest

from prefill.receipts.keys import SANDBOX_SEED, KeyUnreadable, new_seed, read_keys


def test_a_seed_gives_the_same_key_each_time_and_another_seed_another():
    seed = new_seed()
    [first], [second], [other] = read_keys([seed]), read_keys([seed]), read_keys([new_seed()])

    assert first.jwk == second.jwk
    assert first.salt("a") == second.salt("a") != first.salt("b")
    assert other.kid != first.kid
    assert other.salt("a") != first.salt("a")


def test_a_public_key_says_what_verifies_it_and_nothing_private():
    [key] = read_keys([SANDBOX_SEED])

    assert key.jwk.keys() == {"crv", "kty", "x", "kid", "use", "alg"}
    assert SANDBOX_SEED not in repr(key)
    key.public.verify(key.private.sign(b"text"), b"text")


@pytest.mark.parametrize("seed", ["", "court", "é" * 43, "A" * 44])
def test_a_seed_that_cannot_be_read_is_refused_without_being_quoted(seed):
    with pytest.raises(KeyUnreadable) as refusal:
        read_keys([seed])

    assert not seed or seed not in str(refusal.value)
