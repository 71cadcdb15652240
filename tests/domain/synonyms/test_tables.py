"""Ways of writing countries and legal forms."""

import pytest

from prefill.domain.countries import ALPHA3
from prefill.domain.synonyms import TABLES, SynonymTable


@pytest.mark.parametrize(
    ("table", "value", "other"),
    [
        ("countries", "FRA", "France"),
        ("countries", "FRA", "FR"),
        ("countries", "DEU", "Germany"),
        ("countries", "DEU", "Allemagne"),
        ("countries", "CIV", "Côte d'Ivoire"),
        ("legal_forms", "5710", "SAS"),
        ("legal_forms", "SAS, société par actions simplifiée", "société par actions simplifiée"),
        ("legal_forms", "Société à responsabilité limitée (sans autre indication)", "SARL"),
        ("legal_forms", "SOCIETE PAR ACTIONS SIMPLIFIEE", "SAS"),
    ],
)
def test_a_value_has_other_ways_of_being_written(table, value, other):
    assert other in TABLES[table].other_words(value)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("5710", "SASU"), ("1000", "micro-entreprise"), ("1000", "auto-entrepreneur"), ("5460", "SCIC"),
        ("9210", "association déclarée"), ("9260", "association loi 1901"),
        ("Association de droit local (Bas-Rhin, Haut-Rhin et Moselle)", "association loi 1901"),
    ],
)  # fmt: skip
def test_a_word_of_another_thing_is_not_among_them(value, word):
    assert word not in TABLES["legal_forms"].other_words(value)


@pytest.mark.parametrize("code", ["9210", "9220", "9230", "9260"])
def test_whatever_its_kind_an_association_is_one(code):
    assert "association" in TABLES["legal_forms"].other_words(code)


def test_a_country_that_nobody_knows_has_no_other_word():
    assert TABLES["countries"].other_words("Atlantide") == ()


def test_every_country_that_a_register_may_name_has_a_short_code_and_names():
    for code in ALPHA3.values():
        assert any(len(word) == 2 for word in TABLES["countries"].other_words(code)), code


def test_a_table_grows_without_changing_the_first():
    more = TABLES["legal_forms"].extended([["SAS", "SAS à capital variable"]])

    assert more.other_words("SAS")[:1] == ("SAS à capital variable",)
    assert "société par actions simplifiée" in more.other_words("SAS")
    assert "SAS à capital variable" not in TABLES["legal_forms"].other_words("SAS")
    assert SynonymTable(()).extended([["a", "b"]]).other_words("A") == ("a", "b")
