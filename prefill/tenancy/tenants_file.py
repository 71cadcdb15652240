"""The tenants file: from TOML to a checked directory, every diagnostic at once with its line and its path.

Tokens are never written in it, only where they are; and what is there is in no message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from prefill.addresses import BadValue, read_web_address
from prefill.config_files.diagnostics import InvalidConfigFile, short_name
from prefill.config_files.schema import Steps
from prefill.config_files.source_file import SourceFile
from prefill.config_files.toml_file import read_toml
from prefill.domain.permissions import Scope
from prefill.settings import read_delegation, read_siret
from prefill.tenancy.file_checks import check_forms, check_keys, check_providers, check_sign_in
from prefill.tenancy.file_schema import TenantsFileSchema
from prefill.tenancy.file_token import CLIENT_SECRET, TokenReader
from prefill.tenancy.information import read_information
from prefill.tenancy.model import AgentKey, Directory, IntegratorKey, Oidc, SignIn, Tenant, directory

KEY_FIELDS = {"id", "name", "hash", "expires", "revoked"}


def read_tenants(path: Path, environ: Mapping[str, str], forms: Iterable[str], today: date) -> Directory:
    """Read the tenants file; `forms` are the candidates' forms there are. Raise `InvalidConfigFile`."""
    file = SourceFile(path, default_line=0)
    tokens = TokenReader(file, environ)
    read = [_tenant(file, tokens, name, tree) for name, tree in _load(file).items() if isinstance(tree, Mapping)]
    check_forms(file, read, list(forms))
    check_keys(file, read, today)
    check_providers(file, read)
    check_sign_in(file, read)
    if not file.is_valid():
        raise InvalidConfigFile(sorted(file.diagnostics, key=lambda one: (not one.blocking, one.line)))
    return directory(read, file.diagnostics, tokens.files)


def _load(file: SourceFile) -> Mapping[str, Any]:
    """Return the tables of the tenants, as far as they follow the schema."""
    tree = read_toml(file)
    if tree is None:
        return {}
    tenants: Mapping[str, Any] = file.load(TenantsFileSchema(), tree).get("tenants") or {}
    if not tenants and file.is_valid():
        file.report((), "il n'y a aucun acheteur : chacun est une table [tenants.identifiant]")
    return tenants


def _tenant(file: SourceFile, tokens: TokenReader, name: str, tree: Mapping[str, Any]) -> Tenant:
    """Make a tenant of what is right; with a mistake anywhere the whole file is refused after all."""
    place = ("tenants", name)
    oidc = _oidc(file, place, tree.get("oidc"))
    forms = tree.get("forms")
    return Tenant(
        id=name,
        name=tree.get("name", ""),
        recipient=read_siret(tree["recipient"]) if "recipient" in tree else "",
        token=tokens.read(place, tree),
        context=tree.get("context", ""),
        object=tree.get("object", ""),
        delegation=read_delegation(tree["delegation"]) if tree.get("delegation") else None,
        origins=tuple(tree.get("origins", ())),
        forms=None if forms is None else tuple(forms),
        keys=tuple(_agent_key(one) for one in tree.get("keys", ()) if one.keys() >= KEY_FIELDS | {"scopes"}),
        integrators=tuple(
            _integrator_key(one) for one in tree.get("integrators", ()) if one.keys() >= KEY_FIELDS | {"calls"}
        ),
        oidc=oidc,
        signin=_sign_in(tokens, place, tree),
        information=read_information(tree.get("notice"), buyer=tree.get("name", "")),
    )


def _agent_key(tree: Mapping[str, Any]) -> AgentKey:
    scopes = frozenset(map(Scope, tree["scopes"]))
    return AgentKey(tree["id"], tree["name"], tree["hash"], tree["expires"], scopes, tree["revoked"])


def _integrator_key(tree: Mapping[str, Any]) -> IntegratorKey:
    return IntegratorKey(tree["id"], tree["name"], tree["hash"], tree["expires"], tree["calls"], tree["revoked"])


def _oidc(file: SourceFile, place: Steps, tree: Mapping[str, Any] | None) -> Oidc | None:
    jwks = _jwks(file, (*place, "oidc", "jwks"), tree["jwks"]) if tree and "jwks" in tree else ""
    if not tree or not {"issuer", "audience", "jwks"} <= tree.keys():
        return None
    return Oidc(
        issuer=tree["issuer"],
        audience=tree["audience"],
        jwks=jwks,
        claims=MappingProxyType(dict(tree.get("claims", {}))),
        scopes_claim=tree.get("scopes_claim", ""),
        scopes=MappingProxyType({role: frozenset(map(Scope, own)) for role, own in tree.get("scopes", {}).items()}),
    )


def _sign_in(tokens: TokenReader, place: Steps, buyer: Mapping[str, Any]) -> SignIn | None:
    """Make how agents sign in; an agent of the buyer's own establishment is always one of its agents."""
    tree = buyer.get("signin")
    if not tree:
        return None
    secret = tokens.read((*place, "signin"), tree, CLIENT_SECRET)
    if not {"issuer", "client_id", "scopes"} <= tree.keys() or "recipient" not in buyer:
        return None
    words = tree.get("scope", "").split()
    return SignIn(
        issuer=tree["issuer"],
        client_id=tree["client_id"],
        client_secret=secret,
        label=tree.get("label", "") or str(urlsplit(tree["issuer"]).hostname),
        scope=" ".join(words if "openid" in words else ["openid", *words]),
        acr_values=tuple(tree.get("acr_values", ())),
        siret_claim=tree.get("siret_claim", ""),
        sirets=tuple(read_siret(text) for text in (buyer["recipient"], *tree.get("sirets", ()))),
        agents=frozenset(text.casefold() for text in tree.get("agents", ())),
        scopes=frozenset(map(Scope, tree["scopes"])),
    )


def _jwks(file: SourceFile, place: Steps, written: str) -> str:
    """Check the address of an identity provider's keys; a file stands beside the tenants file."""
    if "://" in written or "@" in written:
        try:
            return read_web_address(written)
        except BadValue as fault:
            file.report(place, str(fault))
            return written
    path = file.beside(written)
    if not path.is_file():
        file.report(place, f"il n'y a pas de fichier « {short_name(path)} » ; une adresse commence par https://")
    return str(path.absolute())
