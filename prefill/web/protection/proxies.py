"""Detects a proxy in front of a service that is not configured for one."""

from __future__ import annotations

from werkzeug.datastructures import Headers

from prefill import telemetry

MESSAGE = (
    "Un mandataire est devant le service (X-Forwarded-For) et PREFILL_PROXIES vaut 0 : tous les visiteurs ont la même "
    "adresse et partagent une seule limite. Donnez le nombre exact de mandataires."
)


class ProxyWatch:
    """Notices requests that a proxy forwarded while none is declared."""

    def __init__(self, declared: int) -> None:
        self._declared = declared
        self.undeclared = False

    def look(self, headers: Headers) -> None:
        """Note a forwarded request; the first is logged. Anybody may send the header: nothing else changes."""
        if self._declared or self.undeclared or "X-Forwarded-For" not in headers:
            return
        self.undeclared = True
        telemetry.warning("proxies.undeclared", message=MESSAGE)
