"""The tenants: the public buyers this service works for, each with its own rights, pages and agents.

One tenant comes from the environment; several come from a file, read anew when it changes.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

from prefill import telemetry
from prefill.access import Scope
from prefill.grammar import Mistake
from prefill.settings import Settings

LOOK_EVERY = 1.0  # seconds between two looks at the file

KEY_PREFIX = "pfk_"
KEY = re.compile(r"pfk_([a-z0-9]{4,16})_([A-Za-z0-9_-]{20,100})", re.ASCII)
# In the sandbox alone, where all data is invented: shown on its page.
SANDBOX_AGENT_KEY = "pfk_sandbox_donnees-inventees-sans-secret"

# -- who they are -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentKey:
    """An agent's key as it is kept: its public id, and the SHA-256 of the whole key.

    A plain hash is enough, and a slow one would only make refusals dear: the secret is 256 random bits,
    nobody's password, and no dictionary holds it.
    """

    id: str
    name: str
    hash: str = field(repr=False)
    expires: date  # the last day it is good, in Paris
    scopes: frozenset[Scope]
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Oidc:
    """How a tenant's identity provider is believed.

    `jwks` is a web address or an absolute file name. `claims` are those a token must carry to be this
    tenant's; `scopes_claim` names where its rights are, `scopes` what each of them gives here.
    """

    issuer: str
    audience: str
    jwks: str
    claims: Mapping[str, str]
    scopes_claim: str
    scopes: Mapping[str, frozenset[Scope]]


@dataclass(frozen=True, slots=True)
class Tenant:
    """One public buyer. `forms` are the candidates' forms it offers, None for every one."""

    id: str
    name: str
    recipient: str
    token: str = field(repr=False)
    context: str
    object: str
    origins: tuple[str, ...] = ()
    forms: tuple[str, ...] | None = None
    keys: tuple[AgentKey, ...] = ()
    oidc: Oidc | None = None

    def offers(self, form: str) -> bool:
        """Tell whether its candidates may fill that form."""
        return self.forms is None or form in self.forms

    def allows(self, origin: str) -> bool:
        """Tell whether its candidates' pages are at that origin."""
        return origin in self.origins or "*" in self.origins


@dataclass(frozen=True, slots=True)
class Directory:
    """Every tenant, by id. `files` are those whose change calls for another reading."""

    tenants: Mapping[str, Tenant]
    remarks: tuple[Mistake, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def only(self) -> Tenant | None:
        """Give the one tenant there is, when there is one."""
        return next(iter(self.tenants.values())) if len(self.tenants) == 1 else None

    def at(self, origin: str) -> tuple[Tenant, ...]:
        """Give the tenants whose pages are at an origin: an editor's platform may serve many."""
        return tuple(tenant for tenant in self.tenants.values() if tenant.allows(origin))

    def key(self, name: str) -> tuple[Tenant, AgentKey] | None:
        """Find a key by its public id."""
        found = ((tenant, key) for tenant in self.tenants.values() for key in tenant.keys if key.id == name)
        return next(found, None)

    def believers(self, issuer: str) -> tuple[tuple[Tenant, Oidc], ...]:
        """Give the tenants that believe an issuer of identity tokens."""
        every = ((tenant, tenant.oidc) for tenant in self.tenants.values())
        return tuple((tenant, oidc) for tenant, oidc in every if oidc and oidc.issuer == issuer)


def directory(tenants: Iterable[Tenant], remarks: Iterable[Mistake] = (), files: Iterable[Path] = ()) -> Directory:
    return Directory(MappingProxyType({tenant.id: tenant for tenant in tenants}), tuple(remarks), tuple(files))


def tenant_of(settings: Settings) -> Tenant:
    """Make the one tenant of the environment's variables; it has no agents: those take a file."""
    return Tenant(
        id="default",
        name="",
        recipient=settings.recipient or "",
        token=settings.token or "",
        context=settings.context,
        object=settings.object,
        origins=settings.allowed_origins,
    )


def sandbox_tenant(settings: Settings, recipient: str) -> Tenant:
    """Make the sandbox's tenant: every page may call it, and its agents' key is no secret."""
    key = AgentKey("sandbox", "Agent du bac à sable", hash_of(SANDBOX_AGENT_KEY), date.max, frozenset(Scope))
    return Tenant(
        id="sandbox",
        name="Bac à sable",
        recipient=recipient,
        token="sandbox",  # noqa: S106
        context=settings.context,
        object=settings.object,
        origins=settings.allowed_origins or ("*",),
        keys=(key,),
    )


# -- agents' keys -----------------------------------------------------------------------------------


def new_key(tenant: str, name: str, expires: date, scopes: Iterable[Scope]) -> tuple[str, str]:
    """Make an agent's key: the key itself, to be shown once, and the lines to paste in the tenants file."""
    public = secrets.token_hex(4)
    key = f"{KEY_PREFIX}{public}_{secrets.token_urlsafe(32)}"
    lines = (
        f"[[tenants.{tenant}.keys]]",
        f'id = "{public}"',
        f"name = {json.dumps(name, ensure_ascii=False)}",
        f'hash = "{hash_of(key)}"',
        f"expires = {expires.isoformat()}",
        f"scopes = [{', '.join(json.dumps(scope.value) for scope in sorted(scopes))}]",
    )
    return key, "\n".join(lines) + "\n"


def hash_of(key: str) -> str:
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


# -- a directory that follows its file ---------------------------------------------------------------


class BadTenants(Exception):
    """The tenants file cannot be used; the message lists every mistake, one a line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, self.mistakes)))


Stamp = tuple[tuple[int, int, int] | None, ...]


class Tenants:
    """The directory, read anew when its file changes; a file that cannot be used leaves it as it was.

    `fault` says why the file that is there now is not the one in use, None when it is.
    """

    def __init__(self, read: Callable[[], Directory], path: Path | None, *, clock: Callable[[], float]) -> None:
        self._read = read
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._stamp = self._look(())
        self._directory = read()
        self._stamp = self._look(self._directory.files) if self._stamp == self._look(()) else ()
        self._looked_at = clock()
        self.fault: str | None = None

    def directory(self) -> Directory:
        """Give the tenants as they are now; looks at the file once a second at most."""
        if self._path and self._clock() - self._looked_at >= LOOK_EVERY and self._lock.acquire(blocking=False):
            try:
                self._looked_at = self._clock()
                self._refresh()
            finally:
                self._lock.release()
        return self._directory

    def _refresh(self) -> None:
        before = self._directory.files
        stamp = self._look(before)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._directory = self._read()
        except BadTenants as bad:
            self.fault = str(bad)
            telemetry.warning("tenants.refused", message="Le fichier des acheteurs a changé et ne peut pas être lu : "
                            "l'ancien reste en vigueur.", mistakes=[str(one) for one in bad.mistakes])  # fmt: skip
            return
        self.fault = None
        self._stamp = self._look(self._directory.files) if self._look(before) == stamp else ()
        telemetry.event("tenants.loaded", tenants=sorted(self._directory.tenants))

    def _look(self, files: Iterable[Path]) -> Stamp:
        return tuple(_stamp(path) for path in (self._path, *files) if path)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino
