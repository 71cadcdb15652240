"""How the sandbox finds a company by its words, as Recherche d'entreprises does."""

import pytest

from prefill.sandbox.directory.index import words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Menuiserie DORÉ", {"menuiserie", "dore"}),
        ("L'œuvre d'Éloïse", {"oeuvre", "eloise"}),
        ("les Ateliers du Tilleul", {"atelier", "tilleul"}),
        ("S.A.S.", {"sas"}),
        ("gaz", {"gaz"}),
        ("bois", {"bois"}),
        (None, set()),
        ("de la", set()),
    ],
)
def test_words_count_without_case_accents_elisions_and_plurals(text, words):
    assert words_of(text) == words


def test_the_words_of_several_texts_are_put_together():
    assert words_of("MENUISERIE", None, "RENNES") == {"menuiserie", "renne"}
