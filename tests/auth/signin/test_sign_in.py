"""Sign-in of agents against a provider on loopback: what opens a session, what does not, and what a session may do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from prefill.app import create_app
from prefill.auth.signin.sessions import SessionsUnavailable
from prefill.cli import main
from prefill.settings import Settings
from prefill.web.context import EXTENSION
from tests.support.factories import LYON, NICE, OBJECT, OTHER_KEY, bearer, lines_of, secret, write_keys, write_tenants
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, running_provider, sign_in_table
from tests.support.redis_server import RedisServer

PUBLIC = "https://prefill.example"
SIRET = "00000100800010"
SESSION = "__Host-prefill-session"

OpenBrowser = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def open_browser(identity_provider, tmp_path_factory) -> Iterator[OpenBrowser]:
    """Open the service whose buyers share the client of one provider, and a browser on it."""
    opened = []

    def open_one(*tables: str, **settings: Any) -> FlaskClient:
        folder = tmp_path_factory.mktemp("service")
        file = write_tenants(folder, str(write_keys(folder)))
        shared = tables or (sign_in_table("lyon", identity_provider.url), sign_in_table("nice", identity_provider.url))
        (folder / "client.secret").write_text(CLIENT_SECRET)
        file.write_text(file.read_text() + "\n".join(shared))
        values: dict[str, Any] = {
            "tenants": str(file), "url": "http://127.0.0.1:9", "search_rate": 0, "log": "json",
            "audit": str(folder / "trace.log"), "public_url": PUBLIC, "rate_limit": 0, **settings,
        }  # fmt: skip
        opened.append(create_app(Settings(**values)))
        return opened[-1].test_client()

    yield open_one
    for application in opened:
        application.extensions["prefill"].close()


@pytest.fixture(scope="module")
def service(open_browser: OpenBrowser) -> Flask:
    return open_browser().application


@pytest.fixture
def trace(service: Flask) -> Path:
    """The trail of the accesses, as it is from now on."""
    path = Path(service.extensions["prefill"].settings.audit)
    path.unlink(missing_ok=True)
    return path


@pytest.fixture
def browser(service: Flask, provider: IdentityProvider) -> FlaskClient:
    return service.test_client()


def get(browser: FlaskClient, path: str, **options: Any) -> Any:
    return browser.get(path, base_url=PUBLIC, **options)


def to_provider(browser: FlaskClient, path: str = "/signin") -> str:
    """Begin; return the address of the provider that the browser is sent to."""
    response = get(browser, path)
    assert response.status_code == 303
    return response.headers["Location"]


def consent(address: str) -> str:
    """Return the address that the provider sends the browser back to, without its host."""
    back = requests.get(address, allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith(f"{PUBLIC}/signin/callback?")
    return back.removeprefix(PUBLIC)


def sign_in(browser: FlaskClient, path: str = "/signin") -> str:
    """Sign in; return where the browser ends."""
    return get(browser, consent(to_provider(browser, path))).headers["Location"]


def session(browser: FlaskClient) -> dict[str, Any]:
    return get(browser, "/v1/session").json


def dossier(browser: FlaskClient, **headers: str) -> Any:
    return get(browser, f"/v1/dossiers/{SIRET}", query_string={"object": OBJECT}, headers=headers)


def test_an_agent_signs_in_and_the_trace_names_it(browser, provider, trace):
    assert sign_in(browser, "/signin?next=/dossiers") == "/dossiers"
    told = session(browser)

    assert (told["agent"], told["name"], told["buyer"]) == ("oidc:odile", "Odile Martin", "Lyon")
    dossier(browser, **{"X-Prefill-CSRF": told["csrf"]})
    assert {(line["agent"], line["tenant"]) for line in lines_of(trace)} == {("oidc:odile", "lyon")}
    [asked] = provider.authorized
    assert (asked["scope"], asked["acr_values"]) == ("openid email siret", "eidas1")


def test_the_establishment_of_the_agent_says_whose_agent_it_is(browser, provider):
    provider.siret = NICE
    sign_in(browser)

    assert session(browser)["buyer"] == "Nice"


def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(browser):
    back = consent(to_provider(browser))
    cookies = {line.partition("=")[0]: line for line in get(browser, back).headers.getlist("Set-Cookie")}

    assert cookies.keys() == {SESSION, "__Host-prefill-signin"}
    assert all(f"; {word}" in cookies[SESSION] for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Strict"))
    assert "Domain" not in cookies[SESSION]
    assert "Expires" not in cookies[SESSION]


def change(**changes: Any) -> Callable[[IdentityProvider], None]:
    def apply(provider: IdentityProvider) -> None:
        for name, value in changes.items():
            setattr(provider, name, value)

    return apply


ISSUED_LONG_AGO = int(time.time()) - 3600
REFUSALS: dict[str, tuple[Callable[[IdentityProvider], None], str]] = {
    "an identity for another service": (change(claims={"aud": "autre"}), "refused"),
    "one among several, presented by another": (change(claims={"aud": [CLIENT_ID, "autre"], "azp": "autre"}), "refused"),
    "several audiences and no presenter": (change(claims={"aud": [CLIENT_ID, "autre"]}), "refused"),
    "an expired identity": (change(claims={"exp": ISSUED_LONG_AGO}), "refused"),
    "an old identity": (change(claims={"iat": ISSUED_LONG_AGO}), "refused"),
    "an identity of another issuer": (change(claims={"iss": "https://sso.example"}), "refused"),
    "an identity of another sign-in": (change(claims={"nonce": "autre"}), "refused"),
    "a weaker authentication": (change(claims={"acr": "eidas0"}), "refused"),
    "a subject that no trace can hold": (change(claims={"sub": "odile\n"}), "refused"),
    "another signature": (change(key=OTHER_KEY), "refused"),
    "a userinfo of somebody else": (change(userinfo={"sub": "autre"}), "refused"),
    "a response of another provider (mix-up)": (change(respond=lambda q: {**q, "iss": "https://sso.example"}), "refused"),
    "a response that names no provider": (change(respond=lambda q: {k: q[k] for k in ("code", "state")}), "refused"),
    "a refusal of the agent": (
        change(respond=lambda q: {"error": "access_denied", "state": q["state"], "iss": q["iss"]}), "refused"),
    "another state": (change(respond=lambda q: {**q, "state": "x" * 64}), "expired"),
    "no state": (change(respond=lambda q: {"code": q["code"], "iss": q["iss"]}), "expired"),
    "a code that was never given": (change(respond=lambda q: {**q, "code": "invented"}), "refused"),
    "an agent of no buyer": (change(siret="13002526500013"), "not_admitted"),
    "an agent without an establishment": (change(siret=""), "not_admitted"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_nothing_else_opens_a_session(browser, provider, case, capsys):
    misbehave, code = REFUSALS[case]
    misbehave(provider)
    address = sign_in(browser)

    assert address == f"/dossier#signin={code}"
    assert session(browser).keys() == {"signIn"}
    log = capsys.readouterr().err
    assert '"signin.refused"' in log
    assert "odile" not in log


def test_a_response_is_accepted_once(browser):
    back = consent(to_provider(browser))
    kept = _attempt(browser)
    get(browser, back)
    browser.delete_cookie(SESSION, domain=urlsplit(PUBLIC).hostname)
    browser.set_cookie(kept.key, kept.value, domain=urlsplit(PUBLIC).hostname, secure=True)

    assert get(browser, back).headers["Location"] == "/dossier#signin=expired"
    assert session(browser).keys() == {"signIn"}


def _attempt(browser: FlaskClient) -> Any:
    return browser.get_cookie("__Host-prefill-signin", domain=urlsplit(PUBLIC).hostname)


def test_a_response_is_accepted_only_in_the_browser_that_asked(browser):
    """Login CSRF: a victim who follows an attacker's callback is not signed in as the attacker."""
    back = consent(to_provider(browser))
    victim = browser.application.test_client()

    assert get(victim, back).headers["Location"] == "/dossier#signin=expired"
    assert session(victim).keys() == {"signIn"}


