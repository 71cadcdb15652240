"""The tenants that the settings name: those of a file, or the one of the environment variables."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from prefill.problems import SettingsInvalid
from prefill.settings import Settings
from prefill.tenancy.model import Directory, Tenant, directory, sandbox_tenant, tenant_of
from prefill.tenancy.registry import Tenants
from prefill.tenancy.tenants_file import read_tenants

SANDBOX_BUYER = "21750001600019"


def open_tenants(
    settings: Settings, forms: Callable[[], Sequence[str]], *, environ: Mapping[str, str], today: Callable[[], date]
) -> Tenants:
    """Open the tenants file, or make the one tenant there is without it; `forms` are those a tenant may offer.

    Raises `InvalidConfigFile`.
    """
    if settings.tenants is None:
        only = sandbox_tenant(settings, SANDBOX_BUYER) if settings.sandbox else tenant_of(settings)
        if settings.open_only:
            only = replace(only, token=_hash_secret(settings))
        return Tenants(lambda: directory([only]), None, clock=time.monotonic)
    path = Path(settings.tenants)
    return Tenants(lambda: read_tenants(path, environ, tuple(forms()), today()), path, clock=time.monotonic)


def select_tenant(known: Directory, tenant_id: str | None) -> Tenant:
    """Return the tenant of that id, or the only one. Raises `SettingsInvalid`."""
    tenant = known.tenants.get(tenant_id) if tenant_id else known.only
    if tenant is None:
        raise SettingsInvalid(f"Dites pour quel acheteur (--tenant) : {', '.join(known.tenants)}.")
    return tenant


def _hash_secret(settings: Settings) -> str:
    """What the key of hashes is derived from without a token: the address of the shared Redis, or nothing lasting."""
    return f"no token {settings.redis_url or secrets.token_hex()}"


def hash_key(known: Directory) -> bytes:
    """Derive the key of the hashes in logs and limits: the same for all processes that hold the same tokens."""
    tokens = "\n".join(sorted(tenant.token for tenant in known.tenants.values()))
    return hashlib.blake2b(tokens.encode(), digest_size=32, person=b"hash key").digest()
