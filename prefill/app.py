"""Make the objects and join them: the only place where settings become a running service."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import requests
from flask import Flask

from prefill import telemetry
from prefill.access import Audience
from prefill.breaker import Breakers
from prefill.budget import Budgets
from prefill.errors import SettingsInvalid
from prefill.health import token_expiry
from prefill.pages import pages
from prefill.sandbox import COMPANIES, SandboxAdapter, create_sandbox
from prefill.sandbox import URL as SANDBOX_URL
from prefill.schemas import BadSchemas, Library, load_all
from prefill.service import Prefill, Request, Service
from prefill.settings import Settings, load
from prefill.shared import Shared
from prefill.sources import PARIS
from prefill.store import Store
from prefill.upstream import Connection, Upstream
from prefill.visitors import Visitors
from prefill.web import Parts, create_web

SANDBOX_BUYER = "21750001600019"
SANDBOX_BANNER = (
    "BAC À SABLE : pas de API_ENTREPRISE_TOKEN, toutes les entreprises et toutes les données sont inventées."
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the WSGI application. Settings and forms that cannot be used stop the start with their sentences."""
    try:
        chosen = settings or load(os.environ)
        library = read_forms(chosen)
    except (SettingsInvalid, BadSchemas) as fault:
        sys.exit(f"prefill ne peut pas démarrer :\n{fault}")
    telemetry.configure(chosen.log)
    if chosen.sandbox:
        telemetry.warning("sandbox", message=SANDBOX_BANNER)
    for line in library.replaced:
        telemetry.event("schemas.replaced", form=line)
    for remark in library.remarks:
        telemetry.warning("schemas.remark", remark=str(remark))
    app = create_web(join(chosen, library))
    app.register_blueprint(pages)
    return app


def join(settings: Settings, library: Library) -> Parts:
    """Join the parts of a service for these settings."""
    upstream = open_upstream(settings)
    telemetry.gauge("forms_loaded", len(library.forms))
    expiry = token_expiry(settings.token or "")
    if expiry:
        telemetry.gauge("token_expiry", expiry.timestamp())
    return Parts(
        settings=settings,
        library=library,
        service=Service(upstream, deadline=settings.deadline, clock=time.monotonic, today=today),
        upstream=upstream,
        visitors=Visitors(upstream.store.shared, per_minute=settings.visits, secret=secret_of(settings)),
        now=now,
        clock=time.monotonic,
        environ=os.environ,
        example=lambda: example(library),
    )


def secret_of(settings: Settings) -> bytes:
    """Derive the key of the hashes in logs and limits: the same for all who hold the same token."""
    return hashlib.blake2b((settings.token or "sandbox").encode(), digest_size=32, person=b"hash key").digest()


def example(library: Library) -> Prefill:
    """Fill the first form with an invented company: the documentation's example, wherever we run."""
    form = next(form for form in library.forms.values() if form.audience is Audience.CANDIDATE)
    settings = Settings()
    upstream = open_upstream(settings)
    try:
        service = Service(upstream, deadline=settings.deadline, clock=time.monotonic, today=today)
        return service.prefill(Request(COMPANIES[0].siret, form))
    finally:
        upstream.close()


def read_forms(settings: Settings) -> Library:
    return load_all(form_folders(settings))


def form_folders(settings: Settings) -> tuple[Path, ...]:
    """The forms we ship, then the integrator's."""
    return (bundled_forms(), *map(Path, settings.schemas))


def bundled_forms() -> Path:
    """Find the forms we ship: inside the wheel, or beside the package in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "bundled" / "schemas"
    return inside if inside.is_dir() else here.parent / "schemas"


def open_upstream(settings: Settings, **budget: Any) -> Upstream:
    """Open the door to API Entreprise, or to the sandbox when there is no token."""
    linked = connection(settings)
    shared = Shared(settings.redis_url, clock=time.monotonic)
    owner = token_name(linked.token)
    return Upstream(
        linked,
        open_session=session_opener(settings),
        clock=time.monotonic,
        now=now,
        store=Store(shared, now=time.time, entries=settings.cache_entries, share_protected=settings.share_protected),
        budgets=Budgets(shared, tenant=owner, now=time.time, instances=settings.instances, **budget),
        breakers=Breakers(clock=time.monotonic),
        sleep=time.sleep,
        workers=settings.workers,
    )


def token_name(token: str) -> str:
    """Name a token without saying it: who spends the same one shares its budget."""
    return hashlib.blake2b(token.encode(), digest_size=6, person=b"budget").hexdigest()


def connection(settings: Settings) -> Connection:
    if settings.token is None:
        return Connection(SANDBOX_URL, "sandbox", SANDBOX_BUYER, settings.context, settings.object)
    return Connection(settings.url, settings.token, settings.recipient or "", settings.context, settings.object)


class _Opener:
    """Open one HTTP session a thread, all on the same sandbox when there is one."""

    def __init__(self, *, sandbox: bool) -> None:
        self._adapter = SandboxAdapter(create_sandbox()) if sandbox else None

    def __call__(self) -> requests.Session:
        session = requests.Session()
        if self._adapter:
            session.mount(SANDBOX_URL, self._adapter)
        return session


def session_opener(settings: Settings) -> _Opener:
    return _Opener(sandbox=settings.sandbox)


def now() -> datetime:
    """The time in Paris."""
    return datetime.now(PARIS)


def today() -> date:
    """The day in Paris."""
    return now().date()
