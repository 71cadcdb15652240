"""Whether objects go as soon as nobody needs them, without the garbage collector of cycles."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

PATIENCE = 20.0  # seconds: a thread lets go of its last call when it takes the next, or is idle


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Switch the collector off: what a cycle holds stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def all_released(references: list[weakref.ref[Any]]) -> bool:
    """Wait until none of these objects is left."""
    end = time.monotonic() + PATIENCE
    while any(one() is not None for one in references):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
