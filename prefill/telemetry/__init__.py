"""Events and metrics: what the service did, never for whom."""

from __future__ import annotations

from prefill.telemetry.events import configure, error, event, warning
from prefill.telemetry.log_writer import flush
from prefill.telemetry.metrics import METRICS, SECONDS, Metric, check_folder, count, exposition, gauge, observe

__all__ = [
    "METRICS",
    "SECONDS",
    "Metric",
    "check_folder",
    "configure",
    "count",
    "error",
    "event",
    "exposition",
    "flush",
    "gauge",
    "observe",
    "warning",
]
