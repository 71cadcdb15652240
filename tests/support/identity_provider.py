"""An OpenID provider on loopback, as strict as a real one, which a test may make misbehave.

It consents at once for the agent that the test names. Its profile is ProConnect's: the identity token says who, a signed
`userinfo` says the establishment, the client's secret goes in the body, and redirects name the issuer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.http_server import Quiet, serving_handler

CLIENT_ID, CLIENT_SECRET = "prefill-client", "secret-du-client"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class IdentityProvider:
    """What it says; `claims` and `userinfo` change its tokens, `metadata` its discovery, `respond` its redirects."""

    url: str = ""
    agent: dict[str, Any] = field(default_factory=lambda: {"sub": "odile", "email": "odile@lyon.example"})
    siret: str = "21690123100011"
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    signed_userinfo: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)
    respond: Callable[[dict[str, str]], dict[str, str]] = lambda query: query
    key: Any = KEY
    down: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    authorized: list[dict[str, str]] = field(default_factory=list)

    def reset(self) -> None:
        """Behave again, and forget what was asked."""
        fresh = IdentityProvider(self.url)
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(fresh, name))

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/session/end",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one"})

    def logout_token(self, **claims: Any) -> str:
        """Sign that a session is over; a claim of None is left out."""
        now = int(time.time())
        whole = {
            "iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": secrets.token_urlsafe(8),
            "sub": self.agent["sub"], "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **claims,
        }  # fmt: skip
        told = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(told, self.key, algorithm="RS256", headers={"kid": "one", "typ": "logout+jwt"})

    def authorize(self, query: dict[str, str]) -> str:
        """Consent: the address to go back to, with a code."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert len(query["state"]) >= 32
        assert len(query["nonce"]) >= 32
        self.authorized.append(query)
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        response = self.respond({"code": code, "state": query["state"], "iss": self.url})
        return f"{query['redirect_uri']}?{urlencode(response)}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Exchange a code, once, for whoever has the client's secret and the code's verifier."""
        query = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        if query is None or query["redirect_uri"] != form.get("redirect_uri") or query["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT_ID, "sub": self.agent["sub"], "iat": now, "exp": now + 60,
            "nonce": query["nonce"], "acr": "eidas1", **self.claims,
        }  # fmt: skip
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.sign(claims)}

    def info(self) -> tuple[str, bytes]:
        told = {**self.agent, "siret": self.siret, "given_name": "Odile", "usual_name": "Martin", **self.userinfo}
        if not self.signed_userinfo:
            return "application/json", json.dumps(told).encode()
        return "application/jwt", self.sign({"iss": self.url, "aud": CLIENT_ID, **told}).encode()

    def jwks(self) -> dict[str, Any]:
        return {"keys": [{**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "one"}]}


@contextmanager
def running_provider() -> Iterator[IdentityProvider]:
    provider = IdentityProvider()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if provider.down:
                self.reply(503)
            elif parts.path == "/authorize":
                self.reply(303, location=provider.authorize(query))
            elif parts.path == "/session/end":
                self.end_session(query)
            elif parts.path == "/userinfo":
                media, body = provider.info()
                self.reply(200 if self.headers["Authorization"] == "Bearer access" else 401, body, media)
            elif parts.path in ("/jwks", "/.well-known/openid-configuration"):
                told = provider.jwks() if parts.path == "/jwks" else provider.discovery()
                self.reply(200, json.dumps(told).encode(), "application/json")
            else:
                self.reply(404)

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, body = provider.token({name: values[0] for name, values in form.items()})
            self.reply(503 if provider.down else status, json.dumps(body).encode(), "application/json")

        def end_session(self, query: dict[str, str]) -> None:
            """End its session as ProConnect does: for a client that shows its identity token, with a state."""
            known = jwt.decode(
                query.get("id_token_hint", ""), KEY.public_key(), algorithms=["RS256"], audience=CLIENT_ID,
                options={"verify_exp": False},
            )  # fmt: skip
            assert known["iss"] == provider.url
            assert len(query["state"]) >= 32
            self.reply(303, location=f"{query['post_logout_redirect_uri']}?{urlencode({'state': query['state']})}")

        def reply(self, status: int, body: bytes = b"", media: str = "text/plain", location: str | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

    with serving_handler(Handler) as url:
        provider.url = url
        yield provider


def sign_in_table(tenant: str, issuer: str, **more: Any) -> str:
    """Write how the agents of a tenant sign in; the client's secret is in a file beside."""
    table = {
        "issuer": issuer, "client_id": CLIENT_ID, "client_secret_file": "client.secret", "label": "ProConnect",
        "scope": "openid email siret", "acr_values": ["eidas1"], "scopes": ["dossier:read", "documents:read"], **more,
    }  # fmt: skip
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in table.items())
    return f"[tenants.{tenant}.signin]\n{lines}\n"


@pytest.fixture(scope="module")
def identity_provider() -> Iterator[IdentityProvider]:
    with running_provider() as one:
        yield one


@pytest.fixture
def provider(identity_provider: IdentityProvider) -> IdentityProvider:
    identity_provider.reset()
    return identity_provider
