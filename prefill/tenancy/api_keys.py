"""API keys of agents and of integrators' servers: made once, kept as hashes."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from datetime import date

from prefill.domain.permissions import Scope

KEY_PREFIX = "pfk_"
KEY = re.compile(r"pfk_([a-z0-9]{4,16})_([A-Za-z0-9_-]{20,100})", re.ASCII)


def new_key(tenant: str, name: str, expires: date, scopes: Iterable[Scope]) -> tuple[str, str]:
    """Make an agent's key: the key itself, to be shown once, and the lines to paste in the tenants file."""
    rights = f"scopes = [{', '.join(json.dumps(scope.value) for scope in sorted(scopes))}]"
    return _new_key(f"tenants.{tenant}.keys", name, expires, rights)


def new_integrator_key(tenant: str, name: str, expires: date, calls: int) -> tuple[str, str]:
    """Make the key of an integrator's server, which may cause so many calls a minute."""
    return _new_key(f"tenants.{tenant}.integrators", name, expires, f"calls = {calls}")


def _new_key(table: str, name: str, expires: date, rights: str) -> tuple[str, str]:
    public = secrets.token_hex(4)
    key = f"{KEY_PREFIX}{public}_{secrets.token_urlsafe(32)}"
    lines = (
        f"[[{table}]]",
        f'id = "{public}"',
        f"name = {json.dumps(name, ensure_ascii=False)}",
        f'hash = "{hash_of(key)}"',
        f"expires = {expires.isoformat()}",
        rights,
    )
    return key, "\n".join(lines) + "\n"


def hash_of(key: str) -> str:
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