def test_an_attempt_that_was_tampered_with_is_nobodys(browser):
    back = consent(to_provider(browser))
    kept = _attempt(browser)
    browser.set_cookie(kept.key, kept.value[:-2] + "zz", domain=urlsplit(PUBLIC).hostname, secure=True)

    assert get(browser, back).headers["Location"] == "/dossier#signin=expired"


def test_a_session_chosen_by_somebody_else_is_never_the_agents(browser):
    """Session fixation: the id is new at sign-in, whatever the browser held, and the former session ends."""
    sign_in(browser)
    fixed = browser.get_cookie(SESSION, domain=urlsplit(PUBLIC).hostname).value
    other = browser.application.test_client()
    other.set_cookie(SESSION, fixed, domain=urlsplit(PUBLIC).hostname, secure=True)
    sign_in(other)

    assert other.get_cookie(SESSION, domain=urlsplit(PUBLIC).hostname).value != fixed
    assert session(browser).keys() == {"signIn"}


@pytest.mark.parametrize("forged", ["x", "", '"bm9ib2R5"', "a.b", "x" * 3900])
def test_an_invented_cookie_is_no_session(browser, forged):
    browser.set_cookie(SESSION, forged, domain=urlsplit(PUBLIC).hostname, secure=True)

    assert session(browser).keys() == {"signIn"}
    assert dossier(browser).status_code == 401


@pytest.mark.parametrize(
    "back",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/dossier/../docs", "javascript:alert(1)", "/dossier?x=1",
     "/dossier\r\nX: y", ""],
)  # fmt: skip
def test_a_sign_in_returns_to_no_other_page(browser, back):
    assert get(browser, "/signin", query_string={"next": back}).status_code == 404


def test_the_host_that_a_request_names_is_not_where_the_provider_returns(browser):
    address = browser.get("/signin", base_url="https://evil.example").headers["Location"]

    assert parse_qs(urlsplit(address).query)["redirect_uri"] == [f"{PUBLIC}/signin/callback"]


@pytest.mark.parametrize("sent", [{}, {"X-Prefill-CSRF": "x"}, {"X-Prefill-CSRF": ""}])
def test_a_request_of_another_page_is_refused(browser, trace, sent):
    """CSRF: without the session's token nothing is asked, nothing is recorded, nobody is signed out."""
    sign_in(browser)

    assert dossier(browser, **sent).json["code"] == "cross_site_request"
    assert browser.post("/signout", base_url=PUBLIC, headers=sent).status_code == 403
    assert lines_of(trace) == []
    assert session(browser)["agent"] == "oidc:odile"


def test_no_page_of_another_site_reads_the_token(browser):
    sign_in(browser)
    response = get(browser, "/v1/session", headers={"Origin": "https://candidats.example"})

    assert not [name for name in dict(response.headers) if name.startswith("Access-Control")]
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Cache-Control"].startswith("no-store")


def test_a_session_is_not_the_agent_of_another_buyer(browser, trace):
    sign_in(browser)
    headers = {"X-Prefill-CSRF": session(browser)["csrf"], "X-Prefill-Tenant": "nice"}

    assert dossier(browser, **headers).status_code == 403
    assert lines_of(trace) == []


def test_a_session_opens_nothing_more_on_the_candidates_side(browser):
    sign_in(browser)
    headers = {"X-Prefill-CSRF": session(browser)["csrf"], "X-Prefill-Tenant": "lyon"}

    assert get(browser, f"/v1/prefill/{SIRET}?schema=dossier", headers=headers).status_code == 404


def test_signing_out_ends_the_session_here_and_tells_where_it_ends_at_the_provider(browser, provider):
    sign_in(browser)
    csrf = session(browser)["csrf"]
    kept = browser.get_cookie(SESSION, domain=urlsplit(PUBLIC).hostname).value
    address = browser.post("/signout", base_url=PUBLIC, headers={"X-Prefill-CSRF": csrf}).json["location"]
    query = parse_qs(urlsplit(address).query)
    browser.set_cookie(SESSION, kept, domain=urlsplit(PUBLIC).hostname, secure=True)

    assert address.startswith(f"{provider.url}/session/end?")
    assert query["post_logout_redirect_uri"] == [f"{PUBLIC}/dossier"]
    assert query["id_token_hint"][0].count(".") == 2
    assert session(browser).keys() == {"signIn"}
    assert browser.post("/signout", base_url=PUBLIC, headers={"X-Prefill-CSRF": csrf}).status_code == 401


