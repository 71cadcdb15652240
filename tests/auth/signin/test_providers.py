"""Discovery: what a provider may say of itself, how long it is believed, and how much of it is read."""

from __future__ import annotations

import pytest
import requests

from prefill.auth.signin.bounded import MAX_BYTES
from prefill.auth.signin.providers import FRESH_FOR, STALE_FOR, Providers, ProviderUnavailable, read_metadata
from tests.support.clock import FakeClock

ISSUER = "https://sso.example"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def providers(clock: FakeClock) -> Providers:
    return Providers(open_session=requests.Session, clock=clock)


def test_what_it_says_is_kept_for_an_hour(providers, provider, clock):
    assert providers.get(provider.url).token == f"{provider.url}/token"
    clock.sleep(FRESH_FOR - 1)
    providers.get(provider.url)
    assert len(provider.asked) == 1
    clock.sleep(1)
    providers.get(provider.url)

    assert len(provider.asked) == 2


def test_it_is_still_used_for_a_day_when_it_is_down_and_asked_again_only_now_and_then(providers, provider, clock):
    providers.get(provider.url)
    provider.down = True
    clock.sleep(FRESH_FOR)
    for _ in range(3):
        providers.get(provider.url)
    assert len(provider.asked) == 2
    clock.sleep(STALE_FOR)

    with pytest.raises(ProviderUnavailable):
        providers.get(provider.url)


@pytest.mark.parametrize(
    "change",
    [{"issuer": ISSUER}, {"issuer": None}, {"token_endpoint": None}, {"token_endpoint": "http://sso.example/token"},
     {"jwks_uri": "ftp://sso.example"}, {"authorization_endpoint": "javascript:alert(1)"}, {"userinfo_endpoint": 1},
     {"end_session_endpoint": "https://user:secret@sso.example"}],
)  # fmt: skip
def test_it_is_not_used_when_it_is_another_or_not_over_https(provider, change):
    provider.metadata = change

    with pytest.raises(ProviderUnavailable):
        read_metadata(provider.url, provider.discovery())


def test_no_more_than_a_bound_is_read(providers, provider):
    provider.metadata = {"padding": "x" * MAX_BYTES}

    with pytest.raises(ProviderUnavailable):
        providers.get(provider.url)


@pytest.mark.parametrize("methods", [None, ["client_secret_basic", "client_secret_post"]])
def test_the_secret_goes_in_the_header_where_that_is_accepted(provider, methods):
    provider.metadata = {"token_endpoint_auth_methods_supported": methods}

    assert not read_metadata(provider.url, provider.discovery()).by_post
