"""Events with fields: what the service did, never whom it did it for.

One JSON line per event, or readable text on a terminal. A company's data and a token are never
fields; a SIRET is at most a keyed hash.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

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
