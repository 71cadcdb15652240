"""What the operator fills in for a buyer so that candidates are informed before their data are queried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefill.settings import Settings

# Each fact that the law wants told: the setting of a single buyer, and the key of the tenants file's `notice`.
FACTS: Mapping[str, tuple[str, str]] = {
    "controller": ("PREFILL_CONTROLLER", "controller"),
    "contact": ("PREFILL_RIGHTS_CONTACT", "contact"),
    "dpo": ("PREFILL_DPO", "dpo"),
    "privacy_url": ("PREFILL_PRIVACY_URL", "privacy_url"),
    "retention_months": ("PREFILL_RETENTION_MONTHS", "retention_months"),
}


@dataclass(frozen=True, slots=True)
class Information:
    """What articles 13 and 14 of the GDPR want told of one buyer; empty where nobody filled it in.

    Attributes:
        controller: the name of the controller, the buyer's when it is not given apart.
        contact: where a candidate exercises its rights.
        dpo: how the data protection officer is reached.
        privacy_url: the page on data protection.
        retention_months: for how long the buyer keeps the forms that it received.
        consent: whether a page waits for the candidate's consent before its first call.
    """

    controller: str = ""
    contact: str = ""
    dpo: str = ""
    privacy_url: str = ""
    retention_months: int | None = None
    consent: bool = False

    def lacking(self) -> tuple[str, ...]:
        """Name the facts that nobody filled in."""
        return tuple(name for name in FACTS if not getattr(self, name))


def information_of(settings: Settings) -> Information:
    """Read the information of the one buyer of the environment's variables."""
    return Information(
        controller=settings.controller or "",
        contact=settings.rights_contact or "",
        dpo=settings.dpo or "",
        privacy_url=settings.privacy_url or "",
        retention_months=settings.retention_months,
        consent=settings.consent,
    )


def read_information(tree: Mapping[str, Any] | None, *, buyer: str) -> Information:
    """Make the information of a table `notice`, whose controller is the buyer unless it says otherwise."""
    return Information(**{"controller": buyer, **(tree or {})})
