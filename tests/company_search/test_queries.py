"""A text that is typed, read as the index reads it."""

from prefill.company_search.queries import TextQuery, read_text


def test_one_postal_code_beside_other_words_is_a_filter():
    query = read_text("Menuiserie  DORÉ 35000")

    assert query == TextQuery(("menuiserie", "dore"), "35000")
    assert query.parameters["q"] == "menuiserie dore"
    assert query.parameters["code_postal"] == "35000"


def test_a_postal_code_alone_or_beside_another_is_text():
    assert read_text("35000").postal_code is None
    assert read_text("menuiserie 35000 35700").postal_code is None
    assert read_text("menuiserie 99999").postal_code is None


def test_too_short_a_text_is_not_asked():
    assert not read_text("").can_be_asked
    assert not read_text("ab").can_be_asked
    assert read_text("abc").can_be_asked


def test_a_text_grew_from_shorter_ones_the_longest_first():
    query = read_text("menuiserie dore rennes 35000")

    assert [(one.text, one.postal_code) for one in query.bases()] == [
        ("menuiserie dore", "35000"),
        ("menuiserie dore", None),
        ("menuiserie", "35000"),
        ("menuiserie", None),
        ("menuiserie dore rennes", None),
    ]
