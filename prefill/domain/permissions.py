"""Who asks, and which sources they may be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from prefill.domain.company import Company
from prefill.domain.sources import Source
from prefill.problems import Forbidden, Unauthorized


class Audience(StrEnum):
    CANDIDATE = "candidate"
    AGENT = "agent"


class Scope(StrEnum):
    """What an agent's key or identity token may be used for."""

    DOSSIER = "dossier:read"  # the dossier of a company: figures, statuses, dates
    DOCUMENTS = "documents:read"  # the documents themselves


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. The audience follows from how the caller proved itself, never from a parameter.

    Attributes:
        agent: how the trace names an agent: `key:` and the key's name, or `oidc:` and the subject.
        scopes: what an agent may do.
        integrator: the public id of the key of a server that fills forms for candidates.
        calls_per_minute: how many calls such a server may cause.
    """

    audience: Audience = Audience.CANDIDATE
    tenant: str = "default"
    agent: str | None = None
    scopes: frozenset[Scope] = frozenset()
    integrator: str | None = None
    calls_per_minute: int = 0

    def as_candidate(self) -> Caller:
        """The same tenant's candidate: the credentials of an agent name the tenant and open nothing."""
        return replace(self, audience=Audience.CANDIDATE, agent=None, scopes=frozenset())


CANDIDATE = Caller()


def require_scope(caller: Caller, scope: Scope) -> None:
    """Raise `Unauthorized` for whoever proved nothing, `Forbidden` for an agent without that scope."""
    if caller.audience is not Audience.AGENT:
        raise Unauthorized
    if scope not in caller.scopes:
        raise Forbidden


def can_query(audience: Audience, source: Source) -> bool:
    """Candidates see open data only; nobody gets what tenders may not use."""
    if not source.usable:
        return False
    return source.open or audience is Audience.AGENT


def refusal(audience: Audience, source: Source) -> str | None:
    """Say why a form for this audience may not name that source; None when it may."""
    if source.refusal:
        return source.refusal
    if can_query(audience, source):
        return None
    return (
        "c'est une donnée protégée : elle ne peut figurer que dans un formulaire « audience: agent », "
        "pour les agents habilités de l'acheteur."
    )


def would_disclose_people(source: Source, company: Company) -> bool:
    """Tell whether asking would name people whom a partial disclosure protects."""
    return source.open and source.names_people and bool(company.partial)
