"""Words are compared as the index compares them."""

import pytest

from prefill.company_search.queries import read_text
from prefill.company_search.words import Text, stem, tokens


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("coeur sevre", "CŒUR DE SÈVRE ÉTANCHÉITÉ & BÂTI"),
        ("etancheite", "CŒUR DE SÈVRE ÉTANCHÉITÉ & BÂTI"),
        ("l’établi d'aurelie", "L'ETABLI D'AURELIE"),
        ("rennov", "RENN'OV"),
        ("sncf", "S.N.C.F."),
        ("jardin", "LES JARDINS"),
        ("menuiseries", "MENUISERIE CORVIN"),
        ("av foch", "12 AVENUE FOCH"),
    ],
)
def test_case_accents_elisions_plurals_and_street_words_do_not_count(typed, held):
    assert Text(held).holds(tokens(typed))


@pytest.mark.parametrize(("typed", "held"), [("menuis", "MENUISERIE"), ("total energies", "TOTALENERGIES"), ("", "X")])
def test_a_word_must_be_whole(typed, held):
    assert not Text(held).holds(tokens(typed))


def test_an_unfinished_word_may_be_a_beginning_and_only_the_last_one():
    text = Text("MENUISERIE DU VAL DORE")
    assert text.holds(("menuiserie", "do"), unfinished=True)
    assert not text.holds(("menui", "dore"), unfinished=True)


def test_short_words_have_no_plural():
    assert stem("lions") == "lions"


def test_one_postal_code_beside_words_is_a_filter():
    query = read_text("Corvin 35000")
    assert query.parameters["q"] == "corvin"
    assert query.parameters["code_postal"] == "35000"
    assert [(base.text, base.postal_code) for base in query.bases()] == [("corvin", None)]


@pytest.mark.parametrize("typed", ["35000 44000 corvin", "le 35000"])
def test_what_would_leave_too_little_is_text(typed):
    assert read_text(typed).postal_code is None


def test_shorter_texts_keep_the_filter_first():
    bases = [(base.text, base.postal_code) for base in read_text("ateliers du val brume 35000").bases()]
    assert bases[:2] == [("ateliers du val", "35000"), ("ateliers du val", None)]
    assert ("ateliers", None) in bases
