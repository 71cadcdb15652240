"""Parameters as the document shows them."""

from prefill.web.openapi.parameters import NUMBER, TENANT, parameter
from prefill.web.openapi.texts import text

NAME = text("Le nom.", "The name.")


def test_a_parameter_of_the_path_is_always_required():
    assert NUMBER["required"]
    assert not any(tenant["required"] for tenant in TENANT)


def test_a_parameter_is_a_text_unless_it_says_otherwise():
    assert parameter("n", "query", NAME)["schema"] == {"type": "string"}
    assert parameter("n", "query", NAME, type="integer", minimum=1)["schema"] == {"type": "integer", "minimum": 1}


def test_a_parameter_without_example_shows_none():
    assert "example" not in parameter("n", "query", NAME)
    assert parameter("n", "query", NAME, "x")["example"] == "x"
