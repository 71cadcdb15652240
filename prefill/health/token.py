"""The token's own expiry, and the buyer's number."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from prefill import telemetry
from prefill.domain.dates import PARIS
from prefill.health.model import Check

EXPIRES_SOON = timedelta(days=60)


def check_token(token: str, now: datetime) -> Check:
    """Read the token's own expiry, when it is a JWT that says so; the signature is not ours to check."""
    expiry = token_expiry(token)
    if expiry is None:
        return Check("token", True, "Jeton présent ; il ne dit pas sa date d'expiration.")
    day = expiry.strftime("%d/%m/%Y")
    if expiry <= now:
        return Check("token", False, f"Le jeton a expiré le {day} : demandez-en un autre à API Entreprise.")
    if expiry - now < EXPIRES_SOON:
        return Check("token", True, f"Le jeton expire bientôt, le {day} : préparez son renouvellement.")
    return Check("token", True, f"Jeton présent, valable jusqu'au {day}.")


def check_recipient(recipient: str | None) -> Check:
    if recipient:
        return Check("recipient", True, f"Les données sont demandées pour le SIRET {recipient}.")
    return Check("recipient", False, "PREFILL_RECIPIENT manque : donnez le SIRET de l'acheteur habilité.")


def token_expiry(token: str) -> datetime | None:
    """Give the `exp` of a JWT; None when there is none to read."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return datetime.fromtimestamp(claims["exp"], PARIS)
    except (ValueError, LookupError, TypeError, OverflowError, OSError, RecursionError):
        return None


def report_token_expiry(tokens: Iterable[str]) -> None:
    """Set the gauge of the first expiry among the tokens that have one."""
    expiries = [expiry for token in tokens if (expiry := token_expiry(token))]
    if expiries:
        telemetry.gauge("token_expiry", min(expiries).timestamp())
