"""Refusals as RFC 9457 writes them."""

import pytest

from prefill.problems import SchemaUnknown, TooManyRequests
from prefill.web.rendering.problems import render_problem


@pytest.mark.parametrize(("language", "title"), [("fr", "Formulaire inconnu"), ("en", "Unknown form")])
def test_a_refusal_has_a_stable_code_and_sentences_in_the_reader_s_language(language, title):
    problem = SchemaUnknown(
        name="dumme", hint_fr=" Vouliez-vous dire dume ?", hint_en=" Did you mean dume?", suggestion="dume"
    )
    body = render_problem(problem, language, "2b1f")

    assert (body["status"], body["code"], body["type"], body["title"]) == (
        404,
        "schema_unknown",
        "/docs#schema_unknown",
        title,
    )
    assert "dumme" in body["detail"]
    assert (body["suggestion"], body["requestId"]) == ("dume", "2b1f")


def test_what_is_not_known_is_left_out():
    assert "requestId" not in render_problem(TooManyRequests(retry_after=3.0, retryAfter=3.0), "fr")
