"""What this process has learnt by its calls, without making any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from prefill import telemetry
from prefill.company_search.service import CompanySearch
from prefill.company_search.upstream.circuit_breaker import Outcome
from prefill.forms.registry import FormRegistry
from prefill.health.model import Check, check_habilitation, check_skew
from prefill.registers.client import RegisterClient

MAX_NAMED = 20  # tenants with metrics of their own: more would be too many series
OTHERS = "_others"  # no tenant's id

SEARCH_CAUSES = {
    Outcome.ANSWERED: "il répond",
    Outcome.THROTTLED: "trop d'appels",
    Outcome.REFUSED: "connexion refusée, adresse sans doute bannie",
    Outcome.RESET: "connexion coupée",
    Outcome.FAILED: "panne",
}


def check_observations(upstream: RegisterClient, library: FormRegistry) -> Iterator[Check]:
    """Remark on what the upstream's answers said of our own side: the clock, and the habilitation."""
    observed = upstream.observations.snapshot()
    if observed.clock_skew is not None:
        yield from check_skew(observed.clock_skew)
    for form in library.forms.values():
        asked = {*form.sources(), *form.on_demand()}
        yield from check_habilitation(form.id, (name for name in observed.not_entitled if name in asked))


def check_upstream(upstream: RegisterClient) -> Iterator[Check]:
    """Tell what the process has learnt of API Entreprise and of Redis; remarks, since the cache still serves."""
    if upstream.breakers.api_silent():
        message = "API Entreprise ne répond plus à rien : adresse sans doute bannie (12 h) ; le cache sert encore."
        yield Check("upstream", False, message, vital=False)
    for producer, wait in upstream.breakers.open().items():
        yield Check("breaker", False, f"{producer} ne répond pas : prochain essai dans {wait:.0f} s.", vital=False)
    for group, wait in upstream.quota.closed().items():
        yield Check("budget", False, f"Budget {group} épuisé : fermé pour {wait:.0f} s.", vital=False)
    if upstream.cache.shared.configured and not upstream.cache.shared.up:
        yield Check("redis", False, "Redis ne répond pas : cette instance tourne seule.", vital=False)


def check_search(search: CompanySearch | None) -> Iterator[Check]:
    """Tell whether Recherche d'entreprises is left alone; a remark, since a SIRET can always be typed."""
    state = search.client.breaker.state() if search else None
    if state and state.cause:
        cause, wait = SEARCH_CAUSES[state.cause], f"prochain essai dans {state.retry_after:.0f} s"
        yield Check("search", False, f"Recherche d'entreprises n'est pas appelée ({cause}) : {wait}.", vital=False)


def measure(upstreams: Mapping[str, RegisterClient], tenants: Iterable[str]) -> None:
    """Bring the gauges of what changes without us up to date: a minute ends, another instance spends.

    `upstreams` are the clients by tenant, `tenants` the ids of all. The first MAX_NAMED have series of their own; the
    others have one together, that of whichever has the least left of each group.
    """
    named = set(islice(tenants, MAX_NAMED))
    others: dict[str, tuple[int, int]] = {}
    for tenant, upstream in upstreams.items():
        for group, budget in upstream.quota.remaining().items():
            if tenant in named:
                _show_budget(tenant, group, budget)
            else:
                others[group] = min(others.get(group, budget), budget)
    for group, budget in others.items():
        _show_budget(OTHERS, group, budget)
    for upstream in islice(upstreams.values(), 1):  # what all of them share
        telemetry.gauge("banned", upstream.breakers.api_silent())
        if upstream.cache.shared.configured:
            telemetry.gauge("redis_up", upstream.cache.shared.up)


def _show_budget(tenant: str, group: str, budget: tuple[int, int]) -> None:
    left, limit = budget
    telemetry.gauge("budget_left", left, tenant=tenant, group=group)
    telemetry.gauge("budget_limit", limit, tenant=tenant, group=group)
