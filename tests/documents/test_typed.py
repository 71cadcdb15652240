"""What a candidate typed for a document: fields of the form, values of their type."""

from __future__ import annotations

import pytest

from prefill.documents.typed import MAX_TEXT, read_values
from prefill.problems import FieldUnknown, ParameterInvalid
from tests.documents.examples import FORM


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/company/name", "Atelier"),
        ("/company/name", ""),
        ("/company/name", None),
        ("/company/since", "2026-02-28"),
        ("/company/since", ""),
        ("/company/sme", False),
        ("/company/amount", 12),
        ("/company/amount", -1.5),
        ("/company/ids[vat]", "FR00"),
        ("/company/people", []),
        ("/company/people", [{"name": "DURAND"}]),
    ],
)
def test_a_value_of_the_fields_type_is_kept(path, value):
    assert read_values(FORM, {path: value}) == {path: value}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/company/name", 3),
        ("/company/name", ["a"]),
        ("/company/name", "x" * (MAX_TEXT + 1)),
        ("/company/since", "1965-03"),
        ("/company/since", "2026-02-30"),
        ("/company/since", "20260228"),
        ("/company/sme", "true"),
        ("/company/sme", 1),
        ("/company/amount", True),
        ("/company/amount", "12"),
        ("/company/amount", 1e300),
        ("/company/amount", float("nan")),
        ("/company/people", "DURAND"),
        ("/company/people", ["DURAND"]),
        ("/company/people", [{"nom": "DURAND"}]),
        ("/company/people", [{"name": 1}]),
        ("/company/people", [{"name": "x"}] * 51),
    ],
)
def test_another_value_is_refused_by_its_path(path, value):
    with pytest.raises(ParameterInvalid, match=path.split("[")[0]):
        read_values(FORM, {path: value})


def test_a_field_that_the_form_lacks_is_refused_with_the_one_that_was_meant():
    with pytest.raises(FieldUnknown, match="/company/name"):
        read_values(FORM, {"/company/nam": "Atelier"})
