"""Fields and forms, once compiled."""

import pytest

from prefill.domain.permissions import Audience
from prefill.forms.model import Field, Form, Type, ValueSource, pointer_keys, value_at

NAME = Field(
    "/company/name", "Nom", origins=(ValueSource("etablissements", None),), alias="name", labels={"en": "Name"}
)
NUMBER = Field("/company/identifiers[siret]", "SIRET", origins=(ValueSource("numero_tva", None),), on_demand=True)
FORM = Form("f", "F", "1", Audience.CANDIDATE, (NAME, NUMBER))


@pytest.mark.parametrize(
    ("field", "name", "meant"),
    [
        (NAME, "name", True),
        (NAME, "/company/name", True),
        (NAME, "/company", True),
        (NAME, "/comp", False),
        (NAME, "/company/name/first", False),
        (NUMBER, "/company/identifiers", True),
        (NUMBER, "/company/identifiers/0/value", True),
        (Field("/rows", "Lignes", type=Type.LIST), "/rows/3", True),
    ],
)
def test_a_name_means_a_field_by_its_alias_its_path_or_a_pointer(field, name, meant):
    assert field.means(name) is meant


def test_an_entry_of_a_list_is_in_its_list():
    assert NUMBER.entry == "siret"
    assert NUMBER.place == ("company", "identifiers")
    assert NAME.entry is None


def test_a_label_is_french_where_the_form_has_no_other():
    assert (NAME.label_in("en"), NAME.label_in("de")) == ("Name", "Nom")


def test_a_form_asks_its_sources_in_order_and_on_demand_ones_by_name():
    assert FORM.sources() == ("etablissements",)
    assert FORM.on_demand() == ("numero_tva",)
    assert FORM.sources(frozenset({"numero_tva"})) == ("etablissements", "numero_tva")


def test_a_form_is_narrowed_to_what_names_mean():
    assert FORM.only(frozenset({"name"})).fields == (NAME,)
    with pytest.raises(KeyError, match="prenom"):
        FORM.only(frozenset({"name", "prenom"}))


def test_pointers_are_followed_in_objects_and_lists():
    assert pointer_keys("/a~1b/c~0d") == ("a/b", "c~d")
    assert value_at({"a": [1, {"b": 2}]}, "/a/1/b") == 2
    for nowhere in ("/x", "/a/9", "/a/1/x"):
        with pytest.raises(LookupError):
            value_at({"a": [1, {"b": 2}]}, nowhere)
