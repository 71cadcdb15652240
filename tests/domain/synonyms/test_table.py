"""Groups of words that mean the same."""

from prefill.domain.synonyms.table import SynonymTable

FORMS = SynonymTable((("SAS", "société par actions simplifiée"), ("SASU", "SAS", "S.A.S. unipersonnelle")))


def test_a_word_is_read_without_case_accents_and_punctuation():
    assert FORMS.other_words("SOCIETE PAR ACTIONS SIMPLIFIEE") == ("SAS", "société par actions simplifiée")


def test_a_word_of_two_groups_gives_the_words_of_both_once_and_never_itself():
    assert FORMS.other_words("SAS") == ("société par actions simplifiée", "SASU", "S.A.S. unipersonnelle")


def test_what_stands_before_a_parenthesis_is_looked_up_also():
    assert "SAS" in FORMS.other_words("Société par actions simplifiée (à associé unique)")


def test_an_unknown_word_has_no_others():
    assert FORMS.other_words("GIE") == ()
    assert FORMS.other_words("") == ()


def test_groups_that_are_added_come_first_and_leave_the_table_as_it_was():
    more = FORMS.extended([["SAS", "actions simplifiées"]])

    assert more.other_words("SAS")[0] == "actions simplifiées"
    assert "actions simplifiées" not in FORMS.other_words("SAS")
    assert FORMS.extended([]) is FORMS
