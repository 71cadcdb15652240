"""Checks that need no network: forms, settings, tenants, audit trail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from prefill.audit.trail import AuditTrail
from prefill.domain.catalogue import CATALOGUE
from prefill.domain.sources import Source
from prefill.forms.registry import REFUSED, FormRegistry, ReloadedForms
from prefill.health.model import Check, remark
from prefill.health.token import check_recipient, check_token
from prefill.redis_client import OptionalRedis, RedisUnavailable, write_probe
from prefill.registers.scheduling.workers import TOTAL_FACTOR
from prefill.settings import Settings, say_unknown_settings
from prefill.tenancy.information import FACTS
from prefill.tenancy.registry import Tenants
from prefill.vat_list.index import LASTS, InvalidIndex, read_index

OTHER_THREADS = 12  # of a process: server, log, deadlines, paced answers, parent
MAIN_PROCESS_THREADS = 4


def check_locally(settings: Settings, library: FormRegistry, now: datetime) -> tuple[Check, ...]:
    """Check what needs no network: forms, token, recipient."""
    names = ", ".join(library.forms)
    loaded = f"{len(library.forms)} formulaire(s) : {names}." if names else "Aucun formulaire ne peut être utilisé."
    forms = Check("forms", bool(library.forms), loaded)
    if settings.tenants is not None:
        return (forms,)
    if settings.open_only:
        return (forms, Check("token", True, "Pas de jeton : l'identité seule, d'après Recherche d'entreprises."))
    if settings.token is None:
        return (forms, Check("token", True, "Pas de jeton : le service tourne sur son bac à sable, données inventées."))
    return (forms, check_token(settings.token, now), check_recipient(settings.recipient))


def check_reload(forms: ReloadedForms) -> Iterator[Check]:
    """Tell when the forms that are there now are not those in use."""
    if forms.fault:
        yield remark("forms", f"{REFUSED} {forms.fault}")


def check_redis(shared: OptionalRedis) -> Iterator[Check]:
    """Try the Redis of the settings, when there is one; a remark, since the service goes on without it."""
    if not shared.configured:
        return
    try:
        shared.run(write_probe)
    except RedisUnavailable as fault:
        kind = type(fault.__cause__).__name__
        yield Check(
            "redis",
            False,
            f"Redis ne répond pas, ou refuse d'écrire ({kind}) : chaque instance tourne seule.",
            vital=False,
        )
    else:
        yield Check("redis", True, "Redis répond.")


def check_vat_list(settings: Settings, today: date) -> Iterator[Check]:
    """Say which list of VAT numbers is in use; one that is too old is a remark, since numbers are then asked as ever."""
    if settings.vat_list is None:
        return
    try:
        index = read_index(Path(settings.vat_list))
    except InvalidIndex as fault:
        yield Check("vat", False, f"PREFILL_VAT_LIST : {fault}")
        return
    if today - index.day > LASTS:
        yield remark(
            "vat", f"La liste des numéros de TVA du {index.day:%d/%m/%Y} est trop vieille : elle ne sert plus."
        )
    else:
        yield Check("vat", True, f"Liste des numéros de TVA du {index.day:%d/%m/%Y} : {index.count} numéros.")


def check_tenants(settings: Settings, tenants: Tenants, now: datetime) -> Iterator[Check]:
    """Check the tenants file and each tenant's token. One tenant's bad token does not stop the others."""
    if settings.tenants is None:
        return
    known = tenants.directory().tenants
    yield Check("tenants", True, f"{len(known)} acheteur(s) : {', '.join(known)}.")
    if tenants.fault:
        message = (
            f"Le fichier des acheteurs a changé et ne peut pas être lu, l'ancien reste en vigueur. {tenants.fault}"
        )
        yield Check("tenants", False, message, vital=False)
    for tenant in known.values():
        token = check_token(tenant.token, now)
        yield replace(token, name=f"token:{tenant.id}", message=f"{tenant.id} : {token.message}", vital=False)


def check_information(settings: Settings, tenants: Tenants) -> Iterator[Check]:
    """Name what candidates must be told and the operator did not fill in; the sandbox has nobody to inform."""
    if settings.sandbox:
        return
    for tenant in tenants.directory().tenants.values():
        lacking = [FACTS[name][1 if settings.tenants else 0] for name in tenant.information.lacking()]
        if lacking:
            where = f"[tenants.{tenant.id}.notice]" if settings.tenants else "les réglages"
            yield remark(
                "notice",
                f"L'information des candidats (/v1/notice) est incomplète : renseignez {', '.join(lacking)} dans {where}. "
                "Elle est due avant tout appel.",
            )


def check_trace(trace: AuditTrail) -> Check:
    """Tell whether an access could be traced now; a remark, since candidates' forms are filled without it."""
    fault = trace.probe()
    if fault is None:
        return Check("audit", True, "La trace des accès peut être écrite.", vital=False)
    message = f"La trace des accès ne peut pas être écrite ({fault}) : les données protégées ne sont pas servies."
    return Check("audit", False, message, vital=False)


