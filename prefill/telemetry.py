"""Events with fields: what the service did, never whom it did it for.

One JSON line per event, or readable text on a terminal. A company's data and a token are never
fields; a SIRET is at most a keyed hash.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REGISTRY = CollectorRegistry()
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16)

COUNTERS = {
    "requests": Counter("prefill_requests", "Requests answered.", ["route", "outcome"], registry=REGISTRY),
    "upstream_calls": Counter(
        "prefill_upstream_calls", "Calls to API Entreprise.", ["source", "status"], registry=REGISTRY
    ),
    "cache": Counter(
        "prefill_cache",
        "Answers by where they came from: hit, shared, joined, miss, stale.",
        ["source", "result"],
        registry=REGISTRY,
    ),
    "forms": Counter(
        "prefill_forms_filled", "Forms filled, whole or in part.", ["form", "complete"], registry=REGISTRY
    ),
    "refused_calls": Counter(
        "prefill_calls_not_made",
        "Calls that were not made, by reason: budget, breaker, ban.",
        ["source", "reason"],
        registry=REGISTRY,
    ),
}
HISTOGRAMS = {
    "request_seconds": Histogram(
        "prefill_request_seconds", "Time to answer a request.", ["route"], buckets=SECONDS, registry=REGISTRY
    ),
    "upstream_seconds": Histogram(
        "prefill_upstream_seconds", "Time of a call to API Entreprise.", ["source"], buckets=SECONDS, registry=REGISTRY
    ),
}
GAUGES = {
    "budget_left": Gauge(
        "prefill_budget_left",
        "Calls left in this minute.",
        ["group"],
        registry=REGISTRY,
        multiprocess_mode="livemostrecent",
    ),
    "breaker_open": Gauge(
        "prefill_breaker_open",
        "1 while a provider is left alone.",
        ["producer"],
        registry=REGISTRY,
        multiprocess_mode="livemostrecent",
    ),
    "banned": Gauge(
        "prefill_banned",
        "1 while API Entreprise answers nothing at all.",
        registry=REGISTRY,
        multiprocess_mode="livemostrecent",
    ),
    "redis_up": Gauge(
        "prefill_redis_up", "1 while the shared Redis answers.", registry=REGISTRY, multiprocess_mode="livemostrecent"
    ),
    "forms_loaded": Gauge(
        "prefill_forms_loaded", "Forms loaded.", registry=REGISTRY, multiprocess_mode="livemostrecent"
    ),
    "token_expiry": Gauge(
        "prefill_token_expiry_timestamp_seconds",
        "When the token expires (Unix time), when it says so.",
        registry=REGISTRY,
    ),
}

_logger = structlog.get_logger("prefill")


def configure(style: str = "auto") -> None:
    """Write events to standard error as `json` or `text`; `auto` is text on a terminal."""
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer() if text else structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def event(name: str, **fields: object) -> None:
    """Tell that something happened as it should."""
    _logger.info(name, **fields)


def warning(name: str, **fields: object) -> None:
    """Tell the operator of something to look at."""
    _logger.warning(name, **fields)


def error(name: str, **fields: object) -> None:
    """Tell the operator of a fault; inside an `except`, the stack trace goes along."""
    _logger.error(name, exc_info=sys.exc_info()[0] is not None, **fields)


def count(name: str, **labels: str) -> None:
    """Add one to a counter."""
    COUNTERS[name].labels(**labels).inc()


def observe(name: str, seconds: float, **labels: str) -> None:
    """Note how long something took."""
    HISTOGRAMS[name].labels(**labels).observe(seconds)


def gauge(name: str, value: float, **labels: str) -> None:
    """Note how much of something there is."""
    (GAUGES[name].labels(**labels) if labels else GAUGES[name]).set(value)


def exposition(environ: Mapping[str, str]) -> bytes:
    """Write the metrics as Prometheus reads them; of every process when a folder is shared for that."""
    if not environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
