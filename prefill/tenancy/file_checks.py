"""Checks across the tables of the tenants file: forms that exist, keys and identity providers that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations

from prefill.config_files.schema import hint
from prefill.config_files.source_file import SourceFile
from prefill.tenancy.model import AgentKey, IntegratorKey, SignIn, Tenant


def check_forms(file: SourceFile, tenants: Sequence[Tenant], known: Sequence[str]) -> None:
    for tenant in tenants:
        for rank, form in enumerate(tenant.forms or ()):
            if form not in known:
                message = f"il n'y a pas de formulaire de candidat « {form} »{hint(form, known)}"
                file.report(("tenants", tenant.id, "forms", str(rank)), message)


def check_keys(file: SourceFile, tenants: Sequence[Tenant], today: date) -> None:
    """A key's public id finds it among all tenants; its name identifies it in the audit trail."""
    seen: dict[str, str] = {}
    for tenant in tenants:
        names: set[str] = set()
        for table, rank, key in _ranked_keys(tenant):
            place = ("tenants", tenant.id, table, str(rank))
            if key.id in seen:
                file.report((*place, "id"), f"« {key.id} » est déjà la clé de l'acheteur « {seen[key.id]} »")
            if key.name in names:
                file.report(
                    (*place, "name"), f"« {key.name} » est déjà une clé de cet acheteur : la trace les confondrait"
                )
            if key.expires < today and not key.revoked:
                file.report((*place, "expires"), "cette clé a expiré", blocking=False)
            seen.setdefault(key.id, tenant.id)
            names.add(key.name)


def _ranked_keys(tenant: Tenant) -> Iterator[tuple[str, int, AgentKey | IntegratorKey]]:
    """Every key of a tenant, with its table and its rank there."""
    yield from (("keys", rank, key) for rank, key in enumerate(tenant.keys))
    yield from (("integrators", rank, key) for rank, key in enumerate(tenant.integrators))


def check_providers(file: SourceFile, tenants: Sequence[Tenant]) -> None:
    """Tenants that trust the same identity provider must distinguish their agents by a claim."""
    tenants_trusting = [(tenant.id, tenant.oidc) for tenant in tenants if tenant.oidc]
    for (one, own), (other, others) in combinations(tenants_trusting, 2):
        same = (own.issuer, own.audience) == (others.issuer, others.audience)
        if same and not _apart(own.claims, others.claims):
            message = (
                f"le fournisseur d'identité est aussi celui de « {one} » : donnez à chacun la même clé dans « claims », "
                "avec une valeur différente, pour que ses agents ne soient pas ceux de l'autre"
            )
            file.report(("tenants", other, "oidc", "claims"), message)


def check_sign_in(file: SourceFile, tenants: Sequence[Tenant]) -> None:
    """Tenants may share the client of a provider: the agent's SIRET then tells whose agent it is."""
    signing_in = [(tenant.id, tenant.signin) for tenant in tenants if tenant.signin]
    for (one, own), (other, others) in combinations(signing_in, 2):
        if own.client != others.client:
            continue
        place = ("tenants", other, "signin")
        if set(own.sirets) & set(others.sirets):
            file.report(place, f"un agent de ce SIRET serait aussi de « {one} », qui a le même client")
        if _asked(own) != _asked(others):
            message = f"le même client que « {one} » : donnez-leur les mêmes secret, scope, acr_values et siret_claim"
            file.report(place, message)


def _asked(signin: SignIn) -> tuple[object, ...]:
    return signin.client_secret, signin.scope, signin.acr_values, signin.siret_claim


def _apart(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(claim in other and other[claim] != value for claim, value in one.items())
