"""What is logged once when a process starts: its mode, its forms, and what in its configuration is odd."""

from __future__ import annotations

from collections.abc import Mapping

from prefill import telemetry
from prefill.forms.registry import FormRegistry
from prefill.health.token import report_token_expiry
from prefill.settings import Settings, former_names
from prefill.tenancy.model import Directory

SANDBOX_BANNER = (
    "BAC À SABLE : pas de API_ENTREPRISE_TOKEN, toutes les entreprises et toutes les données sont inventées."
)
OPEN_BANNER = "Pas de jeton : l'identité des entreprises seule, d'après Recherche d'entreprises (PREFILL_SOURCES=open)."


def log_start(settings: Settings, forms: FormRegistry, directory: Directory, environ: Mapping[str, str]) -> None:
    """Log what the operator should know of this configuration."""
    telemetry.gauge("forms_loaded", len(forms.forms))
    report_token_expiry(tenant.token for tenant in directory.tenants.values())
    for old, new in former_names(environ):
        telemetry.warning("settings.renamed", old=old, new=new, message=f"{old} s'appelle maintenant {new}.")
    if settings.open_only:
        telemetry.event("sources.open", message=OPEN_BANNER)
    if settings.sandbox:
        telemetry.warning("sandbox", message=SANDBOX_BANNER)
    for line in forms.replaced:
        telemetry.event("schemas.replaced", form=line)
    for remark in (*forms.remarks, *directory.remarks):
        telemetry.warning("schemas.remark", remark=str(remark))
    telemetry.flush()
