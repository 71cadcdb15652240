"""Authentication: each kind of credentials, the caller it gives, and what a refusal reveals."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from prefill import telemetry
from prefill.auth import authenticator as signin
from prefill.auth.authenticator import Authenticator
from prefill.auth.jwks import JWKSClient
from prefill.auth.login_throttle import LoginThrottle
from prefill.domain.permissions import Audience, Caller, Scope, require_scope
from prefill.problems import Forbidden, Problem, TenantUnknown, TooManyAttempts, Unauthorized
from prefill.redis_client import OptionalRedis
from prefill.tenancy.api_keys import hash_of
from prefill.tenancy.model import AgentKey, Directory, IntegratorKey, Oidc, Tenant, directory
from tests.support.clock import FakeClock
from tests.support.http_server import Quiet, serving_handler
from tests.support.redis_server import RedisServer

TODAY = date(2026, 11, 23)
ADDRESS = "192.0.2.7"
ISSUER = "https://sso.lyon.example"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NEXT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def secret(name: str) -> str:
    return f"pfk_{name}_{'x' * 43}"


def agent_key(name: str, **changes: Any) -> AgentKey:
    whole = {"expires": date(2027, 1, 1), "scopes": frozenset(Scope), **changes}
    return AgentKey(name, f"Clé {name}", hash_of(secret(name)), **whole)


def integrator_key(name: str, **changes: Any) -> IntegratorKey:
    return IntegratorKey(
        name, f"Serveur {name}", hash_of(secret(name)), **{"expires": date(2027, 1, 1), "calls": 60, **changes}
    )


@dataclass
class Provider:
    """A real server of public keys on loopback, that can misbehave."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    calls: int = 0

    def body(self) -> bytes:
        return json.dumps({"keys": [_jwk(key, kid) for kid, key in self.keys.items()]}).encode()


