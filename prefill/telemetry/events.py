"""Log events with fields: what the service did, never for whom."""

from __future__ import annotations

import logging
import sys
import traceback
import unicodedata
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from prefill.telemetry.exceptions import format_traceback
from prefill.telemetry.log_writer import LOG_WRITER

CARRIERS = frozenset({"logging", __name__, "prefill.telemetry"})
NUMBERS = (bool, int, float)
CONTROLS = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


_logger: Any = structlog.get_logger("prefill")


def configure(style: str = "auto", level: int = logging.INFO) -> None:
    """Write events of this level and above to standard error as `json` or `text`; `auto` is text on a terminal."""
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
            sanitise,
            structlog.processors.ExceptionRenderer(format_traceback),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: LOG_WRITER,
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


def sanitise(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
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


class _Libraries(logging.Handler):
    """Log that a library warned, and where: its message as it is before values are put into it."""

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
