"""Events with fields and metrics: what the service did, never whom it did it for.

One JSON line per event, or readable text on a terminal. A company's data and a token are never
fields; a SIRET is at most a keyed hash. Of an exception only the kind and the places are told, since
its message may quote what was being read; what libraries log passes here too, under the same rule.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
import traceback
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.util import Finalize
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from prefill.errors import SettingsInvalid

REGISTRY = CollectorRegistry()
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16)
LATEST, LEAST, MOST = "livemostrecent", "livemin", "livemax"  # which process's gauge is believed

LONGEST_LAG = 0.02  # seconds that a line waits for others
MOST_LINES = 1000  # that wait, before who brings one more writes them all
DEEPEST_CHAIN = 8
LAST_FRAMES = 40
CARRIERS = frozenset({"logging", __name__})
NUMBERS = (bool, int, float)
CONTROLS = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})

# -- metrics ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; a gauge says which process it believes when there are several."""

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
    "requests": Metric(Counter, "prefill_requests", "Requests answered.", ("route", "outcome")),
    "request_seconds": Metric(Histogram, "prefill_request_seconds", "Time to answer a request, to the end of a stream.", ("route",)),
    "forms": Metric(Counter, "prefill_forms_filled", "Forms filled, whole or in part.", ("form", "complete")),
    "forms_loaded": Metric(Gauge, "prefill_forms_loaded", "Forms loaded."),
    "upstream_calls": Metric(Counter, "prefill_upstream_calls", "Calls to API Entreprise.", ("source", "status")),
    "upstream_seconds": Metric(Histogram, "prefill_upstream_seconds", "Time of a call to API Entreprise.", ("source",)),
    "refused_calls": Metric(Counter, "prefill_calls_not_made", "Calls that were not made: throttled (no budget) or resting (breaker, ban).", ("source", "reason")),
    "cache": Metric(Counter, "prefill_cache", "Answers by where they came from: hit, shared, joined, miss, stale.", ("source", "result")),
    "budget_left": Metric(Gauge, "prefill_budget_left", "Calls left in this minute.", ("tenant", "group")),
    "budget_limit": Metric(Gauge, "prefill_budget_limit", "Calls a minute, as API Entreprise last said.", ("tenant", "group")),
    "budget_closed": Metric(Counter, "prefill_budget_closed", "Groups closed until their reset by a 429 of API Entreprise.", ("group",)),
    "breaker_open": Metric(Gauge, "prefill_breaker_open", "1 while a process leaves a provider alone.", ("producer",), MOST),
    "banned": Metric(Gauge, "prefill_banned", "1 while API Entreprise answers nothing at all.", (), MOST),
    "redis_up": Metric(Gauge, "prefill_redis_up", "1 while the shared Redis answers; not there without one.", (), LEAST),
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
    folder = os.environ.get(FOLDER)
    try:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
        return metric.make()
    except OSError as fault:
        raise SettingsInvalid(f"{FOLDER} : le dossier « {folder} » ne peut pas servir ({fault.strerror}).") from fault


def count(name: str, **labels: str) -> None:
    """Add one to a counter."""
    _labelled(name, *labels.items()).inc()


def observe(name: str, seconds: float, **labels: str) -> None:
    """Note how long something took."""
    _labelled(name, *labels.items()).observe(seconds)


@lru_cache(maxsize=4096)
def _labelled(name: str, *labels: tuple[str, str]) -> Any:
    """Find a metric's child once: the library checks and locks each time it is asked."""
    return _metric(name).labels(**dict(labels))


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
    _bury_the_dead(Path(folder))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _bury_the_dead(folder: Path) -> None:
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


# -- events -----------------------------------------------------------------------------------------

_logger: Any = structlog.get_logger("prefill")


def configure(style: str = "auto") -> None:
    """Write events to standard error as `json` or `text`; `auto` is text on a terminal."""
    global _logger
    terminal = sys.stderr.isatty()
    text = style == "text" or (style == "auto" and terminal)
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if text:
        renderer = structlog.dev.ConsoleRenderer(colors=terminal)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _tame,
            structlog.processors.ExceptionRenderer(_places),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: _lines,
    )
    _logger = structlog.get_logger("prefill").bind()  # once: the library would put it together at each event
    _listen_to_libraries()


