"""Where a company can have a register corrected."""

import pytest

from prefill.domain.catalogue import CATALOGUE, SOURCES
from prefill.domain.catalogue.corrections import correction

NAME, ACTIVITY = frozenset({"unite_legale", "raison_sociale"}), frozenset({"activite_principale", "code"})
ONE_STOP_SHOP, COMPTE_ASSO, ACTIVITY_PAGE = "procedures.inpi.fr", "lecompteasso", "information/6435934"


@pytest.mark.parametrize(
    ("source", "keys", "legal_form", "page"),
    [
        ("etablissements", NAME, "5710", ONE_STOP_SHOP),
        ("etablissements", NAME, None, ONE_STOP_SHOP),
        ("siege_social", NAME, "1000", ONE_STOP_SHOP),
        ("etablissements", NAME, "9220", COMPTE_ASSO),
        ("etablissements", ACTIVITY, "5710", ACTIVITY_PAGE),
        ("etablissements", ACTIVITY, "9220", ACTIVITY_PAGE),
        ("extraits_rcs_infogreffe", NAME, "5710", ONE_STOP_SHOP),
        ("associations", NAME, "9220", COMPTE_ASSO),
        ("extraits_rne", ACTIVITY, "5710", ONE_STOP_SHOP),
    ],
)
def test_each_kind_of_company_is_sent_to_the_page_that_takes_it(source, keys, legal_form, page):
    assert page in correction(CATALOGUE[source], keys, legal_form).url


@pytest.mark.parametrize(
    ("source", "legal_form"), [("etablissements", "7210"), ("extraits_rcs_infogreffe", "7389"), ("numero_tva", "5710")]
)
def test_nobody_is_sent_where_nothing_is_corrected(source, legal_form):
    assert correction(CATALOGUE[source], NAME, legal_form) is None


def test_a_page_has_its_name_in_both_languages():
    pages = [source.fix for source in SOURCES if source.fix]

    assert all(page.fr and page.en and page.url.startswith("https://") for page in pages)


def test_what_a_silence_means_is_a_statement_that_a_sentence_goes_on_from():
    silences = [text for source in SOURCES if source.silence for text in source.silence.values()]

    assert [text for text in silences if text.endswith((".", ":")) or not text[0].isupper()] == []
