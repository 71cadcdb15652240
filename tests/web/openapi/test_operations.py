"""Operations described beside their routes."""

import pytest

from prefill.web.openapi.operations import DESCRIPTION, describe
from prefill.web.openapi.texts import described, text

NAME = text("Nommer", "Name")


def test_a_route_carries_its_own_description():
    @describe("name", NAME, text("Le nom.", "The name."), problems=("not_found",), media="text/plain")
    def view() -> str:
        return ""

    operation = getattr(view, DESCRIPTION)[None]
    assert operation["operationId"] == "name"
    assert set(operation["responses"]) == {"200", "404", "default"}
    assert set(operation["responses"]["200"]["content"]) == {"text/plain"}


def test_a_route_of_several_methods_describes_each():
    @describe("read", NAME, NAME, method="get")
    @describe("write", NAME, NAME, method="post")
    def view() -> str:
        return ""

    assert {method: one["operationId"] for method, one in getattr(view, DESCRIPTION).items()} == {
        "get": "read",
        "post": "write",
    }


def test_a_code_that_no_problem_has_is_refused():
    with pytest.raises(ValueError, match="nowhere"):
        describe("name", NAME, NAME, problems=("nowhere",))


def test_a_field_is_described_in_both_languages_beside_what_else_is_shown_of_it():
    assert described("Le nom.", "The name.", example="x") == {
        "description": {"fr": "Le nom.", "en": "The name."},
        "example": "x",
    }
