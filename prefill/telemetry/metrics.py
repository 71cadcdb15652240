"""Prometheus metrics of the service."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from prefill.problems import SettingsInvalid

REGISTRY = CollectorRegistry()
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16)
LATEST, LEAST, MOST = "livemostrecent", "livemin", "livemax"  # which process's gauge is believed


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; a gauge names how the values of several processes are combined."""

    kind: type[Counter | Gauge | Histogram]
    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    believed: str = LATEST

    def make(self) -> Counter | Gauge | Histogram:
        if self.kind is Gauge:
            return Gauge(
                self.name,
                self.meaning,
                self.labels,
                registry=REGISTRY,
                multiprocess_mode=self.believed,  # type: ignore[arg-type]
            )
        if self.kind is Histogram:
            return Histogram(self.name, self.meaning, self.labels, registry=REGISTRY, buckets=SECONDS)
        return Counter(self.name, self.meaning, self.labels, registry=REGISTRY)


# Labels hold our own words alone (routes, sources, statuses, forms loaded): nobody outside can make a new one.
# fmt: off
METRICS: Mapping[str, Metric] = {
    "requests": Metric(Counter, "prefill_requests", "Requests answered; `outcome` as in the log.", ("route", "outcome")),
    "request_seconds": Metric(Histogram, "prefill_request_seconds", "Time to answer a request, to the end of a stream.", ("route",)),
    "forms": Metric(Counter, "prefill_forms_filled", "Forms filled; `complete=\"false\"` when a source failed.", ("form", "complete")),
    "forms_loaded": Metric(Gauge, "prefill_forms_loaded", "Forms that can be filled."),
    "upstream_calls": Metric(Counter, "prefill_upstream_calls", "Calls to API Entreprise.", ("source", "status")),
    "upstream_seconds": Metric(Histogram, "prefill_upstream_seconds", "Time of a call to API Entreprise.", ("source",)),
    "calls_skipped": Metric(Counter, "prefill_upstream_calls_skipped", "Calls skipped: throttled (no budget) or circuit_open (breaker, ban).", ("source", "reason")),
    "cache": Metric(Counter, "prefill_cache", "Answers by where they came from: hit (memory), shared (Redis), joined (a call under way), miss, stale (an earlier answer, its source failing).", ("source", "result")),
    "budget_left": Metric(Gauge, "prefill_budget_left", "Calls left in this minute: of all processes with Redis, of this one without. Tenants after the twentieth are `_others`: the least that one of them has.", ("tenant", "group")),
    "budget_limit": Metric(Gauge, "prefill_budget_limit", "Calls a minute, as API Entreprise last said.", ("tenant", "group")),
    "budget_closed": Metric(Counter, "prefill_budget_closed", "Groups closed until their reset by a 429 of API Entreprise.", ("group",)),
    "breaker_open": Metric(Gauge, "prefill_breaker_open", "1 while a process leaves a provider alone.", ("producer",), MOST),
    "banned": Metric(Gauge, "prefill_banned", "1 while API Entreprise answers nothing at all.", (), MOST),
    "search_calls": Metric(Counter, "prefill_search_calls", "Calls to Recherche d'entreprises.", ("outcome",)),
    "search_lookups": Metric(Counter, "prefill_search_lookups", "Queries by what answered them: hit, joined, call, or why none was made.", ("result",)),
    "search_open": Metric(Gauge, "prefill_search_breaker_open", "1 while Recherche d'entreprises is not called: 429, failures or a ban.", (), MOST),
    "redis_up": Metric(Gauge, "prefill_redis_up", "1 while the shared Redis answers; not there without one.", (), LEAST),
    "redis_dropped": Metric(Counter, "prefill_redis_writes_dropped", "Answers that were not shared, since Redis was too slow for what waited."),
    "token_expiry": Metric(Gauge, "prefill_token_expiry_timestamp_seconds", "When the first token expires (Unix time); not there when none says so."),
}
# fmt: on

_made: dict[str, Counter | Gauge | Histogram] = {}
_making = threading.Lock()


def _metric(name: str) -> Any:
    """Make a metric when it is first used: at import nothing is opened, and what was never known is not shown."""
    if name not in _made:
        with _making:
            if name not in _made:
                _made[name] = _open(METRICS[name])
    return _made[name]


def _open(metric: Metric) -> Counter | Gauge | Histogram:
    check_folder(os.environ)
    try:
        return metric.make()
    except OSError as fault:
        raise SettingsInvalid(_useless(os.environ.get(FOLDER), fault)) from fault


def check_folder(environ: Mapping[str, str]) -> None:
    """Make the folder that processes share. Raise `SettingsInvalid` when none of them could write in it."""
    folder = environ.get(FOLDER)
    if not folder:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as fault:
        raise SettingsInvalid(_useless(folder, fault)) from fault


def _useless(folder: str | None, fault: OSError) -> str:
    return f"{FOLDER} : le dossier « {folder} » ne peut pas servir ({fault.strerror})."


def count(name: str, **labels: str) -> None:
    """Add one to a counter."""
    _labelled(name, *labels.items()).inc()


def observe(name: str, seconds: float, **labels: str) -> None:
    """Note how long something took."""
    _labelled(name, *labels.items()).observe(seconds)


@lru_cache(maxsize=4096)
def _labelled(name: str, *labels: tuple[str, str]) -> Any:
    """Find a metric's child once: the library checks and locks each time it is asked."""
    metric = _metric(name)
    return metric.labels(**dict(labels)) if labels else metric


def gauge(name: str, value: float, **labels: str) -> None:
    """Note how much of something there is."""
    metric = _metric(name)
    (metric.labels(**labels) if labels else metric).set(value)


def exposition(environ: Mapping[str, str]) -> bytes:
    """Write the metrics as Prometheus reads them; of every process when a folder is shared for that."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    folder = environ.get(FOLDER)
    if not folder:
        return generate_latest(REGISTRY)
    remove_dead_gauges(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def remove_dead_gauges(folder: Path) -> None:
    """Forget the gauges of processes that are gone: an open breaker must not outlive who opened it."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not _lives(int(pid)):
            path.unlink(missing_ok=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and another user's
        return True
    return True
