"""How documents write values in French."""

import pytest

from prefill.documents.french import NO, NO_BREAK, YES, label_of, text_of
from prefill.forms.model import Field, ListItem, Type


def field(kind, label="Libellé", items=()):
    return Field("/a", label, type=kind, items=items)


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        (Type.STRING, None, ""),
        (Type.STRING, "  A   B ", "A B"),
        (Type.DATE, "2026-03-01", "01/03/2026"),
        (Type.BOOLEAN, True, YES),
        (Type.BOOLEAN, False, NO),
        (Type.INTEGER, 2020, "2020"),
        (Type.NUMBER, 37000.5, f"37{NO_BREAK}000,5"),
        (Type.NUMBER, 0, "0"),
    ],
)
def test_a_value_is_written_by_its_type(kind, value, written):
    assert text_of(field(kind), value) == written


def test_a_list_is_written_a_row_a_line_in_the_order_of_the_form():
    items = (
        ListItem("name", "Nom", None),
        ListItem("since", "Depuis", None, type=Type.DATE),
        ListItem("sole", "Seul", None, type=Type.BOOLEAN),
    )
    rows = [{"since": "2026-03-01", "name": "ANNE"}, {"name": "PAUL", "sole": False}]

    assert text_of(field(Type.LIST, items=items), rows) == "ANNE · 01/03/2026\nPAUL · non"


def test_a_label_does_not_cut_an_article_from_its_letter():
    assert (
        label_of(field(Type.STRING, "Article L. 2141-1 : exclusions"))
        == f"Article L.{NO_BREAK}2141-1{NO_BREAK}: exclusions"
    )
