"""Whatever comes in, nothing bursts and nothing leaks."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.pytest.lazy import get_all_tests
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from prefill.app import create_app
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY

APP = create_app(Settings(log="json"))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
# The routes are shared between so many tests. One per route would have the names of all made in each process that
# collects, which takes as long as a third of all tests.
PARTS = 6
# The same cases each time: what is found by chance is for `make fuzz`.
REPEATED = {"derandomize": True, "database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}
AGENTS = r"^/v1/dossiers"


def part_of(label: str) -> int:
    """The part of a route, `POST /v1/verify`, whatever the others are."""
    return crc32(label.encode()) % PARTS


def drive(schema: BaseSchema, check: Callable[[Case], None], *, examples: int, subtests: pytest.Subtests) -> int:
    """Give the check the cases of each operation. Tell how many operations there were."""
    given = get_all_tests(
        schema=schema, test_func=check, settings=settings(max_examples=examples, **REPEATED), given_kwargs=None
    )
    tests = [test.ok() for test in given]
    for operation, test in tests:
        with subtests.test(operation.label):
            test()
    return len(tests)


@pytest.fixture(scope="module")
def api() -> BaseSchema:
    return schemathesis.openapi.from_wsgi("/openapi.json", APP)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_routes_keep_their_contract(api, part, subtests):
    def check(case: Case) -> None:
        case.headers = {**(case.headers or {}), "Accept-Encoding": "identity"}  # this client decodes no compression
        case.call_and_validate(excluded_checks=[*no_rules_of_ours(case), *answered_by_another(case.path)])

    # Without the operator's token /metrics hides itself: 404, whatever the method.
    own = api.exclude(path="/metrics").include(lambda context: part_of(context.operation.label) == part)

    assert drive(own, check, examples=40, subtests=subtests) > 1


def no_rules_of_ours(case: Case) -> list[Callable]:
    """The checks that judge by the schema alone: none can say « check digit », nor that forms send what is not given empty."""
    return [positive_data_acceptance, *([negative_data_rejection] if "" in (case.query or {}).values() else [])]


def answered_by_another(path: str) -> list[Callable]:
    """The checks that do not apply to a path which is also, for GET, a company's number that is none."""
    return [allow_header_conformance, unsupported_method] if path == "/v1/prefill/batch" else []


def test_the_routes_of_agents_keep_theirs_before_an_agent(api, subtests):
    def check(case: Case) -> None:
        key = {"Accept-Encoding": "identity", "Authorization": f"Bearer {SANDBOX_AGENT_KEY}"}
        case.headers = {**(case.headers or {}), **key}
        answer = case.call_and_validate(excluded_checks=[*no_rules_of_ours(case), ignored_auth, not_a_server_error])

        assert answer.status_code < 500 or answer.json()["code"] in ("document_unavailable", "document_refused")

    assert drive(api.include(path_regex=AGENTS), check, examples=8, subtests=subtests) > 1


@given(number=TEXT, form=TEXT, extra=TEXT, language=TEXT)
@settings(max_examples=80, deadline=None)
def test_no_input_makes_the_prefill_burst(number, form, extra, language):
    answer = APP.test_client().get(
        "/v1/prefill/" + quote(number, safe=""),
        query_string={"schema": form, "with": extra},
        headers={"Accept-Language": language.encode("ascii", "ignore").decode().replace("\n", "").replace("\r", "")},
    )

    assert answer.status_code in (200, 301, 308, 400, 403, 404, 451)
