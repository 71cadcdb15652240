"""The tenants: the public buyers this service works for, each with its own rights, pages and agents.

One tenant comes from the environment; several come from a file, read anew when it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

from prefill.config_files.diagnostics import Diagnostic
from prefill.domain.permissions import Scope
from prefill.settings import Settings
from prefill.tenancy.api_keys import hash_of
from prefill.tenancy.information import Information, information_of

# In the sandbox alone, where all data is invented: shown on its page.
SANDBOX_AGENT_KEY = "pfk_sandbox_donnees-inventees-sans-secret"
SANDBOX_INTEGRATOR_KEY = "pfk_serveur_donnees-inventees-sans-secret"


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
class IntegratorKey:
    """The key of a server that fills forms for candidates: open data only, and so many calls a minute."""

    id: str
    name: str
    hash: str = field(repr=False)
    expires: date  # the last day it is good, in Paris
    calls: int
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Oidc:
    """How a tenant's identity provider is trusted.

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
class SignIn:
    """How a tenant's agents sign in on the page, with OpenID Connect.

    Attributes:
        label: how the page names the provider.
        acr_values: the levels of authentication asked for, one of which must be obtained; none by default.
        siret_claim: which claim holds the establishment of the agent.
        sirets: the establishments whose agents are this tenant's.
        agents: the e-mail addresses of those who may, everybody of those establishments when there is none.
        scopes: what they may do.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str
    scope: str
    acr_values: tuple[str, ...]
    siret_claim: str
    sirets: tuple[str, ...]
    agents: frozenset[str] = field(repr=False)
    scopes: frozenset[Scope]

    @property
    def client(self) -> tuple[str, str]:
        """What tells a provider's clients apart: tenants may share one."""
        return self.issuer, self.client_id

    def admits(self, siret: str, email: str) -> bool:
        """Tell whether an agent of that establishment is this tenant's."""
        return siret in self.sirets and (not self.agents or email.casefold() in self.agents)


@dataclass(frozen=True, slots=True)
class Tenant:
    """One public buyer. `forms` are the candidates' forms it offers, None for every one.

    `delegation` says under what an editor's token acts for it: a UUID, or "recipient" for the only one there is.
    """

    id: str
    name: str
    recipient: str
    token: str = field(repr=False)
    context: str
    object: str
    origins: tuple[str, ...] = ()
    forms: tuple[str, ...] | None = None
    keys: tuple[AgentKey, ...] = ()
    integrators: tuple[IntegratorKey, ...] = ()
    oidc: Oidc | None = None
    signin: SignIn | None = None
    information: Information = field(default_factory=Information)
    delegation: str | None = None

    @property
    def has_agents(self) -> bool:
        return bool(self.keys or self.oidc or self.signin)

    @property
    def every_key(self) -> tuple[AgentKey | IntegratorKey, ...]:
        return (*self.keys, *self.integrators)

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
    remarks: tuple[Diagnostic, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def only(self) -> Tenant | None:
        """Give the one tenant there is, when there is one."""
        return next(iter(self.tenants.values())) if len(self.tenants) == 1 else None

    def at(self, origin: str) -> tuple[Tenant, ...]:
        """Give the tenants whose pages are at an origin: an editor's platform may serve many."""
        return tuple(tenant for tenant in self.tenants.values() if tenant.allows(origin))

    def key(self, name: str) -> tuple[Tenant, AgentKey | IntegratorKey] | None:
        """Find a key by its public id."""
        found = ((tenant, key) for tenant in self.tenants.values() for key in tenant.every_key if key.id == name)
        return next(found, None)

    def signing_in(self) -> tuple[tuple[Tenant, SignIn], ...]:
        """Return the tenants whose agents sign in on the page."""
        return tuple((tenant, tenant.signin) for tenant in self.tenants.values() if tenant.signin)

    def tenants_trusting(self, issuer: str) -> tuple[tuple[Tenant, Oidc], ...]:
        """Return the tenants that trust an issuer of identity tokens."""
        every = ((tenant, tenant.oidc) for tenant in self.tenants.values())
        return tuple((tenant, oidc) for tenant, oidc in every if oidc and oidc.issuer == issuer)


def directory(tenants: Iterable[Tenant], remarks: Iterable[Diagnostic] = (), files: Iterable[Path] = ()) -> Directory:
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
        information=information_of(settings),
        delegation=settings.delegation,
    )


def sandbox_tenant(settings: Settings, recipient: str) -> Tenant:
    """Make the sandbox's tenant: every page may call it, and its agents' key is no secret."""
    key = AgentKey("sandbox", "Agent du bac à sable", hash_of(SANDBOX_AGENT_KEY), date.max, frozenset(Scope))
    server = IntegratorKey("serveur", "Serveur du bac à sable", hash_of(SANDBOX_INTEGRATOR_KEY), date.max, calls=100)
    return Tenant(
        id="sandbox",
        name="Bac à sable",
        recipient=recipient,
        token="sandbox",  # noqa: S106
        context=settings.context,
        object=settings.object,
        origins=settings.allowed_origins or ("*",),
        keys=(key,),
        information=information_of(settings),
        integrators=(server,),
    )