def test_an_agent_who_leaves_the_list_is_signed_out_at_once(open_browser, provider):
    browser = open_browser(sign_in_table("lyon", provider.url, agents=["Odile@lyon.example"]))
    provider.claims = {"email_verified": False}
    assert sign_in(browser) == "/dossier#signin=not_admitted", "anybody may claim an address that nobody verified"
    provider.claims = {}
    sign_in(browser)
    csrf = {"X-Prefill-CSRF": session(browser)["csrf"]}
    context = browser.application.extensions["prefill"]
    file = Path(context.settings.tenants)
    file.write_text(file.read_text().replace("Odile@", "Autre@"))
    context.tenants.refresh()

    assert dossier(browser, **csrf).status_code == 401
    assert sign_in(browser) == "/dossier#signin=not_admitted"


def test_a_plain_userinfo_and_a_client_in_the_header_are_understood(browser, provider):
    provider.signed_userinfo = False

    assert sign_in(browser) == "/dossier"


def test_a_provider_that_is_down_is_told_and_comes_back(browser, provider):
    back = consent(to_provider(browser))
    provider.down = True

    assert get(browser, back).headers["Location"] == "/dossier#signin=unavailable"
    provider.down = False
    assert sign_in(browser) == "/dossier"


def test_with_several_providers_the_buyer_says_which_and_each_must_name_itself(open_browser, provider):
    with running_provider() as other:
        browser = open_browser(sign_in_table("lyon", provider.url), sign_in_table("nice", other.url))
        assert get(browser, "/signin").status_code == 404
        provider.metadata = {"authorization_response_iss_parameter_supported": False}
        provider.respond = lambda query: {name: query[name] for name in ("code", "state")}
        refused = sign_in(browser, "/signin?tenant=lyon")
        other.siret = NICE
        signed = sign_in(browser, "/signin?tenant=nice")

    assert (refused, signed) == ("/dossier#signin=refused", "/dossier")


def test_a_key_is_known_or_refused_at_once(browser):
    told = get(browser, "/v1/session", headers=bearer(secret("reader")))

    assert told.json == {"agent": "key:Agent reader", "buyer": "Lyon", "scopes": ["dossier:read"]}
    assert get(browser, "/v1/session", headers=bearer(secret("nobody"))).status_code == 401


def test_the_page_offers_what_there_is(browser, client):
    assert session(browser)["signIn"] == {"label": "ProConnect", "href": "/signin"}
    assert client.get("/v1/session").json == {}


def test_no_secret_of_a_sign_in_is_in_the_log(browser, provider, capsys):
    sign_in(browser)
    [asked] = provider.authorized
    csrf = session(browser)["csrf"]
    cookie = browser.get_cookie(SESSION, domain=urlsplit(PUBLIC).hostname).value
    log = capsys.readouterr().err

    assert "signin.opened" in log
    for text in (CLIENT_SECRET, asked["state"], asked["nonce"], csrf, cookie, "odile", "Martin", LYON):
        assert text not in log


def test_sessions_are_shared_and_a_revoked_one_is_revoked_for_all(open_browser, provider, lasting_redis: RedisServer):
    one, other = (open_browser(redis_url=lasting_redis.url) for _ in range(2))
    back = consent(to_provider(one))
    kept = _attempt(one)
    other.set_cookie(kept.key, kept.value, domain=urlsplit(PUBLIC).hostname, secure=True)
    get(other, back)
    cookie = other.get_cookie(SESSION, domain=urlsplit(PUBLIC).hostname).value
    one.set_cookie(SESSION, cookie, domain=urlsplit(PUBLIC).hostname, secure=True)
    csrf = {"X-Prefill-CSRF": session(one)["csrf"]}

    assert get(one, back).headers["Location"] == "/dossier#signin=expired"  # replayed at another process
    assert one.post("/signout", base_url=PUBLIC, headers=csrf).status_code == 200
    assert session(other).keys() == {"signIn"}


