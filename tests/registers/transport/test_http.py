"""A connection to API Entreprise, and the bounds of what is read from it."""

import io
from types import SimpleNamespace

import pytest

from prefill.registers.transport.http import BodyTooLarge, Connection, read_bounded

CONNECTION = Connection("https://entreprise.api.gouv.fr", "secret", "21750001600019", "Marchés publics", "DUME")


def response(body):
    raw = SimpleNamespace(connection=None, read1=lambda size, decode_content: source.read(size))
    source = io.BytesIO(body)
    return SimpleNamespace(raw=raw)


def test_a_body_is_read_whole_up_to_its_bound():
    assert read_bounded(response(b"x" * 100), max_bytes=100, deadline=1, clock=lambda: 0.0) == b"x" * 100


def test_a_body_over_its_bound_is_refused():
    with pytest.raises(BodyTooLarge):
        read_bounded(response(b"x" * 101), max_bytes=100, deadline=1, clock=lambda: 0.0)


def test_a_body_that_drips_past_the_deadline_is_given_up():
    times = iter([0.0, 2.0])

    with pytest.raises(TimeoutError):
        read_bounded(response(b"x" * 100_000), max_bytes=10**6, deadline=1, clock=lambda: next(times))


def test_the_tracing_parameters_are_sent_and_the_delegation_only_when_it_must_be_chosen():
    assert CONNECTION.parameters == {"context": "Marchés publics", "object": "DUME", "recipient": "21750001600019"}
    editor = Connection("u", "secret", "21750001600019", "c", "o", delegation="recipient")
    chosen = Connection("u", "secret", "21750001600019", "c", "o", delegation="7f1e")

    assert "delegation_id" not in editor.parameters
    assert chosen.parameters["delegation_id"] == "7f1e"
    assert len({CONNECTION.habilitation, editor.habilitation, chosen.habilitation}) == 3


def test_a_connection_shows_its_token_nowhere():
    assert "secret" not in repr(CONNECTION)
    assert "secret" not in CONNECTION.habilitation
