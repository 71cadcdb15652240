"""Numbers are recognised before any call, as the form's script recognises them."""

import pytest

from prefill.company_search.recognition import Kind, recognise, vat_may_exist


@pytest.mark.parametrize(
    ("typed", "kind", "value", "valid"),
    [
        ("", Kind.EMPTY, "", False),
        (" \u200b - ", Kind.EMPTY, "", False),
        ("000 001 008", Kind.SIREN, "000001008", True),
        ("000.001.009", Kind.SIREN, "000001009", False),
        ("SIREN : 000001008", Kind.SIREN, "000001008", True),
        ("n° siret 000 001 008 00010", Kind.SIRET, "00000100800010", True),
        ("000\u00a0001\u202f008-00010", Kind.SIRET, "00000100800010", True),
        ("00000100800011", Kind.SIRET, "00000100800011", False),
        ("35600000000048", Kind.SIRET, "35600000000048", True),
        ("35600000049837", Kind.SIRET, "35600000049837", True),
        ("FR 12 149900011", Kind.VAT, "FR12149900011", False),
        ("fr29000001008", Kind.VAT, "FR29000001008", True),
        ("FRK7000001008", Kind.VAT, "FRK7000001008", True),
        ("FR29000001009", Kind.VAT, "FR29000001009", False),
        ("w000000031", Kind.RNA, "W000000031", True),
        ("RNA W000000031", Kind.RNA, "W000000031", True),
        ("0000", Kind.PARTIAL, "0000", False),
        ("0000010080001", Kind.PARTIAL, "0000010080001", False),
        ("FR2900", Kind.PARTIAL, "FR2900", False),
        ("W29", Kind.PARTIAL, "W29", False),
        ("Menuiserie  du Val", Kind.NAME, "Menuiserie du Val", True),
        ("TVA Conseil", Kind.NAME, "TVA Conseil", True),
        ("FR", Kind.NAME, "FR", False),
        ("3 Suisses", Kind.NAME, "3 Suisses", True),
        ("Œuvre\x00 &\nToit", Kind.NAME, "Œuvre & Toit", True),
    ],
)
def test_what_was_typed(typed, kind, value, valid):
    read = recognise(typed)
    assert (read.kind, read.value, read.valid) == (kind, value, valid)


def test_a_number_of_a_company_names_its_siren():
    assert {recognise(text).siren for text in ("000001008", "00000100800010", "FR29000001008")} == {"000001008"}


def test_only_a_vat_number_may_be_one():
    assert not vat_may_exist("000001008")


def test_a_very_long_text_is_read_no_further():
    assert len(recognise("mot " * 10_000).value) <= 250
