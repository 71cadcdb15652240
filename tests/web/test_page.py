"""Pages are rendered once for each address of the service, and limited as what is cached is."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import template_rendered

from prefill.app import create_app
from prefill.forms.registry import FormRegistry
from prefill.settings import Settings
from prefill.web.page import FormsCache

PAGES = ("/", "/docs", "/dossier", "/dossiers", "/studio")


@pytest.fixture
def rendered():
    """The names of the templates that are rendered meanwhile."""
    names: list[str] = []

    def note(_, template, **__):
        names.append(template.name)

    with template_rendered.connected_to(note):
        yield names


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_rendered_once_and_its_reader_asks_whether_it_changed(rendered, page):
    client = create_app(Settings(log="json")).test_client()
    first, again = client.get(page), client.get(page)
    known = client.get(page, headers={"If-None-Match": first.headers["ETag"]})

    assert first.data == again.data
    assert (known.status_code, known.data) == (304, b"")
    assert len(rendered) == 1


def test_each_address_of_the_service_has_its_page_and_no_more_than_so_many_are_kept(rendered):
    client = create_app(Settings(log="json", rate_limit=0)).test_client()
    for rank in range(40):
        client.get("/", headers={"Host": f"h{rank}.example"})
    client.get("/", headers={"Host": "h39.example"})
    assert len(rendered) == 40

    client.get("/", headers={"Host": "h0.example"})
    assert len(rendered) == 41


@pytest.mark.parametrize("page", PAGES)
def test_an_address_that_asks_for_pages_without_end_is_refused_and_another_is_not(page):
    client = create_app(Settings(log="json", rate_limit=2)).test_client()
    answers = [client.get(page, environ_base={"REMOTE_ADDR": "192.0.2.1"}) for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]

    assert answers[0].status_code == 200
    assert {answer.json["code"] for answer in refused} == {"too_many_requests"}
    assert client.get(page, environ_base={"REMOTE_ADDR": "192.0.2.2"}).status_code == 200


def test_threads_that_ask_for_more_pages_than_are_kept_disturb_each_other_not():
    """A page that another thread drops between the look and the taking was an internal error."""
    cache, forms, before = FormsCache[int](2), FormRegistry({}), sys.getswitchinterval()

    def ask(first: int) -> None:
        for rank in range(2000):
            key = (first + rank) % 5
            assert cache.get(forms, key) in (None, key)
            cache.put(forms, key, key)

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(ask, range(8))) == [None] * 8
    finally:
        sys.setswitchinterval(before)
    assert cache.get(FormRegistry({}), 0) is None
