"""The numbers that API Entreprise takes in its paths."""

import pytest

from prefill.sandbox.contract.published.numbers import well_formed


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("siren", "552049447"),
        ("siret", "55204944776279"),
        ("siren_or_rna", "W751004076"),
        ("siret_or_rna", "55204944776279"),
        ("siret_or_eori", "FR16002307300010"),
        ("year", "2025"),
        ("month", "02"),
        ("month", "12"),
    ],
)
def test_a_number_that_is_well_formed(parameter, text):
    assert well_formed(parameter, text)


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("siren", "552049448"),
        ("siren", "55204944"),
        ("siren", "W751004076"),
        ("siret", "55204944776278"),
        ("siren_or_rna", "w751004076"),
        ("year", "0025"),
        ("month", "13"),
        ("month", "0"),
        ("siren", "٥٥٢٠٤٩٤٤٧"),
        ("siren", "552049447\n"),
    ],
)
def test_a_number_that_is_not(parameter, text):
    assert not well_formed(parameter, text)