def check_deployment(
    settings: Settings, tenants: Tenants, environ: Mapping[str, str], *, threads_allowed: int | None = None
) -> Iterator[Check]:
    """Look at what is set in a way that fails later: all are remarks."""
    yield from (remark("settings", message) for message in say_unknown_settings(environ))
    if settings.instances > 1 and not settings.redis_url:
        message = (
            f"{settings.instances} processus sans REDIS_URL : chacun a son cache et une part du budget, et deux "
            "peuvent poser la même question. Donnez-leur un Redis."
        )
        yield remark("processes", message)
    yield from _threads(settings, environ, threads_allowed)
    if tenants.directory().signing_in():
        yield from (remark("signin", message) for message in _sign_in(settings))
    if not settings.sandbox:
        yield from (remark("origins", message) for message in _origins(settings, tenants))
    if not settings.sandbox and not settings.contact:
        message = (
            "PREFILL_CONTACT manque : API Entreprise ne sait pas à qui écrire avant de bannir l'adresse du service."
        )
        yield remark("contact", message)


def _sign_in(settings: Settings) -> Iterator[str]:
    """What sign-in of agents needs of the settings."""
    if not settings.public_url:
        yield "PREFILL_PUBLIC_URL manque : les agents ne peuvent se connecter que depuis cette machine."
    if settings.instances > 1 and not settings.redis_url:
        yield f"{settings.instances} processus sans REDIS_URL : la session d'un agent n'est connue que de l'un d'eux."


def _threads(settings: Settings, environ: Mapping[str, str], allowed: int | None) -> Iterator[Check]:
    """Compare what the threads of all processes of this machine come to with what the system allows."""
    processes = environ.get("WEB_CONCURRENCY", "").strip()
    count = int(processes) if re.fullmatch(r"[1-9][0-9]{0,2}", processes) else 1
    needed = count * threads_of(settings) + MAIN_PROCESS_THREADS
    if allowed is not None and needed > allowed:
        message = (
            f"Le système permet {allowed} threads et {count} processus peuvent en prendre {needed} : baissez "
            "PREFILL_THREADS, PREFILL_WORKERS ou WEB_CONCURRENCY, ou demandez-en plus."
        )
        yield remark("threads", message)


def threads_of(settings: Settings) -> int:
    """How many threads a process takes at most: those that serve, those that call, and the few others."""
    return settings.threads + TOTAL_FACTOR * settings.workers + OTHER_THREADS


def _origins(settings: Settings, tenants: Tenants) -> Iterator[str]:
    for tenant in tenants.directory().tenants.values():
        where = f"L'acheteur {tenant.id}" if settings.tenants else "PREFILL_ALLOWED_ORIGINS"
        if not tenant.origins:
            yield f"{where} n'a aucune origine : aucune page d'un autre site ne peut appeler le service."
        elif "*" in tenant.origins:
            yield f"{where} autorise toute origine (*) : n'importe quelle page peut dépenser le budget du jeton."


def check_forms(library: FormRegistry) -> Iterator[Check]:
    """Name the sources that the upstream deprecates and that forms ask, a form a line."""
    for form in library.forms.values():
        asked = [CATALOGUE[name] for name in (*form.sources(), *form.on_demand())]
        told = [f"{source.name} ({_successor(source)})" for source in asked if source.deprecated]
        if told:
            yield remark(
                "deprecated",
                f"Le formulaire {form.id} demande des sources qu'API Entreprise va retirer : {', '.join(told)}.",
            )


def _successor(source: Source) -> str:
    successor = source.deprecated.successor if source.deprecated else None
    return f"remplacée par {successor}" if successor else "sans remplaçante"