def test_without_its_redis_no_session_is_trusted(open_browser, provider, mortal_redis: RedisServer):
    browser = open_browser(redis_url=mortal_redis.url)
    sign_in(browser)
    csrf = {"X-Prefill-CSRF": session(browser)["csrf"]}
    mortal_redis.kill()

    assert dossier(browser, **csrf).json["code"] == "sign_in_unavailable"
    assert sign_in(browser) == "/dossier#signin=unavailable"


def command(*arguments: str, redis: RedisServer | None) -> Result:
    return CliRunner().invoke(main, ["session", *arguments], env={"REDIS_URL": redis.url if redis else None})


def test_an_administrator_ends_the_sessions_of_an_agent_in_every_process(open_browser, provider, redis_server):
    one, other = (open_browser(redis_url=redis_server.url) for _ in range(2))
    sign_in(one)
    sign_in(other)
    provider.agent = {"sub": "aline", "email": "aline@lyon.example"}
    third = one.application.test_client()
    sign_in(third)
    listed = command("list", "--tenant", "lyon", redis=redis_server).stdout.splitlines()
    ended = command("end", "Odile@Lyon.example", redis=redis_server)

    assert [line.split()[:2] for line in listed] == [["lyon", "oidc:odile"]] * 2 + [["lyon", "oidc:aline"]]
    assert (ended.exit_code, ended.stdout.splitlines()[0]) == (0, "Sessions terminées : 2.")
    assert [session(browser).keys() == {"signIn"} for browser in (one, other, third)] == [True, True, False]
    assert command("end", "oidc:odile", redis=redis_server).exit_code == 1
    assert command("end", "oidc:aline", "--tenant", "nice", redis=redis_server).exit_code == 1
    assert command("end", "oidc:aline", redis=redis_server).exit_code == 0
    assert session(third).keys() == {"signIn"}
    assert command("list", redis=redis_server).stdout == ""


def test_an_agent_whose_sessions_were_ended_may_sign_in_again(open_browser, provider, redis_server):
    browser = open_browser(redis_url=redis_server.url)
    sign_in(browser)
    command("end", "oidc:odile", redis=redis_server)
    time.sleep(0.01)  # what begins later is another session
    sign_in(browser)

    assert session(browser)["agent"] == "oidc:odile"


def test_sessions_in_memory_are_ended_by_a_restart_as_the_command_says(open_browser, provider):
    browser = open_browser()
    sign_in(browser)
    refused = command("list", redis=None)
    restarted = open_browser()
    cookie = browser.get_cookie(SESSION, domain=urlsplit(PUBLIC).hostname).value
    restarted.set_cookie(SESSION, cookie, domain=urlsplit(PUBLIC).hostname, secure=True)

    assert (refused.exit_code, "redémarrer" in refused.stderr) == (1, True)
    assert session(restarted).keys() == {"signIn"}


def test_no_session_is_said_to_be_ended_while_redis_is_down(mortal_redis: RedisServer):
    mortal_redis.kill()
    ended = command("end", "oidc:odile", redis=mortal_redis)

    assert (ended.exit_code, ended.stderr) == (1, "Redis, qui tient les sessions, ne répond pas.\n")


def logout(browser: FlaskClient, token: str) -> Any:
    """Say, as the provider's own server, that a session is over: no cookie of a browser comes with it."""
    return browser.application.test_client().post("/signin/backchannel", base_url=PUBLIC, data={"logout_token": token})


@pytest.mark.parametrize("named", [{"sid": None}, {"sid": "s1"}, {"sid": "s1", "sub": None}])
def test_the_provider_ends_a_session(browser, provider, named):
    provider.claims = {"sid": "s1"}
    sign_in(browser)
    response = logout(browser, provider.logout_token(**named))

    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Cache-Control"].startswith("no-store")
    assert session(browser).keys() == {"signIn"}
    time.sleep(0.01)  # what begins after the logout is another session
    sign_in(browser)
    assert session(browser)["agent"] == "oidc:odile"


