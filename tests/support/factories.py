"""Agents of two public buyers, with every kind of proof, and the answers of the registers about a company of our own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm

from prefill.domain.catalogue import CATALOGUE
from prefill.domain.dates import PARIS
from prefill.domain.sources import Identifier
from prefill.tenancy.api_keys import hash_of
from tests.support.http_server import Quiet, serving_handler
from tests.support.proofs import payloads
from tests.support.simulator import establishment, siren, siret, wrapped

LYON, NICE = "21690123100011", "21060088800015"
ISSUER, AUDIENCE = "https://sso.lyon.example", "prefill"
OBJECT = "2026-TRX-014"
SIGNING_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SCOPES = ("dossier:read", "documents:read")


def secret(name: str) -> str:
    return f"pfk_{name}_{'k' * 43}"


def _key(
    tenant: str, name: str, *, expires: str = "2099-12-31", scopes: tuple[str, ...] = SCOPES, more: str = ""
) -> str:
    return (
        f'[[tenants.{tenant}.keys]]\nid = "{name}"\nname = "Agent {name}"\nhash = "{hash_of(secret(name))}"\n'
        f"expires = {expires}\nscopes = {json.dumps(scopes)}\n{more}\n"
    )


def write_tenants(folder: Path, jwks: str) -> Path:
    """Write a tenants file: Lyon with its keys and its single sign-on, Nice with one key."""
    (folder / "lyon.token").write_text("jeton-de-lyon")
    (folder / "nice.token").write_text("jeton-de-nice")
    path = folder / "tenants.toml"
    path.write_text(
        f'[tenants.lyon]\nname = "Lyon"\nrecipient = "{LYON}"\ntoken_file = "lyon.token"\n'
        'origins = ["https://candidats.example"]\n'
        f'[tenants.lyon.oidc]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\njwks = "{jwks}"\nscopes_claim = "roles"\n'
        '[tenants.lyon.oidc.scopes]\nacheteur = ["dossier:read", "documents:read"]\n'
        + _key("lyon", "right")
        + _key("lyon", "reader", scopes=("dossier:read",))
        + _key("lyon", "loader", scopes=("documents:read",))
        + _key("lyon", "expired", expires="2020-01-01")
        + _key("lyon", "revoked", more="revoked = true")
        + f'[tenants.nice]\nname = "Nice"\nrecipient = "{NICE}"\ntoken_file = "nice.token"\n'
        + _key("nice", "other")
    )
    return path


def write_keys(folder: Path) -> Path:
    """Write the public key of the identity provider, as a file that the tenants file names."""
    path = folder / "jwks.json"
    key = {**RSAAlgorithm.to_jwk(SIGNING_KEY.public_key(), as_dict=True), "kid": "one"}
    path.write_text(json.dumps({"keys": [key]}))
    return path


def identity(key: Any = SIGNING_KEY, algorithm: str = "RS256", **changes: Any) -> str:
    """Make an identity token that Lyon believes, but for the changes."""
    now = datetime.now(UTC)
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "odile", "exp": now + timedelta(minutes=5), "roles": ["acheteur"],
        **changes,
    }  # fmt: skip
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "one"})


def bearer(proof: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {proof}"}


RIGHT = bearer(secret("right"))


def ask(service: FlaskClient, path: str, headers: Mapping[str, str] = RIGHT, **query: str) -> Any:
    return service.get(f"/v1/dossiers/{path}", headers=dict(headers), query_string={"object": OBJECT, **query})


def proofs_of(dossier: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {proof["source"]: proof for theme in dossier["themes"] for proof in theme["proofs"]}


def details_of(proof: Mapping[str, Any]) -> dict[str, Any]:
    return {detail["name"]: detail["value"] for detail in proof["details"]}


def lines_of(trace: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in trace.read_text().splitlines()] if trace.exists() else []


SIREN = siren(71)
SIRET = siret(SIREN)


def known_company(**changes: Any) -> dict[str, Any]:
    """Say that Insee knows the company, to whoever may see what is protected."""
    row = CATALOGUE["etablissements_instructeur"]
    return {
        "path": row.path,
        "params": {"siret": SIRET},
        "status": 200,
        "payload": wrapped(establishment(SIRET, **changes)),
    }


def told(source: str, *, number: str | None = None) -> dict[str, Any]:
    """Give the invented answer of a source about the company, or about another number."""
    row = CATALOGUE[source]
    ours = SIRET if row.identifier in (Identifier.SIRET, Identifier.RNA_OR_SIRET) else SIREN
    year = datetime.now(PARIS).year
    params = {row.identifier.value: number or ours, **row.parameters}
    if "{year}" in row.path:
        params["year"] = str(year - row.years_back)
    return {"path": row.path, "params": params, "status": 200, "payload": payloads(year, SIREN)[source]}


@dataclass(slots=True)
class Storage:
    """A small web server on loopback: what it gives for each path, and what it was asked."""

    url: str
    pages: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, dict[str, str]]]


@contextmanager
def running_storage() -> Iterator[Storage]:
    storage = Storage("", {}, [])

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            storage.asked.append((self.path, dict(self.headers.items())))
            status, headers, body = storage.pages.get(re.sub(r"\?.*", "", self.path), (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                while headers.get("X-Endless"):
                    self.wfile.write(body)
                self.wfile.write(body)
            except OSError:
                return

    with serving_handler(Handler) as url:
        storage.url = url
        yield storage
