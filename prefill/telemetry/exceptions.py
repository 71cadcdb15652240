"""What a log may say of an exception: its type and places, no values."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import TracebackType

DEEPEST_CHAIN = 8
LAST_FRAMES = 40


def format_traceback(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
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
