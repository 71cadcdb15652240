"""Country codes of the Insee, and those of the ISO."""

import pytest

from prefill.domain.countries import ALPHA3, COUNTRIES, FRANCE, alpha3


@pytest.mark.parametrize("unknown", [None, "", "99000", "BEL", "75056"])
def test_what_is_no_foreign_country_has_no_code(unknown):
    assert alpha3(unknown) is None


def test_each_country_has_one_code_and_france_none_of_them():
    assert len(set(ALPHA3.values())) == len(ALPHA3)
    assert FRANCE not in ALPHA3.values()
    assert FRANCE in COUNTRIES
    assert all(code.isascii() and code.isupper() and len(code) == 3 for code in COUNTRIES)
