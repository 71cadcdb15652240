"""What people type as a SIRET or a SIREN, and what the service makes of it."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prefill.domain.identifiers import luhn, parse, siren_of, spaced, valid_siret
from prefill.domain.suggestions import closest
from prefill.problems import SiretChecksum, SiretMalformed

DIGITS = st.text(alphabet="0123456789", min_size=8, max_size=8)


def check_digit(number):
    """Find the digit that makes a number pass: the textbook rule, doubling from the right."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


SIRENS = DIGITS.map(lambda number: number + check_digit(number))
SIRETS = st.builds(
    lambda siren, office: siren + office + check_digit(siren + office),
    SIRENS.filter(lambda siren: siren != "356000000"),
    st.text(alphabet="0123456789", min_size=4, max_size=4),
)
SEPARATORS = st.sampled_from(
    [" ", "  ", ".", "-", "_", "/", "\t", "\n", "\u00a0", "\u202f", "\u200b", "\u2011", "\u202d"]
)


@given(SIRETS | SIRENS)
def test_a_number_is_read_as_it_is(number):
    assert parse(number) == number


@given(SIRETS | SIRENS, st.lists(SEPARATORS, min_size=15, max_size=15))
def test_separators_change_nothing(number, separators):
    written = "".join(separator + digit for separator, digit in zip(separators, number, strict=False)) + separators[-1]

    assert parse(written) == number


@given(SIRETS, st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(siret, place, error):
    wrong = siret[:place] + str((int(siret[place]) + error) % 10) + siret[place + 1 :]
    assume(siren_of(wrong) != "356000000")

    with pytest.raises(SiretChecksum):
        parse(wrong)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("552 049 447 76279", "55204944776279"),
        ("552.049.447", "552049447"),
        (" 552\u00a0049\u202f447\u200976279 ", "55204944776279"),
        ("\ufeff552049447\r\n", "552049447"),
        ("\u202d552049447\u202c", "552049447"),
        ("552‑049‑447", "552049447"),
        ("552–049–447", "552049447"),
        ("５５２０４９４４７", "552049447"),
    ],
)
def test_what_people_paste_is_understood(written, number):
    assert parse(written) == number


def test_leading_zeros_stay():
    siren = "00000000" + check_digit("00000000")

    assert parse(siren) == siren == "000000000"


@given(st.text() | st.text(alphabet="0123456789 .-\u00a0٣५\ud800\x00", max_size=40))
def test_any_text_is_a_number_or_one_of_two_problems(text):
    try:
        number = parse(text)
    except (SiretMalformed, SiretChecksum) as problem:
        number = None
        detail = problem.detail("fr")

    assert number is None or (number.isascii() and number.isdigit() and len(number) in (9, 14))
    assert number or detail.endswith(".")


@pytest.mark.parametrize(
    ("text", "french", "english"),
    [
        ("", "celui-ci en compte 0", "this one has 0"),
        ("5520494477627", "celui-ci en compte 13", "this one has 13"),
        ("552 049 447 76279 0", "celui-ci en compte 15", "this one has 15"),
        ("55204944776Z79", "celui-ci en compte 13 et 1 autre(s) caractère(s)", "this one has 13 and 1 other"),
        ("SIRET 552049447", "celui-ci en compte 9 et 5 autre(s) caractère(s)", "this one has 9 and 5 other"),
        ("٥٥٢٠٤٩٤٤٧", "celui-ci en compte 0 et 9 autre(s) caractère(s)", "this one has 0 and 9 other"),
        ("9" * 10_000, "celui-ci en compte 100", "this one has 100"),
    ],
)
def test_a_malformed_number_is_told_what_was_seen(text, french, english):
    with pytest.raises(SiretMalformed) as refused:
        parse(text)

    assert french in refused.value.detail("fr")
    assert english in refused.value.detail("en")


@pytest.mark.parametrize(
    ("number", "group", "written"),
    [
        ("552049448", "siren", "552 049 448"),
        ("55204944876279", "siren", "552 049 448 76279"),
        ("55204944776270", "siret", "552 049 447 76270"),
    ],
)
def test_a_number_that_cannot_exist_is_told_which_part_is_wrong(number, group, written):
    with pytest.raises(SiretChecksum) as refused:
        parse(number)

    assert refused.value.extensions() == {"group": group}
    assert written in refused.value.detail("fr")


def test_only_numbers_of_the_right_length_are_echoed():
    with pytest.raises(SiretMalformed) as refused:
        parse("<script>552049447</script>")

    assert "script" not in refused.value.detail("fr") + refused.value.detail("en")


@pytest.mark.parametrize(
    ("siret", "valid"),
    [
        ("35600000000048", True),  # the head office follows Luhn
        ("35600000049837", True),  # 3+5+6+4+9+8+3+7 = 45
        ("35600000009075", True),  # 3+5+6+9+7+5 = 35
        ("35600000009076", False),  # 36
        ("35600000000055", False),  # 24, though it passes Luhn
        ("3560000000004", False),
        ("３５６０００００００００４８", False),
    ],
)
def test_la_poste_has_a_rule_of_its_own(siret, valid):
    assert valid_siret(siret) is valid


def test_la_poste_is_read():
    assert parse("356 000 000 49837") == "35600000049837"
    assert parse("356 000 000") == "356000000"


def test_la_poste_with_a_wrong_sum_cannot_exist():
    with pytest.raises(SiretChecksum):
        parse("356 000 000 09076")


@given(DIGITS)
def test_ten_numbers_share_one_check_digit(number):
    assert [digit for digit in "0123456789" if luhn(number + digit)] == [check_digit(number)]


@pytest.mark.parametrize(
    ("number", "written"),
    [("55204944776279", "552 049 447 76279"), ("552049447", "552 049 447"), ("", "")],
)
def test_a_number_is_written_in_the_usual_groups(number, written):
    assert spaced(number) == written


@pytest.mark.parametrize(
    ("name", "guess"), [("etablissement", "etablissements"), ("lable", "label"), ("xyz", None), ("", None)]
)  # fmt: skip
def test_a_guess_is_made_only_when_it_is_close(name, guess):
    assert closest(name, ["etablissements", "label", "associations"]) == guess
