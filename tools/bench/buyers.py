"""The buyers of one editor's token, beside a crowd at one of them."""

from __future__ import annotations

from collections.abc import Iterator

import stage  # noqa: F401 - it makes the project's root importable
from lines import Line, ratio, section

from tools.editor import Outcome, run_crowd

BUYERS = 50
CROWD_SECONDS = 40.0
ROUNDS = 2


@section
def buyers() -> Iterator[Line]:
    """A candidate of each of 49 buyers, alone and beside a crowd at the fiftieth: one token, one address, 3 processes."""
    outcomes = [run_crowd(None, BUYERS, CROWD_SECONDS, steady=True) for _ in range(ROUNDS)]
    assert all(outcome.fair for outcome in outcomes), outcomes
    note = f"{_milliseconds(outcomes, 'median')} with the crowd and without"
    yield ratio("median answer beside another buyer's crowd, over alone", [one.slowdown("median") for one in outcomes], most=1.1, note=note)  # fmt: skip
    note = f"{_milliseconds(outcomes, 'p95')}"
    yield ratio(
        "p95 of answers beside another buyer's crowd, over alone", [one.slowdown("p95") for one in outcomes], note=note
    )


def _milliseconds(outcomes: list[Outcome], name: str) -> str:
    return ", ".join(f"{1000 * one.beside[name]:.0f} and {1000 * one.alone[name]:.0f} ms" for one in outcomes)
