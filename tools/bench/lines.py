"""What a measure gives: lines with all their runs, judged by their median; and how sides take turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
SECTIONS: dict[str, Callable[[], Iterator[Line]]] = {}


@dataclass(frozen=True)
class Line:
    """One figure: `goal` is written as it is judged, `meets` says whether the median does; `runs` are all there were."""

    what: str
    runs: tuple[float, ...]
    goal: str = ""
    meets: bool | None = None
    note: str = ""
    unit: str = "×"


def ratio(what: str, runs: Iterable[float], *, least: float | None = None, most: float | None = None,
          note: str = "", unit: str = "×") -> Line:  # fmt: skip
    """Make a line, and judge its median."""
    found = tuple(round(run, 4) for run in runs)
    middle = statistics.median(found)
    if least is not None:
        return Line(what, found, f"≥ {least:g}", middle >= least, note, unit)
    if most is not None:
        return Line(what, found, f"≤ {most:g}", middle <= most, note, unit)
    return Line(what, found, note=note, unit=unit)


def section(measure: Callable[[], Iterator[Line]]) -> Callable[[], Iterator[Line]]:
    SECTIONS[measure.__name__] = measure
    return measure


def turns(rounds: int, sides: dict[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Measure each side in turn, so many times, the order turned each time."""
    found: dict[str, list[T]] = {name: [] for name in sides}
    names = list(sides)
    for turn in range(rounds):
        for name in names if turn % 2 else reversed(names):
            found[name].append(sides[name]())
    return found


def over(tables: dict[str, list[float]], one: str, other: str) -> list[float]:
    """Divide the runs of one side by those of the other, turn by turn."""
    return [mine / theirs for mine, theirs in zip(tables[one], tables[other], strict=True)]
