"""The request id, and the metrics and log line of a request."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

from prefill import telemetry
from prefill.domain.identifiers import holds_number


def request_id_of(given: str) -> str:
    """Return the caller's request id where it is a valid one that holds no company number, or a new one."""
    usable = re.fullmatch(r"[\w.:-]{1,80}", given, re.ASCII) and not holds_number(given)
    return given if usable else f"{random.getrandbits(64):016x}"


def record_request(route: str, status: int, seconds: float, fields: Mapping[str, Any]) -> None:
    """Count a request and log it: its route and a keyed hash, never its path, which holds a SIRET."""
    telemetry.count("requests", route=route, outcome=str(fields["outcome"]))
    telemetry.observe("request_seconds", seconds, route=route)
    telemetry.event("request", route=route, status=status, seconds=round(seconds, 4), **fields)