def _jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    kinds = {rsa.RSAPrivateKey: RSAAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm}
    maker = next((maker for kind, maker in kinds.items() if isinstance(key, kind)), OKPAlgorithm)
    return {**maker.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


@pytest.fixture
def provider() -> Iterator[Provider]:
    it = Provider(keys={"one": RSA_KEY, "ec": EC_KEY, "ed": ED_KEY})

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            it.calls += 1
            if it.answer:
                it.answer(self)
                return
            body = it.body()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving_handler(Handler) as url:
        it.url = f"{url}/jwks"
        yield it


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def tenants(url: str) -> Directory:
    oidc = Oidc(ISSUER, "prefill", url, {}, "roles", {"acheteur": frozenset({Scope.DOSSIER})})
    lyon = Tenant(
        id="lyon", name="Lyon", recipient="21690123100011", token="t-lyon", context="c", object="o",
        origins=("https://lyon.example", "https://platform.example"), oidc=oidc,
        keys=(
            agent_key("right"), agent_key("reader", scopes=frozenset({Scope.DOSSIER})),
            agent_key("expired", expires=date(2026, 11, 22)), agent_key("lastday", expires=TODAY),
            agent_key("revoked", revoked=True),
        ),
        integrators=(
            integrator_key("server"), integrator_key("gone", revoked=True),
            integrator_key("past", expires=date(2026, 11, 22)),
        ),
    )  # fmt: skip
    nice = replace(
        lyon,
        id="nice",
        origins=("https://nice.example", "https://platform.example"),
        keys=(),
        integrators=(),
        oidc=None,
    )
    return directory([lyon, nice])


def open_signin(known: Directory, clock: FakeClock, shared: OptionalRedis | None = None) -> Authenticator:
    shared = shared or OptionalRedis(None, clock=clock)
    return Authenticator(
        lambda: known,
        jwks_client=JWKSClient(open_session=requests.Session, clock=clock),
        login_throttle=LoginThrottle(shared, hash_address=_hashed, clock=clock),
        today=lambda: TODAY,
    )


def _hashed(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:16]


@pytest.fixture
def authenticator(provider: Provider, clock: FakeClock) -> Authenticator:
    return open_signin(tenants(provider.url), clock)


@pytest.fixture
def events(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """What was logged since the last look."""
    telemetry.configure("json")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def bearer(credentials: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials}"}


def token(key: Any = RSA_KEY, kid: str | None = "one", algorithm: str = "RS256", **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": "prefill", "sub": "agent-7", "iat": now, "nbf": now - 5, "exp": now + 300,
        "roles": ["acheteur", "autre"], **changes,
    }  # fmt: skip
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={} if kid is None else {"kid": kid})


def by_hand(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Write a token that no library would."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signed = b".".join(parts)
    return (signed + b"." + base64.urlsafe_b64encode(sign(signed)).rstrip(b"=")).decode()


def claims(**changes: Any) -> dict[str, Any]:
    whole = {"iss": ISSUER, "aud": "prefill", "sub": "mallory", "exp": int(time.time()) + 300, "roles": ["acheteur"]}
    return {**whole, **changes}


@pytest.mark.parametrize(
    ("headers", "parameter", "tenant"),
    [
        ({}, "lyon", "lyon"),
        ({"X-Prefill-Tenant": "nice"}, None, "nice"),
        ({"Origin": "https://lyon.example"}, None, "lyon"),
        ({"Origin": "https://lyon.example"}, "lyon", "lyon"),
        ({"Origin": "https://platform.example"}, "nice", "nice"),
        ({"Origin": "https://elsewhere.example"}, "nice", "nice"),
    ],
)
def test_a_candidate_fills_the_form_of_the_buyer_whose_page_it_is_on(authenticator, headers, parameter, tenant):
    caller = authenticator.authenticate(headers, ADDRESS, tenant=parameter)

    assert caller == Caller(Audience.CANDIDATE, tenant)


@pytest.mark.parametrize(
    ("headers", "parameter", "problem"),
    [
        ({}, None, TenantUnknown),
        ({}, "paris", TenantUnknown),
        ({"Origin": "https://platform.example"}, None, TenantUnknown),
        ({"Origin": "https://elsewhere.example"}, None, TenantUnknown),
        ({"Origin": "https://nice.example"}, "lyon", Forbidden),
    ],
)
def test_a_candidate_of_no_known_buyer_is_told_to_say_which(authenticator, headers, parameter, problem):
    with pytest.raises(problem):
        authenticator.authenticate(headers, ADDRESS, tenant=parameter)


def test_where_there_is_one_buyer_nobody_need_name_it(provider, clock):
    only = open_signin(directory([tenants(provider.url).tenants["lyon"]]), clock)

    assert only.authenticate({"Origin": "https://elsewhere.example"}, ADDRESS).tenant == "lyon"


@pytest.mark.parametrize("parameter", ["lyon", "nice", None])
def test_no_parameter_makes_an_agent(authenticator, parameter):
    headers = {"Origin": "https://lyon.example", "X-Prefill-Tenant": "lyon"} if parameter != "nice" else {}

    assert authenticator.authenticate(headers, ADDRESS, tenant=parameter).audience is Audience.CANDIDATE


@pytest.mark.parametrize(
    ("name", "scopes"), [("right", frozenset(Scope)), ("reader", {Scope.DOSSIER}), ("lastday", frozenset(Scope))]
)
def test_the_right_key_tells_the_agent_the_tenant_and_the_scopes(authenticator, name, scopes):
    caller = authenticator.authenticate(bearer(secret(name)), ADDRESS)

    assert caller == Caller(Audience.AGENT, "lyon", f"key:Clé {name}", frozenset(scopes))


def test_an_integrators_key_makes_a_candidate_with_a_limit_of_its_own(authenticator):
    caller = authenticator.authenticate(bearer(secret("server")), ADDRESS)

    assert caller == Caller(Audience.CANDIDATE, "lyon", integrator="server", calls_per_minute=60)
    with pytest.raises(Unauthorized):
        require_scope(caller, Scope.DOSSIER)
    with pytest.raises(Forbidden):
        authenticator.authenticate(bearer(secret("server")), ADDRESS, tenant="nice")


WRONG_KEYS = {
    "an integrator's, revoked": secret("gone"),
    "an integrator's, expired": secret("past"),
    "unknown id": secret("nobody"),
    "another secret": secret("right")[:-1] + "y",
    "cut short": secret("right")[:-1],
    "longer": secret("right") + "x",
    "expired": secret("expired"),
    "revoked": secret("revoked"),
    "empty secret": "pfk_right_",
    "id alone": "pfk_right",
    "the hash for the key": hash_of(secret("right")),
    "another case": secret("right").upper(),
    "not ascii": "pfk_right_" + "é" * 43,
    "huge": "pfk_right_" + "x" * 100_000,
}


@pytest.mark.parametrize("key", WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_a_wrong_key_is_refused(authenticator, key):
    with pytest.raises(Unauthorized):
        authenticator.authenticate(bearer(key), ADDRESS)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic bHlvbjpseW9u", secret("right"), f"Token {secret('right')}"]
)
def test_credentials_of_another_scheme_are_refused_and_never_make_a_candidate(authenticator, authorization):
    with pytest.raises(Unauthorized):
        authenticator.authenticate({"Authorization": authorization, "Origin": "https://lyon.example"}, ADDRESS)


@pytest.mark.parametrize("named", [{"parameter": "nice"}, {"header": "nice"}, {"parameter": "paris"}])
def test_the_right_key_of_another_tenant_is_forbidden(authenticator, named):
    headers = bearer(secret("right")) | ({"X-Prefill-Tenant": named["header"]} if "header" in named else {})

    with pytest.raises(Forbidden):
        authenticator.authenticate(headers, ADDRESS, tenant=named.get("parameter"))


def test_the_scheme_is_written_in_any_case(authenticator):
    caller = authenticator.authenticate({"Authorization": f"bearer {secret('right')}"}, ADDRESS)

    assert caller.agent == "key:Clé right"


def test_a_missing_scope_is_forbidden_and_missing_credentials_are_unauthorized(authenticator):
    reader = authenticator.authenticate(bearer(secret("reader")), ADDRESS)

    require_scope(reader, Scope.DOSSIER)
    with pytest.raises(Forbidden):
        require_scope(reader, Scope.DOCUMENTS)
    with pytest.raises(Unauthorized):
        require_scope(Caller(scopes=frozenset(Scope)), Scope.DOSSIER)


def test_keys_are_compared_in_constant_time_unknown_ones_included():
    source = Path(signin.__file__).read_text(encoding="utf-8")

    assert "hmac.compare_digest(hash_of(presented)" in source
    assert "== expected" not in source


@pytest.mark.parametrize(
    ("key", "kid", "algorithm"),
    [(RSA_KEY, "one", "RS256"), (RSA_KEY, "one", "PS384"), (EC_KEY, "ec", "ES256"), (ED_KEY, "ed", "EdDSA")],
)
def test_the_right_token_tells_the_agent_the_tenant_and_the_scopes(authenticator, key, kid, algorithm):
    caller = authenticator.authenticate(bearer(token(key, kid, algorithm)), ADDRESS)

    assert caller == Caller(Audience.AGENT, "lyon", "oidc:agent-7", frozenset({Scope.DOSSIER}))


def pem(key: Any) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def hs256(secret_: bytes) -> Callable[[bytes], bytes]:
    return lambda signed: hmac.digest(secret_, signed, "sha256")


WRONG_TOKENS: dict[str, Callable[[], str]] = {
    "expired": lambda: token(exp=int(time.time()) - 60),
    "not yet valid": lambda: token(nbf=int(time.time()) + 300),
    "wrong audience": lambda: token(aud="another-service"),
    "no audience": lambda: token(aud=None),
    "wrong issuer": lambda: token(iss="https://evil.example"),
    "no issuer": lambda: token(iss=None),
    "no expiry": lambda: token(exp=None),
    "no subject": lambda: token(sub=None),
    "empty subject": lambda: token(sub=""),
    "a subject of many lines": lambda: token(sub="a\nb"),
    "a subject without end": lambda: token(sub="a" * 201),
    "unknown kid": lambda: token(kid="two"),
    "no kid among several keys": lambda: token(kid=None),
    "signed by another": lambda: token(NEXT_KEY),
    "another algorithm than the key's": lambda: by_hand({"alg": "ES256", "kid": "one"}, claims(), lambda _: b"x" * 64),
    "alg none": lambda: by_hand({"alg": "none", "kid": "one"}, claims(), lambda _: b""),
    "alg None": lambda: by_hand({"alg": "None"}, claims(), lambda _: b""),
    "no alg": lambda: by_hand({"kid": "one"}, claims(), lambda _: b""),
    "alg HS256 with the public key": lambda: by_hand({"alg": "HS256", "kid": "one"}, claims(), hs256(pem(RSA_KEY))),
    "alg HS256 with an empty secret": lambda: by_hand({"alg": "HS256", "kid": "one"}, claims(), hs256(b"")),
    "its own key in the header": lambda: by_hand(
        {"alg": "HS256", "jwk": {"kty": "oct", "k": "eA"}, "jku": "http://127.0.0.1:1/"}, claims(), hs256(b"x")
    ),
    "a kid that is no text": lambda: by_hand({"alg": "RS256", "kid": ["one"]}, claims(), lambda _: b"x"),
    "changed after signing": lambda: "eyJhbGciOiJSUzI1NiJ9." + token().split(".", 1)[1],
    "claims that are a list": lambda: by_hand({"alg": "RS256", "kid": "one"}, [1], lambda _: b"x"),  # type: ignore[arg-type]
    "two parts": lambda: token().rsplit(".", 1)[0],
    "noise": lambda: "a.b.c",
    "not ascii": lambda: "é.é.é",
}


@pytest.mark.parametrize("make", WRONG_TOKENS.values(), ids=WRONG_TOKENS)
def test_a_wrong_token_is_refused(authenticator, make):
    with pytest.raises(Unauthorized):
        authenticator.authenticate(bearer(make()), ADDRESS)


def test_every_refusal_has_the_same_answer(authenticator):
    told = set()
    wrong = [*WRONG_KEYS.values(), *(make() for make in WRONG_TOKENS.values())]
    for rank, credentials in enumerate(wrong):
        with pytest.raises(Problem) as refused:
            authenticator.authenticate(bearer(credentials), f"192.0.2.{rank}")
        problem = refused.value
        told.add((problem.status, problem.code, problem.detail("fr"), problem.detail("en"), str(problem.extensions())))

    assert len(told) == 1


def test_the_log_has_the_cause_of_a_refusal_and_never_the_credentials(authenticator, events):
    with pytest.raises(Unauthorized):
        authenticator.authenticate(bearer(secret("revoked")), ADDRESS)

    [told] = events()
    assert told["cause"] == "revoked_key"
    assert secret("revoked") not in str(told)
    assert ADDRESS not in str(told)


@pytest.mark.parametrize(
    ("claim", "table", "given", "scopes"),
    [
        ("roles", {"acheteur": {Scope.DOSSIER}}, {"roles": ["acheteur"]}, {Scope.DOSSIER}),
        ("roles", {"acheteur": {Scope.DOSSIER}}, {"roles": "autre acheteur"}, {Scope.DOSSIER}),
        ("roles", {"un": {Scope.DOSSIER}, "deux": {Scope.DOCUMENTS}}, {"roles": ["un", "deux"]}, set(Scope)),
        ("roles", {"acheteur": {Scope.DOSSIER}}, {"roles": ["autre"]}, set()),
        ("roles", {"acheteur": {Scope.DOSSIER}}, {"roles": None}, set()),
        ("roles", {"acheteur": {Scope.DOSSIER}}, {"roles": [7, None, {"acheteur": 1}]}, set()),
        ("scope", {}, {"scope": "openid dossier:read"}, {Scope.DOSSIER}),
        ("scope", {}, {"scope": "dossier"}, set()),
        ("realm_access.roles", {"a b": {Scope.DOSSIER}}, {"realm_access": {"roles": ["a b"]}}, {Scope.DOSSIER}),
        ("https://x.fr/roles", {"a": {Scope.DOSSIER}}, {"https://x.fr/roles": ["a"]}, {Scope.DOSSIER}),
    ],
)
def test_claims_become_scopes(provider, clock, claim, table, given, scopes):
    oidc = Oidc(ISSUER, "prefill", provider.url, {}, claim, {role: frozenset(own) for role, own in table.items()})
    lyon = replace(tenants(provider.url).tenants["lyon"], oidc=oidc)

    caller = open_signin(directory([lyon]), clock).authenticate(bearer(token(**given)), ADDRESS)

    assert caller.scopes == scopes


def shared_provider(url: str) -> Directory:
    """Two tenants whose agents come from the same provider."""
    both = tenants(url)
    lyon, nice = both.tenants["lyon"], both.tenants["nice"]
    own = {name: Oidc(ISSUER, "prefill", url, {"org": name}, "roles", {}) for name in ("lyon", "nice")}
    return directory([replace(lyon, oidc=own["lyon"]), replace(nice, oidc=own["nice"])])


@pytest.mark.parametrize(("given", "tenant"), [("lyon", "lyon"), ("nice", "nice"), (["autre", "nice"], "nice")])
def test_claims_tell_apart_the_tenants_of_one_provider(provider, clock, given, tenant):
    caller = open_signin(shared_provider(provider.url), clock).authenticate(bearer(token(org=given)), ADDRESS)

    assert caller.tenant == tenant


@pytest.mark.parametrize("given", [None, "paris", "lyon nice", ["lyon", "nice"], {"lyon": 1}, 7])
def test_a_token_of_no_tenant_or_of_two_is_refused(provider, clock, given):
    with pytest.raises(Unauthorized):
        open_signin(shared_provider(provider.url), clock).authenticate(bearer(token(org=given)), ADDRESS)


def test_keys_are_fetched_once_for_many_tokens(authenticator, provider):
    for _ in range(5):
        authenticator.authenticate(bearer(token()), ADDRESS)

    assert provider.calls == 1


def test_concurrent_tokens_fetch_the_keys_once(authenticator, provider):
    callers: list[Caller] = []
    crowd = [
        threading.Thread(target=lambda: callers.append(authenticator.authenticate(bearer(token()), ADDRESS)))
        for _ in range(20)
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()

    assert len(callers) == 20
    assert provider.calls == 1


def test_a_rotated_key_is_fetched_when_a_token_names_it(authenticator, provider, clock):
    authenticator.authenticate(bearer(token()), ADDRESS)
    provider.keys = {"two": NEXT_KEY}
    clock.sleep(61)

    caller = authenticator.authenticate(bearer(token(NEXT_KEY, "two")), ADDRESS)

    assert caller.agent == "oidc:agent-7"
    assert provider.calls == 2
    with pytest.raises(Unauthorized):
        authenticator.authenticate(bearer(token()), ADDRESS)


def test_unknown_kids_fetch_the_keys_at_most_once_a_minute(authenticator, provider, clock):
    for place in range(10):
        with pytest.raises(Unauthorized):
            authenticator.authenticate(bearer(token(kid=f"made-up-{place}")), f"192.0.2.{place}")

    assert provider.calls == 1
    clock.sleep(61)
    with pytest.raises(Unauthorized):
        authenticator.authenticate(bearer(token(kid="made-up")), ADDRESS)
    assert provider.calls == 2


def test_cached_keys_stay_valid_while_the_provider_is_down(authenticator, provider, clock):
    authenticator.authenticate(bearer(token()), ADDRESS)
    provider.answer = lambda handler: handler.send_error(503)
    clock.sleep(2 * 3600)

    assert authenticator.authenticate(bearer(token()), ADDRESS).agent == "oidc:agent-7"
    clock.sleep(24 * 3600)
    with pytest.raises(Unauthorized):
        authenticator.authenticate(bearer(token()), ADDRESS)


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    try:
        handler.wfile.write(body)
    except OSError:
        return


MISBEHAVIOURS: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "down": lambda handler: send(handler, 503),
    "redirect": lambda handler: send(handler, 302, Location="/elsewhere"),
    "huge": lambda handler: send(handler, 200, b'{"keys": [' + b" " * 2**20 + b"]}"),
    "not json": lambda handler: send(handler, 200, b"<html>"),
    "no keys": lambda handler: send(handler, 200, b'{"keys": []}'),
    "another shape": lambda handler: send(handler, 200, b"[1, 2]"),
    "keys of no kind": lambda handler: send(handler, 200, b'{"keys": [1, {"kty": 7}, {"kty": "RSA", "n": 1}]}'),
    "a secret key": lambda handler: send(
        handler, 200, json.dumps({"keys": [{"kty": "oct", "kid": "one", "k": "eA"}]}).encode()
    ),
    "closed": lambda handler: handler.connection.close(),
}


@pytest.mark.parametrize("misbehave", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS)
def test_a_provider_that_misbehaves_authenticates_nobody_and_is_tried_again(authenticator, provider, clock, misbehave):
    provider.answer = misbehave

    with pytest.raises(Unauthorized):
        authenticator.authenticate(bearer(token()), ADDRESS)
    assert provider.calls == 1

    provider.answer = None
    clock.sleep(11)
    assert authenticator.authenticate(bearer(token()), ADDRESS).agent == "oidc:agent-7"


def test_a_provider_that_sends_slowly_is_abandoned_in_time(provider, clock):
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" ")
                clock.sleep(1)
                time.sleep(0.005)
        except OSError:
            ended.set()

    provider.answer = drip
    with pytest.raises(Unauthorized):
        open_signin(tenants(provider.url), clock).authenticate(bearer(token()), ADDRESS)

    assert ended.wait(5)


def test_tokens_that_cannot_be_verified_do_not_count_as_failures(authenticator, provider, clock):
    provider.answer = MISBEHAVIOURS["down"]
    for _ in range(30):
        with pytest.raises(Unauthorized):
            authenticator.authenticate(bearer(token()), ADDRESS)

    provider.answer = None
    clock.sleep(11)
    assert authenticator.authenticate(bearer(token()), ADDRESS).agent == "oidc:agent-7"


@pytest.mark.parametrize(
    "changes", [{"use": "enc"}, {"alg": "HS256"}, {"alg": "RSA-OAEP"}, {"kty": "oct"}, {"alg": "ES256"}]
)
def test_a_key_that_may_not_sign_is_ignored(authenticator, provider, changes):
    body = json.dumps({"keys": [_jwk(RSA_KEY, "one", **changes)]}).encode()
    provider.answer = lambda handler: send(handler, 200, body)

    with pytest.raises(Unauthorized):
        authenticator.authenticate(bearer(token()), ADDRESS)


def test_a_provider_with_one_key_need_not_name_it(authenticator, provider):
    provider.keys = {"one": RSA_KEY}

    assert authenticator.authenticate(bearer(token(kid=None)), ADDRESS).agent == "oidc:agent-7"


def test_keys_may_be_in_a_file(tmp_path, provider, clock):
    file = tmp_path / "jwks.json"
    file.write_bytes(provider.body())

    caller = open_signin(tenants(str(file)), clock).authenticate(bearer(token()), ADDRESS)

    assert caller.agent == "oidc:agent-7"
    assert provider.calls == 0


def fail(authenticator: Authenticator, address: str = ADDRESS) -> float:
    """Present a wrong key; return the delay that the refusal announces."""
    try:
        authenticator.authenticate(bearer(secret("nobody")), address)
    except TooManyAttempts as problem:
        return float(str(problem.values["retryAfter"]))
    except Unauthorized:
        return 0.0
    raise AssertionError("a wrong key was accepted")


def test_failures_throttle_the_address_longer_each_time(authenticator, clock):
    waits = []
    for _ in range(9):
        while wait := fail(authenticator):
            waits.append(wait)
            clock.sleep(wait)

    assert waits == [1.0, 2.0, 4.0]


def test_valid_credentials_are_never_throttled_behind_an_address_that_is(authenticator):
    for _ in range(30):
        fail(authenticator)

    assert fail(authenticator) > 0
    assert authenticator.authenticate(bearer(secret("right")), ADDRESS).agent == "key:Clé right"
    assert authenticator.authenticate(bearer(token()), ADDRESS).agent == "oidc:agent-7"


def test_attempts_during_a_delay_neither_lengthen_it_nor_fill_the_log(authenticator, events):
    for _ in range(6):
        fail(authenticator)
    events()

    assert [fail(authenticator) for _ in range(20)] == [1.0] * 20
    assert events() == []


def test_valid_credentials_reset_the_failures(authenticator):
    for _ in range(5):
        fail(authenticator)
    authenticator.authenticate(bearer(secret("right")), ADDRESS)

    assert [fail(authenticator) for _ in range(5)] == [0.0] * 5


def test_other_addresses_and_candidates_are_not_throttled(authenticator):
    for _ in range(8):
        fail(authenticator)

    assert authenticator.authenticate(bearer(secret("right")), "198.51.100.1").agent == "key:Clé right"
    assert authenticator.authenticate({"Origin": "https://lyon.example"}, ADDRESS).audience is Audience.CANDIDATE


def test_failures_are_forgotten_after_an_hour(authenticator, clock):
    for _ in range(5):
        fail(authenticator)
    clock.sleep(3601)

    assert [fail(authenticator) for _ in range(5)] == [0.0] * 5


def test_a_flood_of_addresses_takes_little_memory(clock):
    login_throttle = LoginThrottle(OptionalRedis(None, clock=clock), hash_address=str, clock=clock)
    for place in range(10_500):
        login_throttle.record_failure(str(place))

    assert len(login_throttle) <= 10_000


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    server = RedisServer(tmp_path)
    server.start()
    yield server.url
    server.kill()


@pytest.mark.slow
def test_all_processes_count_failures_together(provider, clock, redis_url):
    one, other = (open_signin(tenants(provider.url), clock, OptionalRedis(redis_url, clock=clock)) for _ in range(2))
    for authenticator in (one, one, one, other, other, other):
        assert fail(authenticator) == 0.0

    assert 0 < fail(one) <= 1.0
    assert 0 < fail(other) <= 1.0