def event(name: str, **fields: object) -> None:
    """Tell that something happened as it should."""
    _logger.info(name, **fields)


def warning(name: str, **fields: object) -> None:
    """Tell the operator of something to look at."""
    _logger.warning(name, **fields)


def error(name: str, **fields: object) -> None:
    """Tell the operator of a fault; inside an `except`, what happened and where goes along."""
    _logger.error(name, exc_info=sys.exc_info()[0] is not None, **fields)


class _Lines:
    """Write whole lines, those of a busy moment together: a write apiece costs threads their turn.

    A warning and an error are written at once. A log that cannot be written (pipe closed, disk full) stops
    nobody's request.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin with nothing, as a forked child must: it has no threads, and may have a lock that one held."""
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._wake = threading.Event()
        self._carrier: threading.Thread | None = None

    def info(self, line: str) -> None:
        self._waiting.append(line)
        if len(self._waiting) >= MOST_LINES:
            self.flush()
        elif not self._wake.is_set():
            self._start()
            self._wake.set()

    debug = msg = info

    def warning(self, line: str) -> None:
        self._waiting.append(line)
        self.flush()

    error = critical = warning

    def flush(self) -> None:
        """Write what waits."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if lines:
                sys.stderr.write("\n".join(lines) + "\n")
                sys.stderr.flush()

    def _start(self) -> None:
        if self._carrier is None:
            with self._lock:
                if self._carrier is None:
                    self._carrier = threading.Thread(target=self._carry, name="log", daemon=True)
                    self._carrier.start()
                    Finalize(None, self.flush, exitpriority=0)  # as `atexit`, which a worker process never calls

    def _carry(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(LONGEST_LAG)
            self._wake.clear()
            self.flush()


_lines = _Lines()
flush = _lines.flush
os.register_at_fork(after_in_child=_lines.begin)


def _tame(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep each value to plain words on one line: no forged line, no colours, no object that prints its insides."""
    return {name: value if name == "exc_info" else _plain(value) for name, value in fields.items()}


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value if value.isprintable() else "".join(map(_visible, value))
    if value is None or isinstance(value, NUMBERS):
        return value
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return f"<{type(value).__name__}>"


def _visible(character: str) -> str:
    return f"\\u{ord(character):04x}" if unicodedata.category(character) in CONTROLS else character


# -- what may be told of an exception ---------------------------------------------------------------


def _places(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """Write the kind of an exception and the places it went through, its causes below; no message, no value."""
    return "\n".join(line for one in _chain(exc_info[1]) for line in _lines_of(one))


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    for _ in range(DEEPEST_CHAIN):
        if fault is None:
            return
        yield fault
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)


def _lines_of(fault: BaseException) -> Iterator[str]:
    yield f"{type(fault).__module__}.{type(fault).__qualname__}"
    for frame in traceback.extract_tb(fault.__traceback__)[-LAST_FRAMES:]:
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"


# -- what libraries log -----------------------------------------------------------------------------


class _Libraries(logging.Handler):
    """Tell that a library warned, and where. Its sentence is told only as it was before anything was put into it."""

    def emit(self, record: logging.LogRecord) -> None:
        tell = _logger.error if record.levelno >= logging.ERROR else _logger.warning
        template = record.msg if record.args and isinstance(record.msg, str) else None
        tell("library", logger=record.name, place=_caller(), template=template, exc_info=record.exc_info or None)


def _caller() -> str:
    """Name the place that logged, beyond what only carries it here."""
    for frame, line in traceback.walk_stack(None):
        module = str(frame.f_globals.get("__name__"))
        if module not in CARRIERS:
            return f"{module}.{frame.f_code.co_name}:{line}"
    return ""


def _listen_to_libraries() -> None:
    """Take the place of what prints: the server's errors may quote what was sent, its access log is made of paths and addresses."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Libraries)]:
        root.removeHandler(handler)
    root.addHandler(_Libraries(logging.WARNING))
    for name in ("_granian", "granian.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name == "_granian"
