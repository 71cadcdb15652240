"""Whatever comes in, nothing bursts and nothing leaks."""

from __future__ import annotations

from urllib.parse import quote

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from prefill.app import create_app
from prefill.settings import Settings
from prefill.tenancy.model import SANDBOX_AGENT_KEY

APP = create_app(Settings(log="json"))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
API = schemathesis.openapi.from_wsgi("/openapi.json", APP)


# Without the operator's token /metrics hides itself: 404, whatever the method.
@API.exclude(path="/metrics").parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_routes_keep_their_contract(case):
    case.headers = {**(case.headers or {}), "Accept-Encoding": "identity"}  # this client decodes no compression
    case.call_and_validate(excluded_checks=[positive_data_acceptance])  # no schema can say « check digit »


@API.include(path_regex="^/v1/dossiers").parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_routes_of_agents_keep_theirs_before_an_agent(case):
    case.headers = {
        **(case.headers or {}),
        "Accept-Encoding": "identity",
        "Authorization": f"Bearer {SANDBOX_AGENT_KEY}",
    }
    answer = case.call_and_validate(excluded_checks=[positive_data_acceptance, ignored_auth, not_a_server_error])

    assert answer.status_code < 500 or answer.json()["code"] in ("document_unavailable", "document_refused")


@given(number=TEXT, form=TEXT, extra=TEXT, language=TEXT)
@settings(max_examples=80, deadline=None)
def test_no_input_makes_the_prefill_burst(number, form, extra, language):
    answer = APP.test_client().get(
        "/v1/prefill/" + quote(number, safe=""),
        query_string={"schema": form, "with": extra},
        headers={"Accept-Language": language.encode("ascii", "ignore").decode().replace("\n", "").replace("\r", "")},
    )

    assert answer.status_code in (200, 301, 308, 400, 403, 404, 451)
