"""The notation in which the catalogue says what an answer holds."""

import pytest

from prefill.domain.answer_shapes.model import Kind
from prefill.domain.answer_shapes.notation import answer


def test_a_key_has_its_kind_its_meaning_and_may_be_null():
    shape = answer("nom text Le nom\nfin date?")

    assert shape.kind is Kind.OBJECT
    assert (shape.members["nom"].kind, shape.members["nom"].meaning, shape.members["nom"].nullable) == (
        Kind.TEXT,
        "Le nom",
        False,
    )
    assert shape.members["fin"].nullable


def test_what_is_indented_belongs_to_the_key_above():
    shape = answer("a rows\n  b object\n    c text\nd text")

    assert [path for path, _ in shape.paths()] == ["a", "a[].b", "a[].b.c", "d"]


def test_a_named_shape_stands_for_its_keys():
    address = answer("ville text")

    assert answer("adresse adresse? Où", {"adresse": address}).members["adresse"].members.keys() == {"ville"}


def test_a_whole_answer_may_be_a_list():
    assert answer("a text", rows=True).kind is Kind.LIST


@pytest.mark.parametrize("line", ["nom", "nom texte", "nom: text"])
def test_a_line_that_is_no_key_is_refused(line):
    with pytest.raises(ValueError, match="texte|not a key"):
        answer(line)
