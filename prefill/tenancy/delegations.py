"""What buyers delegated to an editor, beside the tenants that the file holds: what to add, correct or remove."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prefill.settings import BY_RECIPIENT
from prefill.tenancy.model import Tenant

ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Delegation:
    """A buyer's delegation of its habilitation to an editor, as API Entreprise lists it."""

    id: str
    recipient: str  # the buyer's SIRET
    title: str
    active: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing to change in the tenants file: a French sentence, and the lines to add when adding is the remedy."""

    message: str
    lines: str = ""


def compare(tenants: Iterable[Tenant], delegations: Iterable[Delegation], *, token_env: str) -> Iterator[Difference]:
    """Compare the tenants that use an editor's token with its delegations; `token_env` is for the lines to add."""
    active: Mapping[str, list[Delegation]] = defaultdict(list)
    for delegation in delegations:
        if delegation.active:
            active[delegation.recipient].append(delegation)
    served: set[str] = set()
    for tenant in tenants:
        served.add(tenant.recipient)
        message = _fault(tenant, active.get(tenant.recipient, []))
        if message:
            yield Difference(f"{tenant.id} : {message}")
    for recipient, offered in active.items():
        if recipient not in served:
            yield Difference(
                f"{recipient} ({offered[0].title}) a délégué et n'est pas servi.", _lines(offered, token_env)
            )


def _fault(tenant: Tenant, active: list[Delegation]) -> str:
    if not active:
        return "aucune délégation active : l'acheteur l'a retirée ou ne l'a jamais donnée ; retirez-le du fichier."
    if tenant.delegation == BY_RECIPIENT and len(active) > 1:
        choices = ", ".join(f"{one.id} ({one.title})" for one in active)
        return f"plusieurs délégations, donnez l'UUID de la bonne avec « delegation » : {choices}."
    if tenant.delegation != BY_RECIPIENT and tenant.delegation not in {one.id for one in active}:
        return f"la délégation {tenant.delegation} n'est plus active : {', '.join(one.id for one in active)} l'est."
    return ""


def _lines(offered: list[Delegation], token_env: str) -> str:
    """Write the table of a tenant that pages cannot use yet: its origins are the operator's to add."""
    first = offered[0]
    delegation = BY_RECIPIENT if len(offered) == 1 else first.id
    others = "".join(f"# ou : delegation = {json.dumps(one.id)}  # {one.title}\n" for one in offered[1:])
    return (
        f"\n[tenants.siret-{first.recipient}]\n"
        f"name = {json.dumps(first.title or first.recipient, ensure_ascii=False)}\n"
        f"recipient = {json.dumps(first.recipient)}\n"
        f"token_env = {json.dumps(token_env)}\n"
        f"delegation = {json.dumps(delegation)}\n{others}"
    )
