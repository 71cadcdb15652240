"""Write the measures into tools/bench/figures.md, and those that have a goal into docs/performance.md, between their marks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
FIGURES = BENCH / "figures.md"
SUMMARY = BENCH.parents[1] / "docs" / "performance.md"
JUDGED = {True: "yes", False: "**no**", None: ""}


def write(results: Mapping[str, Any]) -> None:
    """Replace what stands between `<!-- bench:NAME -->` and `<!-- end -->` for each section measured."""
    for name, found in results.items():
        _replace(FIGURES, name, table(name, found))
    _replace(SUMMARY, "summary", summary(results))


def _replace(page: Path, name: str, text: str) -> None:
    marked = re.compile(rf"<!-- bench:{name} -->.*?<!-- end -->", re.DOTALL)
    block = f"<!-- bench:{name} -->\n{text}\n<!-- end -->"
    page.write_text(marked.sub(lambda _: block, page.read_text(encoding="utf-8")), encoding="utf-8")


def summary(results: Mapping[str, Any]) -> str:
    """Give the lines that have a goal."""
    rows = [["Section", "Measure", "Median", "Goal", "Met", "Measured"], ["---", "---", "---:", "---:", "---", "---"]]
    for name, found in results.items():
        for line in found["lines"]:
            if line["goal"]:
                what, median, _, goal, met, _ = _row(line)
                rows.append([name, what, median, goal, met, found["at"][:10]])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def table(name: str, found: Mapping[str, Any]) -> str:
    head = ["Measure", "Median", "Least to most", "Goal", "Met", "Beside"]
    rows = [head, ["---", "---:", "---:", "---:", "---", "---"], *map(_row, found["lines"])]
    written = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    told = f"`make bench ONLY={name}`, {found['at']}, {found['seconds']} s, load average {found['load']:.1f}"
    return f"{written}\n\n{told} on {found['processors']} processors."


def _row(line: Mapping[str, Any]) -> list[str]:
    runs, unit = line["runs"], "" if line["unit"] == "×" else f" {line['unit']}"
    spread = f"{min(runs):.3g} to {max(runs):.3g}, {len(runs)} runs" if len(runs) > 1 else "one run"
    return [line["what"], f"{line['median']:.3g}{unit}", spread, line["goal"], JUDGED[line["meets"]], line["note"]]