def test_the_provider_ends_the_session_that_it_names_and_no_other(browser, provider):
    provider.claims = {"sid": "s1"}
    sign_in(browser)
    for other in ({"sid": "s2"}, {"sub": "paul"}):
        assert logout(browser, provider.logout_token(**other)).status_code == 200

    assert session(browser)["agent"] == "oidc:odile"


def test_a_session_without_a_name_is_ended_by_its_agent(browser, provider):
    sign_in(browser)
    logout(browser, provider.logout_token(sid="s1"))

    assert session(browser).keys() == {"signIn"}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"}, {"aud": "another-client"}, {"events": None}, {"events": {"x": {}}},
        {"events": "http://schemas.openid.net/event/backchannel-logout"}, {"nonce": "n"}, {"jti": None}, {"jti": ""},
        {"iat": ISSUED_LONG_AGO}, {"iat": None}, {"iat": int(time.time()) + 7200}, {"exp": ISSUED_LONG_AGO},
        {"sub": None}, {"sub": 3}, {"sid": ["s1"]},
    ],
)  # fmt: skip
def test_a_word_that_is_not_the_providers_own_ends_nothing(browser, provider, claims):
    sign_in(browser)

    assert logout(browser, provider.logout_token(**claims)).status_code == 400
    assert session(browser)["agent"] == "oidc:odile"


def test_what_nobody_signed_or_another_key_signed_ends_nothing(browser, provider):
    sign_in(browser)
    identity = provider.sign({"iss": provider.url, "aud": CLIENT_ID, "sub": "odile", "iat": time.time(), "jti": "1"})
    whole = provider.logout_token()
    unsigned = f"eyJhbGciOiJub25lIn0.{whole.split('.')[1]}."
    provider.key = OTHER_KEY
    for token in (identity, unsigned, provider.logout_token(), whole[:-4] + "AAAA", "", "a.b.c", "x" * 20_000):
        assert logout(browser, token).status_code == 400

    assert session(browser)["agent"] == "oidc:odile"


def refuse(*_: object, **__: object) -> None:
    """As Redis does when it is lost between two commands."""
    raise SessionsUnavailable


def test_a_word_of_the_provider_counts_once(browser, provider):
    token = provider.logout_token()
    sign_in(browser)
    assert logout(browser, token).status_code == 200
    time.sleep(0.01)
    sign_in(browser)

    assert logout(browser, token).status_code == 400
    assert session(browser)["agent"] == "oidc:odile"


def test_a_word_of_the_provider_counts_again_when_nothing_was_ended_of_it(browser, provider, monkeypatch):
    """The provider sends it again after a 503."""
    token, sessions = provider.logout_token(), browser.application.extensions[EXTENSION].sign_in.sessions
    sign_in(browser)
    with monkeypatch.context() as outage:
        outage.setattr(sessions, "revoke", refuse)
        assert logout(browser, token).status_code == 503

    assert logout(browser, token).status_code == 200
    assert session(browser).keys() == {"signIn"}


def test_the_provider_ends_a_session_in_every_process(open_browser, provider, lasting_redis: RedisServer):
    one, other = (open_browser(redis_url=lasting_redis.url) for _ in range(2))
    sign_in(one)
    assert session(one)["agent"] == "oidc:odile"
    assert logout(other, provider.logout_token()).status_code == 200

    assert session(one).keys() == {"signIn"}


def test_the_provider_takes_the_sign_out_that_the_browser_brings(browser, provider):
    """Logout by this service (RP-initiated): the stand-in verifies the identity token, the client and the state."""
    sign_in(browser)
    csrf = session(browser)["csrf"]
    address = browser.post("/signout", base_url=PUBLIC, headers={"X-Prefill-CSRF": csrf}).json["location"]
    back = requests.get(address, allow_redirects=False, timeout=5).headers["Location"]

    assert back == f"{PUBLIC}/dossier?state={parse_qs(urlsplit(address).query)['state'][0]}"
